"""What the service says: where it listens, a line a request, and never what was said, seen, or who it was."""

import re

import psycopg
import pytest

from tests.support.samples import frames, scores, start_session, stt
from tests.support.running import PRODUCTION, log_lines
from tests.support.servers import Service, raw_request, wait_for

pytestmark = pytest.mark.by_command


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def requests_of(service):
    return [line for line in log_lines(service) if line["logger"] == "bemore.access"]


def test_start_says_where_it_listens_which_database_and_which_quotas(database_url, tmp_path):
    url = database_url.replace("bemore@", "bemore:geheim@")
    with Service(tmp_path, DATABASE_URL=url, **PRODUCTION) as running:
        (line,) = [line for line in log_lines(running) if line["message"] == "starting"]
    assert line["listen"] == running.url
    assert line["database"] == database_url
    assert line["quotas"] == "this process"
    assert line["level"] == "info" and line["processes"] == 1
    assert "geheim" not in running.log


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_start_names_redis_without_its_password(service, own_redis):
    assert own_redis.execute("CONFIG SET requirepass geheim") == "+OK"
    url = own_redis.url.replace("redis://", "redis://:geheim@")
    running = service(RATE_LIMIT_ENABLED="true", REDIS_URL=url, WEB_CONCURRENCY=2, **PRODUCTION)
    (line,) = [line for line in log_lines(running) if line["message"] == "starting"]
    assert str(own_redis.port) in line["quotas"] and line["quotas"].startswith("redis://") and line["processes"] == 2
    assert "geheim" not in running.log


@only_sqlite
def test_console_format_says_the_same_in_a_line_for_people(service, http):
    running = service(RATE_LIMIT_ENABLED="false")
    http.get(f"{running.url}/api/session/stats/summary", headers={"X-Request-Id": "seen-by-people"})
    assert re.search(rf"starting.* listen={re.escape(running.url)} .*quotas=off", running.log)
    assert re.search(r"request method=GET route=/api/session/stats/summary status=200 ms=[0-9.]+ request_id=seen-by-people", running.log)


@only_sqlite
def test_each_request_has_one_line_with_its_rule_and_never_its_id(service, http):
    running = service(**PRODUCTION)
    session_id = start_session(http, base=running.url)
    known = len(requests_of(running))
    sent = [
        ("GET", f"/api/session/{session_id}", 200, "/api/session/<session_id>"),
        ("POST", f"/api/session/{session_id}/pause", 200, "/api/session/<session_id>/pause"),
        ("GET", "/api/session/user/user-1?limit=3", 200, "/api/session/user/<user_id>"),
        ("GET", "/api/session/sess_1_0123456789abcdef", 404, "/api/session/<session_id>"),
        ("GET", "/api/session/stats/summary", 200, "/api/session/stats/summary"),
        ("POST", "/api/session/start", 400, "/api/session/start"),
        ("GET", "/health/live", 200, "/health/live"),
        ("OPTIONS", f"/api/session/{session_id}/end", 200, "/api/session/<session_id>/end"),
        ("HEAD", f"/api/session/{session_id}", 200, "/api/session/<session_id>"),
        ("GET", f"/no/{session_id}", 404, "/no/:id"),
        ("PATCH", f"/api/session/{session_id}", 405, "/api/session/:id"),
        ("DELETE", f"/api/session/{session_id}", 200, "/api/session/<session_id>"),
    ]
    for number, (method, path, status, _) in enumerate(sent):
        answer = http.request(method, f"{running.url}{path}", headers={"X-Request-Id": f"line-{number}"})
        assert answer.status_code == status, (method, path, answer.text)
    lines = wait_for(lambda: requests_of(running)[known:] if len(requests_of(running)) >= known + len(sent) else None)
    assert len(lines) == len(sent)
    for number, ((method, path, status, rule), line) in enumerate(zip(sent, lines, strict=True)):
        # A converter's name may stand in the rule.
        route = line["route"] and re.sub(r"<\w+:", "<", line["route"])
        assert (line["method"], line["status"], line["request_id"], route) == (method, status, f"line-{number}", rule), path
        assert line["client"] == "127.0.0.1"
        assert type(line["ms"]) is float and 0 < line["ms"] < 10_000
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert session_id not in running.log


MARK = "marke-c4f1a7"
HANGUL_MARK = "비밀이야기"
NUMBER_MARK = 0.123987456


# The format of the log and the kind of database have nothing to do with each other: each is once enough.
@pytest.mark.parametrize(("database_url", "log_format"), [("sqlite", "console"), ("postgres", "json")], indirect=["database_url"])
def test_log_never_holds_what_was_said_seen_or_who_it_was(service, http, log_format):
    """Marked texts in every field, in good requests and in refused ones, at the most talkative level."""
    running = service(RATE_LIMIT_ENABLED="false", LOG_FORMAT=log_format, LOG_LEVEL="debug")
    base = f"{running.url}/api/session"
    user = f"user-{MARK}"
    session_id = start_session(http, user, f"counselor-{MARK}", base=running.url)
    text = f"{HANGUL_MARK} {MARK}"
    marked_frames = frames(2, faceLandmarksCompressed=MARK * 10, landmarks=[[NUMBER_MARK, 0.5, 0.1]])
    bodies = [
        ("frames", {"items": marked_frames}, 201),
        ("frames", {"items": frames(2, faceLandmarksCompressed=[MARK])}, 400),
        ("frames", {"items": [{"ts": MARK}]}, 400),
        ("stt", {"items": stt(2, text=text)}, 201),
        ("stt", {"items": stt(2, text=text, lang=[MARK])}, 400),
        ("stt", {"items": stt(2, text=text, lang=MARK)}, 201),
        ("stt", {"items": stt(2, text=f"\x00{text}")}, 400),
        ("feedback", {"rating": 5, "note": text}, 201),
        ("feedback", {"rating": text, "note": text}, 400),
        ("tick", {"minuteIndex": 0, "note": text}, 201),
        ("tick", {"minuteIndex": text}, 400),
    ]
    for path, body, status in bodies:
        assert http.post(f"{base}/{session_id}/{path}", json=body).status_code == status
    batch = {"sessionId": session_id, "items": scores(2, keywords=[text]) + scores(1, sentiment=text)}
    assert http.post(f"{base}/batch-tick", json=batch).status_code == 201
    assert http.post(f"{base}/batch-tick", json={**batch, "sessionId": user}).status_code == 404
    for broken in (f'{{"items": "{text}', f'["{text}"]', text):
        assert http.post(f"{base}/{session_id}/stt", data=broken.encode()).status_code == 400
    assert http.post(f"{base}/start", json={"userId": user, "counselorId": f"{user}\n"}).status_code == 400
    start = {"userId": user, "counselorId": user}
    assert http.post(f"{base}/start", json=start, headers={"Idempotency-Key": user}).status_code == 200
    assert http.post(f"{base}/start", json={**start, "userId": "x"}, headers={"Idempotency-Key": user}).status_code == 422
    bearer = {"Authorization": f"Bearer {MARK}", "Cookie": MARK, "Referer": f"http://localhost/{MARK}", "User-Agent": MARK}
    assert http.get(f"{base}/{session_id}", headers=bearer).status_code == 200
    assert http.get(f"{base}/user/{user}").json()["data"]["count"] == 2
    assert http.get(f"{base}/user/{user}?cursor={MARK}").status_code == 400
    assert http.get(f"{base}/user/{user}%00").status_code == 400
    assert http.get(f"{base}/{user}/{user}").status_code == 404
    # What gunicorn itself refuses.
    for raw in (f"GET /{MARK} {MARK}\r\n\r\n", f"{MARK} / HTTP/1.1\r\n\r\n", f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n"):
        assert raw_request(running.url, raw.encode(), end=True).status == 400
    assert http.delete(f"{base}/{session_id}").status_code == 200
    http.close()
    running.stop()
    log = running.log
    assert log.count("bemore.access") >= 25
    for secret in (MARK, HANGUL_MARK, HANGUL_MARK.encode("unicode_escape").decode(), str(NUMBER_MARK), session_id, session_id[5:]):
        assert secret not in log


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_unexpected_error_is_a_500_that_tells_nothing_and_a_log_line_without_its_text(service, http):
    """A column renamed behind the service's back, a fault that no code foresees."""
    running = service(**PRODUCTION)
    session_id = start_session(http, base=running.url)
    with psycopg.connect(running.env["DATABASE_URL"]) as connection:
        connection.execute("ALTER TABLE feedback RENAME COLUMN note TO remark")
    answer = http.post(f"{running.url}/api/session/{session_id}/feedback", json={"rating": 5, "note": MARK})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    for word in ("note", "column", "feedback", "psycopg", "Traceback", MARK):
        assert word.lower() not in answer.text.lower()
    # The id that the client was told leads to what went wrong.
    (line,) = [line for line in log_lines(running) if line["level"] == "error"]
    assert line["request_id"] == answer.json()["requestId"]
    assert MARK not in running.log
    assert http.get(f"{running.url}/api/session/{session_id}").status_code == 200
