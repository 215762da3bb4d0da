"""Clients that mean no good, or have a bad line, and one that uses the service meanwhile behind the same nginx: it is served."""

import contextlib
import gzip
import http.client
import json
import socket
import struct
import threading
import time

import pytest

from tests.support.answers import check_envelope
from tests.support.figures import LONG, record
from tests.support.running import HOST
from tests.support.samples import frames, start_session
from tests.support.servers import NginxServer, RawAnswer, Service, raw_request, wait_for

#: How long each attack lasts, and how often a slow client sends a byte, in seconds.
LASTS_S, BYTE_EVERY_S = (20, 1.0) if LONG else (0.5, 0.1)

#: How long the client that means well waits for an answer, in seconds: much shorter than an attack could hold a thread.
PATIENCE_S = 10

ALIVE = f"GET /health/live HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode()

#: What a bomb becomes: of a MB that may be sent, packed better, a GB.
BOMB = bytes(128 << 20)

#: How much memory an attack may cost nginx and the service, in bytes.
MOST_MEMORY = 100 << 20


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """One service for all attacks: what one of them leaves behind would be found by the next."""
    home = tmp_path_factory.mktemp("hostile")
    env = {"DATABASE_URL": f"sqlite:///{home}/x.db", "RATE_LIMIT_ENABLED": "false", "LOG_FORMAT": "json", "TRUSTED_PROXIES": 1}
    with Service(home, **env) as service:
        yield service
        print(service.log[-20_000:])


@pytest.fixture(scope="module")
def front(behind, tmp_path_factory):
    with NginxServer(tmp_path_factory.mktemp("front"), behind) as nginx:
        yield nginx
        print(nginx.log[-5000:])


def connected(server, receive_bytes=None):
    """A connection to a server, with a small receive buffer if so wanted."""
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(20)
    connection.connect(("127.0.0.1", server.port))
    return connection


def head(path, *headers, method="POST"):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def memory_of(*servers):
    """What the processes of servers have of memory, in bytes."""
    return sum(process.memory_info().rss for server in servers for process in server.processes)


# -- The one who means well ----------------------------------------------------------------------------------------------


class Client:
    """Uploads while the block lasts, over one connection and every tenth time over a new one."""

    def __init__(self, server, session):
        self.server, self.session = server, session
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

    def failed(self):
        return bool(self._problems)

    def _run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        try:
            while not self._stop.is_set():
                if len(self.seconds) % 10 == 9:
                    connection.close()
                began = time.monotonic()
                self._one(connection)
                self.seconds.append(time.monotonic() - began)
                self._stop.wait(0.005)
        except Exception as error:
            self._problems.append(error)
        finally:
            connection.close()

    def _one(self, connection):
        body = json.dumps({"items": frames(10, len(self.seconds) * 10_000)})
        connection.request("POST", f"/api/session/{self.session}/frames", body, {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            assert answer.status == 201, answer.status
            answer.read()
        self.acknowledged += 1


def read_answers(connection, count):
    """The next answers on a connection, as (status, headers, body); the envelope of those that refuse is checked."""
    result = []
    with connection.makefile("rb") as stream:
        for _ in range(count):
            line = stream.readline()
            if not line:
                raise ConnectionResetError("closed without an answer")
            status, headers = int(line.split()[1]), http.client.parse_headers(stream)
            result.append(RawAnswer(status, headers, stream.read(int(headers["Content-Length"]))))
            if status >= 400:
                check_envelope("POST", "/api", *result[-1])
    return result


def read_answer(connection):
    (answer,) = read_answers(connection, 1)
    return answer


# -- Those who do not ----------------------------------------------------------------------------------------------------


def drip(everyone, data):
    """A step that sends the next byte of ``data`` on each of the connections."""
    sent = 0

    def step():
        nonlocal sent
        for each in everyone:
            with contextlib.suppress(ConnectionError):
                each.send(data[sent : sent + 1])
        sent += 1
        time.sleep(BYTE_EVERY_S)

    return step


def connections(stack, server, count, receive_bytes=None):
    return [stack.enter_context(connected(server, receive_bytes)) for _ in range(count)]


def slow_heads(stack, server, session):
    return drip(connections(stack, server, 40), f"GET /health/live HTTP/1.1\r\n{HOST}X-Padding: {'a' * 400}".encode())


def slow_bodies(stack, server, session):
    everyone = connections(stack, server, 40)
    for each in everyone:
        each.sendall(head(f"/api/session/{session}/frames", "Content-Length: 5000"))
    return drip(everyone, b" " * 5000)


def slow_bodies_that_are_too_large(stack, server, session):
    everyone = connections(stack, server, 40)
    for each in everyone:
        each.sendall(head(f"/api/session/{session}/frames", "Content-Length: 1000000000"))
    return drip(everyone, b" " * 5000)


def silent(stack, server, session):
    everyone = connections(stack, server, 1000)
    # Half of them have had an answer, and keep their connection.
    for each in everyone[::2]:
        each.sendall(ALIVE.replace(b"Connection: close\r\n", b""))
    assert {read_answer(each).status for each in everyone[::2]} == {200}
    return lambda: time.sleep(0.05)


def broken_off(stack, server, session):
    def step():
        for _ in range(10):
            with connected(server) as connection:
                connection.sendall(head(f"/api/session/{session}/frames", "Content-Length: 5000") + b'{"items": [{"ts": 1}')
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
        time.sleep(0.01)

    return step


def answers_not_taken(stack, server, session):
    """Requests for a large answer, one after the other, from clients that read none of them."""
    ask = head("/api/openapi.json", method="GET")
    for each in connections(stack, server, 40, receive_bytes=4096):
        each.setblocking(False)
        each.send(ask * 100)
    return lambda: time.sleep(0.05)


def endless_chunks(stack, server, session):
    everyone = connections(stack, server, 10)
    for each in everyone:
        each.sendall(head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked"))
        each.setblocking(False)

    def step():
        for each in everyone:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                each.send(b"1000\r\n" + b" " * 4096 + b"\r\n")
        time.sleep(0.01)

    return step


def gzip_bombs(stack, server, session):
    bomb = gzip.compress(BOMB, 1)

    def step():
        with connected(server) as connection:
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
    "1,000 silent connections": silent,
    "bodies broken off": broken_off,
    "answers not taken": answers_not_taken,
    "endless chunks": endless_chunks,
    "gzip bombs": gzip_bombs,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_others_are_served_meanwhile(front, behind, http, attack):
    session = start_session(http, base=front.url)
    memory = memory_of(front, behind)
    with contextlib.ExitStack() as stack:
        step = ATTACKS[attack](stack, front, session)
        with Client(front, session) as client:
            ends = time.monotonic() + LASTS_S
            while not client.failed() and (time.monotonic() < ends or len(client.seconds) < 30):
                step()
        grown = memory_of(front, behind) - memory
    stored = total(http, front, session)
    seconds = sorted(client.seconds)
    record(f"client: {attack}", 1, client.acknowledged, client.acknowledged - stored // 10, seconds[-1])
    if LONG:
        p50_ms, p99_ms = (seconds[int(len(seconds) * share)] * 1000 for share in (0.5, 0.99))
        print(f"{attack}: p50 {p50_ms:.1f} ms, p99 {p99_ms:.1f} ms of {len(seconds)}; memory grew by {grown >> 20} MB")
    assert stored == client.acknowledged * 10
    assert grown < MOST_MEMORY, f"memory grew by {grown >> 20} MB"


# -- Those who are slow are hung up on -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impatient(behind, tmp_path_factory):
    """nginx with its limits of time cut to a second; in the file they are 15 and 30."""
    limits = ("client_header_timeout 15s", "client_body_timeout 30s", "send_timeout 30s")
    changes = {f"    {limit};": f"    {limit.split()[0]} 1s;" for limit in limits}
    with NginxServer(tmp_path_factory.mktemp("impatient"), behind, changes=changes) as nginx:
        yield nginx


@pytest.mark.parametrize("sent", [b"", b"GET /health/live HTTP/1.1\r\nHost:", head("/api/session/start", "Content-Length: 100") + b"{"])
def test_request_that_does_not_come_to_its_end_is_hung_up_on(impatient, behind, sent):
    """Without an answer: nginx has none for that. The service sees nothing of it."""
    lines = behind.log.count("bemore.access")
    with connected(impatient) as connection:
        connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert behind.log.count("bemore.access") == lines


def test_answer_that_nobody_takes_is_dropped(impatient):
    with connected(impatient, receive_bytes=4096) as connection:
        # More than the buffers of the system take.
        connection.sendall(head("/api/openapi.json", method="GET") * 100)
        wait_for(lambda: not _is_connected(impatient, connection.getsockname()), what="the end of the connection at nginx")
        with pytest.raises(ConnectionResetError):
            while connection.recv(1 << 16):
                pass


def _is_connected(server, client):
    return any(client == each.raddr for process in server.processes for each in process.net_connections("tcp"))


# -- Bodies that are not what they say -----------------------------------------------------------------------------------


def total(http, server, session):
    return http.get(f"{server.url}/api/session/{session}").json()["data"]["stats"]["totalFrames"]


def test_body_that_ends_before_its_length_is_not_stored_even_where_it_could_be_read(front, behind, http):
    session = start_session(http, base=front.url)
    body = json.dumps({"items": frames(3)}).encode()
    sent = head(f"/api/session/{session}/frames", f"Content-Length: {len(body) + 10}") + body
    # nginx tells the client nothing that has ended, and the service never hears of it.
    with pytest.raises(ConnectionError):
        raw_request(front.url, sent, end=True)
    assert total(http, front, session) == 0
    # Straight at the service, as nothing stands between a developer and it.
    status, headers, answer = raw_request(behind.url, sent, end=True)
    check_envelope("POST", "/api", status, headers, answer)
    assert status == 400, answer
    assert total(http, front, session) == 0


def test_bytes_beyond_the_length_are_no_part_of_the_body(front, http):
    session = start_session(http, base=front.url)
    body = json.dumps({"items": frames(3)}).encode()
    with connected(front) as connection:
        connection.sendall(head(f"/api/session/{session}/frames", f"Content-Length: {len(body)}") + body + b'{"items": []}\r\n\r\n')
        # What follows is a request of its own, and none that is valid.
        assert [each.status for each in read_answers(connection, 2)] == [201, 400]
        assert connection.recv(1) == b""
    assert total(http, front, session) == 3


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_of_any_size_make_one_body(front, http, size):
    session = start_session(http, base=front.url)
    body = json.dumps({"items": frames(40)}).encode()
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x;name=value\r\n%b\r\n" % (len(part), part) for part in parts)
    with connected(front) as connection:
        sent = head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked") + chunks + b"0\r\nX-Trailer: 1\r\n\r\n"
        # In pieces that end anywhere, and with the next request right behind.
        for at in range(0, len(sent), 997):
            connection.sendall(sent[at : at + 997])
        connection.sendall(head("/health/live", method="GET"))
        assert [each.status for each in read_answers(connection, 2)] == [201, 200]
    assert total(http, front, session) == 40


BAD_CHUNKS = {
    "size is no number": b"xyz\r\n{}\r\n0\r\n\r\n",
    "size is negative": b"-2\r\n{}\r\n0\r\n\r\n",
    "size has a prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "chunk is longer than its size": b"1\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("case", BAD_CHUNKS)
def test_bad_chunks_are_refused_at_once(front, behind, http, case):
    session = start_session(http, base=front.url)
    for server in (front, behind):
        with connected(server) as connection:
            connection.sendall(head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked") + BAD_CHUNKS[case])
            assert read_answer(connection).status == 400
    assert "unexpected error" not in behind.log


def test_endless_body_is_refused_when_enough_of_it_has_come(front, behind, http):
    session = start_session(http, base=front.url)
    memory, chunk, sent = memory_of(front, behind), b"10000\r\n" + bytes(1 << 16) + b"\r\n", 0
    with connected(front) as connection:
        connection.sendall(head(f"/api/session/{session}/frames", "Transfer-Encoding: chunked"))
        with contextlib.suppress(ConnectionError):
            while sent < 50 << 20:
                connection.sendall(chunk)
                sent += len(chunk)
        assert read_answer(connection).status == 413
    assert memory_of(front, behind) - memory < MOST_MEMORY


def test_large_body_that_no_view_reads_costs_nobody_the_answer(front, http):
    """The service reads it all the same: nginx, still at sending it, would otherwise see a reset now and then, and answer 503."""
    for _ in range(20):
        refused = http.post(f"{front.url}/no/such/address", data=bytes(4 << 20), headers={"Content-Type": "application/json"})
        assert refused.status_code == 404


# -- Afterwards ----------------------------------------------------------------------------------------------------------


def test_they_left_nothing_behind(front, behind):
    (worker,) = behind.workers
    # nginx keeps 32 connections for each of its processes.
    wait_for(lambda: len(worker.net_connections("tcp")) < 80, 10, "the end of their connections")
    assert raw_request(front.url, ALIVE).status == 200
    lines = [json.loads(line) for line in behind.log.splitlines()]
    assert not [line for line in lines if line["level"] in ("error", "critical") or "exception" in line]
