"""gunicorn, set up by the settings; ``bemore serve`` and ``gunicorn.conf.py`` both come here."""

import logging
import selectors
import sys
import time
from functools import partial

import msgspec
from gunicorn.app.base import BaseApplication
from gunicorn.http import wsgi
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from bemore import clock, logs
from bemore.app import create_app
from bemore.errors import DatabaseUnavailable
from bemore.models import session
from bemore.models.database import close
from bemore.models.migrate import migrate
from bemore.settings import Settings, SettingsError

_log = logging.getLogger("bemore.server")


class _Response(wsgi.Response):
    """An answer without a Server header: it would only tell an attacker what to try."""

    def default_headers(self):
        return [line for line in super().default_headers() if not line.startswith("Server:")]


wsgi.Response = _Response


class Worker(ThreadWorker):
    """Threads that keep connections open; what is not even HTTP gets an answer in the contract's shape, too."""

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


def _has_read_ahead(connection):
    return connection.parser.unreader.buf.getbuffer().nbytes > 0


def options(settings):
    """gunicorn's settings for ``settings``."""
    return {
        "bind": f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}",
        "workers": settings.web_concurrency,
        "threads": settings.web_threads,
        "worker_class": Worker,
        "worker_connections": 1000,
        # Longer than nginx keeps an idle connection to us, so that it never sends into a closed one.
        "keepalive": 75,
        "timeout": 60,
        "graceful_timeout": 30,
        # The longest path and header that gunicorn can be told to take; beyond them Worker answers.
        "limit_request_line": 8190,
        "limit_request_field_size": 16380,
        "accesslog": None,
        "logconfig_dict": logs.config(settings),
        "control_socket_disable": True,
        "on_starting": _on_starting(settings),
        "worker_exit": _worker_exit,
    }


def _on_starting(settings):
    def prepare(arbiter):
        try:
            settings.check_processes(arbiter.cfg.workers)
        except SettingsError as error:
            _refuse(str(error))
        try:
            prepare_database(settings)
        except DatabaseUnavailable:
            _refuse("DATABASE_URL: the database cannot be reached; the line above says why")
        _log.info(
            "starting",
            extra={
                "listen": " ".join(map(_place, arbiter.cfg.address)),
                "database": settings.database_label,
                "buckets": settings.bucket_label,
                "processes": arbiter.cfg.workers,
                "threads": arbiter.cfg.threads,
                "environment": settings.environment,
            },
        )

    return prepare


def _place(address):
    if isinstance(address, tuple):
        host, port = address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return f"unix:{address}"


def _refuse(why):
    _log.error(why)
    sys.exit(1)


def _worker_exit(arbiter, worker):
    close()


def prepare_database(settings):
    """Migrate, and finish erasing what a crash left half erased. The connection is closed: it must not cross a fork."""
    migrate(settings)
    erased = session.finish_erasing()
    if erased:
        _log.info("finished erasing sessions", extra={"sessions": erased})
    close()


class Server(BaseApplication):
    """gunicorn without its command line."""

    def __init__(self, settings):
        self.settings = settings
        super().__init__()

    def load_config(self):
        for name, value in options(self.settings).items():
            self.cfg.set(name, value)

    def load(self):
        return create_app(self.settings)


def load():
    """The settings of the environment and the application for them, for ``wsgi.py``."""
    return create_app(Settings.from_env())
