"""What the commands share: settings, a database to work with, durations and times, who runs them."""

import logging.config
import os
import pwd
import re
import time
from contextlib import contextmanager
from datetime import datetime, timezone

import click

from bemore.observability import logs
from bemore.errors import BeMoreError, DatabaseUnavailable
from bemore.settings import Settings, SettingsError, drop_empty_variables

#: How long a command waits for the service's writers on SQLite, where it has no turn in their queue.
PATIENCE_S = 60

#: How long a command tries to reach the database.
CONNECT_S = 3

_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def load_settings():
    """The settings, with the logging they ask for. Raises ClickException with the sentence that names a wrong one."""
    drop_empty_variables()
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    logging.config.dictConfig(logs.config(settings))
    return settings


@contextmanager
def told_errors():
    """Turn what may go wrong without a mistake in the program into one sentence."""
    try:
        yield
    except DatabaseUnavailable:
        raise click.ClickException("the database cannot be reached or read; the log says why") from None
    except BeMoreError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'file'}: {error.strerror or error}") from None


@contextmanager
def database(settings):
    """Work with the database of ``settings``, which is there and at the newest version."""
    from bemore.db import connections
    from bemore.db.version import check_newest

    with told_errors():
        _check_file(settings)
        connections.connect(settings)
        try:
            if connections.database.obj.dialect == "sqlite":
                connections.database.obj.timeout = PATIENCE_S
                _patiently(connections.ping)
            _patiently(check_newest)
            yield
        finally:
            connections.close()


def _patiently(work):
    """Do ``work``, and again while the database is away: a request gives up sooner than a command in the night should."""
    deadline = time.monotonic() + CONNECT_S
    while True:
        try:
            return work()
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def _check_file(settings):
    # Connecting would make an empty one.
    path = settings.database_url.removeprefix("sqlite:///")
    if path != settings.database_url and not os.path.exists(path):
        raise click.ClickException(f"there is no database {path} (DATABASE_URL says where it is)")


def actor():
    """Who runs the command, for the audit log: ``cli:`` and the name of the system account."""
    number = os.getuid()
    try:
        return f"cli:{pwd.getpwuid(number).pw_name}"
    except KeyError:  # a container may run as a number that has no name
        return f"cli:{number}"


class Duration(click.ParamType):
    """``30m``, ``12h`` or ``90d``, as milliseconds."""

    name = "duration"

    def convert(self, value, param, ctx):
        match = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", str(value))
        if not match or int(match[1]) * _MS[match[2]] > 36_500 * _MS["d"]:
            self.fail(f"{value!r} is no duration: write 30m, 12h or 90d.", param, ctx)
        return int(match[1]) * _MS[match[2]]


class Since(click.ParamType):
    """A duration before now or a time in ISO 8601 (UTC unless it says otherwise), as a function of now in epoch milliseconds."""

    name = "duration or time"

    def convert(self, value, param, ctx):
        if re.fullmatch("[0-9]+[mhd]", value):
            span = Duration().convert(value, param, ctx)
            return lambda now_ms: now_ms - span
        try:
            at = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
        except ValueError:
            self.fail(
                f"{value!r} is neither a duration such as 7d nor a time such as 2026-05-01 or 2026-05-01T08:00:00Z.", param, ctx
            )
        at_ms = round((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp() * 1000)
        return lambda now_ms: at_ms


def time_text(ms):
    """A time as the commands print it: ISO 8601, UTC."""
    from bemore.reports.wording import iso

    return iso(ms)


def plural(count, noun):
    """``1 session``, ``12,345 sessions``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
