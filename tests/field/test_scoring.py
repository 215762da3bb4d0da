"""Scores follow the data: a report of an ended session lacks no minute of which there is data, and knows late data."""

import pytest

from tests.support import storing
from tests.support.overtaking import Case, overlapping
from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.statements import recorded
from tests.support.stocked import NOW_MS, started, unrestricted
from tests.support.stored import inferences

from bemore.lifecycle import idle


def send(client, session_id, kind, items):
    answer = client.post(f"/api/session/{session_id}/{kind}", json={"items": items})
    assert answer.status_code == 201, answer.text


def points(client, session_id):
    """``{minute: (source, frames, audio chunks, snippets)}``"""
    return {
        each["minuteIndex"]: (each["source"], *each["dataPoints"].values()) for each in inferences(client, session_id)["inferences"]
    }


def test_the_end_scores_every_minute_with_data_and_replaces_no_score_of_the_client(client, clock):
    session_id = start_session(client)
    clock.advance(400_000)
    send(client, session_id, "frames", frames(10, 0) + frames(5, 60_000) + frames(5, 180_000))
    send(client, session_id, "audio", audio(3, 240_000))
    send(client, session_id, "stt", stt(2, 300_000))
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1, 1)})
    assert list(points(client, session_id)) == [1], "before the end only tick scores"
    ended = client.post(f"/api/session/{session_id}/end").json["data"]
    right = {
        0: ("server", 10, 0, 0), 1: ("client", 0, 0, 0), 3: ("server", 5, 0, 0), 4: ("server", 0, 3, 0), 5: ("server", 0, 0, 2),
    }  # fmt: skip
    assert points(client, session_id) == right
    assert ended["inferenceStats"]["totalMinutes"] == ended["emotionCount"] == 5


def test_late_data_is_scored_when_it_arrives(client, clock):
    session_id = start_session(client)
    clock.advance(130_000)
    send(client, session_id, "frames", frames(1))
    client.post(f"/api/session/{session_id}/end")
    assert points(client, session_id) == {0: ("server", 1, 0, 0)}
    send(client, session_id, "frames", frames(99, 100, 10))
    send(client, session_id, "audio", audio(2, 59_000))
    assert points(client, session_id) == {0: ("server", 100, 1, 0), 1: ("server", 0, 1, 0)}
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1)})
    send(client, session_id, "frames", frames(5, 20_000))
    assert points(client, session_id)[0] == ("client", 0, 0, 0)


def test_an_older_score_of_the_server_is_scored_again_at_the_end(client, clock):
    session_id = start_session(client)
    clock.advance(70_000)
    send(client, session_id, "frames", frames(1))
    client.post(f"/api/session/{session_id}/tick", json={"minuteIndex": 0})
    client.post(f"/api/session/{session_id}/tick", json={"minuteIndex": 7})
    send(client, session_id, "frames", frames(9, 1000))
    client.post(f"/api/session/{session_id}/end")
    assert points(client, session_id) == {0: ("server", 10, 0, 0), 7: ("server", 0, 0, 0)}


def test_closing_idle_sessions_scores_them_as_of_their_last_data(app):
    row = started(NOW_MS - 10**9)
    scope = unrestricted(row.public_id)
    storing.store_frames(scope, [(ms, 0.9, None, None) for ms in range(0, 200_000, 10_000)])
    assert list(storing.close_idle(NOW_MS - 10**6, NOW_MS)) == [row.public_id]
    assert [(each.minute_index, each.frame_count) for each in storing.minutes(scope)] == [(0, 6), (1, 6), (2, 6), (3, 2)]
    assert [ended.ended_ms - ended.started_ms for ended, _ in idle.started_by(NOW_MS, NOW_MS, ended_too=True)] == [190_000]


def test_an_eight_hour_session_that_was_never_ticked_ends_in_few_statements(client, clock, database_url):
    session_id = start_session(client)
    scope = unrestricted(session_id)
    hours = 8
    clock.advance(hours * 3_600_000)
    for first in range(0, hours * 3600, 1200):
        storing.store_frames(scope, [(second * 1000, 0.8, None, None) for second in range(first, first + 1200)])
        storing.store_audio(scope, [(second * 1000, second * 1000 + 1000, 1.0, 0.5, None) for second in range(first, first + 1200)])
    with recorded() as statements:
        assert client.post(f"/api/session/{session_id}/end").status_code == 200
    assert len(points(client, session_id)) == hours * 60
    assert len(statements) <= hours * 25 + 40, "some statements an hour, not some a minute"


@pytest.mark.parametrize("first", ["upload", "end"])
def test_an_upload_and_the_end_at_once_leave_no_minute_unscored(client, clock, database_url, first):
    session_id = start_session(client)
    clock.advance(120_000)
    send(client, session_id, "frames", frames(2))

    def upload():
        return client.application.test_client().post(f"/api/session/{session_id}/frames", json={"items": frames(3, 60_000)})

    def end():
        return client.application.test_client().post(f"/api/session/{session_id}/end")

    def check(one, other):
        assert {one.status_code, other.status_code} == {200, 201}

    if first == "end":
        case = Case(end, upload, "UPDATE session SET status", check)
    elif database_url.startswith("sqlite"):
        case = Case(upload, end, "UPDATE session SET frame_count", check)
    else:
        case = Case(upload, end, "WITH", check)
    one, other, _ = overlapping(case, database_url)
    case.check(one, other)
    assert points(client, session_id) == {0: ("server", 2, 0, 0), 1: ("server", 3, 0, 0)}


def test_where_chunks_overlap_the_voiced_one_counts(client, clock):
    session_id = start_session(client)
    clock.advance(60_000)
    silent = {"tsStart": 0, "tsEnd": 60_000, "vad": 0}
    send(client, session_id, "audio", [silent, *({"tsStart": at * 1000, "tsEnd": at * 1000 + 900, "vad": 1} for at in range(50))])
    voice = client.get(f"/api/session/{session_id}/report").json["data"]["vadSummary"]
    assert (voice["speechBurstCount"], voice["speechRatio"]) == (50, 0.75)
    assert voice["longestPause"] == 10_100


def test_a_formula_behind_another_separator_is_no_formula(client):
    session_id = start_session(client)
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": [{**scores(1)[0], "keywords": ["x;=1+1"]}]})
    content = client.get(f"/api/session/{session_id}/report/csv?kind=emotion").get_data(as_text=True)
    assert '"\'x;=1+1"' in content
