"""gunicorn's threaded worker, with what a page full of browsers and an nginx with kept connections need beyond it."""

import errno
import resource
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
from bemore.arrival import Arrival, Socket
from bemore.connections import CONNECTIONS, Kept, Line
from bemore.exchange import Exchange, Fixed
from bemore.memory import share_one_arena
from bemore.rounds import Rounds


class _Response(wsgi.Response):
    """An answer without a Server header: it would only tell an attacker what to try."""

    def default_headers(self):
        return [line for line in super().default_headers() if not line.startswith("Server:")]


wsgi.Response = _Response


class Logger(glogging.Logger):
    """gunicorn's messages without its access lines: it gathers their thirty fields even where nobody reads them."""

    def access(self, resp, req, environ, request_time):
        pass


#: How often a worker lets a new connection lie for a worker that has fewer, before it takes it itself: about a millisecond.
_LET_LIE = 20


#: How long a request may take to arrive, from its first byte on, in seconds: its head, and all of it. And how long its answer may
#: take to be taken, and what is on its way when the worker has been told to end.
HEAD_S, REQUEST_S, ANSWER_S, ENDING_S = 15, 60, 60, 5

#: How much of requests that are not answered yet a worker holds, in bytes; those below SMALL are not counted. Beyond it the one
#: that has been on its way for longest is given up.
MOST_HELD, SMALL = 64 << 20, 1 << 16

#: What share of the worker's connections is kept free: who has said nothing for longest gives way to who comes. Nobody does so
#: within SPARED_S of what it did last.
ROOM, SPARED_S = 1 / 4, 1

#: How often a worker looks who is late, in seconds.
_LOOK_S = 0.25

#: Files a worker opens beside its connections, and for each of its threads.
_FILES, _FILES_PER_THREAD = 64, 4

#: Most requests that are handled side by side.
MOST_IN_ROUND = 32

#: How long a thread that has answered waits for the next request of the same connection.
_LINGER_MS = 1


class Worker(ThreadWorker):
    """Threads that keep connections open; brief requests are answered side by side in the thread that looks after all connections.

    What is not even HTTP gets an answer in the contract's shape, too.
    """

    _let_lie = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.pending_conns, self.keepalived_conns = Line(), Line()
        self._arriving, self._leaving, self._large = {}, {}, {}
        self._look_at = 0.0
        self._brief, self._rounds = [], Rounds(self._elsewhere)
        self._fixed = Fixed(self.cfg)
        self._exchange = None

    def init_process(self):
        share_one_arena()
        self._bound_connections()
        super().init_process()

    def load_wsgi(self):
        super().load_wsgi()
        self._exchange = Exchange(self.wsgi, self.cfg)
        self._says_brief = self.wsgi.extensions.get("bemore.brief", lambda head: None)
        self._side_by_side = self.wsgi.extensions.get("bemore.side_by_side", False)

    def _bound_connections(self):
        """Take no more connections than there may be open files: where accepting one fails, gunicorn's worker ends."""
        others = _FILES + _FILES_PER_THREAD * self.cfg.threads
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.cfg.worker_connections + others
        if 0 <= soft < wanted:
            soft = wanted if hard < 0 else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            self.worker_connections = max(self.cfg.threads, min(self.cfg.worker_connections, soft - others))

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
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            self.log.warning("a connection could not be accepted: %s", error.strerror)
            self._make_room()
        CONNECTIONS.put(self.age, self.nr_conns)

    def _make_room(self, count=1):
        """Hang up on up to ``count`` who have been silent for longest: since they came, else since their last answer."""
        silent_since = time.monotonic() - SPARED_S + self.cfg.keepalive
        for waiting in (self.pending_conns, self.keepalived_conns):
            while count > 0 and waiting and waiting[0].timeout < silent_since:
                self._hang_up(waiting.popleft())
                count -= 1
        slow_since = time.monotonic() - HEAD_S / 2
        for conn in [each for each in self._arriving if each.parser.began_s < slow_since][: max(0, count)]:
            self._hang_up(conn)

    # -- How a request comes ---------------------------------------------------------------------------------------------

    def enqueue_req(self, conn):
        if conn.parser is None:
            # A new connection waits for its first request in the poller, as browsers open them in advance.
            conn.sock = Socket.of(conn.sock)
            conn.parser = Arrival(self._fixed, conn.sock, conn.client, self.wsgi.extensions["bemore"].max_body_bytes)
            conn.initialized = True
            conn.polled = False
            self._wait(conn, self.pending_conns)
            return
        if self._side_by_side and self._is_brief(conn):
            self._brief.append(conn)
            return
        self._unpoll(conn)
        done = self.tpool.submit(self.handle, conn)
        done.add_done_callback(lambda future: self.method_queue.defer(self._answered, conn, future))

    def _wait(self, conn, line):
        """Have a connection wait for its next request."""
        conn.set_timeout()
        conn.line = line
        line.append(conn)
        self._poll(conn)

    def _poll(self, conn):
        if not conn.polled:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_readable, conn))
            conn.polled = True

    def _unpoll(self, conn):
        if conn.polled:
            self.poller.unregister(conn.sock)
            conn.polled = False

    def _on_readable(self, conn, client):
        arriving, waiting = conn in self._arriving, conn in conn.line
        if not arriving and not waiting:
            self._unpoll(conn)  # its request is being answered: what comes meanwhile is read afterwards
            return
        whole = conn.parser.receive()
        if whole or conn.parser.gone or (waiting and conn.parser.began_s is not None):
            (self._arriving.pop if arriving else conn.line.remove)(conn)
            self._go_on(conn, whole)
        elif arriving and conn.parser.size > SMALL:
            self._large[conn] = None
            self._hold_no_more_than(MOST_HELD)

    def _go_on(self, conn, whole):
        if conn.parser.size > SMALL:
            self._large[conn] = None
        if whole:
            self.enqueue_req(conn)
        elif conn.parser.gone:
            self._hang_up(conn)
        else:
            self._arriving[conn] = None
            self._poll(conn)
            self._hold_no_more_than(MOST_HELD)

    def _hold_no_more_than(self, most):
        while self._large and self._arriving and sum(each.parser.size for each in self._large) > most:
            slowest = next((each for each in self._arriving if each in self._large), None)
            if slowest is None:
                return
            self._refuse(slowest, "503 Service Unavailable", "SERVICE_UNAVAILABLE", "too much comes at once", "Retry-After: 1\r\n")

    def _hang_up(self, conn):
        """Close a connection of which nothing is to be answered."""
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn):
        self._arriving.pop(conn, None)
        self._large.pop(conn, None)
        self._unpoll(conn)

    def _refuse(self, conn, *what):
        """Answer a request that is not whole yet, and close."""
        self._forget(conn)
        try:
            conn.sock.sendall(self._failure(*what))
        except OSError as error:
            self.log.debug("client left before its error answer: %s", error)
        self.finish_request(conn, Kept(False))

    # -- How it is answered ----------------------------------------------------------------------------------------------

    def _is_brief(self, conn):
        """Whether the request of a connection, which is whole, is a brief one."""
        return conn.parser.size <= SMALL and self._says_brief(conn.parser.head)

    def wait_for_and_dispatch_events(self, timeout):
        waits = self._accepting and not self._arriving and not self._leaving
        timeout = 0 if self._brief else timeout if waits else min(timeout, _LOOK_S)
        super().wait_for_and_dispatch_events(timeout)
        brief, self._brief = self._brief, []
        for at in range(0, len(brief), MOST_IN_ROUND):
            self._rounds.run([partial(self._answer_here, conn) for conn in brief[at : at + MOST_IN_ROUND]])

    def _answer_here(self, conn):
        self._answered(conn, Kept(self._handle_brief(conn)))

    def _handle_brief(self, conn):
        """Answer the request; whether the connection is kept."""
        try:
            return self._exchange(conn, self.alive and len(self.keepalived_conns) < self.max_keepalived)
        except OSError as error:
            self.log.debug("client left before its answer: %s", error)
        except Exception as error:
            self.handle_error(None, conn.sock, conn.client, error)
        return False

    def _elsewhere(self, call, then):
        done = self.tpool.submit(call)
        done.add_done_callback(lambda future: self.method_queue.defer(lambda: then(future.result())))

    def handle(self, conn):
        kept = self._handle_any(conn)
        # A client that is busy sends its next request at once. The thread that answered the last one takes it as well, unless
        # somebody waits for a thread: by way of the main thread's poller each request would wait for that one twice.
        while kept is True and self.alive and self.tpool._work_queue.empty() and not conn.sock.unsent and _comes_soon(conn):
            if self._side_by_side and self._is_brief(conn):
                break
            kept = self._handle_any(conn)
        return kept

    def _handle_any(self, conn):
        return self._handle_brief(conn) if self._is_brief(conn) else super().handle(conn)

    def _answered(self, conn, done):
        self._large.pop(conn, None)
        if not conn.sock.unsent:
            self.finish_request(conn, done)
            return
        # The client is slow to take its answer.
        conn.timeout = time.monotonic() + ANSWER_S
        self._leaving[conn] = done
        self._unpoll(conn)
        self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._on_writable, conn))
        conn.polled = True

    def _on_writable(self, conn, client):
        try:
            sent = conn.sock.send_on()
        except OSError:
            del self._leaving[conn]
            self._hang_up(conn)
            return
        if sent:
            self._unpoll(conn)
            self.finish_request(conn, self._leaving.pop(conn))

    def finish_request(self, conn, fs):
        if not self.alive or fs.cancelled() or fs.exception() or fs.result() is not True:
            self._unpoll(conn)
            super().finish_request(conn, fs)
        elif conn.parser.receive():
            # The next request is here already: the poller would wait for bytes that have been read.
            self.enqueue_req(conn)
        elif conn.parser.began_s is not None or conn.parser.gone:
            self._go_on(conn, False)
        else:
            self._wait(conn, self.keepalived_conns)

    def murder_pending(self):
        super().murder_pending()
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        self._make_room(self.nr_conns - int(self.worker_connections * (1 - ROOM)))
        for conn in [each for each in self._arriving if self._is_late(each.parser, now)]:
            self._refuse(conn, "408 Request Timeout", "REQUEST_TIMEOUT", "request took too long to arrive")
        for conn in [each for each in self._leaving if each.timeout < now]:
            del self._leaving[conn]
            self._hang_up(conn)

    def _is_late(self, arrival, now):
        return now - arrival.began_s > min(REQUEST_S if arrival.has_head else HEAD_S, REQUEST_S if self.alive else ENDING_S)

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
        try:
            client.sendall(self._failure(status, code, message))
        except OSError as error:
            self.log.debug("client left before its error answer: %s", error)

    def _failure(self, status, code, message, headers=""):
        """The bytes of an answer, in the contract's shape, to what never reaches the application."""
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
            f"X-Request-Id: {request_id}\r\n{headers}Connection: close\r\n\r\n"
        )
        return head.encode("ascii") + body


def _comes_soon(connection):
    if connection.parser.receive():
        return True
    if connection.parser.gone:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(_LINGER_MS)) and connection.parser.receive()
