"""Minutes the browser scored: stored whole, in part to the letter of the contract, or not at all."""

import re

from tests.support.samples import START_MS, scores, start_session
from tests.support.stored import contents, counts, inferences

ITEM = scores(1)[0]


def send(client, session_id, items):
    return client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": items})


def changed(item, **fields):
    return {**item, **fields}


def without(item, *names):
    return {name: value for name, value in item.items() if name not in names}


def stored_minutes(client, session_id):
    return [each["minuteIndex"] for each in inferences(client, session_id)["inferences"]]


TRACE = ("requestId", "serverTs", "modelVersion")


def test_a_good_batch_is_answered_to_the_letter(client, clock):
    session_id = start_session(client)
    answer = send(client, session_id, scores(2))
    assert answer.status_code == 201
    body = answer.json
    batch_id = body["batchId"]
    assert isinstance(batch_id, str) and batch_id
    assert without(body, *TRACE) == {
        "success": True,
        "count": 2,
        "message": "2개 항목이 처리되었습니다",
        "batchId": batch_id,
        "data": {"success": True, "count": 2, "batchId": batch_id},
    }
    assert body["serverTs"] == START_MS and body["modelVersion"] == "rules-v1.0"
    assert send(client, session_id, scores(2)).json["batchId"] != batch_id


def test_a_batch_good_in_part_is_stored_in_part_and_answered_to_the_letter(client):
    session_id = start_session(client)
    answer = send(client, session_id, [ITEM, changed(ITEM, minuteIndex=1, facialScore=1.5)])
    assert answer.status_code == 201
    body = answer.json
    assert without(body, *TRACE) == {
        "success": True,
        "count": 1,
        "message": "1개 항목이 처리되었습니다 (1개 오류)",
        "batchId": body["batchId"],
        "data": {"success": True, "count": 1, "batchId": body["batchId"]},
        "errors": [{"index": 1, "minuteIndex": 1, "field": "facialScore", "message": "facialScore must be between 0 and 1"}],
    }
    assert stored_minutes(client, session_id) == [0]


REFUSED = {
    "facialScore": changed(ITEM, facialScore=-0.001),
    "vadScore": changed(ITEM, vadScore="0.5"),
    "textScore": changed(ITEM, textScore=True),
    "combinedScore": without(ITEM, "combinedScore"),
    "keywords": changed(ITEM, keywords="가족"),
    "sentiment": changed(ITEM, sentiment="Positive"),
    "confidence": changed(ITEM, confidence=100),
    "timestamp": changed(ITEM, timestamp="2025-01-19T10:40:00"),
    "durationMs": changed(ITEM, durationMs=-1),
}


def test_an_item_wrong_in_one_field_is_named_by_it(client):
    session_id = start_session(client)
    for field, item in REFUSED.items():
        bad = changed(item, minuteIndex=41)
        body = send(client, session_id, [bad, *scores(2), bad]).json
        assert body["count"] == body["data"]["count"] == 2
        assert body["message"] == "2개 항목이 처리되었습니다 (2개 오류)"
        assert [(each["index"], each["minuteIndex"], each["field"]) for each in body["errors"]] == [(0, 41, field), (3, 41, field)]
        assert all(field in each["message"] for each in body["errors"])
        assert stored_minutes(client, session_id) == [0, 1]


def test_each_refused_item_is_told_once_with_what_it_calls_its_minute(client):
    session_id = start_session(client)
    items = [
        changed(ITEM, facialScore=2, vadScore=2, textScore=None),
        without(ITEM, "minuteIndex"),
        changed(ITEM, minuteIndex="3"),
        changed(ITEM, minuteIndex=-1),
        changed(ITEM, minuteIndex=100_001),
        changed(ITEM, minuteIndex=True),
        changed(ITEM, minuteIndex=1.5),
        {},
        None,
        [],
        "minute",
        7,
        changed(ITEM, minuteIndex=100_000),
    ]
    body = send(client, session_id, items).json
    assert (body["count"], body["message"]) == (1, "1개 항목이 처리되었습니다 (12개 오류)")
    assert all(set(each) == {"index", "minuteIndex", "field", "message"} for each in body["errors"])
    assert [each["index"] for each in body["errors"]] == list(range(12))
    assert [each["minuteIndex"] for each in body["errors"]] == [0, None, None, -1, 100_001, *[None] * 7]
    assert [each["field"] for each in body["errors"]][:8] == ["facialScore", *["minuteIndex"] * 7]
    assert stored_minutes(client, session_id) == [100_000]


def test_a_batch_without_a_good_item_stores_nothing(client):
    session_id = start_session(client)
    send(client, session_id, scores(1))
    before = contents()
    answer = send(client, session_id, [changed(ITEM, facialScore=80), changed(ITEM, minuteIndex=1, vadScore=None, textScore=2)])
    assert answer.status_code == 400
    error = answer.json["error"]
    assert (error["code"], error["message"]) == ("VALIDATION_ERROR", "facialScore must be between 0 and 1")
    assert [(each["index"], each["field"]) for each in error["details"]] == [(0, "facialScore"), (1, "vadScore"), (1, "textScore")]
    assert contents() == before


def test_a_wrong_body_stores_nothing_of_good_items(client):
    session_id = start_session(client)
    before = contents()
    for field, body in (
        ("sessionId", {"items": scores(2)}),
        ("sessionId", {"sessionId": None, "items": scores(2)}),
        ("sessionId", {"sessionId": 5, "items": scores(2) + [{}]}),
        ("items", {"sessionId": session_id}),
        ("items", {"sessionId": session_id, "items": []}),
        ("items", {"sessionId": session_id, "items": scores(101)}),
        ("items", {"sessionId": session_id, "items": {"0": ITEM}}),
        ("items", {"sessionId": session_id, "items": None}),
    ):
        answer = client.post("/api/session/batch-tick", json=body)
        assert answer.status_code == 400 and field in answer.json["error"]["message"], body
    assert contents() == before


def test_a_hundred_items_are_stored(client):
    session_id = start_session(client)
    assert send(client, session_id, scores(100)).json["count"] == 100
    assert send(client, session_id, scores(99, 50) + [{}]).json["count"] == 99
    assert stored_minutes(client, session_id) == list(range(149))


def test_scores_are_stored_with_three_decimals(client):
    session_id = start_session(client)
    send(client, session_id, [{"minuteIndex": 0, "facialScore": 0.12345, "vadScore": 2 / 3, "textScore": 0.9999, "combinedScore": 1e-9}])
    send(client, session_id, [{"minuteIndex": 1, "facialScore": 0, "vadScore": 1, "textScore": -0.0, "combinedScore": 1.0}])
    data = inferences(client, session_id)
    shown = [[each[name] for name in ("facialScore", "vadScore", "textScore", "combinedScore")] for each in data["inferences"]]
    assert shown == [[0.123, 0.667, 1, 0], [0, 1, 0, 1]]
    assert "-0" not in client.get(f"/api/session/{session_id}/inferences").text.replace("-01-", "")


def test_optional_fields_come_back(client):
    session_id = start_session(client)
    optional = {
        "keywords": ["가족", "", "x" * 100, "\"quoted\" \\ 🙂"],
        "sentiment": "positive",
        "confidence": 0.875,
        "timestamp": "2025-01-19T10:40:00.420+09:00",
        "durationMs": 60_000,
    }
    send(client, session_id, [changed(ITEM, **optional), changed(ITEM, minuteIndex=1)])
    first, second = inferences(client, session_id)["inferences"]
    assert {name: first[name] for name in optional} == {**optional, "timestamp": "2025-01-19T01:40:00.420Z"}
    assert [second[name] for name in optional] == [[], None, None, None, None]
    assert first["source"] == second["source"] == "client"


def test_every_form_of_an_optional_field_is_taken(client):
    session_id = start_session(client)
    forms = [{"sentiment": word} for word in ("positive", "neutral", "negative")]
    forms += [{"timestamp": text} for text in TIMESTAMPS]
    forms += [{"confidence": 0}, {"confidence": 1}, {"durationMs": 0}, {"keywords": []}, {"keywords": ["가"] * 50}, {"unknown": {}}]
    answer = send(client, session_id, [{**ITEM, "minuteIndex": minute, **form} for minute, form in enumerate(forms)])
    assert (answer.json["count"], "errors" in answer.json) == (len(forms), False), answer.json
    shown = [each["timestamp"] for each in inferences(client, session_id)["inferences"][3 : 3 + len(TIMESTAMPS)]]
    assert shown == list(TIMESTAMPS.values())
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) for text in shown)


TIMESTAMPS = {
    "2025-01-19T01:40:00Z": "2025-01-19T01:40:00.000Z",
    "2025-01-19T01:40:00.5Z": "2025-01-19T01:40:00.500Z",
    "2025-01-19T01:40:00.123456Z": "2025-01-19T01:40:00.123Z",
    "2025-01-19T01:40:00+00:00": "2025-01-19T01:40:00.000Z",
    "2025-01-19T10:40:00+09:00": "2025-01-19T01:40:00.000Z",
    "2025-01-18T20:10:00-05:30": "2025-01-19T01:40:00.000Z",
    "2024-02-29T23:59:59.999Z": "2024-02-29T23:59:59.999Z",
}


def test_the_same_minute_again_is_overwritten_as_a_whole(client):
    session_id = start_session(client)
    send(client, session_id, [changed(ITEM, facialScore=0.1, keywords=["가족"], confidence=0.5, sentiment="negative")])
    send(client, session_id, [changed(ITEM, facialScore=0.9)])
    (shown,) = inferences(client, session_id)["inferences"]
    assert (shown["facialScore"], shown["keywords"], shown["confidence"], shown["sentiment"]) == (0.9, [], None, None)
    assert counts()["minute_score"] == 1


def test_of_the_same_minute_twice_in_a_batch_the_last_is_stored(client):
    session_id = start_session(client)
    answer = send(client, session_id, [changed(ITEM, facialScore=value) for value in (0.1, 0.2, 0.3)])
    assert answer.status_code == 201
    (shown,) = inferences(client, session_id)["inferences"]
    assert shown["facialScore"] == 0.3


def test_a_refused_item_does_not_touch_the_minute_it_names(client):
    session_id = start_session(client)
    send(client, session_id, [changed(ITEM, facialScore=0.1)])
    send(client, session_id, [changed(ITEM, facialScore=7), changed(ITEM, minuteIndex=1)])
    assert [each["facialScore"] for each in inferences(client, session_id)["inferences"]] == [0.1, 0.8]


def test_minutes_are_taken_in_every_state(client):
    """The browser keeps batches that failed and sends them again, also after the end."""
    session_id = start_session(client)
    for minute, verb in enumerate(("resume", "pause", "end")):
        client.post(f"/api/session/{session_id}/{verb}")
        assert send(client, session_id, scores(1, minute)).status_code == 201
    assert stored_minutes(client, session_id) == [0, 1, 2]
