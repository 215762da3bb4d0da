"""Connections and transactions, for endpoints that run in FastAPI's thread pool.

Coroutines on SQLAlchemy's asynchronous engine took a third more CPU time on PostgreSQL.
"""

import contextlib
import threading

from sqlalchemy import create_engine, event

#: Connections of a process.
CONNECTIONS = 8


class Database:
    """The database at ``url``; ``with transaction() as connection:`` commits durably at the end of the block."""

    def __init__(self, url):
        if url.startswith("sqlite:"):
            self._engine = create_engine(url, pool_size=CONNECTIONS, max_overflow=0)
            event.listen(self._engine, "connect", _configure_sqlite)
            event.listen(self._engine, "begin", _begin_immediate)
            # SQLite lets a second writer sleep and try again; a lock lets it go on at once.
            self._writers = threading.Lock()
        else:
            self._engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), pool_size=CONNECTIONS, max_overflow=0)
            self._writers = contextlib.nullcontext()

    @contextlib.contextmanager
    def transaction(self):
        with self._writers, self._engine.begin() as connection:
            yield connection


def _configure_sqlite(connection, _):
    connection.isolation_level = None  # the driver begins no transactions of its own
    for pragma in ("journal_mode = wal", "synchronous = FULL", "foreign_keys = on", "temp_store = memory"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection):
    connection.exec_driver_sql("BEGIN IMMEDIATE")
