"""How the service starts, what it says while it runs, what it answers to what is not HTTP, and how it ends."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from conftest import check_envelope, frames, scores, start_session, stt
from servers import REPOSITORY, ServerFailed, Service, free_port, raw_request, wait_for

import bemore
from bemore.models.migrate import names
from bemore.settings import Settings, SettingsError

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(arguments, tmp_path, **env):
    """The command ``bemore`` run to its end."""
    env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "PORT": str(free_port()), **env}
    command = [sys.executable, "-m", "bemore", *arguments]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=30)


# -- Wrong settings ------------------------------------------------------------------------------------------------------

WRONG = {
    "HOST": ["not a host", "http://localhost", "256.0.0.1", "localhost:8000"],
    "PORT": ["0", "65536", "-1", "http", "80.5", "8000 8001"],
    "BEMORE_ENV": ["prod", "staging", "developmen"],
    "DATABASE_URL": [
        "bemore.db", "sqlite://", "sqlite:///", "mysql://user@host/name", "postgresql://", "postgresql://host:port/name", "oracle",
    ],
    "DATABASE_POOL_SIZE": ["0", "many", "-3", "1e9"],
    "SQLITE_SYNCHRONOUS": ["OFF", "2", "ful"],
    "REDIS_URL": ["localhost:6379", "http://localhost", "redis", "redis://localhost:port/0"],
    "RATE_LIMIT_ENABLED": ["maybe", "2", "tru"],
    "RATE_LIMIT_ALL": ["many", "600", "600 per", "-1 per minute", "0 per minute", "600 per 10 fortnights", "5 per second; 9 per minute"],
    "RATE_LIMIT_WRITE": ["300 minutes", "per 10 minutes", "0 per minute", "1 per 0 seconds", "0.5 per minute"],
    "TRUSTED_PROXIES": ["-1", "one", "true", "11"],
    "FRONTEND_URLS": ["localhost:5173", "*", "http://localhost:5173/app", "http://localhost:5173 http://localhost:3000", "http://"],
    "MAX_BODY_BYTES": ["0", "8MB", "-1", "10000000000000000000"],
    "ALLOW_ANONYMOUS": ["maybe", "ture"],
    "INFERENCE_FACIAL_WEIGHT": ["-0.1", "1.1", "half", "nan", "inf", "0.6"],
    "INFERENCE_VAD_WEIGHT": ["-1", "2", "0.31"],
    "INFERENCE_TEXT_WEIGHT": ["1,5", "NaN", "0.19"],
    "INFERENCE_MODEL_VERSION": ["v" * 65, "rules\n2"],
    "LOG_LEVEL": ["loud", "trace", "10"],
    "LOG_FORMAT": ["xml", "JSON lines"],
    "WEB_CONCURRENCY": ["0", "257", "two", "-1", "2"],
    "WEB_THREADS": ["0", "201", "1.5", "many", "17"],
}

#: What else the contract names and this version refuses, as it cannot do it yet.
NOT_YET = [("AUTH_ENABLED", "true"), ("AUTH_ENABLED", "maybe")]


def test_table_of_wrong_values_has_every_setting():
    assert set(WRONG) == {each.metadata["name"] for each in fields(Settings)}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]] + NOT_YET)
def test_wrong_value_is_refused_with_a_sentence_that_names_the_setting(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({name: value})
    sentence = str(refusal.value)
    assert re.search(rf"\b{name}\b", sentence)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300


@pytest.mark.parametrize(("name", "value"), [("DATABASE_URL", "mysql://root:geheim@host/name"), ("REDIS_URL", "http://:geheim@host")])
def test_refusal_keeps_the_password(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({name: value})
    assert "geheim" not in str(refusal.value)


def test_empty_values_are_as_if_not_set():
    assert Settings.from_env({name: "" for name in WRONG}) == Settings.from_env({})


def test_production_without_authentication_has_to_be_meant():
    with pytest.raises(SettingsError, match="ALLOW_ANONYMOUS=true"):
        Settings.from_env({"BEMORE_ENV": "production"})
    assert Settings.from_env({"BEMORE_ENV": "production", "ALLOW_ANONYMOUS": "true"}).log_format == "json"


def test_other_weights_need_another_model_version():
    weights = {"INFERENCE_FACIAL_WEIGHT": "0.4", "INFERENCE_VAD_WEIGHT": "0.4"}
    with pytest.raises(SettingsError, match="INFERENCE_MODEL_VERSION"):
        Settings.from_env(weights)
    assert Settings.from_env({**weights, "INFERENCE_MODEL_VERSION": "rules-mine"}).model_version == "rules-mine"


def test_environment_goes_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nWEB_THREADS=3\n", "utf-8")
    settings = Settings.from_env({"PORT": "9002"}, tmp_path / ".env")
    assert (settings.port, settings.web_threads) == (9002, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("HOST", "not a host"), ("RATE_LIMIT_ALL", "many"), ("REDIS_URL", "localhost"), ("BEMORE_ENV", "production")],
)
def test_command_stops_with_that_one_sentence(name, value, tmp_path):
    ended = run(["serve"], tmp_path, **{"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", name: value})
    assert ended.returncode != 0
    (sentence,) = (ended.stdout + ended.stderr).strip().splitlines()
    assert name in sentence
    assert not (tmp_path / "x.db").exists()


def test_command_reads_the_env_file_of_its_directory(tmp_path):
    (tmp_path / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/from-file.db\nWEB_THREADS=none\n", "utf-8")
    ended = run(["migrate"], tmp_path)
    assert ended.returncode != 0 and "WEB_THREADS" in ended.stderr
    (tmp_path / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/from-file.db\n", "utf-8")
    assert run(["migrate"], tmp_path).returncode == 0
    assert (tmp_path / "from-file.db").exists()


@pytest.mark.parametrize("url", ["sqlite:///{home}/no/such/directory/x.db", "postgresql://bemore@127.0.0.1:{port}/bemore"])
def test_database_that_is_away_ends_the_start_without_a_stack_trace(url, tmp_path):
    url = url.format(home=tmp_path, port=free_port())
    ended = run(["serve"], tmp_path, DATABASE_URL=url)
    assert ended.returncode != 0
    assert "database" in ended.stderr and "Traceback" not in ended.stderr
    ended = run(["migrate"], tmp_path, DATABASE_URL=url)
    assert ended.returncode != 0
    assert "database" in ended.stderr and "Traceback" not in ended.stderr


# -- The command ---------------------------------------------------------------------------------------------------------


def test_version_of_the_command_is_that_of_the_package(tmp_path):
    ended = run(["--version"], tmp_path)
    assert ended.returncode == 0 and ended.stdout.split()[-1] == bemore.__version__


def test_help_lists_the_commands(tmp_path):
    ended = run(["--help"], tmp_path)
    assert ended.returncode == 0 and {"serve", "migrate"} <= set(ended.stdout.split())


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_migrate_makes_the_tables_once(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    if kind == "postgres":
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(name := postgres.create_database())
    first, second = (run(["migrate"], tmp_path, DATABASE_URL=url) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.split() == names()
    assert second.stdout.strip() == "nothing to do"
    if kind == "postgres":
        postgres.drop_database(name)


# -- What it says ---------------------------------------------------------------------------------------------------------


def lines_of(service):
    """The log's lines as objects; not one of them is anything but JSON."""
    return [json.loads(line) for line in service.log.splitlines()]


def requests_of(service):
    return [line for line in lines_of(service) if line["logger"] == "bemore.access"]


PRODUCTION = {"BEMORE_ENV": "production", "ALLOW_ANONYMOUS": "true", "LOG_FORMAT": None}


@pytest.fixture(scope="module")
def module_service(tmp_path_factory):
    """A service in production on SQLite, shared by tests that change nothing of it."""
    home = tmp_path_factory.mktemp("startup")
    env = {**PRODUCTION, "DATABASE_URL": f"sqlite:///{home}/x.db", "RATE_LIMIT_ENABLED": "false", "LOG_LEVEL": "debug"}
    with Service(home, **env) as running:
        yield running
        print(running.log)


def test_start_says_where_it_listens_which_database_and_which_buckets(database_url, tmp_path):
    url = database_url.replace("bemore@", "bemore:geheim@")
    with Service(tmp_path, DATABASE_URL=url, **PRODUCTION) as running:
        (line,) = [line for line in lines_of(running) if line["message"] == "starting"]
    assert line["listen"] == running.url
    assert line["database"] == database_url
    assert line["buckets"] == "this process"
    assert line["level"] == "info" and line["processes"] == 1
    assert "geheim" not in running.log


def test_password_in_the_query_of_a_database_url_is_not_told():
    settings = Settings.from_env({"DATABASE_URL": "postgresql://bemore@host/name?password=geheim&sslmode=require"})
    assert "geheim" not in settings.database_label and settings.database_label.startswith("postgresql://bemore@host/name")


@only_sqlite
def test_start_names_redis_without_its_password(service, own_redis):
    assert own_redis.execute("CONFIG SET requirepass geheim") == "+OK"
    url = own_redis.url.replace("redis://", "redis://:geheim@")
    running = service(RATE_LIMIT_ENABLED="true", REDIS_URL=url, WEB_CONCURRENCY=2, **PRODUCTION)
    (line,) = [line for line in lines_of(running) if line["message"] == "starting"]
    assert str(own_redis.port) in line["buckets"] and line["buckets"].startswith("redis://") and line["processes"] == 2
    assert "geheim" not in running.log


@only_sqlite
def test_console_format_says_the_same_in_a_line_for_people(service, http):
    running = service(RATE_LIMIT_ENABLED="false")
    http.get(f"{running.url}/api/session/stats/summary", headers={"X-Request-Id": "seen-by-people"})
    assert re.search(rf"starting.* listen={re.escape(running.url)} .*buckets=off", running.log)
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
        ("GET", f"/no/{session_id}", 404, None),
        ("PATCH", f"/api/session/{session_id}", 405, None),
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


@pytest.mark.parametrize("log_format", ["json", "console"])
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
        ("stt", {"items": stt(2, text=text, lang=MARK)}, 400),
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
    running.stop()
    log = running.log
    assert log.count("bemore.access") >= 25
    for secret in (MARK, HANGUL_MARK, HANGUL_MARK.encode("unicode_escape").decode(), str(NUMBER_MARK), session_id, session_id[5:]):
        assert secret not in log


@only_sqlite
def test_unexpected_error_is_a_500_that_tells_nothing_and_a_log_line_without_its_text(service, http):
    """A column renamed behind the service's back, a fault that no code foresees."""
    running = service(**PRODUCTION)
    session_id = start_session(http, base=running.url)
    connection = sqlite3.connect(running.env["DATABASE_URL"].removeprefix("sqlite:///"))
    connection.execute("ALTER TABLE feedback RENAME COLUMN note TO remark")
    connection.close()
    answer = http.post(f"{running.url}/api/session/{session_id}/feedback", json={"rating": 5, "note": MARK})
    assert answer.status_code in (500, 503)
    for word in ("note", "column", "feedback", "sqlite", "Traceback", MARK):
        assert word.lower() not in answer.text.lower()
    assert any(line["level"] == "error" for line in lines_of(running))
    assert MARK not in running.log
    assert http.get(f"{running.url}/api/session/{session_id}").status_code == 200


# -- Not HTTP ------------------------------------------------------------------------------------------------------------

HOST = "Host: localhost\r\n"

#: Bytes no HTTP library would send, and the statuses one of which is the answer; None: the connection may just be closed.
MALFORMED = {
    "no request line": (b"GARBAGE\r\n\r\n", {400}),
    "spaces only": (b"   \r\n\r\n", {400, None}),
    "two parts, HTTP/0.9": (b"GET /\r\n\r\n", {400}),
    "no such version": (f"GET / HTTP/9.9\r\n{HOST}\r\n".encode(), {400}),
    "version that is not one": (f"GET / HTTP/x\r\n{HOST}\r\n".encode(), {400}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "path of 9000 bytes": (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 414}),
    # What is still on its way when the answer is sent may cost the sender that answer.
    "endless path": (b"GET /" + b"a" * 100_000, {400, 414, None}),
    "header of 20000 bytes": (f"GET /health HTTP/1.1\r\n{HOST}X-Long: {'a' * 20_000}\r\n\r\n".encode(), {400, 431}),
    "endless header": (f"GET /health HTTP/1.1\r\n{HOST}X-Long: ".encode() + b"a" * 300_000, {400, 431, None}),
    "200 headers": (f"GET /health HTTP/1.1\r\n{HOST}".encode() + b"X-Many: 1\r\n" * 200 + b"\r\n", {400, 431}),
    "header without a colon": (f"GET /health HTTP/1.1\r\n{HOST}no colon\r\n\r\n".encode(), {400}),
    "header with a space before its colon": (f"GET /health HTTP/1.1\r\n{HOST}X-A : 1\r\n\r\n".encode(), {400}),
    "header with NUL": (f"GET /health HTTP/1.1\r\n{HOST}X-A: a\0b\r\n\r\n".encode(), {400}),
    "folded header": (f"GET /health HTTP/1.1\r\n{HOST}X-A: a\r\n b\r\n\r\n".encode(), {400}),
    "unknown method": (f"FROB /api/session/start HTTP/1.1\r\n{HOST}\r\n".encode(), {405}),
    "method in lower case": (f"get /health HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 405}),
    "method with a bracket": (f"GE<T /health HTTP/1.1\r\n{HOST}\r\n".encode(), {400}),
    "method of 1000 letters": (f"{'A' * 1000} /health HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 405}),
    "TRACE": (f"TRACE /health HTTP/1.1\r\n{HOST}\r\n".encode(), {405}),
    "CONNECT": (f"CONNECT localhost:443 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404, 405}),
    "asterisk": (f"GET * HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path without a slash": (f"GET health HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path with raw Hangul": (f"GET /api/session/상담 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path that is not UTF-8": (b"GET /api/session/%ff%fe\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 404}),
    "path with NUL": (f"GET /api/session/%00 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path that climbs": (f"GET /api/session/../../../etc/passwd HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path that climbs in disguise": (f"GET /api/session/%2e%2e%2f%2e%2e%2fetc/passwd HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "id with a line break": (f"GET /api/session/a%0d%0aX-A:%201 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "query with a line break": (f"GET /api/session/user/a?cursor=%0d%0a HTTP/1.1\r\n{HOST}\r\n".encode(), {400}),
    "no host": (b"GET /api/session/nobody HTTP/1.1\r\n\r\n", {400, 404}),
    "two hosts": (b"GET /api/session/nobody HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400, 404}),
    "host that is none": (b"GET /api/session/nobody HTTP/1.1\r\nHost: <script>\r\n\r\n", {400, 404}),
    "two lengths": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(), {400}),
    "negative length": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: -2\r\n\r\n{{}}".encode(), {400}),
    "length in words": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: two\r\n\r\n{{}}".encode(), {400}),
    "length of 10^30": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 1{'0' * 30}\r\n\r\n{{}}".encode(), {400, 413}),
    "length and chunks": (
        f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(), {400}
    ),
    "unknown coding": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Transfer-Encoding: frob\r\n\r\n".encode(), {400, 501}),
    "chunk of no size": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}\r\n".encode(), {400}),
    "chunk cut short": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nff\r\n{{}}".encode(), {400, None}),
    "body cut short": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 999\r\n\r\n{{}}".encode(), {400, None}),
    "headers cut short": (f"GET /health HTTP/1.1\r\n{HOST}".encode(), {400, None}),
    "nothing": (b"", {None}),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_not_http_is_answered_in_the_envelope_or_hung_up_on(module_service, case):
    data, statuses = MALFORMED[case]
    try:
        status, headers, body = raw_request(module_service.url, data, end=True)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        assert None in statuses
        return
    assert status in statuses
    # Whatever the path was: an error has the envelope even where a success would have none.
    check_envelope("GET", "/malformed", status, headers, body)
    assert headers["Server"] is None
    assert b"<" not in body.replace(b"<id>", b"") and b"Traceback" not in body


def test_malformed_requests_left_no_stack_trace_and_a_service_that_works(module_service, http):
    for data, _ in MALFORMED.values():
        # RemoteDisconnected is a ConnectionError as well.
        with suppress(ConnectionError):
            raw_request(module_service.url, data, end=True)
    start_session(http, base=module_service.url)
    assert "Traceback" not in module_service.log
    assert not [line for line in lines_of(module_service) if line["level"] in ("error", "critical") or "exception" in line]


def test_chunked_body_is_a_body(module_service):
    body = b'{"userId": "user-1", "counselorId": "counselor-1"}'
    head = f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))
    status, headers, answer = raw_request(module_service.url, head.encode() + chunks, end=True)
    assert status == 200, answer
    check_envelope("POST", "/api/session/start", status, headers, answer)


def test_request_in_absolute_form_is_understood(module_service):
    status, _, body = raw_request(module_service.url, f"GET {module_service.url}/health/live HTTP/1.1\r\n{HOST}\r\n".encode(), end=True)
    assert status == 200 and json.loads(body)["status"]


@pytest.mark.parametrize("path", ["/health/live", "/no/such/address", "/api/session/start", "/api/docs", "/api/openapi.json"])
def test_no_answer_names_its_server(module_service, http, path):
    headers = http.get(f"{module_service.url}{path}").headers
    assert "Server" not in headers and "X-Powered-By" not in headers
    assert not re.search("gunicorn|werkzeug|python", str(headers), re.IGNORECASE)


# -- The end -------------------------------------------------------------------------------------------------------------


@only_sqlite
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly(service, http, number):
    running = service(RATE_LIMIT_ENABLED="false", WEB_CONCURRENCY=2, **PRODUCTION)
    start_session(http, base=running.url)
    members = running.processes
    running.stop_signal = number
    running.stop()
    assert running.process.returncode == 0
    assert not any(member.is_running() for member in members)
    assert all(line["level"] in ("info", "warning") for line in lines_of(running))
    # The write-ahead log was folded into the file: that alone is the whole database.
    path = Path(running.env["DATABASE_URL"].removeprefix("sqlite:///"))
    assert path.exists() and not path.with_name(f"{path.name}-wal").exists()


@only_sqlite
def test_request_that_has_begun_is_answered_before_the_end(service):
    running = service()
    body = b'{"userId": "user-1", "counselorId": "counselor-1"}'
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        head = f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        # This tells that a thread has taken it on.
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        running.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Handling signal: term" in running.log, what="the signal")
        connection.sendall(body)
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            assert answer.status == 200
    running.stop()
    assert running.process.returncode == 0


@only_sqlite
def test_refused_start_ends_with_its_reason_in_the_log(environ, tmp_path):
    with pytest.raises(ServerFailed, match="ALLOW_ANONYMOUS"):
        Service(tmp_path, **environ, BEMORE_ENV="production").start()
