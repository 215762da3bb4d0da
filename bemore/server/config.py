"""gunicorn's configuration, made from the settings; ``bemore serve`` and ``gunicorn.conf.py`` both use it.

The worker class is gunicorn's own ``gthread``. In production nginx stands in front: it takes slow clients, malformed HTTP and TLS.
"""

import errno
import gc
import logging
import os
import re
import resource
import sys
import time

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http.errors import InvalidHeader

from bemore.db.connections import close
from bemore.errors import DatabaseUnavailable
from bemore.lifecycle import check
from bemore.lifecycle.upgrade import upgrade
from bemore.observability import logs
from bemore.server import metrics_files
from bemore.settings import SettingsError

# The application is imported in functions, after metrics_files.make(). The database and the models count nothing.

_log = logging.getLogger("bemore.server")

#: Connections that one worker keeps open, if the limit of open files allows it.
WORKER_CONNECTIONS = 1000

#: Files that a worker opens beside its connections, and for each of its threads.
_FILES, _FILES_PER_THREAD = 64, 4

#: How long the start waits for a port, in seconds: the process that is being replaced may still have it.
_PORT_WAIT_S = 2


def gunicorn_options(settings):
    """gunicorn's settings for a Settings, as a dict."""
    return {
        "bind": f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}",
        "workers": settings.web_concurrency,
        "worker_class": "gthread",
        "threads": settings.web_threads,
        "worker_connections": _worker_connections(settings.web_threads),
        # Longer than nginx keeps an idle connection to us, so that nginx never sends into a closed one.
        "keepalive": 75,
        "timeout": 60,
        "graceful_timeout": 30,
        "limit_request_line": 8190,
        # More than nginx lets through, which itself lengthens X-Forwarded-For.
        "limit_request_field_size": 20_000,
        # What a proxy says is read by werkzeug's ProxyFix, as TRUSTED_PROXIES has it; gunicorn would believe anybody on this machine.
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "logger_class": Logger,
        "logconfig_dict": logs.config(settings),
        "control_socket_disable": True,
        "on_starting": lambda arbiter: _check_and_migrate(settings, arbiter.cfg),
        "post_worker_init": lambda worker: _tune_garbage_collection(),
        "when_ready": lambda arbiter: _log_start(settings, arbiter),
        "child_exit": lambda arbiter, worker: metrics_files.worker_exited(worker.pid),
        "on_exit": lambda arbiter: metrics_files.remove(),
        "pre_request": _check_length,
        "worker_exit": lambda arbiter, worker: close(),
    }


class Logger(GunicornLogger):
    """gunicorn's logger without its access log: bemore.api.http.middleware writes one line a request, without paths."""

    access_log_enabled = False


def _tune_garbage_collection():
    """Leave what is loaded for good out of the garbage collector, and run it less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _worker_connections(threads):
    """As many connections as there may be open files: accepting one more would end the worker."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = WORKER_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - _FILES - _FILES_PER_THREAD * threads
    return max(threads + 1, min(WORKER_CONNECTIONS, files))


def _check_length(worker, request):
    """Refuse a Content-Length in which another server may have read another number: 400, and the connection is closed."""
    for name, value in request.headers:
        if name == "CONTENT-LENGTH" and not re.fullmatch("[0-9]{1,10}", value):
            raise InvalidHeader(name, req=request)


def _check_and_migrate(settings, cfg):
    metrics_files.make(cfg.workers)
    try:
        settings.check_processes(cfg.workers)
        _check_ports(cfg.address)
        import bemore.app  # noqa: F401 -- once for all workers, which share its memory

        metrics_files.worker_exited(os.getpid())  # this process is not a worker
        upgrade(settings)
    except SettingsError as error:
        _refuse(str(error))
    except DatabaseUnavailable:
        _refuse("DATABASE_URL: the database cannot be reached; the line above says why")
    close()  # a connection must not cross a fork
    for finding in check.environment(settings, cfg.workers):
        if finding.level > check.OK:
            _log.warning(finding.text, extra={"check": finding.part, "mend": finding.mend})


def _log_start(settings, arbiter):
    places = [str(listener) for listener in arbiter.LISTENERS]
    _log.info("starting", extra={
        "listen": " ".join(places), "database": settings.database_label, "quotas": settings.quota_storage_label,
        "processes": arbiter.cfg.workers, "threads": arbiter.cfg.threads, "environment": settings.environment,
    })  # fmt: skip
    # A browser on this machine calls it localhost.
    site = "" if places[0].startswith("unix:") else re.sub(r"//(127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?=:)", "//localhost", places[0])
    console = f"Console: {site}/console · " if settings.console_enabled else ""
    _log.info(f"{console}API docs: {site}/api/docs")


def _check_ports(addresses):
    """End the start with a sentence if a port cannot be had, unless the sockets are inherited (systemd, SIGUSR2)."""
    if "LISTEN_FDS" in os.environ or "GUNICORN_FD" in os.environ:
        return
    deadline = time.monotonic() + _PORT_WAIT_S
    for host, port in (address for address in addresses if isinstance(address, tuple)):
        while problem := check.port_problem(host, port):
            code, sentence = problem
            if code != errno.EADDRINUSE or time.monotonic() > deadline:
                _refuse(sentence)
            time.sleep(0.1)


def _refuse(why):
    _log.error(why)
    metrics_files.remove()
    sys.exit(1)


class Server(BaseApplication):
    """gunicorn without its command line."""

    def __init__(self, settings):
        self.settings = settings
        super().__init__()

    def load_config(self):
        for name, value in gunicorn_options(self.settings).items():
            self.cfg.set(name, value)

    def load(self):
        from bemore.app import create_app

        return create_app(self.settings)

    def run(self):
        # What SIGUSR2 starts: this command as it was given, ``python -m bemore`` included.
        sys.argv = sys.orig_argv[1:]
        super().run()
