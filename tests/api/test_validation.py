"""Every field of every body and query: what is wrong is a 400 that names the field, and changes nothing."""

import json

import pytest

from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.stored import contents

#: No database has a part in what is refused before it is asked.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MISSING = object()

#: Strings that stand for what only the sent bytes can hold, and for the id of the session in question.
HUGE, SESSION = "@1e999@", "@session@"
HUGE_INTEGER = 10**400

#: Values that JSON has no words for: the field is in no object then, so it is the body that is named.
NOT_JSON = (float("nan"), float("inf"), float("-inf"), "\ud800", "가\udc00나", HUGE)


def number(least, most):
    """Values that are no number of least..most."""
    wrong = [None, True, False, "", str(least), f"{most} ", [], [least], {}, least - 0.001, most + 0.001]
    return [*wrong, 10**18, -(10**18), 1e300, -1e300, HUGE_INTEGER, *NOT_JSON]


def integer(least, most):
    """Values that are no integer of least..most."""
    wrong = [None, True, False, "", str(least), "0x1", [], [least], {}, least + 0.5, least - 1, most + 1]
    return [*wrong, 10**18, -(10**18), 2**63, 2**64, 1e18, 1e300, HUGE_INTEGER, *NOT_JSON]


def string(least, most):
    """Values that are no string of least..most characters without NUL."""
    shorter = [""] if least else []
    wrong = [None, True, False, 0, 1.5, 10**18, [], ["a"], {}, {"a": "b"}, *shorter]
    return [*wrong, "가" * (most + 1), "x" * (most * 2), "a\0b", "\0", *NOT_JSON]


def identifier():
    return [*string(1, 128), "a\nb", "\t", "\x7f", "x" * 5000]


def choice(*words):
    return [None, True, 0, 1, [], [words[0]], {}, "", words[0].upper(), f" {words[0]}", f"{words[0]}\0", *NOT_JSON]


def listed(wrong_elements):
    """Values that are no list, and lists of one wrong element."""
    return [None, True, 0, 1.5, "a", {}, *([each] for each in wrong_elements), *NOT_JSON]


def time(least, most):
    """Values that are no time: it may have a fraction, which is rounded."""
    return [each for each in integer(least, most) if each != least + 0.5] + [least - 0.51, most + 0.51]


TIME = time(0, 10**13 - 1)
POINTS = [None, 1, "1,2", [], [1], [1, 2, 3, 4], ["1", "2"], [True, 0.5], [[1, 2]], {}, {"x": 1}, {"y": 1}, {"x": 1, "y": "2"}]
POINTS += [{"x": 1, "y": 2, "z": "3"}, {"x": 1, "y": True}, [10**18, 0], [0.1, 0.2, -(10**18)], [HUGE_INTEGER, 0]]
MOMENTS = ["", "now", "2025-01-19", "2025-01-19T10:40:00", "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-01-19T25:00:00Z"]
MOMENTS += ["2025-01-19T10:40:00+99:00", "1737250800000", 1737250800000, "2025-01-19T10:40:00Z\0", "٢٠٢٥-01-19T10:40:00Z", "x" * 100_000]

#: The wrong values of each field, whether it must be there, and the good body around it. The item's fields stand in ``items``.
BODIES = {
    "start": ({"userId": "u", "counselorId": "c"}, {"userId": (True, identifier()), "counselorId": (True, identifier())}),
    "feedback": ({"rating": 3, "note": "좋아요"}, {"rating": (True, integer(1, 5)), "note": (False, string(0, 2000))}),
    "tick": ({"minuteIndex": 0}, {"minuteIndex": (False, integer(0, 100_000))}),
    "batch-tick": ({"sessionId": SESSION, "items": scores(2)}, {"sessionId": (True, identifier())}),
}

ITEMS = {
    "frames": (
        frames(3),
        {
            "ts": (True, TIME),
            "qualityScore": (False, number(0, 1)),
            "faceLandmarksCompressed": (False, string(0, 64 * 1024)),
            "landmarks": (False, [*listed(POINTS), [[0, 0]] * 479, [[0, 0], [0]]]),
        },
    ),
    "audio": (
        audio(3),
        {
            "tsStart": (True, TIME),
            "tsEnd": (True, TIME),
            "vad": (True, [each for each in number(0, 1) if type(each) is not bool] + ["true"]),
            "rms": (False, number(0, 1)),
            "pitch": (False, [each for each in number(0, 20_000) if each not in (-0.001, -(10**18), -1e300)]),
            "speaker": (False, choice("user", "counselor")),
        },
    ),
    "stt": (
        stt(3),
        {
            "tsStart": (True, TIME),
            "tsEnd": (True, TIME),
            "text": (True, string(0, 5000)),
            "lang": (False, string(0, 64)),
        },
    ),
    "batch-tick": (
        scores(1),
        {
            "minuteIndex": (True, integer(0, 100_000)),
            **{name: (True, number(0, 1)) for name in ("facialScore", "vadScore", "textScore", "combinedScore")},
            "keywords": (False, [*listed([None, 1, True, [], {}, "x" * 101, "a\0"]), ["a"] * 51, ["a", 5]]),
            "sentiment": (False, choice("positive", "neutral", "negative")),
            "confidence": (False, number(0, 1)),
            "timestamp": (False, [None, True, 1.5, [], {}, *MOMENTS, *NOT_JSON]),
            "durationMs": (False, time(0, 10**13 - 1)),
        },
    ),
}

#: What a list of items may not be, and what an element may not be.
NO_ITEMS = [None, True, 1, "items", {}, {"0": {}}, [], [None] * 101, *NOT_JSON]
NO_ITEM = [None, True, 1, 1.5, "item", [], [{}]]


def changed(content, name, value):
    return {key: each for key, each in {**content, name: value}.items() if each is not MISSING}


def wrong_values(required, wrong):
    """The wrong values of a field: None is one only where the field is required, else it means "left out"."""
    return [MISSING, *wrong] if required else [each for each in wrong if each is not None]


def short(value):
    return repr(value)[:60]


class Refusals:
    """Sends wrong requests to an endpoint of a session that holds something, and sees that nothing changes."""

    def __init__(self, client, endpoint):
        self.client = client
        self.session_id = start_session(client)
        client.post(f"/api/session/{self.session_id}/frames", json={"items": frames(3, 500)})
        client.post("/api/session/batch-tick", json={"sessionId": self.session_id, "items": scores(2)})
        self.path = f"/api/session/{endpoint if endpoint in ('start', 'batch-tick') else f'{self.session_id}/{endpoint}'}"
        self.before = contents()

    def body(self, body):
        """The bytes of a body, also of one with values that JSON does not know."""
        return json.dumps(body).replace(f'"{HUGE}"', "1e999").replace(SESSION, self.session_id).encode()

    def error(self, body, field, value):
        """The error of a refused body; it names the field, or the body where that is not JSON at all."""
        answer = self.client.post(self.path, data=self.body(body), content_type="application/json")
        reported = f"{self.path} {field} = {short(value)}: {answer.status_code}"
        assert answer.status_code == 400, reported
        error = answer.json["error"]
        assert error["code"] == "VALIDATION_ERROR", reported
        known = not any(value is each for each in NOT_JSON)
        assert error["message"].startswith(f"{field} " if known else "body "), f"{reported}: {error['message']}"
        assert contents() == self.before, reported
        return error if known else None


@pytest.mark.parametrize("endpoint", BODIES)
def test_each_field_of_a_body_is_checked(client, endpoint):
    good, fields = BODIES[endpoint]
    send = Refusals(client, endpoint)
    for name, (required, wrong) in fields.items():
        for value in wrong_values(required, wrong):
            error = send.error(changed(good, name, value), name, value)
            assert error is None or "details" not in error


@pytest.mark.parametrize("endpoint", ITEMS)
def test_each_field_of_an_item_is_checked(client, endpoint):
    items, fields = ITEMS[endpoint]
    send = Refusals(client, endpoint)
    around = {"sessionId": SESSION} if endpoint == "batch-tick" else {}
    place = len(items) - 1
    for name, (required, wrong) in fields.items():
        for value in wrong_values(required, wrong):
            bad = [*items[:place], changed(items[place], name, value)]
            error = send.error({**around, "items": bad}, name, value)
            if error is not None:
                assert [(each["index"], each["field"]) for each in error["details"]] == [(place, name)], short(value)
                assert error["details"][0]["message"] == error["message"]


@pytest.mark.parametrize("endpoint", ITEMS)
def test_the_list_of_items_is_checked(client, endpoint):
    items, _ = ITEMS[endpoint]
    send = Refusals(client, endpoint)
    around = {"sessionId": SESSION} if endpoint == "batch-tick" else {}
    for value in [MISSING, *NO_ITEMS]:
        send.error(changed(around, "items", value), "items", value)
    for value in NO_ITEM:
        answer = client.post(send.path, data=send.body({**around, "items": [value]}), content_type="application/json")
        assert answer.status_code == 400, short(value)
        error = answer.json["error"]
        assert error["message"].startswith("items[0] ") and {each["index"] for each in error["details"]} == {0}
    assert contents() == send.before


def test_values_that_are_not_json_are_refused_in_unknown_fields_too(client):
    send = Refusals(client, "start")
    for value in NOT_JSON:
        if value != HUGE:
            send.error({"userId": "u", "counselorId": "c", "extra": [{"deep": value}]}, "extra", value)


QUERIES = {
    "limit": ["", "0", "-1", "101", "1.5", "1e1", "ten", " 1", "1 ", "+1", "0x1", "٣", "１", "1\0", "true", "9" * 18, "9" * 5000, "\udcff"],
    "cursor": ["", "x", "한글", "'", "\0", "a" * 5000, "MTIz", "LTEuLTE=", "MS4xLjE=", "YS5i", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE=", "\udcff"],
}


@pytest.mark.parametrize("field", QUERIES)
def test_each_field_of_a_query_is_checked(client, field):
    start_session(client)
    before = contents()
    for value in QUERIES[field]:
        query = value.encode("utf-8", "surrogateescape")
        quoted = "".join(f"%{byte:02x}" for byte in query)
        answer = client.get(f"/api/session/user/user-1?{field}={quoted}")
        assert answer.status_code == 400, short(value)
        assert answer.json["error"]["message"].startswith(f"{field} "), short(value)
    both = client.get("/api/session/user/user-1?limit=0&cursor=x").json["error"]
    assert [each["field"] for each in both["details"]] == ["limit", "cursor"]
    assert contents() == before


def test_several_problems_are_all_told(client):
    send = Refusals(client, "audio")
    items = audio(4)
    items[1] = {"tsEnd": -1, "vad": "yes", "rms": 2}
    items[3] = {**items[3], "pitch": "high"}
    details = send.error({"items": items}, "tsStart", MISSING)["details"]
    assert [(each["index"], each["field"]) for each in details] == [(1, "tsStart"), (1, "tsEnd"), (1, "vad"), (1, "rms"), (3, "pitch")]
