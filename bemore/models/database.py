"""Connections and transactions on SQLite and PostgreSQL.

A worker thread keeps its connection for as long as it lives. Whatever the driver says about a database that is away,
full, read-only, damaged or busy comes out as DatabaseUnavailable; everything else is a bug and passes through.
"""

import logging
import select
import sqlite3
import time
from contextlib import contextmanager

import peewee

from bemore.errors import DatabaseUnavailable
from bemore.extensions import database
from bemore.models.gate import Gate

#: How long a writer waits for the other writers before DatabaseUnavailable, in seconds.
BUSY_SECONDS = 5

_log = logging.getLogger("bemore.database")


class _Sqlite(peewee.SqliteDatabase):
    """SQLite: WAL, so that readers and the one writer do not wait for each other."""

    dialect = "sqlite"
    begin_write = "BEGIN IMMEDIATE"
    begin_read = "BEGIN"

    def _connect(self):
        # Only the first connection of all turns the file to WAL. While one of several processes that start at once does so,
        # SQLite refuses the others without waiting as it does for everything else.
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return super()._connect()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def lost(self):
        return False

    def enter(self):
        """Wait for the writer's turn."""
        if not self.gate.enter(BUSY_SECONDS):
            raise writers_took_too_long()

    def leave(self):
        self.gate.leave()


class _Postgres(peewee.PostgresqlDatabase):
    """PostgreSQL through psycopg 3."""

    dialect = "postgres"
    begin_write = "BEGIN"
    begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def enter(self):
        """Writers of different sessions do not wait for each other."""

    def leave(self):
        pass

    def lost(self):
        """Whether the server has closed this thread's idle connection (it then has something to read: the end)."""
        connection = self.connection()
        if connection.closed:
            return True
        readable, _, _ = select.select([connection.fileno()], [], [], 0)
        return bool(readable)


def connect(settings):
    """Bind the models to ``settings.database_url``. No connection is made before the first statement."""
    close()
    url = settings.database_url
    if url.startswith("sqlite:///"):
        bound = _Sqlite(
            url[len("sqlite:///") :],
            pragmas={
                "journal_mode": "wal",
                "synchronous": settings.sqlite_synchronous,
                "foreign_keys": 1,
                # Per connection, of which each thread has one; the system's cache holds the rest of the file.
                "cache_size": -2 * 1024,
                "temp_store": "memory",
            },
            timeout=BUSY_SECONDS,
        )
        bound.gate = Gate(f"{bound.database}-gate" if settings.web_concurrency > 1 else None)
    else:
        bound = _Postgres(
            url,
            connect_timeout=2,
            options=f"-c statement_timeout={BUSY_SECONDS * 1000} -c lock_timeout={BUSY_SECONDS * 1000} -c timezone=UTC",
            application_name="bemore",
        )
    database.initialize(bound)


def close():
    """Close this thread's connection, if it has one."""
    if database.obj is not None and not database.is_closed():
        database.close()


def _ready():
    """An open connection for this thread: the one it has, or a new one where the server closed it."""
    if database.is_closed():
        database.connect()
    elif database.obj.lost():
        _log.warning("database connection lost; connecting again")
        close()
        database.connect()


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
    """One transaction that ``begin`` begins; committed when the block is left, undone when it raises."""
    with translated_errors(ready=True):
        database.execute_sql(begin)
        try:
            yield
        except BaseException:
            _rollback()
            raise
        database.execute_sql("COMMIT")


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


def writers_took_too_long():
    """What SQLite would say of a database whose writers give nobody a turn."""
    return peewee.OperationalError("database is locked: other writers took too long")


@contextmanager
def translated_errors(ready=False):
    """Raise DatabaseUnavailable for what a driver says of a database that is away; with ``ready``, connect first."""
    try:
        if ready:
            _ready()
        yield
    except (peewee.OperationalError, peewee.InterfaceError) as error:
        raise _unavailable(error) from error
    except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
        if _damaged(error):
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


def _damaged(error):
    # SQLITE_CORRUPT and SQLITE_NOTADB come as plain DatabaseError, other mistakes of a statement as its subclasses.
    return type(error) in (peewee.DatabaseError, sqlite3.DatabaseError) or isinstance(
        error, (sqlite3.OperationalError, sqlite3.InterfaceError)
    )


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
