"""Clients that mean no good, or have a bad line, and one that uses the service meanwhile: it is served as if it were alone.

The service stands without nginx before it, which would keep most of this away.
"""

import contextlib
import gzip
import http.client
import json
import resource
import selectors
import socket
import struct
import threading
import time

import psutil
import pytest

from tests.support.answers import check_envelope
from tests.support.samples import frames, start_session
from tests.support.figures import LONG, record
from tests.support.load import Pulse
from tests.support.servers import RawAnswer, Service, raw_request, wait_for

#: How long each attack lasts, and how often a slow client sends a byte, in seconds.
LASTS_S, BYTE_EVERY_S = (20, 1.0) if LONG else (0.8, 0.1)

#: What a client that means well may be kept waiting by them, in seconds: half of the time, and in 99 of 100 requests. Alone it waits
#: for a few ms. To the second is added what a service that nobody attacks takes at most meanwhile: that is the machine's.
P50_S, P99_S = 0.15, 1.0

#: How long until those who say nothing are hung up on where they take all connections that a worker can have.
FULL_S = 3.0

HOST = "Host: localhost\r\n"
ALIVE = f"GET /health/live HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode()

#: What a bomb becomes: of a MB that may be sent, packed better, a GB.
BOMB = bytes(128 << 20)

#: How long the head of a request may take to arrive, and what an answer to it may take on top of that, in seconds.
HEAD_S, LATE_S = 15, 3


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One service for all attacks: what one of them leaves behind would be found by the next."""
    home = tmp_path_factory.mktemp("hostile")
    env = {"DATABASE_URL": f"sqlite:///{home}/x.db", "RATE_LIMIT_ENABLED": "false", "LOG_FORMAT": "json"}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, limits[1]))  # what systemd and shells give
    try:
        service = Service(home, **env).start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    with service:
        yield service
        print(service.log[-20_000:])
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A service that nobody attacks."""
    home = tmp_path_factory.mktemp("calm")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db") as service:
        yield service


@pytest.fixture(scope="module", autouse=True)
def slow_head(calm):
    """A connection whose request has not come to its end since the first test.

    Nobody takes all connections there: where that happens, one that is slow is hung up on without a word.
    """
    with connected(calm) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost:")
        yield connection, time.monotonic()


def connected(service, receive_bytes=None):
    """A connection to a service, with a small receive buffer if so wanted."""
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", service.port))
    return connection


def head(path, *headers, method="POST"):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


# -- The one who means well ----------------------------------------------------------------------------------------------


class Client:
    """Uploads and reads while the block lasts, over one connection and every tenth time over a new one."""

    def __init__(self, service, session):
        self.service, self.session = service, session
        self.seconds, self.acknowledged, self._problems = [], 0, []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)
        assert not self._problems, self._problems[0]

    def _run(self):
        connection = connected(self.service)
        try:
            while not self._stop.is_set():
                if len(self.seconds) % 10 == 9:
                    connection.close()
                began = time.monotonic()
                if len(self.seconds) % 10 == 9:
                    connection = connected(self.service)
                self._one(connection)
                self.seconds.append(time.monotonic() - began)
                self._stop.wait(0.005)
        except BaseException as error:
            self._problems.append(error)
        finally:
            connection.close()

    def _one(self, connection):
        number = len(self.seconds)
        body = json.dumps({"items": frames(10, number * 10_000)}).encode()
        connection.sendall(head(f"/api/session/{self.session}/frames", f"Content-Length: {len(body)}") + body)
        status = read_answer(connection).status
        assert status == 201, status
        self.acknowledged += 1


def read_answers(connection, count):
    """The next answers on a connection, as (status, headers, body); the envelope of those that refuse is checked."""
    found = []
    with connection.makefile("rb") as stream:
        for _ in range(count):
            line = stream.readline()
            if not line:
                raise ConnectionResetError("closed without an answer")
            status, headers = int(line.split()[1]), http.client.parse_headers(stream)
            found.append(RawAnswer(status, headers, stream.read(int(headers["Content-Length"]))))
            if status >= 400:
                check_envelope("POST", "/api", *found[-1])
    return found


def read_answer(connection):
    (answer,) = read_answers(connection, 1)
    return answer


def quantile(seconds, share):
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


# -- Those who do not ----------------------------------------------------------------------------------------------------


def drip(stack, service, session, count, data):
    """Connections on which ``data`` comes byte by byte; a step that sends the next one on each."""
    everyone = [stack.enter_context(connected(service)) for _ in range(count)]
    for each in everyone:
        each.setblocking(False)
    sent = 0

    def step():
        nonlocal sent
        for each in everyone:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                each.send(data[sent : sent + 1])
        sent += 1
        time.sleep(BYTE_EVERY_S)

    return step


def slow_heads(stack, service, session):
    return drip(stack, service, session, 40, f"GET /health/live HTTP/1.1\r\n{HOST}X-Padding: {'a' * 400}".encode())


def slow_bodies(stack, service, session):
    everyone = [stack.enter_context(connected(service)) for _ in range(40)]
    for each in everyone:
        each.sendall(head(f"/api/session/{session}/frames", "Content-Length: 5000"))

    def step():
        for each in everyone:
            with contextlib.suppress(ConnectionError):
                each.send(b" ")
        time.sleep(BYTE_EVERY_S)

    return step


def slow_bodies_that_are_too_large(stack, service, session):
    everyone = [stack.enter_context(connected(service)) for _ in range(40)]
    for each in everyone:
        each.sendall(head(f"/api/session/{session}/frames", "Content-Length: 1000000000"))
    return lambda: [each.send(b" ") for each in everyone] and time.sleep(BYTE_EVERY_S)


def silent(stack, service, session):
    everyone = [stack.enter_context(connected(service)) for _ in range(500)]
    return lambda: time.sleep(0.05) or everyone


def silent_beyond_all_limits(stack, service, session):
    """More than the worker takes, and than it may have open files."""
    everyone = [stack.enter_context(connected(service)) for _ in range(1300)]
    return lambda: time.sleep(0.05) or everyone


def broken_off(stack, service, session):
    def step():
        for _ in range(10):
            with connected(service) as connection:
                connection.sendall(head(f"/api/session/{session}/frames", "Content-Length: 5000") + b'{"items": [{"ts": 1}')
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
        time.sleep(0.01)

    return step


def answers_not_taken(stack, service, session):
    """Requests for a large answer, one after the other, from a client that reads none of them."""
    ask = head("/api/openapi.json", method="GET")
    everyone = [stack.enter_context(connected(service, receive_bytes=4096)) for _ in range(40)]
    for each in everyone:
        each.setblocking(False)
        each.send(ask * 200)
    return lambda: time.sleep(0.05)


def endless_chunks(stack, service, session):
    everyone = [stack.enter_context(connected(service)) for _ in range(10)]
    for each in everyone:
        each.sendall(head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked"))
        each.setblocking(False)

    def step():
        for each in everyone:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                each.send(b"1000\r\n" + b" " * 4096 + b"\r\n")
        time.sleep(0.01)

    return step


def gzip_bombs(stack, service, session):
    bomb = gzip.compress(BOMB, 1)

    def step():
        with connected(service) as connection:
            connection.sendall(
                head(f"/api/session/{session}/frames", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb
            )
            assert read_answer(connection).status == 413
        time.sleep(0.05)

    return step


ATTACKS = {
    "heads byte by byte": slow_heads,
    "bodies byte by byte": slow_bodies,
    "bodies of 1 GB byte by byte": slow_bodies_that_are_too_large,
    "500 silent connections": silent,
    "1300 silent connections": silent_beyond_all_limits,
    "bodies broken off": broken_off,
    "answers not taken": answers_not_taken,
    "endless chunks": endless_chunks,
    "gzip bombs": gzip_bombs,
}


@pytest.mark.alone
@pytest.mark.parametrize("attack", ATTACKS)
def test_others_are_served_meanwhile(running, calm, http, attack):
    session = start_session(http, base=running.url)
    (worker,) = running.workers
    memory = worker.memory_info().rss
    with contextlib.ExitStack() as stack:
        step = ATTACKS[attack](stack, running, session)
        with Client(running, session) as client, Pulse(calm.port) as pulse:
            ends = time.monotonic() + LASTS_S
            while time.monotonic() < ends or len(client.seconds) < 30 and time.monotonic() < ends + 10:
                step()
        grown = worker.memory_info().rss - memory
    stored = http.get(f"{running.url}/api/session/{session}").json()["data"]["stats"]["totalFrames"]
    p50, p99, longest = quantile(client.seconds, 0.5), quantile(client.seconds, 0.99), max(client.seconds)
    record(f"client: {attack}", 1, client.acknowledged, client.acknowledged - stored // 10, longest)
    told = f"{attack}: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, longest {longest * 1000:.1f} ms of {len(client.seconds)}"
    print(f"{told}; memory grew by {grown >> 20} MB")
    assert stored == client.acknowledged * 10
    assert p50 < P50_S, told
    assert p99 < (FULL_S if attack == "1300 silent connections" else P99_S) + pulse.longest_s, told
    assert grown < 100 << 20, f"memory grew by {grown >> 20} MB"


# -- Bodies that are not what they say -----------------------------------------------------------------------------------


def total(http, service, session):
    return http.get(f"{service.url}/api/session/{session}").json()["data"]["stats"]["totalFrames"]


def test_body_that_ends_before_its_length_is_refused_even_where_it_could_be_read(running, http):
    session = start_session(http, base=running.url)
    body = json.dumps({"items": frames(3)}).encode()
    sent = head(f"/api/session/{session}/frames", f"Content-Length: {len(body) + 10}") + body
    status, headers, answer = raw_request(running.url, sent, end=True)
    check_envelope("POST", "/api", status, headers, answer)
    assert status == 400, answer
    assert total(http, running, session) == 0


def test_bytes_beyond_the_length_are_no_part_of_the_body(running, http):
    session = start_session(http, base=running.url)
    body = json.dumps({"items": frames(3)}).encode()
    with connected(running) as connection:
        connection.sendall(head(f"/api/session/{session}/frames", f"Content-Length: {len(body)}") + body + b'{"items": []}\r\n\r\n')
        # What follows is a request of its own, and none that is valid.
        assert [each.status for each in read_answers(connection, 2)] == [201, 400]
        assert connection.recv(1) == b""
    assert total(http, running, session) == 3


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_of_any_size_make_one_body(running, http, size):
    session = start_session(http, base=running.url)
    body = json.dumps({"items": frames(40)}).encode()
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x;name=value\r\n%b\r\n" % (len(part), part) for part in parts)
    with connected(running) as connection:
        sent = head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked") + chunks + b"0\r\nX-Trailer: 1\r\n\r\n"
        # In pieces that end anywhere, and with the next request right behind.
        for at in range(0, len(sent), 997):
            connection.sendall(sent[at : at + 997])
        connection.sendall(head("/health/live", method="GET"))
        assert [each.status for each in read_answers(connection, 2)] == [201, 200]
    assert total(http, running, session) == 40


BAD_CHUNKS = {
    "size is no number": b"xyz\r\n{}\r\n0\r\n\r\n",
    "size is negative": b"-2\r\n{}\r\n0\r\n\r\n",
    "size has a prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "size is enormous": b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n",
    "chunk is longer than its size": b"1\r\n{}\r\n0\r\n\r\n",
    "line ends in LF alone": b"2\n{}\n0\n\n",
    "endless size": b"0" * 100_000,
}


@pytest.mark.parametrize("case", BAD_CHUNKS)
def test_bad_chunks_are_refused_at_once(running, http, case):
    session = start_session(http, base=running.url)
    with connected(running) as connection:
        connection.sendall(head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked") + BAD_CHUNKS[case])
        began = time.monotonic()
        assert read_answer(connection).status == 400
        assert time.monotonic() - began < 5


def test_endless_body_is_refused_when_enough_of_it_has_come(running, http):
    session = start_session(http, base=running.url)
    (worker,) = running.workers
    memory = worker.memory_info().rss
    chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with connected(running) as connection, selectors.DefaultSelector() as answered:
        answered.register(connection, selectors.EVENT_READ)
        connection.sendall(head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked"))
        sent = 0
        with contextlib.suppress(ConnectionError):
            while not answered.select(0) and sent < 200 << 20:
                connection.sendall(chunk)
                sent += len(chunk)
        assert read_answer(connection).status == 413
    assert worker.memory_info().rss - memory < 64 << 20
    assert 8 << 20 < sent < 100 << 20


@pytest.mark.parametrize("how", ["gzip", "gzip in chunks"])
def test_gzip_bomb_is_refused_and_never_unpacked(running, http, how):
    session = start_session(http, base=running.url)
    (worker,) = running.workers
    bomb, memory = gzip.compress(BOMB, 1), worker.memory_info().rss
    with connected(running) as connection:
        if how == "gzip":
            sent = head(f"/api/session/{session}/frames", "Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb
        else:
            sent = head(f"/api/session/{session}/frames", "Content-Encoding: gzip", "Transfer-Encoding: chunked")
            sent += b"%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb)
        connection.sendall(sent)
        assert read_answer(connection).status == 413
    assert worker.memory_info().rss - memory < 64 << 20


# -- Afterwards ----------------------------------------------------------------------------------------------------------


def test_request_that_takes_too_long_is_told_so(slow_head):
    connection, began = slow_head
    connection.settimeout(HEAD_S + LATE_S)
    status, headers, body = read_answer(connection)
    assert (status, json.loads(body)["error"]["code"]) == (408, "REQUEST_TIMEOUT")
    assert connection.recv(1) == b""
    assert time.monotonic() - began > HEAD_S - 1


def test_they_left_nothing_behind(running, http):
    (worker,) = running.workers
    # Those that were hung up on, and those that did so.
    wait_for(lambda: len(worker.net_connections("tcp")) < 30, 5, "the end of their connections")
    assert worker.is_running() and isinstance(worker, psutil.Process)
    assert raw_request(running.url, ALIVE).status == 200
    lines = [json.loads(line) for line in running.log.splitlines()]
    assert not [line for line in lines if line["level"] in ("error", "critical") or "exception" in line]
