"""gunicorn's configuration, made from the settings; ``bemore serve`` and ``gunicorn.conf.py`` both use it.

The worker class is gunicorn's own ``gthread``. In production nginx stands in front: it takes slow clients, malformed HTTP and TLS.
"""

import logging
import resource
import sys

from gunicorn.app.base import BaseApplication

from bemore.app import create_app
from bemore.db.connections import close
from bemore.db.migrate import migrate
from bemore.errors import DatabaseUnavailable
from bemore.models import session
from bemore.observability import logs
from bemore.settings import Settings, SettingsError

_log = logging.getLogger("bemore.server")

#: Connections that one worker keeps open, if the limit of open files allows it.
WORKER_CONNECTIONS = 1000

#: Files that a worker opens beside its connections, and for each of its threads.
_FILES, _FILES_PER_THREAD = 64, 4


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
        "limit_request_field_size": 16380,
        # The access log is bemore.api.http.middleware's: one line a request, without paths.
        "accesslog": None,
        "logconfig_dict": logs.config(settings),
        "control_socket_disable": True,
        "on_starting": _on_starting(settings),
        "worker_exit": _worker_exit,
    }


def _worker_connections(threads):
    """As many connections as there may be open files: accepting one more would end the worker."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = WORKER_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - _FILES - _FILES_PER_THREAD * threads
    return max(threads + 1, min(WORKER_CONNECTIONS, files))


def _on_starting(settings):
    def check_and_migrate(arbiter):
        try:
            settings.check_processes(arbiter.cfg.workers)
        except SettingsError as error:
            _refuse(str(error))
        try:
            prepare_database(settings)
        except DatabaseUnavailable:
            _refuse("DATABASE_URL: the database cannot be reached; the line above says why")
        places = [_place(address) for address in arbiter.cfg.address]
        _log.info(
            "starting",
            extra={
                "listen": " ".join(places),
                "database": settings.database_label,
                "quotas": settings.quota_storage_label,
                "processes": arbiter.cfg.workers,
                "threads": arbiter.cfg.threads,
                "environment": settings.environment,
            },
        )

    return check_and_migrate


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
    """Migrate, and finish erasing what a crash left half erased. Close the connection: it must not cross a fork."""
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
        for name, value in gunicorn_options(self.settings).items():
            self.cfg.set(name, value)

    def load(self):
        return create_app(self.settings)

    def run(self):
        # What SIGUSR2 starts: this command as it was given, ``python -m bemore`` included.
        sys.argv = sys.orig_argv[1:]
        super().run()


def load():
    """The application for the settings of the environment, for ``wsgi.py``."""
    return create_app(Settings.from_env())
