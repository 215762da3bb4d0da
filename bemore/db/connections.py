"""Connections and transactions on SQLite and PostgreSQL.

A worker thread keeps its connection for as long as it lives. Whatever the driver says about a database that is away,
full, read-only, damaged or busy comes out as DatabaseUnavailable; everything else is a bug and passes through.
"""

import logging
import sqlite3
from contextlib import contextmanager

import peewee

from bemore.errors import DatabaseUnavailable
from bemore.db.proxy import database
from bemore.db.gate import Gate
from bemore.db.sqlite import Sqlite

#: How long a writer waits for the other writers before DatabaseUnavailable, in seconds.
BUSY_SECONDS = 5

_log = logging.getLogger("bemore.database")


def connect(settings, create=True):
    """Bind the models to ``settings.database_url``. No connection is made before the first statement.

    With ``create`` that statement makes an SQLite file that is missing.
    """
    close()
    url = settings.database_url
    if url.startswith("sqlite:///"):
        path = url[len("sqlite:///") :]
        gate = Gate(f"{path}-gate" if settings.web_concurrency > 1 else None)
        bound = Sqlite(path, settings.sqlite_synchronous, BUSY_SECONDS, gate, create)
    else:
        # Imported where there is one: the driver is not needed on SQLite, nor installed.
        from bemore.db.postgres import Postgres

        bound = Postgres(url, BUSY_SECONDS)
    database.initialize(bound)


def close():
    """Close this thread's connection, if it has one."""
    if database.obj is not None and not database.is_closed():
        database.close()


def execute(sql, params=()):
    """Run one statement and give its cursor. ``?`` marks the parameters on both databases."""
    if database.obj.dialect == "postgres":
        sql = _for_postgres(sql)
    return database.execute_sql(sql, params)


_translated = {}


def _for_postgres(sql):
    text = _translated.get(sql)
    if text is None:
        text = _translated[sql] = sql.replace("%", "%%").replace("?", "%s")
    return text


@contextmanager
def transaction(begin):
    """One transaction that ``begin`` begins (None: that has begun); committed when the block is left, undone when it raises."""
    with translated_errors(ready=True):
        if begin is not None:
            database.execute_sql(begin)
        try:
            yield
        except BaseException:
            _rollback()
            raise
        database.execute_sql("COMMIT")
        database.obj.committed()


@contextmanager
def turn():
    """Have the writer's turn for as long as the block lasts. Raises DatabaseUnavailable if it does not come in time."""
    bound = database.obj
    with translated_errors():
        bound.enter()
    try:
        yield
    finally:
        bound.leave()


@contextmanager
def _write_transaction():
    with turn(), transaction(database.obj.begin_write):
        yield


@contextmanager
def translated_errors(ready=False):
    """Raise DatabaseUnavailable for what a driver says of a database that is away; with ``ready``, connect first."""
    try:
        if ready:
            database.obj.ready()
        yield
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        raise _unavailable(error) from error
    except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
        if database.obj.is_damage(error):
            raise _unavailable(error) from error
        raise


def _rollback():
    try:
        database.execute_sql("ROLLBACK")
    except Exception:  # the connection is gone, and with it the transaction
        close_quietly()


def close_quietly():
    """Forget this thread's connection, whatever state it is in."""
    try:
        close()
    except Exception as error:
        _log.warning("closing a broken connection failed", extra={"error": type(error).__name__})


def _unavailable(error):
    _log.error("database unavailable", extra={"error": f"{type(error).__name__}: {_first_line(error)}"})
    close_quietly()
    return DatabaseUnavailable()


def _first_line(error):
    # The first line says what is wrong; later ones may quote rows or parameters.
    return (str(error).splitlines() or [""])[0][:200]


def write():
    """``with write():`` one transaction that changes something; committed, and durable, when the block is left."""
    return _write_transaction()


def read():
    """``with read():`` one transaction that sees a single state of the database throughout."""
    return transaction(database.obj.begin_read)


def ping():
    """Raise DatabaseUnavailable unless the database answers and its tables are there."""
    with read():
        execute("SELECT 1 FROM session LIMIT 1").fetchone()
