"""Connections and transactions, in one way for SQLite and PostgreSQL.

A driver's error about a database that is away, full, read-only, damaged or busy beyond its timeout becomes DatabaseUnavailable;
every other error is a bug and passes through.
"""

import logging
import sqlite3
import threading
from contextlib import contextmanager

import peewee

from bemore.db.proxy import database
from bemore.db.sqlite import Sqlite
from bemore.db.write_queue import WriteQueue
from bemore.errors import DatabaseUnavailable, ReplicaUnavailable

#: How long a write waits for other writers before DatabaseUnavailable, in seconds.
BUSY_SECONDS = 5

_log = logging.getLogger("bemore.database")

#: The Replica if there is one. Per thread: ``bound``, the database of the transaction if that is the replica, and ``chosen``, inside of
#: ``replica_allowed``: whether the replica is read, None before the first read.
_replica, _local = None, threading.local()


def connect(settings, create=True):
    """Bind the models to ``settings.database_url``. The first statement opens the first connection.

    With ``create`` it also creates a missing SQLite file.
    """
    global _replica
    close()
    _replica = None
    if settings.uses_sqlite:
        bound = Sqlite(settings.database_url.removeprefix("sqlite:///"), settings.sqlite_synchronous, BUSY_SECONDS, create)
        bound.queue = WriteQueue(write_transaction, execute, bound.close, BUSY_SECONDS)
    else:
        # Imported here: SQLite needs no driver of PostgreSQL.
        from bemore.db.postgres import Postgres

        bound = Postgres(settings.database_url, settings.database_pool_size, BUSY_SECONDS, settings.database_pgbouncer)
        bound.names_requests = settings.database_request_ids
        if settings.database_replica_url:
            from bemore.db.replica import Replica

            _replica = Replica(settings.database_replica_url, settings.database_pool_size, BUSY_SECONDS)
    bound.receivers = tuple(settings.webhook_receivers)
    database.initialize(bound)


def close():
    """Finish the writes that wait, and close every connection that this thread can close."""
    if database.obj is not None:
        database.close()
        database.obj.stop()
        if _replica is not None:
            _replica.close()
            _replica.stop()


def execute(sql, params=()):
    """Run one statement and return its cursor. ``?`` marks the parameters on both databases."""
    bound = _bound()
    return bound.execute_sql(bound.translate(sql), params)


def _bound():
    return getattr(_local, "bound", database.obj)


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
        if not database.obj.names_requests:
            return database.obj.run_statement(work)
    return write(work)


def write_transaction():
    """``with write_transaction():`` a write transaction of the calling thread; durable when the block is left, undone when it raises."""
    return _transaction(database.obj.begin_write)


def read():
    """``with read():`` a transaction that sees a single state of the database throughout."""
    return _transaction(database.obj.begin_read) if not _is_replica_chosen() else _read_replica()


def read_statement(work):
    """The result of ``work()``, which is a single statement that only reads: on PostgreSQL it goes without BEGIN and COMMIT."""
    if database.obj.queue is None and not database.obj.names_requests and not _is_replica_chosen():
        with errors_translated():
            return database.obj.run_statement(work)
    with read():
        return work()


@contextmanager
def replica_allowed():
    """Inside, ``read`` reads from the replica, if there is one that shows all that the primary had confirmed at the first ``read``.

    Raises ReplicaUnavailable if it fails after that.
    """
    _local.chosen = None
    try:
        yield
    finally:
        del _local.chosen


def source():
    """Inside of ``replica_allowed``: whether reads came from the ``replica`` or the ``primary``; None if there is no choice or no read."""
    return None if _replica is None or _local.chosen is None else "replica" if _local.chosen else "primary"


def _is_replica_chosen():
    if _replica is None or not hasattr(_local, "chosen"):
        return False
    if _local.chosen is None:
        with errors_translated():
            # What was confirmed is flushed; what is not yet is nobody's last write.
            (lsn,) = database.obj.run_statement(lambda: execute("SELECT pg_current_wal_flush_lsn()::text").fetchone())
        _local.chosen = _replica.has(lsn)
    return _local.chosen


@contextmanager
def _read_replica():
    _local.bound = _replica
    try:
        with _transaction(_replica.begin_read):
            yield
    except DatabaseUnavailable as error:
        raise ReplicaUnavailable from error
    finally:
        del _local.bound


@contextmanager
def _transaction(begin):
    bound = _bound()
    with errors_translated(), bound.connection_for_transaction(begin):
        try:
            yield
        except BaseException:
            _rollback()
            raise
        bound.execute_sql("COMMIT")
        bound.check_committed()


def _rollback():
    try:
        _bound().execute_sql("ROLLBACK")
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
        if _bound().is_damage(error):
            raise _unavailable(error) from error
        raise


def close_quietly():
    """Forget this thread's connection, whatever state it is in."""
    try:
        _bound().manual_close()
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
