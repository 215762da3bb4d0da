"""A server that answers as a test's script says, and remembers what it was asked."""

import gzip
import http.client
import json
import socket
import struct
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.servers import wait_for

import bemore

LIBRARY = Path(bemore.__file__).resolve().parent / "web" / "bemore-client.js"

#: Answers of a script beside statuses: none for as long as the test runs, and a connection that breaks off.
HANG, RESET = "hang", "reset"

#: With a service behind it: its answer, and an answer of it that gets lost on the way.
PASS, LOST = "pass", "lost"

#: What an answer passed on does not keep: it is sent anew, on a connection of its own.
_OF_THE_CONNECTION = {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server"}


@dataclass
class Received:
    """A request to the scripted server; ``at_s`` on the clock of ``time.monotonic``, ``raw`` as it was sent."""

    method: str
    path: str
    headers: object
    raw: bytes
    at_s: float = field(default_factory=time.monotonic)

    @property
    def body(self):
        packed = self.headers.get("Content-Encoding") == "gzip"
        return json.loads(gzip.decompress(self.raw) if packed else self.raw)

    @property
    def items(self):
        return self.body["items"]

    @property
    def kind(self):
        return self.path.rpartition("/")[2]


class Delayed:
    """An answer of a script that is given when the test says so, or ends: ``give()``."""

    def __init__(self, answer=201):
        self.answer, self._due = answer, threading.Event()

    def give(self):
        self._due.set()

    def wait(self, ended):
        wait_for(lambda: self._due.is_set() or ended.is_set(), 60, "a delayed answer")
        return self.answer


class ScriptedServer(ThreadingHTTPServer):
    """Serves an empty page and the library; to all else it answers the script, then successes.

    A script is a list of statuses, ``(status, headers, body)``, HANG, RESET or ``Delayed`` ones. ``answers`` maps the end of
    a path to a script of its own. ``received`` holds the requests in their order, ``most_at_once`` how many were open at the same time.

    With a running ``Service`` as ``behind`` that one answers what the script does not (PASS), and preflights: so the pages of
    ``ORIGIN`` find a service of another origin here that fails when it is told to. Without one, preflights allow everything but
    ``refused_headers``. ``pages`` are HTML by path. Its clock is ``ahead_ms`` ahead of the machine's, and its session was started
    at ``started_ms`` on that clock.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock, self.released, self.open = threading.Lock(), threading.Event(), 0
        self.reset()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def reset(self):
        """Forget all, when the last answers are out."""
        self.released.set()
        wait_for(lambda: self.open == 0)
        with self.lock:
            self.script, self.answers, self.received = [], {}, []
            self.behind, self.pages = None, {}
            self.released, self.delay_s = threading.Event(), 0
            self.refused_headers, self.ahead_ms, self.started_ms = set(), 0, int(time.time() * 1000)
            self.open = self.most_at_once = 0

    def sent(self, kind=None):
        """Requests received so far, those of one kind (the end of their path)."""
        return [each for each in list(self.received) if kind in (None, each.kind)]

    def wait_for(self, count, kind=None, timeout_s=10):
        """The requests, as soon as there are ``count`` of them."""
        wait_for(lambda: len(self.sent(kind)) >= count, timeout_s, f"{count} requests of {kind} ({len(self.sent(kind))} came)")
        return self.sent(kind)

    def next_answer(self, path):
        script = self.answers.get(path.rpartition("/")[2], self.script)
        return script.pop(0) if script else PASS if self.behind else 201

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def now_ms(self):
        return int(time.time() * 1000) + self.ahead_ms

    def handle_error(self, request, client_address):
        """A page that is gone reads no answer; that is no error of the server."""


class _Handler(BaseHTTPRequestHandler):
    # HTTP/1.0, so that each request has a connection of its own: on one that is kept, browsers repeat by themselves.

    def log_message(self, *_):
        """Nothing: pytest shows what a failed test needs."""

    def do_GET(self):
        if self.path in self.server.pages:
            self._answer(200, {"Content-Type": "text/html; charset=utf-8"}, self.server.pages[self.path].encode())
        elif self.path == "/":
            self._answer(200, {"Content-Type": "text/html"}, b"<!doctype html><title>A page</title>")
        elif self.path == "/bemore-client.js":
            self._answer(200, {"Content-Type": "text/javascript", "Cache-Control": "no-store"}, LIBRARY.read_bytes())
        elif self.path == "/favicon.ico":
            self._answer(204, {}, b"")  # a 404 would stand in the page's console as an error
        else:
            self._scripted()

    def do_POST(self):
        self._scripted()

    do_DELETE = do_PUT = do_POST

    def do_OPTIONS(self):
        self._answer(*(self._asked_behind(b"") if self.server.behind else (204, self._preflight(), b"")))

    def _preflight(self):
        requested = self.headers.get("Access-Control-Request-Headers", "").split(",")
        allowed = ",".join(name for name in requested if name not in self.server.refused_headers)
        return {**self._open_to_page(), "Access-Control-Allow-Methods": "*", "Access-Control-Allow-Headers": allowed}

    def _scripted(self):
        server = self.server
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with server.lock:
            server.received.append(Received(self.command, self.path, self.headers, raw))
            server.open += 1
            server.most_at_once = max(server.most_at_once, server.open)
            answer, released = server.next_answer(self.path), server.released
        if server.delay_s:
            time.sleep(server.delay_s)
        if isinstance(answer, Delayed):
            answer = answer.wait(released)
        if answer == HANG:
            released.wait(30)
        # Before the answer: who reads it may be quicker than this thread.
        with server.lock:
            server.open -= 1
        self._carry_out(answer, raw)

    def _carry_out(self, answer, raw):
        if answer in (PASS, LOST):
            passed = self._asked_behind(raw)
            answer = RESET if answer == LOST else passed
        if answer == RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RD)
            self.connection.close()
        elif answer != HANG:
            status, headers, body = answer if isinstance(answer, tuple) else (answer, {}, None)
            if body is None:
                body = success(data={**success()["data"], "startedAt": self.server.started_ms}) if status < 400 else failure(status)
            raw = body if isinstance(body, bytes) else json.dumps({"serverTs": self.server.now_ms, **body}).encode()
            self._answer(status, {"Content-Type": "application/json", **self._open_to_page(), **headers}, raw)

    def _open_to_page(self):
        """As the service and nginx say it on failures, too: which page may read the answer, and the header it needs of one."""
        origin = self.headers.get("Origin")
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After"} if origin else {}

    def _asked_behind(self, raw):
        """What the service answers to this request: (status, headers, body)."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.behind.port, timeout=30)) as connection:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
            connection.request(self.command, self.path, raw or None, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION}
            return answer.status, kept, answer.read()

    def _answer(self, status, headers, raw):
        with suppress(OSError):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": len(raw)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)


_CODES = {
    400: "VALIDATION_ERROR", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "SESSION_NOT_FOUND", 405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT", 409: "SESSION_STATE_CONFLICT", 413: "PAYLOAD_TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE",
    422: "IDEMPOTENCY_KEY_REUSED", 429: "RATE_LIMIT", 500: "INTERNAL_ERROR", 503: "SERVICE_UNAVAILABLE",
}  # fmt: skip


def success(**beside):
    """The body of a success."""
    return {"success": True, "data": {"sessionId": "sess_1737250800_0123456789abcdef"}, "requestId": "r", **beside}


def failure(status, details=()):
    """The body of a failure as the service words it; a status the service does not know gets a page of some proxy."""
    if status not in _CODES:
        return b"<h1>Bad gateway</h1>"
    return {"success": False, "error": {"code": _CODES[status], "message": "said by the script", "details": list(details)}}
