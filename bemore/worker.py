"""gunicorn's threaded worker, with what a page full of browsers and an nginx with kept connections need beyond it."""

import mmap
import select
import selectors
import time
from functools import partial

import msgspec
from gunicorn import glogging
from gunicorn.http import wsgi
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from bemore import clock


class _Response(wsgi.Response):
    """An answer without a Server header: it would only tell an attacker what to try."""

    def default_headers(self):
        return [line for line in super().default_headers() if not line.startswith("Server:")]


wsgi.Response = _Response


class Logger(glogging.Logger):
    """gunicorn's messages without its access lines: it gathers their thirty fields even where nobody reads them."""

    def access(self, resp, req, environ, request_time):
        pass


class _Connections:
    """How many connections each worker has, in memory that all of them share as it is made before they are."""

    def __init__(self):
        # 0 is a place without a worker; a worker's count is one more than its connections.
        self._places = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("i")

    def put(self, age, count):
        self._places[age % len(self._places)] = count + 1

    def leave(self, age):
        self._places[age % len(self._places)] = 0

    def least(self):
        return min((count for count in self._places if count), default=1) - 1


CONNECTIONS = _Connections()

#: How often a worker lets a new connection lie for a worker that has fewer, before it takes it itself: about a millisecond.
_LET_LIE = 20


#: How long a thread that has answered waits for the next request of the same connection.
_LINGER_MS = 1


class Worker(ThreadWorker):
    """Threads that keep connections open; what is not even HTTP gets an answer in the contract's shape, too."""

    _let_lie = 0

    def notify(self):
        super().notify()
        CONNECTIONS.put(self.age, self.nr_conns)

    def accept(self, listener):
        # Kept connections stay with the worker that took them, and one that is awake takes all that come at once: the others
        # would have nothing to do for as long as they last.
        if self.cfg.workers > 1 and self._let_lie < _LET_LIE and self.nr_conns > CONNECTIONS.least():
            self._let_lie += 1
            return
        self._let_lie = 0
        super().accept(listener)
        CONNECTIONS.put(self.age, self.nr_conns)

    def enqueue_req(self, conn):
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        # A new connection waits for its first byte in the poller. gunicorn lets it have a thread for up to 5 s, and browsers
        # open connections in advance: four of them would keep everybody else waiting.
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn):
        kept = super().handle(conn)
        # A client that is busy sends its next request at once. The thread that answered the last one takes it as well, unless
        # somebody waits for a thread: by way of the main thread's poller each request would wait for that one twice.
        while kept is True and self.alive and self.tpool._work_queue.empty() and _comes_soon(conn):
            kept = super().handle(conn)
        return kept

    def finish_request(self, conn, fs):
        if self.alive and not fs.cancelled() and not fs.exception() and fs.result() is True and _has_read_ahead(conn):
            # The next request is here already, with the rest of a body that was answered before it came (a 404, a 429).
            # gunicorn would wait for the socket to become readable, which it does not: the bytes are in the parser.
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def murder_keepalived(self):
        if not self.alive:
            # Told to end. Kept connections without a request, such as nginx's, would hold it up until graceful_timeout.
            for connection in (*self.keepalived_conns, *self.pending_conns):
                connection.timeout = 0
        super().murder_keepalived()

    def handle_error(self, req, client, addr, exc):
        if isinstance(exc, LimitRequestLine):
            status, code, message = "414 URI Too Long", "VALIDATION_ERROR", "path is too long"
        elif isinstance(exc, LimitRequestHeaders):
            status, code, message = "431 Request Header Fields Too Large", "VALIDATION_ERROR", "headers are too large"
        elif type(exc).__module__.startswith("gunicorn."):
            status, code, message = "400 Bad Request", "VALIDATION_ERROR", "request is not valid HTTP"
        else:
            status, code, message = "500 Internal Server Error", "INTERNAL_ERROR", "internal error"
            self.log.error("unexpected error in the worker: %s", type(exc).__name__)
        request_id = f"req_{time.time_ns():x}"
        body = msgspec.json.encode(
            {
                "success": False,
                "error": {"code": code, "message": message, "requestId": request_id},
                "requestId": request_id,
                "serverTs": clock.now_ms(),
                "modelVersion": self.wsgi.extensions["bemore"].model_version,
            }
        )
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"X-Request-Id: {request_id}\r\nConnection: close\r\n\r\n"
        )
        try:
            client.sendall(head.encode("ascii") + body)
        except OSError as error:
            self.log.debug("client left before its error answer: %s", error)


def _comes_soon(connection):
    if _has_read_ahead(connection):
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(_LINGER_MS))


def _has_read_ahead(connection):
    return connection.parser.unreader.buf.getbuffer().nbytes > 0
