"""Connections and transactions, in one way for SQLite and PostgreSQL.

A driver's error about a database that is away, full, read-only, damaged or busy beyond its timeout becomes DatabaseUnavailable;
every other error is a bug and passes through.
"""

import logging
import sqlite3
from contextlib import contextmanager

import peewee

from bemore.db.proxy import database
from bemore.db.sqlite import Sqlite
from bemore.db.write_queue import WriteQueue
from bemore.errors import DatabaseUnavailable

#: How long a write waits for other writers before DatabaseUnavailable, in seconds.
BUSY_SECONDS = 5

_log = logging.getLogger("bemore.database")


def connect(settings, create=True):
    """Bind the models to ``settings.database_url``. The first statement opens the first connection.

    With ``create`` it also creates a missing SQLite file.
    """
    close()
    if settings.uses_sqlite:
        bound = Sqlite(settings.database_url.removeprefix("sqlite:///"), settings.sqlite_synchronous, BUSY_SECONDS, create)
        bound.queue = WriteQueue(write_transaction, execute, bound.close, BUSY_SECONDS)
    else:
        # Imported here: SQLite needs no driver of PostgreSQL.
        from bemore.db.postgres import Postgres

        bound = Postgres(settings.database_url, settings.database_pool_size, BUSY_SECONDS, settings.database_pgbouncer)
    database.initialize(bound)


def close():
    """Finish the writes that wait, and close every connection that this thread can close."""
    if database.obj is not None:
        database.close()
        database.obj.stop()


def execute(sql, params=()):
    """Run one statement and return its cursor. ``?`` marks the parameters on both databases."""
    return database.execute_sql(database.obj.translate(sql), params)


def write(work):
    """Run ``work()``, which may only use the models, in a write transaction; return its result once it is durable.

    On SQLite the write queue runs it, so that it shares its commit with other writes; on PostgreSQL it has a transaction of its own.
    Raises what ``work`` raises (then nothing of it is stored), and DatabaseUnavailable.
    """
    with errors_translated():
        if database.obj.queue is not None:
            return database.obj.queue.run(work)
        with write_transaction():
            return work()


def write_statement(work):
    """As ``write``, for work that is a single statement, which may run twice: on PostgreSQL it goes without BEGIN and COMMIT."""
    with errors_translated():
        if database.obj.queue is not None:
            return database.obj.queue.run(work)
        return database.obj.run_statement(work)


def write_transaction():
    """``with write_transaction():`` a write transaction of the calling thread; durable when the block is left, undone when it raises."""
    return _transaction(database.obj.begin_write)


def read():
    """``with read():`` a transaction that sees a single state of the database throughout."""
    return _transaction(database.obj.begin_read)


@contextmanager
def _transaction(begin):
    with errors_translated(), database.obj.connection_for_transaction(begin):
        try:
            yield
        except BaseException:
            _rollback()
            raise
        database.execute_sql("COMMIT")
        database.obj.check_committed()


def _rollback():
    try:
        database.execute_sql("ROLLBACK")
    except Exception:  # the connection is gone, and the transaction with it
        close_quietly()


@contextmanager
def errors_translated():
    """Raise DatabaseUnavailable for a driver's errors about a database that cannot be used at the moment."""
    try:
        yield
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        raise _unavailable(error) from error
    except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
        if database.obj.is_damage(error):
            raise _unavailable(error) from error
        raise


def close_quietly():
    """Forget this thread's connection, whatever state it is in."""
    try:
        database.obj.manual_close()
    except Exception as error:
        _log.warning("closing a broken connection failed", extra={"error": type(error).__name__})


def _unavailable(error):
    # The first line says what is wrong; later ones may quote rows or parameters.
    first_line = str(error).partition("\n")[0][:200]
    _log.error("database unavailable", extra={"error": f"{type(error).__name__}: {first_line}"})
    close_quietly()
    return DatabaseUnavailable()


def ping():
    """Raise DatabaseUnavailable unless the database responds and has its tables."""
    with read():
        execute("SELECT 1 FROM session LIMIT 1").fetchone()
