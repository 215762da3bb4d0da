"""The tests' own servers do what fault tests need of them: stop, come back on the same address, hang, die, leave nothing."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import requests

from tests.support.answers import check_envelope
from tests.support.samples import start_session
from tests.support.servers import (
    PORTS,
    PORTS_OF_A_BLOCK,
    NginxServer,
    RedisServer,
    Server,
    ServerFailed,
    Service,
    alive,
    free_port,
    need,
    raw_request,
    wait_for,
)

pytestmark = pytest.mark.by_command

ROOT = Path(__file__).resolve().parent.parent

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class _Silent(Server):
    """A program that runs and never answers."""

    start_timeout_s = 0.3

    def _command(self):
        return ["sh", "-c", "echo began; sleep 60 & sleep 60"]


class _Quitter(Server):
    """A program that ends at once."""

    def _command(self):
        return ["sh", "-c", "echo no such setting >&2; exit 3"]


def test_free_ports_are_all_different_in_all_processes_that_run_tests():
    command = [sys.executable, "-c", "from tests.support.servers import free_port; print(*(free_port() for _ in range(50))); input()"]
    with contextlib.ExitStack() as stack:
        others = [
            stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(2)
        ]
        ports = [*(free_port() for _ in range(50)), *(int(port) for other in others for port in other.stdout.readline().split())]
        for other in others:
            other.communicate("\n")
    assert len(set(ports)) == 150


def test_more_free_ports_are_found_than_one_block_has():
    ports = [free_port() for _ in range(PORTS_OF_A_BLOCK)]
    assert len(set(ports)) == PORTS_OF_A_BLOCK and set(ports) <= set(PORTS)


def test_wait_for_names_what_did_not_happen():
    with pytest.raises(AssertionError, match="the tide did not come true"):
        wait_for(lambda: False, timeout_s=0.02, what="the tide")


def test_need_skips_a_missing_program_unless_all_must_run(monkeypatch):
    monkeypatch.delenv("BEMORE_TEST_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        need("no-such-program")
    monkeypatch.setenv("BEMORE_TEST_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        need("no-such-program")


def test_server_that_ends_at_start_is_an_error_with_its_log(tmp_path):
    with pytest.raises(ServerFailed, match="(?s)status 3.*no such setting"):
        _Quitter(tmp_path).start()


def test_server_that_never_answers_is_killed_with_its_children(tmp_path):
    server = _Silent(tmp_path)
    with pytest.raises(ServerFailed, match="(?s)not ready within 0.3 s.*began"):
        server.start()
    assert server.process.returncode == -9
    assert server.processes == []


def test_redis_comes_back_on_its_port_and_forgets(own_redis):
    assert own_redis.execute("SET a 1") == "+OK"
    own_redis.stop()
    with pytest.raises(ConnectionRefusedError):
        own_redis.execute("PING")
    own_redis.start()
    assert own_redis.execute("EXISTS a") == ":0"


def test_suspended_redis_accepts_and_does_not_answer(own_redis):
    own_redis.suspend()
    with socket.create_connection(("127.0.0.1", own_redis.port), timeout=0.1) as connection:
        connection.sendall(b"PING\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(16)
    own_redis.resume()
    assert own_redis.execute("PING") == "+PONG"


def test_leaving_the_block_ends_the_server_even_after_a_failure(tmp_path):
    with pytest.raises(ZeroDivisionError), RedisServer(tmp_path) as server:
        members = server.processes
        server.suspend()
        raise ZeroDivisionError
    assert members and not any(alive(member) for member in members)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_postgres_keeps_what_was_committed_and_its_address(own_postgres, end):
    name = own_postgres.create_database()
    with psycopg.connect(own_postgres.url(name)) as connection:
        connection.execute("CREATE TABLE kept (value integer)")
        connection.execute("INSERT INTO kept VALUES (7)")
    getattr(own_postgres, end)()
    with pytest.raises(psycopg.OperationalError):
        own_postgres.execute("SELECT 1")
    own_postgres.start()
    with psycopg.connect(own_postgres.url(name)) as connection:
        assert connection.execute("SELECT value FROM kept").fetchall() == [(7,)]


def test_postgres_of_the_run_is_version_18_and_speaks_utf8(postgres):
    assert postgres.execute("SHOW server_version")[0][0].startswith("18.")
    assert postgres.execute("SHOW server_encoding") == [("UTF8",)]


def test_wiped_postgres_database_is_as_new_and_free(own_postgres):
    name = own_postgres.create_database()
    with psycopg.connect(own_postgres.url(name), autocommit=True) as connection:
        connection.execute("CREATE TABLE parent (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)")
        connection.execute("CREATE TABLE child (parent integer NOT NULL REFERENCES parent)")
        schema = own_postgres.wipe(name)
    with pytest.raises(psycopg.errors.AdminShutdown), psycopg.connect(own_postgres.url(name)) as left_open:
        left_open.execute("INSERT INTO parent DEFAULT VALUES")
        left_open.execute("INSERT INTO child VALUES (1)")
        left_open.commit()
        left_open.execute("LOCK TABLE parent")
        assert own_postgres.wipe(name) == schema
    with psycopg.connect(own_postgres.url(name), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM child").fetchone() == (0,)
        assert connection.execute("INSERT INTO parent DEFAULT VALUES RETURNING id").fetchone() == (1,)
        connection.execute("CREATE INDEX one_more ON child (parent)")
    assert own_postgres.wipe(name) != schema


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_service_stops_soon_though_a_client_stays_connected_and_starts_again(service, http):
    running = service()
    session_id = start_session(http, base=running.url)
    running.stop()
    with pytest.raises(requests.ConnectionError):
        http.get(f"{running.url}/health")
    running.start()
    assert http.get(f"{running.url}/api/session/{session_id}").status_code == 200


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_killed_service_leaves_no_worker(service, redis_url):
    running = service(WEB_CONCURRENCY=2, REDIS_URL=redis_url)
    members = running.processes
    assert len(running.workers) == 2 and len(members) == 3
    running.kill()
    assert not any(alive(member) for member in members)


def test_service_with_a_wrong_setting_says_which(tmp_path):
    with pytest.raises(ServerFailed, match="WEB_THREADS must be a whole number"):
        Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", WEB_THREADS="many").start()


@on_sqlite
def test_raw_request_reads_the_answer_to_what_is_not_http(service):
    answer = raw_request(service().url, b"\x16\x03\x01\x02\x00 no http\r\n\r\n", end=True)
    assert answer.status == 400 and answer.headers["Connection"] == "close"


@on_sqlite
def test_nginx_passes_requests_on_and_answers_itself_when_nobody_does(service, http, tmp_path):
    running = service()
    with NginxServer(tmp_path, running) as nginx:
        session_id = start_session(http, base=nginx.url)
        assert http.get(f"{nginx.url}/api/session/{session_id}").status_code == 200
        running.kill()
        assert http.get(f"{nginx.url}/api/session/{session_id}").status_code == 503
        wait_for(lambda: nginx.access_log.count("\n") == 3, what="the third line of the access log")
        assert session_id not in nginx.access_log


_TRACE = {"requestId": "r-1", "serverTs": 1, "modelVersion": "rules-v1.0"}
_GOOD = {"success": True, "data": {}, **_TRACE}
_BAD = {"success": False, "error": {"code": "NOT_FOUND", "message": "no such address", "requestId": "r-1"}, **_TRACE}
_HEADERS = {"Content-Type": "application/json", "X-Request-Id": "r-1"}


def test_check_envelope_lets_good_answers_pass():
    check_envelope("GET", "/api/session/x", 200, _HEADERS, json.dumps(_GOOD).encode(), sent_id="r-1")
    check_envelope("GET", "/nowhere", 404, _HEADERS, json.dumps(_BAD).encode())
    check_envelope("GET", "/api/session/x", 200, _HEADERS, json.dumps({**_GOOD, "data": "\\uac00 한"}, ensure_ascii=False).encode())
    check_envelope("GET", "/health/ready", 503, {"Content-Type": "application/json"}, b'{"status": "unavailable"}')


@pytest.mark.parametrize(
    ("status", "headers", "body", "message"),
    [
        (200, _HEADERS, {**_GOOD, "requestId": "r-2"}, "X-Request-Id"),
        (200, _HEADERS, {**_GOOD, "serverTs": 1.5}, "serverTs"),
        (200, _HEADERS, {**_GOOD, "modelVersion": ""}, "modelVersion"),
        (200, _HEADERS, {**_GOOD, "success": False}, "success"),
        (200, _HEADERS, _TRACE, "success"),
        (201, _HEADERS, {"success": True, **_TRACE}, "data"),
        (200, _HEADERS, {**_GOOD, "data": float("nan")}, "NaN"),
        (200, _HEADERS, {**_GOOD, "data": "한글"}, "Hangul is escaped"),
        (200, _HEADERS, [_GOOD], "not an object"),
        (404, {"Content-Type": "text/html"}, _BAD, "not JSON"),
        (405, _HEADERS, _BAD, "code NOT_FOUND"),
        (404, _HEADERS, {**_BAD, "data": None}, "has"),
        (404, _HEADERS, {**_BAD, "error": {**_BAD["error"], "trace": "at line 1"}}, "error has"),
        (404, _HEADERS, {**_BAD, "error": {**_BAD["error"], "details": []}}, "details"),
        (503, _HEADERS, {**_BAD, "error": {**_BAD["error"], "code": "SERVICE_UNAVAILABLE"}}, "Retry-After"),
    ],
)
def test_check_envelope_refuses_what_is_not_the_contract(status, headers, body, message):
    with pytest.raises(AssertionError, match=message):
        check_envelope("GET", "/api/session/x", status, headers, json.dumps(body).encode())


def test_check_envelope_refuses_an_id_that_is_not_the_one_sent():
    with pytest.raises(AssertionError, match="own id"):
        check_envelope("GET", "/api/session/x", 200, _HEADERS, json.dumps(_GOOD).encode(), sent_id="r-9")
