"""``bemore serve`` whose worker dies, once per file of the directory given, where a request asks it to.

``X-Die: before commit`` kills it when the next COMMIT is due, ``X-Die: after commit`` when the answer is ready and not one byte of it
is sent. The file named by the rest of the header is there until that has happened: a repetition with the same header goes through.
"""

import os
import signal
import sys
from pathlib import Path

import peewee

from bemore.cli import main as cli
from bemore.server import config

#: Of the one request that is under way. SQLite's commits are made in another thread.
_asked = {"die": ""}


def _die(where):
    requested = _asked["die"]
    if requested.startswith(where):
        marker = Path(sys.argv[-1]) / requested.removeprefix(where).strip()
        if marker.exists():
            marker.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


class _Dying:
    """The application, and what it does when asked to die."""

    def __init__(self, application):
        self._application = application

    def __call__(self, environ, start_response):
        _asked["die"] = environ.get("HTTP_X_DIE", "")
        answer = self._application(environ, start_response)
        _die("after commit")
        return answer


class _DyingServer(config.Server):
    def load(self):
        return _Dying(super().load())


def _execute_sql(self, sql, *args, **kwargs):
    if sql == "COMMIT":
        _die("before commit")
    return _execute(self, sql, *args, **kwargs)


_execute = peewee.Database.execute_sql
peewee.Database.execute_sql = _execute_sql
config.Server = _DyingServer

if __name__ == "__main__":
    cli.main(["serve"])
