"""What the commands share: settings, the database, durations and times, who runs them."""

import logging
import logging.config
import os
import pwd
import re
import time
from contextlib import contextmanager
from datetime import datetime, timezone

import click

from bemore import clock
from bemore.db import connections
from bemore.db.version import check_newest
from bemore.errors import BeMoreError, DatabaseUnavailable, SessionNotFound
from bemore.observability import logs
from bemore.settings import DOTENV, Settings, SettingsError, drop_empty_variables, misspelt_variables

#: How long a command waits for the service's writes on SQLite.
PATIENCE_S = 60

#: How long a command tries to reach the database.
CONNECT_S = 3

_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def load_settings():
    """Read the settings and configure logging. Raises ClickException with the sentence that names a wrong setting."""
    drop_empty_variables()
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    logging.config.dictConfig(logs.config(settings))
    for name, similar in misspelt_variables(os.environ, DOTENV).items():
        logging.getLogger("bemore.settings").warning("unknown setting", extra={"setting": name, "did_you_mean": similar})
    return settings


def load_server_settings():
    """As load_settings, for a command that changes the settings of its PostgreSQL session, which PgBouncer would give to others."""
    settings = load_settings()
    if settings.database_pgbouncer:
        raise click.ClickException("Not through PgBouncer: set DATABASE_URL to PostgreSQL's own address and DATABASE_PGBOUNCER=false.")
    return settings


@contextmanager
def errors_as_sentences():
    """Print errors that are no bugs as one sentence instead of a traceback."""
    try:
        yield
    except SessionNotFound as error:
        raise click.ClickException(f"There is no session {error.session_id}.") from None
    except DatabaseUnavailable:
        raise click.ClickException("The database cannot be reached or read; the log above says why.") from None
    except BeMoreError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'file'}: {error.strerror or error}") from None


@contextmanager
def database(settings):
    """Connect to the database of ``settings``, which must exist and be up to date."""
    with errors_as_sentences():
        # Connecting would make an empty one.
        path = settings.database_url.removeprefix("sqlite:///")
        if settings.uses_sqlite and not os.path.exists(path):
            raise click.ClickException(f"There is no database {path} (set DATABASE_URL).")
        connections.connect(settings)
        try:
            if connections.database.obj.dialect == "sqlite":
                connections.database.obj.timeout = PATIENCE_S
                _retry_while_away(connections.ping)
            _retry_while_away(check_newest)
            yield
        finally:
            connections.close()


def _retry_while_away(work):
    """Run ``work``, and retry it while the database is away: a command at night should be more patient than a request."""
    deadline = time.monotonic() + CONNECT_S
    while True:
        try:
            return work()
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


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
            self.fail(f"{value!r} is not a duration such as 30m, 12h or 90d.", param, ctx)
        return int(match[1]) * _MS[match[2]]


class Since(click.ParamType):
    """A duration before now, or an ISO 8601 time (UTC by default), as epoch ms."""

    name = "duration or time"

    def convert(self, value, param, ctx):
        if re.fullmatch("[0-9]+[mhd]", value):
            return clock.now_ms() - Duration().convert(value, param, ctx)
        try:
            at = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", value))
        except ValueError:
            self.fail(
                f"{value!r} is neither a duration such as 7d nor a time such as 2026-05-01 or 2026-05-01T08:00:00Z.", param, ctx
            )
        return round((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp() * 1000)


def plural(count, noun, nouns=None):
    """``1 session``, ``12,345 sessions``; ``nouns`` is the plural of a noun that takes more than an s."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
