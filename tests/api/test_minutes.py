"""Minutes scored here (tick) and all minutes read (inferences)."""

import pytest

from tests.support.samples import START_MS, audio, frames, scores, start_session, stt
from tests.support.stored import contents, counts, inferences

GOOD, PLAIN, BAD = "정말 행복해요", "회의는 세 시입니다", "너무 슬퍼요"


def upload(client, session_id, path, items):
    assert client.post(f"/api/session/{session_id}/{path}", json={"items": items}).status_code == 201


def tick(client, session_id, **options):
    answer = client.post(f"/api/session/{session_id}/tick", **options)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def batch(client, session_id, items):
    answer = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": items})
    assert answer.status_code == 201, answer.text
    return answer.json


def parts(scored):
    return tuple(scored[name] for name in ("facialScore", "vadScore", "textScore", "combinedScore"))


def points(scored):
    return tuple(scored["dataPoints"][name] for name in ("frameCount", "audioChunkCount", "sttSnippetCount"))


def test_a_minute_without_data_has_the_defaults(client):
    session_id = start_session(client)
    assert tick(client, session_id, json={"minuteIndex": 3}) == {
        "minuteIndex": 3,
        "facialScore": 0.5,
        "vadScore": 0.3,
        "textScore": 0.5,
        "textSentiment": 0.5,
        "combinedScore": 0.44,
        "dataPoints": {"frameCount": 0, "audioChunkCount": 0, "sttSnippetCount": 0},
    }


def test_a_minute_is_scored_by_the_rule(client):
    session_id = start_session(client)
    upload(client, session_id, "frames", [{"ts": at, "qualityScore": quality} for at, quality in enumerate((0.9, 0.6, 0.3, 1))])
    upload(client, session_id, "audio", [{**chunk, "vad": vad, "rms": rms} for chunk, vad, rms in zip(audio(4), VADS, LOUD)])
    upload(client, session_id, "stt", [{**snippet, "text": text} for snippet, text in zip(stt(4), (GOOD, GOOD, PLAIN, BAD))])
    scored = tick(client, session_id, json={"minuteIndex": 0})
    # 0.7 · (1 + 0 + 0.5 + 1) / 4 + 0.3 · (0.2 + 0.4 + 0.6 + 1) / 4 and (0.7 + 0.7 + 0.5 + 0.3) / 4
    assert parts(scored) == (0.7, 0.603, 0.55, round(0.5 * 0.7 + 0.3 * 0.603 + 0.2 * 0.55, 3))
    assert points(scored) == (4, 4, 4)


VADS, LOUD = (True, False, 0.5, 1), (0.2, 0.4, 0.6, 1)


def test_text_is_scored_by_its_sentiment(client):
    for texts, score in (([GOOD], 0.7), ([PLAIN], 0.5), ([BAD], 0.3), ([GOOD, BAD], 0.5), ([GOOD, GOOD, BAD], 0.567)):
        session_id = start_session(client)
        upload(client, session_id, "stt", [{**snippet, "text": text} for snippet, text in zip(stt(len(texts)), texts)])
        scored = tick(client, session_id, json={"minuteIndex": 0})
        assert scored["textScore"] == scored["textSentiment"] == score, texts


def test_each_part_has_its_default_when_only_the_others_have_data(client):
    for path, items, expected in (
        ("frames", frames(3, qualityScore=1), (1, 0.3, 0.5, 0.69)),
        ("audio", audio(3, vad=False, rms=0), (0.5, 0, 0.5, 0.35)),
        ("stt", stt(3, text=GOOD), (0.5, 0.3, 0.7, 0.48)),
    ):
        session_id = start_session(client)
        upload(client, session_id, path, items)
        assert parts(tick(client, session_id, json={"minuteIndex": 0})) == expected


def test_scores_have_three_decimals(client):
    session_id = start_session(client)
    upload(client, session_id, "frames", [{"ts": at, "qualityScore": quality} for at, quality in enumerate((0, 1, 1))])
    upload(client, session_id, "audio", [{**chunk, "vad": vad, "rms": 1 / 3} for chunk, vad in zip(audio(3), (True, False, False))])
    scored = tick(client, session_id, json={"minuteIndex": 0})
    assert parts(scored) == (0.667, 0.333, 0.5, 0.533)
    assert parts(inferences(client, session_id)["inferences"][0]) == parts(scored)


def test_a_minute_has_its_first_millisecond_and_not_the_next_ones(client, clock):
    session_id = start_session(client)
    edges = (59_999, 60_000, 119_999, START_MS + 120_000, START_MS + 179_999, 180_000)
    upload(client, session_id, "frames", [{"ts": edge} for edge in edges])
    # Audio and text belong to the minute they start in, however long they last.
    for path, make in (("audio", audio), ("stt", stt)):
        upload(client, session_id, path, [{**make(1)[0], "tsStart": edge, "tsEnd": edge + 70_000} for edge in edges])
    counted = [points(tick(client, session_id, json={"minuteIndex": minute})) for minute in range(5)]
    assert counted == [(1, 1, 1), (2, 2, 2), (2, 2, 2), (1, 1, 1), (0, 0, 0)]


def test_what_came_in_just_before_the_start_counts_in_the_first_minute(client, clock):
    session_id = start_session(client)
    upload(client, session_id, "frames", [{"ts": START_MS - 1, "qualityScore": 1}, {"ts": START_MS - 200, "qualityScore": 0.5}])
    upload(client, session_id, "audio", audio(2, START_MS - 2_000, vad=False, rms=0))
    upload(client, session_id, "stt", stt(1, START_MS - 100, text=GOOD))
    scored = tick(client, session_id, json={"minuteIndex": 0})
    assert parts(scored)[:3] == (0.75, 0, 0.7) and points(scored) == (2, 2, 1)


NO_MINUTE = ({}, {"json": {}}, {"data": b"", "content_type": "application/json"}, {"data": b"{}", "content_type": "text/plain"})


def test_without_a_minute_the_last_complete_one_is_scored(client, clock):
    session_id = start_session(client)
    for elapsed_ms, minute in ((0, 0), (59_999, 0), (60_000, 0), (119_999, 0), (120_000, 1), (179_999, 1), (185_000, 2)):
        clock.set(START_MS + elapsed_ms)
        assert {tick(client, session_id, **options)["minuteIndex"] for options in NO_MINUTE} == {minute}, elapsed_ms


def test_after_the_end_the_last_complete_minute_is_the_sessions(client, clock):
    session_id = start_session(client)
    clock.advance(130_000)
    client.post(f"/api/session/{session_id}/end")
    clock.advance(600_000)
    assert tick(client, session_id)["minuteIndex"] == 1


def test_a_minute_may_be_scored_in_any_state(client):
    session_id = start_session(client)
    for verb in ("resume", "pause", "end"):
        client.post(f"/api/session/{session_id}/{verb}")
        assert tick(client, session_id, json={"minuteIndex": 100_000})["minuteIndex"] == 100_000


def test_tick_twice_stores_one_score(client):
    session_id = start_session(client)
    upload(client, session_id, "frames", frames(4, qualityScore=0.4))
    first = tick(client, session_id, json={"minuteIndex": 0})
    assert tick(client, session_id, json={"minuteIndex": 0}) == first
    assert counts()["minute_score"] == 1
    upload(client, session_id, "frames", frames(4, 10_000, qualityScore=0.8))
    second = tick(client, session_id, json={"minuteIndex": 0})
    assert (first["facialScore"], second["facialScore"]) == (0.4, 0.6)
    assert [parts(each) for each in inferences(client, session_id)["inferences"]] == [parts(second)]


def test_the_last_score_of_a_minute_wins_whoever_gave_it(client):
    session_id = start_session(client)
    reported = {"keywords": ["가족"], "sentiment": "negative", "confidence": 0.9, "timestamp": "2025-01-19T01:40:00Z", "durationMs": 60_000}
    sent = scores(1, facialScore=0.1, **reported)
    batch(client, session_id, sent)
    (shown,) = inferences(client, session_id)["inferences"]
    assert (shown["source"], shown["facialScore"], shown["keywords"]) == ("client", 0.1, ["가족"])
    upload(client, session_id, "frames", frames(2))
    scored = tick(client, session_id, json={"minuteIndex": 0})
    (shown,) = inferences(client, session_id)["inferences"]
    assert shown["source"] == "server" and parts(shown) == parts(scored) and points(shown) == (2, 0, 0)
    # What the browser had said of its own score does not speak of this one.
    assert [shown[name] for name in reported] == [[], None, None, None, None]
    batch(client, session_id, sent)
    (shown,) = inferences(client, session_id)["inferences"]
    assert (shown["source"], shown["facialScore"], shown["keywords"], points(shown)) == ("client", 0.1, ["가족"], (0, 0, 0))


def test_without_minutes_inferences_are_zeros(client):
    assert inferences(client, start_session(client)) == {
        "inferences": [],
        "stats": {
            "totalMinutes": 0,
            "avgCombinedScore": 0,
            "avgFacialScore": 0,
            "avgVadScore": 0,
            "avgTextScore": 0,
            "avgTextSentiment": 0,
            "maxCombinedScore": 0,
            "minCombinedScore": 0,
            "timeline": [],
        },
        "nextCursor": None,
    }


def test_inferences_come_by_minute_with_their_statistics(client):
    session_id, other = start_session(client), start_session(client)
    batch(client, other, scores(1, 7))
    sent = {5: (0.1, 0.2, 0.3, 0.4), 0: (0.9, 0.8, 0.7, 0.6), 100_000: (0, 1, 0.5, 0.55)}
    names = ("facialScore", "vadScore", "textScore", "combinedScore")
    batch(client, session_id, [{"minuteIndex": minute, **dict(zip(names, values))} for minute, values in sent.items()])
    data = inferences(client, session_id)
    assert [(each["minuteIndex"], parts(each)) for each in data["inferences"]] == sorted(sent.items())
    assert data["stats"] == {
        "totalMinutes": 3,
        "avgCombinedScore": 0.517,
        "avgFacialScore": 0.333,
        "avgVadScore": 0.667,
        "avgTextScore": 0.5,
        "avgTextSentiment": 0.5,
        "maxCombinedScore": 0.6,
        "minCombinedScore": 0.4,
        "timeline": [
            {"minute": minute, **dict(zip(names, values)), "textSentiment": values[2]} for minute, values in sorted(sent.items())
        ],
    }


def test_an_inference_holds_all_of_its_minute(client):
    session_id = start_session(client)
    tick(client, session_id, json={"minuteIndex": 2})
    (shown,) = inferences(client, session_id)["inferences"]
    assert isinstance(shown.pop("id"), str)
    assert shown == {
        "sessionId": session_id,
        "minuteIndex": 2,
        "facialScore": 0.5,
        "vadScore": 0.3,
        "textScore": 0.5,
        "textSentiment": 0.5,
        "combinedScore": 0.44,
        "modelVersion": "rules-v1.0",
        "source": "server",
        "dataPoints": {"frameCount": 0, "audioChunkCount": 0, "sttSnippetCount": 0},
        "keywords": [],
        "sentiment": None,
        "confidence": None,
        "timestamp": None,
        "durationMs": None,
        "coverage": None,
    }


def test_ids_of_inferences_are_distinct(client):
    one, two = start_session(client), start_session(client)
    for session_id in (one, two):
        batch(client, session_id, scores(3))
    seen = [each["id"] for session_id in (one, two) for each in inferences(client, session_id)["inferences"]]
    assert len(set(seen)) == 6


@pytest.mark.settings(
    INFERENCE_FACIAL_WEIGHT=0.2, INFERENCE_VAD_WEIGHT=0.2, INFERENCE_TEXT_WEIGHT=0.6, INFERENCE_MODEL_VERSION="말-v2"
)
def test_other_weights_score_under_their_own_version(client):
    session_id = start_session(client)
    answer = client.post(f"/api/session/{session_id}/tick", json={"minuteIndex": 0})
    assert answer.json["modelVersion"] == "말-v2"
    assert answer.json["data"]["combinedScore"] == 0.46
    batch(client, session_id, scores(1, 1))
    assert [each["modelVersion"] for each in inferences(client, session_id)["inferences"]] == ["말-v2"] * 2


def test_reading_changes_nothing(client):
    session_id = start_session(client)
    batch(client, session_id, scores(3))
    before = contents()
    for path in (session_id, f"{session_id}/inferences", "stats/summary", "user/user-1"):
        for method in ("GET", "HEAD"):
            assert client.open(f"/api/session/{path}", method=method).status_code == 200
    assert contents() == before
