"""The life of a session: start, pause, resume, end; the states, the repeats, the times."""

import re

import pytest

from tests.support.samples import START_MS, audio, frames, scores, start_session, stt
from tests.support.stored import contents, inferences


def post(client, session_id, verb, **options):
    return client.post(f"/api/session/{session_id}/{verb}", **options)


def get(client, session_id):
    return client.get(f"/api/session/{session_id}").json["data"]


def times(client, session_id):
    """The state of a session and its times since START_MS."""
    data = get(client, session_id)
    moments = (data[name] for name in ("startedAt", "pausedAt", "resumedAt", "endedAt"))
    return data["status"], *(moment and moment - START_MS for moment in moments)


def test_start_answers_the_new_session(client, clock):
    answer = client.post("/api/session/start", json={"userId": "사용자 1", "counselorId": "O'Brien \"상담\" 🙂", "extra": [1]})
    assert answer.status_code == 200
    data = answer.json["data"]
    session_id = data.pop("sessionId")
    assert data == {"startedAt": START_MS, "status": "active", "userId": "사용자 1", "counselorId": "O'Brien \"상담\" 🙂"}
    assert re.fullmatch(rf"sess_{START_MS // 1000}_[a-z0-9]{{16,}}", session_id)


def test_ids_differ_in_all_but_their_second(client, clock):
    suffixes = [start_session(client).rpartition("_")[2] for _ in range(20)]
    assert len({suffix[:8] for suffix in suffixes}) == len({suffix[8:16] for suffix in suffixes}) == 20


def test_a_new_session_is_shown_whole(client, clock):
    session_id = start_session(client, "user-7", "counselor-8")
    assert get(client, session_id) == {
        "sessionId": session_id,
        "userId": "user-7",
        "counselorId": "counselor-8",
        "status": "active",
        "startedAt": START_MS,
        "pausedAt": None,
        "resumedAt": None,
        "endedAt": None,
        "duration": 0,
        "demo": False,
        "lastDataAt": {"frames": None, "audio": None, "stt": None},
        "clockOffsetMs": None,
        "emotionCount": 0,
        "landmarkCount": 0,
        "sttCount": 0,
        "stats": {"totalFrames": 0, "totalAudioChunks": 0, "totalSttSnippets": 0},
    }


def test_the_longest_ids_come_back_as_they_are(client):
    for user_id in ("u" * 128, "가" * 128, "🙂" * 128, " ", "a/b?c#d%20e&f", "'; DROP TABLE session; --"):
        session_id = start_session(client, user_id, user_id)
        assert get(client, session_id)["userId"] == get(client, session_id)["counselorId"] == user_id


def test_a_session_goes_from_active_to_paused_and_back_to_its_end(client, clock):
    session_id = start_session(client)
    clock.advance(1_000)
    paused = post(client, session_id, "pause")
    assert paused.status_code == 200
    assert paused.json["data"] == {"sessionId": session_id, "status": "paused", "pausedAt": START_MS + 1_000}
    clock.advance(1_000)
    resumed = post(client, session_id, "resume")
    assert resumed.status_code == 200
    assert resumed.json["data"] == {"sessionId": session_id, "status": "active", "resumedAt": START_MS + 2_000}
    assert times(client, session_id) == ("active", 0, 1_000, 2_000, None)
    clock.advance(1_000)
    assert post(client, session_id, "pause").json["data"]["pausedAt"] == START_MS + 3_000
    assert times(client, session_id) == ("paused", 0, 3_000, 2_000, None)
    clock.advance(1_000)
    assert post(client, session_id, "end").status_code == 200
    assert times(client, session_id) == ("ended", 0, 3_000, 2_000, 4_000)
    clock.advance(60_000)
    assert get(client, session_id)["duration"] == 4_000


def test_repeating_a_step_changes_no_time(client, clock):
    session_id = start_session(client)
    for verb, status in (("resume", "active"), ("pause", "paused"), ("resume", "active"), ("end", "ended")):
        clock.advance(1_000)
        first = post(client, session_id, verb).json["data"]
        assert first["status"] == status
        before = times(client, session_id)
        for _ in range(2):
            clock.advance(1_000)
            answer = post(client, session_id, verb)
            assert answer.status_code == 200
            assert answer.json["data"] == first
        assert times(client, session_id) == before
    assert times(client, session_id) == ("ended", 0, 4_000, 7_000, 10_000)


def test_resuming_a_session_that_never_paused_is_harmless(client, clock):
    session_id = start_session(client)
    clock.advance(1_000)
    answer = post(client, session_id, "resume")
    assert answer.status_code == 200
    assert answer.json["data"] == {"sessionId": session_id, "status": "active", "resumedAt": None}
    assert times(client, session_id) == ("active", 0, None, None, None)


def test_after_the_end_nothing_goes_on(client, clock):
    session_id = start_session(client)
    post(client, session_id, "end")
    before = contents()
    clock.advance(1_000)
    for verb in ("pause", "resume"):
        answer = post(client, session_id, verb)
        assert answer.status_code == 409
        assert answer.json["error"]["code"] == "SESSION_STATE_CONFLICT"
        assert contents() == before


def test_the_end_sums_up(client, clock):
    session_id = start_session(client)
    post(client, session_id, "frames", json={"items": frames(7)})
    post(client, session_id, "audio", json={"items": audio(5)})
    post(client, session_id, "stt", json={"items": stt(3)})
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(2)})
    clock.advance(125_250)
    answer = post(client, session_id, "end")
    assert answer.status_code == 200
    data = answer.json["data"]
    assert data.pop("emotionSummary", "missing") != "missing"
    assert data == {
        "sessionId": session_id,
        "status": "ended",
        "endedAt": START_MS + 125_250,
        "duration": 125_250,
        "stats": {"totalFrames": 7, "totalAudioChunks": 5, "totalSttSnippets": 3},
        "inferenceStats": inferences(client, session_id)["stats"],
        "emotionCount": 2,
    }
    assert data["inferenceStats"]["totalMinutes"] == 2
    shown = get(client, session_id)
    assert (shown["emotionCount"], shown["landmarkCount"], shown["sttCount"], shown["stats"]) == (2, 7, 3, data["stats"])


def test_an_end_without_any_data_has_zeros(client):
    session_id = start_session(client)
    data = post(client, session_id, "end").json["data"]
    assert data["stats"] == {"totalFrames": 0, "totalAudioChunks": 0, "totalSttSnippets": 0}
    assert data["inferenceStats"]["totalMinutes"] == 0 and data["inferenceStats"]["timeline"] == []


def test_a_clock_set_back_does_not_end_a_session_before_its_start(client, clock):
    session_id = start_session(client)
    clock.advance(-5_000)
    assert get(client, session_id)["duration"] == 0
    data = post(client, session_id, "end").json["data"]
    assert data["duration"] == data["endedAt"] - START_MS == 0


NO_BODY = {
    "nothing at all": {},
    "an empty body under JSON": {"data": b"", "content_type": "application/json"},
    "an empty body under plain text": {"data": b"", "content_type": "text/plain;charset=UTF-8"},
    "{} under JSON": {"data": b"{}", "content_type": "application/json"},
    "{} under JSON with a charset": {"data": b"{}", "content_type": "application/json; charset=utf-8"},
    "{} under plain text": {"data": b"{}", "content_type": "text/plain"},
    "{} without a type": {"data": b"{}"},
    "blanks": {"data": b" \r\n", "content_type": "application/json"},
    "fields nobody knows": {"data": '{"reason": "다 했어요", "status": "active"}'.encode(), "content_type": "application/json"},
}


@pytest.mark.parametrize("verb", ["pause", "resume", "end"])
def test_no_body_and_an_empty_one_are_the_same(client, clock, verb):
    answers = {}
    for name, options in NO_BODY.items():
        clock.set(START_MS)
        session_id = start_session(client)
        clock.advance(1_000)
        answer = post(client, session_id, verb, **options)
        assert answer.status_code == 200, name
        answers[name] = {**answer.json["data"], "sessionId": ""}
    assert all(answer == answers["nothing at all"] for answer in answers.values()), answers


def test_an_unknown_session_is_404_in_the_contracts_words(client):
    start_session(client)
    before = contents()
    unknown = "sess_1737250800_abcdefghij0123456789"
    requests = [
        ("GET", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", {}),
        ("POST", "/end", None),
        ("DELETE", "", None),
        ("POST", "/frames", {"items": frames(1)}),
        ("POST", "/audio", {"items": audio(1)}),
        ("POST", "/stt", {"items": stt(1)}),
        ("POST", "/tick", {"minuteIndex": 0}),
        ("GET", "/inferences", None),
        ("POST", "/feedback", {"rating": 5}),
    ]
    answers = [client.open(f"/api/session/{unknown}{path}", method=method, json=body) for method, path, body in requests]
    answers.append(client.post("/api/session/batch-tick", json={"sessionId": unknown, "items": scores(1)}))
    answers.append(client.post("/api/session/batch-tick", json={"sessionId": unknown, "items": scores(1) + [{}]}))
    for answer in answers:
        assert answer.status_code == 404, answer.request.path
        assert answer.json["error"]["code"] == "SESSION_NOT_FOUND"
        assert answer.json["error"]["message"] == f"세션을 찾을 수 없습니다: {unknown}"
    assert contents() == before


def test_no_id_of_another_shape_finds_a_session(client):
    session_id = start_session(client)
    for almost in (session_id[:-1], session_id + "a", session_id.upper(), f"{session_id}%20", f"%20{session_id}", f"{session_id}%00"):
        assert client.get(f"/api/session/{almost}").status_code == 404, almost
