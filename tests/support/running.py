"""What the tests of running processes share: connections that stay with one process, raw answers, a log read as JSON."""

import http.client
import json
import re
import time
from contextlib import ExitStack, closing, contextmanager

from tests.support.answers import check_envelope
from tests.support.servers import RawAnswer

#: Settings of a service in production, which logs JSON.
PRODUCTION = {"BEMORE_ENV": "production", "ALLOW_ANONYMOUS": "true", "LOG_FORMAT": None}

#: Requests that cost little, as (method, path).
READ = ("GET", "/api/session/stats/summary")
#: A write that is refused for its body costs no time, and counts as any other.
WRITE = ("POST", "/api/session/start")

HOST = "Host: localhost\r\n"

#: A whole request as bytes.
ALIVE = f"GET /health/live HTTP/1.1\r\n{HOST}\r\n".encode()


def log_lines(service):
    """The log's lines as objects; not one of them is anything but JSON."""
    return [json.loads(line) for line in service.log.splitlines()]


def answers_on(connection, count):
    """Statuses of the next answers on a socket, read whole one after the other."""
    with connection.makefile("rb") as stream:
        found = []
        for _ in range(count):
            status = int(stream.readline().split()[1])
            headers = http.client.parse_headers(stream)
            check_envelope("GET", "/health" if status == 200 else "/", status, headers, stream.read(int(headers["Content-Length"])))
            found.append(status)
        return found


class Line:
    """A kept connection; it fails a test where the server closes it, as the next one might go to another process."""

    def __init__(self, service, address="127.0.0.1"):
        self.connection = http.client.HTTPConnection(service.host, service.port, timeout=10, source_address=(address, 0))
        self.connection.connect()
        self.connection.auto_open = 0

    def ask(self, method, path, headers=None, body=None):
        """The answer as (status, headers, seconds it took); its envelope is checked."""
        began = time.monotonic()
        answer = self.answer(method, path, headers, body)
        return answer.status, answer.headers, time.monotonic() - began

    def answer(self, method, path, headers=None, body=None):
        """The whole answer; its envelope is checked."""
        self.connection.request(method, path, body, headers or {})
        with self.connection.getresponse() as answer:
            whole = RawAnswer(answer.status, answer.headers, answer.read())
        check_envelope(method, path, *whole)
        return whole

    def close(self):
        self.connection.close()


@contextmanager
def lines_to(service, address="127.0.0.1", each=1):
    """Connections from a client's address to the workers of a service: ``each`` to the first, then ``each`` to the second …"""
    workers = service.workers
    with ExitStack() as stack:
        lines = []
        for worker in workers:
            # Only the one that is not asleep can take the connection; its first answer is the proof.
            for other in workers:
                if other != worker:
                    other.suspend()
            try:
                for _ in range(each):
                    line = stack.enter_context(closing(Line(service, address)))
                    assert line.ask("GET", "/health/live")[0] == 200
                    lines.append(line)
            finally:
                for other in workers:
                    other.resume()
        yield lines


def statuses(line, request, count):
    """Statuses of the same request sent several times."""
    return [line.ask(*request)[0] for _ in range(count)]


def quota(headers):
    """The three numbers of an answer, (limit, remaining, reset); both spellings must say the same."""
    told = [headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
    assert told == [headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
    assert all(re.fullmatch("[0-9]+", each) for each in told), told
    return tuple(map(int, told))


def untold(headers):
    """Whether an answer says nothing of a quota."""
    return not any("ratelimit" in name.lower() for name in headers)


def install(code, version):
    """Install another version of the package in a directory that holds a copy of it."""
    path = code / "bemore" / "__init__.py"
    path.write_text(re.sub('__version__ = ".*"', f'__version__ = "{version}"', path.read_text("utf-8")), "utf-8")
