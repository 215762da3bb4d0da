"""Every answer of every endpoint has the envelope. ``client`` checks its shape; here is what it holds, and when."""

import json
import re

import pytest

from tests.support.samples import START_MS, audio, frames, scores, start_session, stt

MADE_UP = "sess_1_aaaaaaaaaaaaaaaa"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def good_requests(session_id):
    """A good request of every endpoint: (method, path, body, status)."""
    return [
        ("GET", f"/{session_id}", None, 200),
        ("POST", f"/{session_id}/frames", {"items": frames(1)}, 201),
        ("POST", f"/{session_id}/audio", {"items": audio(1)}, 201),
        ("POST", f"/{session_id}/stt", {"items": stt(1)}, 201),
        ("POST", f"/{session_id}/tick", {"minuteIndex": 0}, 201),
        ("POST", "/batch-tick", {"sessionId": session_id, "items": scores(1)}, 201),
        ("GET", f"/{session_id}/inferences", None, 200),
        ("POST", f"/{session_id}/feedback", {"rating": 3}, 201),
        ("POST", f"/{session_id}/pause", None, 200),
        ("POST", f"/{session_id}/resume", None, 200),
        ("GET", "/stats/summary", None, 200),
        ("GET", "/user/user-1", None, 200),
        ("POST", f"/{session_id}/end", None, 200),
        ("DELETE", f"/{session_id}", None, 200),
    ]


def test_successes_carry_the_trace_fields(client, clock):
    for method, path, body, status in good_requests(start_session(client)):
        answer = client.open(f"/api/session{path}", method=method, json=body, headers={"X-Request-Id": "trace-1"})
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/json"
        beside = {"count", "message", "batchId"} if path == "/batch-tick" else {"message"} if "feedback" in path else set()
        assert set(answer.json) == {"success", "data", "requestId", "serverTs", "modelVersion"} | beside, path
        traced = [answer.json[name] for name in ("success", "requestId", "serverTs", "modelVersion")]
        assert traced == [True, "trace-1", START_MS, "rules-v1.0"]


def failing(client, session_id):
    """(answer, status, code) of failures of every kind that need no broken server."""
    yield client.get("/nowhere"), 404, "NOT_FOUND"
    yield client.get("/api/sessions"), 404, "NOT_FOUND"
    yield client.get(f"/api/session/{session_id}/nothing"), 404, "NOT_FOUND"
    yield client.get(f"/api/session/{MADE_UP}"), 404, "SESSION_NOT_FOUND"
    yield client.get("/api/session/start"), 405, "METHOD_NOT_ALLOWED"
    yield client.post("/api/session/start", json={}), 400, "VALIDATION_ERROR"
    yield client.post("/api/session/start", data=b"{", content_type="application/json"), 400, "VALIDATION_ERROR"
    yield client.post("/api/session/start", data=b"<a/>", content_type="text/xml"), 415, "UNSUPPORTED_MEDIA_TYPE"
    yield client.post("/api/session/start", data=b"x" * (9 << 20), content_type="text/plain"), 413, "PAYLOAD_TOO_LARGE"
    client.post(f"/api/session/{session_id}/end")
    yield client.post(f"/api/session/{session_id}/pause"), 409, "SESSION_STATE_CONFLICT"
    key = {"Idempotency-Key": "key-1"}
    client.post("/api/session/start", json={"userId": "a", "counselorId": "b"}, headers=key)
    yield client.post("/api/session/start", json={"userId": "c", "counselorId": "d"}, headers=key), 422, "IDEMPOTENCY_KEY_REUSED"


def test_failures_have_their_status_and_code(client, clock):
    for answer, status, code in failing(client, start_session(client)):
        assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.request.path
        assert answer.headers["Content-Type"] == "application/json"
        assert (answer.json["serverTs"], answer.json["modelVersion"]) == (START_MS, "rules-v1.0")


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_WRITE="2 per 10 minutes")
def test_a_refusal_for_want_of_quota_has_the_contracts_words(client):
    for _ in range(2):
        start_session(client)
    answer = client.post("/api/session/start", json={"userId": "u", "counselorId": "c"})
    assert answer.status_code == 429
    assert (answer.json["error"]["code"], answer.json["error"]["message"]) == ("RATE_LIMIT", "Too many requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 600


@pytest.mark.own_app
def test_an_unexpected_error_tells_nothing_of_itself(app, client):
    def fail():
        raise RuntimeError("비밀 postgresql://bemore:secret@db")

    app.add_url_rule("/fail", view_func=fail)
    answer = client.get("/fail", headers={"X-Request-Id": "trace-1"})
    assert answer.status_code == 500
    assert answer.json["error"]["code"] == "INTERNAL_ERROR"
    assert not re.search("secret|비밀|RuntimeError|Traceback|File", answer.text)
    assert answer.json["requestId"] == "trace-1"


def test_every_endpoint_answers_every_method(app, client):
    """The methods it has with anything but a 405 or a 5xx, the others with 405 and what is allowed."""
    seen = 0
    for rule in app.url_map.iter_rules():
        path = re.sub("<[^>]*>", MADE_UP, rule.rule)
        for method in METHODS:
            answer = client.open(path, method=method)
            if method in rule.methods:
                assert answer.status_code not in (405, 500, 503), f"{method} {path}: {answer.status_code}"
                continue
            sharing = set().union(*(each.methods for each in app.url_map.iter_rules() if re.sub("<[^>]*>", MADE_UP, each.rule) == path))
            if method not in sharing:
                assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
                assert set(re.split(", *", answer.headers["Allow"])) == sharing, path
                seen += 1
            assert answer.headers["X-Request-Id"]
    assert seen >= 60


def test_names_of_endpoints_are_no_session_ids(client):
    for path in ("start", "batch-tick", "stats/summary", "user/user-1"):
        for method in {"GET", "POST", "DELETE"} - ({"POST"} if path in ("start", "batch-tick") else {"GET"}):
            assert client.open(f"/api/session/{path}", method=method).status_code == 405, f"{method} {path}"


def test_hangul_and_other_letters_are_not_escaped(client):
    user_id = "홍길동 ᄒힿㄱ é 漢 🙂"
    answer = client.post("/api/session/start", json={"userId": user_id, "counselorId": "상담사"})
    assert user_id.encode() in answer.data and "상담사".encode() in answer.data
    session_id = answer.json["data"]["sessionId"]
    answer = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1, keywords=["가족", "🙂"])})
    assert "1개 항목이 처리되었습니다".encode() in answer.data
    assert "가족".encode() in client.get(f"/api/session/{session_id}/inferences").data
    answer = client.get("/api/session/%EC%97%86%EC%9D%8C")
    assert "세션을 찾을 수 없습니다: 없음".encode() in answer.data


GOOD_IDS = ("a", "0", "x" * 128, "A-z_0.9:b", "6f1c0b1e-3d0e-4c7f-9d5e-1f2a3b4c5d6e", "...")
BAD_IDS = ("", " ", "x" * 129, "a b", "a/b", "a\tb", "<script>", "é", "한글", "a,b", '"a"', "a\x7f")


@pytest.mark.parametrize("path, status", [("/api/session/stats/summary", 200), (f"/api/session/{MADE_UP}", 404), ("/health", 200)])
def test_a_request_id_is_used_if_it_is_well_formed(client, path, status):
    made = set()
    for sent in (*GOOD_IDS, *BAD_IDS, None):
        headers = {} if sent is None else {"X-Request-Id": sent.encode().decode("latin-1")}
        answer = client.get(path, headers=headers)
        assert answer.status_code == status
        assert len(answer.headers.getlist("X-Request-Id")) == 1
        used = answer.headers["X-Request-Id"]
        if sent in GOOD_IDS:
            assert used == sent
        else:
            assert re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", used) and used not in BAD_IDS
            made.add(used)
    assert len(made) == len(BAD_IDS) + 1


def test_the_request_id_is_in_all_places_of_a_failure(client):
    answer = client.post("/api/session/start", json={}, headers={"x-request-id": "trace-1"})
    assert answer.headers["X-Request-Id"] == answer.json["requestId"] == answer.json["error"]["requestId"] == "trace-1"


def test_details_stand_where_there_is_more_than_one_thing_to_say(client):
    one = client.post("/api/session/start", json={"userId": "u"}).json["error"]
    assert "counselorId" in one["message"] and "details" not in one
    two = client.post("/api/session/start", json={"userId": 5}).json["error"]
    assert [each["field"] for each in two["details"]] == ["userId", "counselorId"]
    assert two["message"] == two["details"][0]["message"] and "userId" in two["message"]


def test_numbers_are_json_numbers_of_their_kind(client):
    session_id = start_session(client)
    client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(2)})
    body = json.loads(client.get(f"/api/session/{session_id}").text)
    assert type(body["serverTs"]) is type(body["data"]["startedAt"]) is type(body["data"]["duration"]) is int


def test_head_is_a_get_without_a_body(client):
    session_id = start_session(client)
    for path, status in ((session_id, 200), ("stats/summary", 200), ("user/user-1", 200), (MADE_UP, 404), ("start", 405)):
        answer = client.head(f"/api/session/{path}")
        assert (answer.status_code, answer.data) == (status, b"")
        assert answer.headers["X-Request-Id"] and answer.headers["Content-Type"] == "application/json"
