"""Harmless oddities of uploads cost nothing: the right value is stored, and the good items beside them."""

import pytest

from tests.field.inputs import load
from tests.support.samples import START_MS, audio, frames, scores, start_session, stt
from tests.support.signing import HS256, bearer
from tests.support.stored import inferences, totals

from bemore.db.connections import execute, read, write

TABLES = {"frames": "frame", "audio": "audio_chunk", "stt": "stt_snippet"}
GOOD = {"frames": lambda: frames(99, 10_000), "audio": lambda: audio(99, 10_000), "stt": lambda: stt(99, 10_000)}
NOTHING, LANGUAGES, MISTAKES = load("nothing"), load("languages"), load("unit_mistakes")


def send(client, session_id, kind, *items, status=201, headers=None):
    answer = client.post(f"/api/session/{session_id}/{kind}", json={"items": items}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json["data"] if status == 201 else answer.json["error"]


def stored(kind, columns, where="true"):
    with read():
        return execute(f"SELECT {columns} FROM {TABLES[kind]} WHERE {where} ORDER BY 1").fetchall()


def test_fractions_of_a_millisecond_are_rounded_half_up(client):
    times = load("times")
    session_id = start_session(client)
    send(client, session_id, "frames", *({"ts": given} for given, _ in times["frames"]))
    assert [ts for (ts,) in stored("frames", "ts_ms")] == sorted({right for _, right in times["frames"]})
    for kind, fields in (("audio", {"vad": 1}), ("stt", {"text": "네"})):
        send(client, session_id, kind, *({"tsStart": start, "tsEnd": end, **fields} for start, end, *_ in times["spans"]))
        assert stored(kind, "ts_start_ms, ts_end_ms") == sorted((start, end) for *_, start, end in times["spans"])
    items = [{**scores(1, minute)[0], "durationMs": given} for minute, (given, _) in enumerate(times["durationMs"])]
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": items})
    assert [each["durationMs"] for each in inferences(client, session_id)["inferences"]] == [right for _, right in times["durationMs"]]


def test_epoch_times_with_fractions_name_the_same_moment(client, clock):
    session_id = start_session(client)
    send(client, session_id, "frames", {"ts": START_MS + 16.67}, {"ts": 17})
    assert stored("frames", "ts_ms") == [(17,)]


@pytest.mark.parametrize(("kind", "item", "right"), NOTHING["items"], ids=str)
def test_nothing_in_another_spelling_costs_nothing(client, kind, item, right):
    session_id = start_session(client)
    send(client, session_id, kind, item, *GOOD[kind]())
    first = "ts_ms" if kind == "frames" else "ts_start_ms"
    assert stored(kind, ", ".join(right), f"{first} = 0") == [tuple(right.values())]
    assert sum(totals(client, session_id)) == 100


def test_scores_feedback_and_tick_take_null_for_what_is_optional(client):
    session_id = start_session(client)
    items = [{**scores(1)[0], **NOTHING["scores"]}]
    answer = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": items})
    assert (answer.status_code, answer.json["count"]) == (201, 1) and "errors" not in answer.json
    assert client.post(f"/api/session/{session_id}/feedback", json=NOTHING["feedback"]).status_code == 201
    assert client.post(f"/api/session/{session_id}/tick", json=NOTHING["tick"]).status_code == 201


def test_the_services_own_inferences_can_be_posted_back(client):
    session_id = start_session(client)
    send(client, session_id, "frames", *frames(3))
    client.post(f"/api/session/{session_id}/tick", json={"minuteIndex": 0})
    before = inferences(client, session_id)["inferences"]
    answer = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": before})
    assert (answer.status_code, answer.json["count"]) == (201, 1), answer.text
    assert "errors" not in answer.json


@pytest.mark.parametrize(("kind", "item", "field"), NOTHING["required"], ids=str)
def test_null_for_what_is_required_is_refused(client, kind, item, field):
    error = send(client, start_session(client), kind, item, status=400)
    assert error["message"] == f"{field} must not be null"


def test_empty_texts_are_skipped_and_not_counted(client):
    session_id = start_session(client)
    empty = [{"tsStart": at, "tsEnd": at + 1, "text": text} for at, text in enumerate(NOTHING["emptyTexts"])]
    data = send(client, session_id, "stt", *empty, *stt(96, 10_000))
    assert data == {"sttSnippetCount": 96, "totalSttSnippetsInSession": 96} and totals(client, session_id)[2] == 96
    assert send(client, session_id, "stt", *empty, status=400)["message"].startswith("text ")
    far = {"tsStart": 10**10, "tsEnd": 10**10, "text": "네"}
    assert [each["index"] for each in send(client, session_id, "stt", *empty, far, status=400)["details"]] == [4, 4], "as in the request"


@pytest.mark.parametrize(("given", "right"), LANGUAGES["stored"], ids=str)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_guess_about_the_language_never_costs_the_words(client, given, right):
    session_id = start_session(client)
    send(client, session_id, "stt", {"tsStart": 0, "tsEnd": 900, "text": "오늘은 괜찮아요", "lang": given}, *GOOD["stt"]())
    assert stored("stt", "lang", "ts_start_ms = 0") == [(right,)]


def test_a_language_that_is_no_short_string_is_refused(client):
    session_id = start_session(client)
    for lang in LANGUAGES["refused"]:
        assert send(client, session_id, "stt", {**stt(1)[0], "lang": lang}, status=400)["message"].startswith("lang "), lang


def test_float_dust_is_clamped(client):
    session_id, dust = start_session(client), load("dust")
    items = [{**scores(1, minute)[0], "combinedScore": given, "confidence": given} for minute, (given, _) in enumerate(dust["stored"])]
    answer = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": items})
    assert answer.json["count"] == len(items), answer.text
    rights = [right for _, right in dust["stored"]]
    shown = inferences(client, session_id)["inferences"]
    assert [each["combinedScore"] for each in shown] == [each["confidence"] for each in shown] == rights
    for given, right in dust["stored"]:
        send(client, session_id, "audio", {"tsStart": 0, "tsEnd": 9, "vad": given, "rms": given})
        send(client, session_id, "frames", {"ts": 0, "qualityScore": given})
        assert stored("audio", "vad, rms") == [(right, right)] and stored("frames", "quality") == [(right,)]
    for given in dust["refused"]:
        assert send(client, session_id, "audio", {"tsStart": 0, "tsEnd": 9, "vad": given}, status=400)["message"].startswith("vad ")


def test_timestamps_of_all_libraries_are_taken(client):
    session_id, timestamps = start_session(client), load("timestamps")
    items = [{**scores(1, minute)[0], "timestamp": given} for minute, (given, _) in enumerate(timestamps["taken"])]
    assert client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": items}).json["count"] == len(items)
    assert [each["timestamp"] for each in inferences(client, session_id)["inferences"]] == [right for _, right in timestamps["taken"]]
    for given in timestamps["refused"]:
        answer = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": [{**scores(1)[0], "timestamp": given}]})
        assert (answer.status_code, answer.json["error"]["details"][0]["field"]) == (400, "timestamp"), given


def _at(clock, item):
    times = {"now_s": clock.now_ms // 1000, "now_ms": clock.now_ms}
    return {name: times.get(value, value) if isinstance(value, str) else value for name, value in item.items()}


@pytest.mark.parametrize(("kind", "item", "field"), MISTAKES["refused"], ids=str)
def test_unit_mistakes_are_refused_by_the_name_of_the_field(client, clock, kind, item, field):
    session_id = start_session(client)
    clock.advance(3_600_000)
    error = send(client, session_id, kind, *GOOD[kind]()[:5], _at(clock, item), status=400)
    assert error["details"][0] == {"index": 5, "field": field, "message": error["message"]}
    assert error["message"].startswith(f"{field} must not be more than 24 hours after the session")
    assert totals(client, session_id) == (0, 0, 0)


def test_plausible_times_are_taken_until_a_day_after_the_end(client, clock):
    session_id = start_session(client)
    clock.advance(3_600_000)
    for kind, item in MISTAKES["taken"]:
        send(client, session_id, kind, _at(clock, item))
    client.post(f"/api/session/{session_id}/end")
    day_ms = 86_400_000
    clock.advance(40 * day_ms)
    send(client, session_id, "frames", {"ts": 3_600_000 + day_ms})
    for ts in (3_600_001 + day_ms, clock.now_ms):
        assert send(client, session_id, "frames", {"ts": ts}, status=400)["details"][0]["field"] == "ts"


def test_the_offset_of_the_clients_clock_is_told(client, clock):
    session_id = start_session(client)
    place = f"/api/session/{session_id}"
    assert client.get(place).json["data"]["clockOffsetMs"] is None
    send(client, session_id, "frames", {"ts": 500})
    assert client.get(place).json["data"]["clockOffsetMs"] is None, "times since the start say nothing of a clock"
    send(client, session_id, "frames", {"ts": clock.now_ms + 600_000 - 300})
    assert client.get(place).json["data"]["clockOffsetMs"] == 599_700
    clock.advance(1_000_000)
    send(client, session_id, "frames", {"ts": clock.now_ms - 900_000})  # sent late
    assert client.get(place).json["data"]["clockOffsetMs"] == 599_700
    send(client, session_id, "audio", {"tsStart": clock.now_ms + 600_000, "tsEnd": clock.now_ms + 600_000, "vad": True})
    assert client.get(place).json["data"]["clockOffsetMs"] == 600_000


def test_two_speakers_on_one_time_grid_overwrite_nothing_of_each_other(client):
    session_id = start_session(client)
    for kind in GOOD:
        item = GOOD[kind]()[0]
        for speaker in ("user", "counselor", None, "user", "counselor", None):
            send(client, session_id, kind, {**item, "speaker": speaker})
        assert [speaker for (speaker,) in stored(kind, "speaker")] == [1, 2, 3]
        assert send(client, session_id, kind, {**item, "speaker": "client"}, status=400)["message"].startswith("speaker ")
    assert totals(client, session_id) == (3, 3, 3)
    pages, cursor = [], None
    for _ in range(3):
        query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        data = client.get(f"/api/session/{session_id}/transcript", query_string=query).json["data"]
        pages += [each["speaker"] for each in data["snippets"]]
        cursor = data["nextCursor"]
    assert (pages, cursor) == (["counselor", "user", None], None)


@pytest.mark.settings(**HS256)
def test_the_role_of_the_token_is_the_speaker_unless_the_item_says_otherwise(client):
    user, counselor, admin = bearer("u", "user"), bearer("c", "counselor"), bearer("a", "admin")
    started = client.post("/api/session/start", json={"userId": "u", "counselorId": "c"}, headers=user)
    session_id = started.json["data"]["sessionId"]
    for headers, speaker, right in ((user, None, 2), (counselor, None, 1), (admin, None, 3), (user, "counselor", 1)):
        send(client, session_id, "frames", {"ts": 0, "speaker": speaker}, headers=headers)
        with read():
            assert execute("SELECT speaker FROM frame").fetchall() == [(right,)]
            key = execute("SELECT id FROM session").fetchone()[0]
        write(lambda key=key: execute("DELETE FROM frame WHERE session_id = ?", (key,)))
