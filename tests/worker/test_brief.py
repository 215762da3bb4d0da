"""Brief requests: they are answered in the thread that looks after all connections, which must never wait for long."""

import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from tests.support.samples import frames, scores, start_session
from tests.support.servers import raw_request, wait_for

from bemore.api.brief import side_by_side
from bemore.settings import Settings

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
@pytest.mark.parametrize(
    ("line", "is_brief"),
    [
        (b"POST /api/session/batch-tick HTTP/1.1", True),
        (b"POST /api/session/sess_1_x/frames HTTP/1.1", True),
        (b"POST /api/session/sess_1_x/audio HTTP/1.1", True),
        (b"POST /api/session/sess_1_x/stt HTTP/1.1", True),
        (b"POST /api/session/sess_1_x/tick HTTP/1.1", True),
        (b"POST /api/session/start HTTP/1.1", False),
        (b"GET /api/session/sess_1_x/frames HTTP/1.1", False),
        (b"POST /api/session/sess_1_x/frames/ HTTP/1.1", False),
        (b"POST /api/session/a/b/frames HTTP/1.1", False),
        (b"GET /api/session/sess_1_x/report HTTP/1.1", False),
    ],
)
def test_what_is_brief(app, line, is_brief):
    assert bool(app.extensions["bemore.brief"](line + b"\r\nHost: h\r\n\r\n")) is is_brief


@pytest.mark.parametrize(
    ("environ", "answer"),
    [
        ({"DATABASE_URL": "sqlite:///a.db"}, True),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, False),
        ({"DATABASE_URL": "sqlite:///a.db", "AUTH_ENABLED": "true", "JWT_JWKS_URL": "http://127.0.0.1:1/keys"}, False),
        ({"DATABASE_URL": "sqlite:///a.db", "AUTH_ENABLED": "true", "JWT_SECRET": "s" * 32}, True),
    ],
)
def test_where_a_request_waits_for_another_server_it_does_so_in_a_thread(environ, answer):
    assert side_by_side(Settings.from_env(environ)) is answer


def _frames_of(http, running, session_id):
    return http.get(f"{running.url}/api/session/{session_id}").json()["data"]["stats"]["totalFrames"]


@contextmanager
def taken(database_url):
    """The file of the database is kept by another program that writes to it."""
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@on_sqlite
def test_while_another_program_writes_uploads_wait_and_others_do_not(service, http, database_url):
    running = service()
    session_id = start_session(http, base=running.url)
    with ThreadPoolExecutor(6) as pool:
        with taken(database_url):
            uploads = [
                pool.submit(http.post, f"{running.url}/api/session/{session_id}/frames", json={"items": frames(3, start_ms=1000 * each)})
                for each in range(6)
            ]
            slowest = 0.0
            for _ in range(20):
                began = time.monotonic()
                assert raw_request(running.url, b"GET /health/live HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status == 200
                assert http.get(f"{running.url}/api/session/{session_id}").status_code == 200
                slowest = max(slowest, time.monotonic() - began)
            assert not any(each.done() for each in uploads)
        assert [each.result(20).status_code for each in uploads] == [201] * 6
    assert slowest < 1, "nobody waits for as long as the file is kept"
    assert _frames_of(http, running, session_id) == 18


def _post(path, body, extra=b""):
    head = b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n" % (path, extra, len(body))
    return head + body


def test_requests_sent_without_waiting_are_answered_in_their_order(service, http):
    """Several on one connection, some of them brief, some not."""
    running = service()
    session_id = start_session(http, base=running.url)
    tick = f"/api/session/{session_id}/tick".encode()
    told = b"GET /api/session/%s HTTP/1.1\r\nHost: h\r\nX-Request-Id: %s\r\n\r\n"
    requests, names = [], []
    for each in range(30):
        name = b"r%d" % each
        names.append(name)
        if each % 3 == 2:
            requests.append(told % (session_id.encode(), name))
        else:
            requests.append(_post(tick, b'{"minuteIndex":%d}' % each, b"X-Request-Id: %s\r\n" % name))
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(b"".join(requests))
        answer = b""
        while answer.count(b"X-Request-Id: r") < len(names):
            part = connection.recv(1 << 16)
            assert part, "the connection was closed"
            answer += part
    found = [line.split(b": ")[1] for line in answer.split(b"\r\n") if line.startswith(b"X-Request-Id: ")]
    assert found == names


@on_sqlite
def test_one_who_sends_without_end_and_reads_nothing_keeps_nobody_waiting(service, http):
    running = service()
    session_id = start_session(http, base=running.url)
    flood = _post(f"/api/session/{session_id}/tick".encode(), b'{"minuteIndex":1}') * 50
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.setblocking(False)
        sent, slowest = 0, 0.0
        for _ in range(30):
            try:
                sent += connection.send(flood)
            except BlockingIOError:
                pass
            began = time.monotonic()
            answer = http.post(f"{running.url}/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1, 7)})
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status_code == 201
    assert sent > len(flood) and slowest < 2


@pytest.mark.settings(MAX_BODY_BYTES=2048)
def test_a_brief_request_may_be_refused_in_every_way(service, http):
    running = service()
    session_id = start_session(http, base=running.url)
    path = f"/api/session/{session_id}/frames".encode()

    def status(raw):
        return raw_request(running.url, raw).status

    assert status(_post(path, b'{"items":[{"ts":-1}]}')) == 400
    assert status(_post(path, b"{")) == 400
    assert status(_post(path, b'{"items":[{"ts":1}]}' + b" " * 3000)) == 413
    assert status(_post(path, b'{"items":[{"ts":1}]}', b"Content-Encoding: br\r\n")) == 415
    assert status(_post(path.replace(b"sess_", b"sess_1"), b'{"items":[{"ts":1}]}')) == 404
    assert status(_post(path, b'{"items":[{"ts":1}]}', b"Host: again\r\n")) == 400
    assert status(_post(path, b'{"items":[{"ts":1}]}')) == 201


def test_who_asks_to_close_is_let_go(service, http):
    running = service()
    session_id = start_session(http, base=running.url)
    raw = _post(f"/api/session/{session_id}/tick".encode(), b"{}", b"Connection: close\r\n")
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(raw)
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
    assert answer.startswith(b"HTTP/1.1 201") and b"Connection: close\r\n" in answer


@on_sqlite
def test_a_client_that_leaves_while_its_upload_waits_takes_nothing_with_it(service, http, database_url):
    running = service()
    session_id = start_session(http, base=running.url)
    with taken(database_url), socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
        connection.sendall(_post(f"/api/session/{session_id}/frames".encode(), b'{"items":[{"ts":1}]}'))
        assert http.get(f"{running.url}/api/session/{session_id}").status_code == 200  # by now it waits
    assert http.post(f"{running.url}/api/session/{session_id}/frames", json={"items": frames(1, start_ms=5000)}).status_code == 201
    wait_for(lambda: _frames_of(http, running, session_id) == 2, what="both are stored")
