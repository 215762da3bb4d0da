"""Hostile requests over kept connections to a running service: a clear answer to each, and no memory that stays taken.

The short form sends 800 to SQLite and 200 to PostgreSQL, which has little part in reading them, the same ones every time.
BEMORE_TEST_LONG=1 sends 20,000 of a new seed to each, which it prints with the figures; ``FUZZ_SEED`` repeats such a run.
"""

import http.client
import os
import random
import re
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
import requests

from tests.support.answers import check_envelope
from tests.support.figures import LONG
from tests.support.samples import start_session
from tests.support.hostile import Hostile
from tests.support.openapi_check import AnswerChecker

pytestmark = pytest.mark.first

COUNTS = {"sqlite": 20_000, "postgres": 20_000} if LONG else {"sqlite": 800, "postgres": 200}
SEED = int(os.environ.get("FUZZ_SEED") or (random.SystemRandom().randrange(2**31) if LONG else 20250119))

#: What the first of so many requests warm up (caches, connections, what each thread keeps) does not count as growth.
WARM_UP_OF = 3
#: As many at once as the service has threads, and more, send heavy requests so many times before anything is counted.
HEAVY_AT_ONCE, HEAVY_TIMES = 16, 3 if LONG else 1
#: Large buffers of its own go back to the system at once, so that what stays taken is what Python holds on to.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": 128 << 10}
#: How much larger the worker may be at the end than it was by then, whatever the number of requests.
MOST_GROWTH_BYTES = 8 << 20

#: A session gets no larger than this many requests make it.
REQUESTS_OF_A_SESSION = 300
CONNECTIONS = 4

#: Signs of the inside: an exception's name or text, a place in the code, a library.
INSIDE = re.compile(
    rb"Traceback|File \\?\"|[A-Za-z]+(?:Error|Exception|Disconnected)\b|errno|codec can|object at 0x|site-packages|\.py\b"
    rb"|psycopg|peewee|sqlite|marshmallow|msgspec|werkzeug|gunicorn|flask",
    re.IGNORECASE,
)

#: In place of a status: no answer, as the server had closed while more than so many bytes came. At most one in a hundred.
LOST, MOST_LOST_BYTES = 0, 16 << 10

#: Statuses that HTTP itself may be refused with, before the request is known.
UNREADABLE = {400, 414, 417, 431, 501}


class Wire:
    """A kept connection that sends bytes as they are and reads one answer to each; opened anew when one of the two closed it.

    ``before`` is for its user to keep the last request in.
    """

    def __init__(self, port):
        self.port, self.opened, self._socket, self._stream = port, 0, None, None
        self.before = None

    def ask(self, data, method, last=False):
        """The answer to a request: status, headers, body. With ``last`` nothing more will be sent, whatever the bytes promise."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self._stream, self.opened = self._socket.makefile("rb"), self.opened + 1
        assert self._left_over() == b"", "more than one answer to the request before"
        try:
            self._socket.sendall(data)
            if last:
                self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            last = True  # refused before its end; the answer may still be there to read
        status, headers = self._head()
        body = b"" if method == "HEAD" or status in (204, 304) else self._body(headers)
        if last or headers.get("Connection", "").lower() == "close":
            self.close()
        return status, headers, body

    def _body(self, headers):
        if headers.get("Transfer-Encoding") != "chunked":
            return self._stream.read(int(headers["Content-Length"]))
        chunks = []
        while length := int(self._stream.readline(), 16):
            chunks.append(self._stream.read(length))
            assert self._stream.readline() == b"\r\n"
        assert self._stream.readline() == b"\r\n"
        return b"".join(chunks)

    def _left_over(self):
        self._socket.settimeout(0)
        unread = self._stream.peek(1)
        self._socket.settimeout(30)
        return unread

    def _head(self):
        while True:
            line = self._stream.readline(65537)
            assert re.match(rb"HTTP/1\.1 [1-5][0-9]{2} ", line), f"no status line: {line[:100]!r}"
            headers, status = http.client.parse_headers(self._stream), int(line.split()[1])
            if status >= 200:
                return status, headers

    def close(self):
        if self._socket is not None:
            self._stream.close()
            self._socket.close()
            self._socket = None


class Attack:
    """Sends requests to a Service and checks the answers; counts statuses in ``seen``."""

    def __init__(self, service, document, seed):
        self.service, self.hostile, self.checker = service, Hostile(document, seed), AnswerChecker(document)
        self.wires = [Wire(service.port) for _ in range(CONNECTIONS)]
        self.seen, self.session_id = Counter(), None

    def run(self, count, client):
        """Send so many requests, each session for a while; ``client`` starts and erases the sessions."""
        for number in range(count):
            if number % REQUESTS_OF_A_SESSION == 0:
                self._next_session(client)
            self.send(self.hostile.request(self.session_id), self.wires[number % CONNECTIONS])

    def warm_up(self, client):
        """Make each thread of the service do the heaviest there is."""
        session_id = start_session(client, base=self.service.url)

        def send_all(_):
            with closing(Wire(self.service.port)) as wire:
                for request in self.hostile.heavy(session_id) * HEAVY_TIMES:
                    status, headers, _ = wire.ask(request.wire(), request.method)
                    # So many exports at once are refused for a while.
                    assert status < 500 or (status == 503 and headers["Retry-After"]), request.told()

        with ThreadPoolExecutor(HEAVY_AT_ONCE) as pool:
            list(pool.map(send_all, range(HEAVY_AT_ONCE)))

    def _next_session(self, client):
        if self.session_id:
            # It may have been erased by a damaged request.
            assert client.delete(f"{self.service.url}/api/session/{self.session_id}").status_code in (200, 404)
        self.session_id = start_session(client, base=self.service.url)
        for request in self.hostile.good(self.session_id):
            status = self.send(request, self.wires[0])
            # 415: what takes files takes no JSON.
            assert status in (200, 201, 404, 409, 415), f"{status}\n{request.told()}"

    def send(self, request, wire):
        """Send a request and check its answer; its status."""
        try:
            status, headers, body = wire.ask(request.wire(), request.method, request.odd_head)
            self._check(request, status, headers, body)
        except ConnectionResetError as error:
            # Where the head was refused, what was still on its way of the body may cost the sender the answer.
            assert request.odd_head and len(request.body) > MOST_LOST_BYTES, f"{error!r}\n{request.told()}"
            wire.close()
            status = LOST
        except Exception as error:
            before = f"\nbefore it, on the same connection: {wire.before.told()}" if wire.before else ""
            where = f"seed {SEED}, after {sum(self.seen.values())} requests"
            raise AssertionError(f"{where}: {error!r}\n{request.told()}{before}") from error
        wire.before = request
        self.seen[status] += 1
        return status

    def _check(self, request, status, headers, body):
        if request.odd_head and status in UNREADABLE and headers["Content-Type"] == "text/html":
            # gunicorn's own answer to what is not HTTP; nginx's, in production, is tests/processes/test_nginx.py's.
            assert headers["Connection"] == "close"
            return
        assert status < 500, f"status {status}: {body[:300]!r}"
        # As the service finds its routes: unquoted.
        path = unquote(request.target.partition("?")[0])
        sent = dict(request.headers).get("X-Request-Id")
        check_envelope(request.method, path, status, headers, body, None if request.odd_head else sent)
        assert headers["X-Request-Id"], "no X-Request-Id"
        if status >= 400:
            inside = INSIDE.search(body)
            assert not inside, f"tells of the inside: {inside[0]!r} in {body[:500]!r}"
        if not request.odd_head:
            assert headers["X-Request-Id"] == sent or sent is None
        if request.path and not (request.odd_head and status in UNREADABLE):
            answer = SimpleNamespace(status_code=status, headers=headers, content=body)
            problems = self.checker.problems(request.method, request.path, answer)
            assert not problems, f"{problems}"


def test_hostile_requests_are_answered_clearly_and_leave_no_memory_taken(service, http, request, capsys):
    database = request.node.callspec.params["database_url"]
    count, warm_up = COUNTS[database], COUNTS[database] // WARM_UP_OF
    running = service(**ALLOCATOR)
    (worker,) = running.workers
    attack = Attack(running, requests.get(f"{running.url}/api/openapi.json", timeout=10).json(), SEED)
    began = time.monotonic()
    try:
        if LONG or database == "sqlite":
            attack.warm_up(http)
        warm = worker.memory_info().rss
        attack.run(warm_up, http)
        warm = max(warm, worker.memory_info().rss)
        attack.run(count - warm_up, http)
        grown = worker.memory_info().rss - warm
    finally:
        for wire in attack.wires:
            wire.close()
    assert running.workers == [worker], "the worker died"
    assert "unexpected error" not in running.log
    if LONG or database == "sqlite":  # elsewhere what warms up later would count
        assert grown <= MOST_GROWTH_BYTES, f"the worker grew by {grown >> 10} KiB to {(warm + grown) >> 10} KiB"
    assert attack.seen[LOST] <= count / 100
    # It was no attack on one gate: all kinds of answers came.
    assert set(attack.seen) >= {200, 201, 400, 404, 405, 415}
    assert count < 500 or 413 in attack.seen
    if LONG:
        totals = ", ".join(f"{status}: {count}" for status, count in sorted(attack.seen.items()))
        with capsys.disabled():
            print(
                f"\nhostile requests, {database}: seed {SEED}, {sum(attack.seen.values())} in"
                f" {time.monotonic() - began:.0f} s over {sum(wire.opened for wire in attack.wires)} connections; {totals};"
                f" worker {warm >> 10} KiB after {warm_up}, {grown >> 10:+} KiB at the end"
            )
