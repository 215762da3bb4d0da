"""gunicorn, set up by the settings; ``bemore serve`` and ``gunicorn.conf.py`` both come here."""

import logging
import sys

from gunicorn.app.base import BaseApplication

from bemore.observability import logs
from bemore.app import create_app
from bemore.connections import CONNECTIONS
from bemore.ending import EndingWorker
from bemore.errors import DatabaseUnavailable
from bemore.models import session
from bemore.db.connections import close
from bemore.db.migrate import migrate
from bemore.settings import Settings, SettingsError
from bemore.worker import Logger

_log = logging.getLogger("bemore.server")


def options(settings):
    """gunicorn's settings for ``settings``."""
    return {
        "bind": f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}",
        "workers": settings.web_concurrency,
        "threads": settings.web_threads,
        "worker_class": EndingWorker,
        "worker_connections": 1000,
        # Longer than nginx keeps an idle connection to us, so that it never sends into a closed one.
        "keepalive": 75,
        "timeout": 60,
        "graceful_timeout": 30,
        # The longest path and header that gunicorn can be told to take; beyond them Worker answers.
        "limit_request_line": 8190,
        "limit_request_field_size": 16380,
        "accesslog": None,
        "logger_class": Logger,
        "logconfig_dict": logs.config(settings),
        "control_socket_disable": True,
        "on_starting": _on_starting(settings),
        "worker_exit": _worker_exit,
        "child_exit": _child_exit,
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


def _child_exit(arbiter, worker):
    CONNECTIONS.leave(worker.age)


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

    def run(self):
        # What SIGUSR2 starts beside us: this command as it was given, ``python -m bemore`` included.
        sys.argv = sys.orig_argv[1:]
        super().run()


def load():
    """The settings of the environment and the application for them, for ``wsgi.py``."""
    return create_app(Settings.from_env())
