"""The floor's one way to a database: one upsert a request, durable before the answer."""

import os
import queue
import sqlite3
import threading
from concurrent.futures import Future

from bench.peers import floor_tables as tables


class Sqlite:
    """WAL mode, ``synchronous=FULL``, and one writer thread that commits together what waits together (group commit)."""

    #: Most requests in one transaction.
    MAX_GROUP = 64

    def __init__(self, url):
        self._path = url.removeprefix("sqlite:///")
        self._minutes, self._frames = tables.minute_upsert(_values), tables.frame_upsert(_values)
        self._waiting = queue.SimpleQueue()
        threading.Thread(target=self._write, name="writer", daemon=True).start()

    def minutes(self, rows):
        self._store(self._minutes, rows)

    def frames(self, rows):
        self._store(self._frames, rows)

    def _store(self, statement, rows):
        done = Future()
        self._waiting.put((statement, rows, done))
        done.result()

    def _write(self):
        connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        for pragma in ("journal_mode = wal", "synchronous = FULL", "cache_size = -16384", "temp_store = memory"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        while True:
            group = [self._waiting.get()]
            while len(group) < self.MAX_GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            try:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    for statement, rows, _ in group:
                        connection.executemany(statement, rows)
            except sqlite3.Error as error:
                for _, _, done in group:
                    done.set_exception(error)
            else:
                for _, _, done in group:
                    done.set_result(None)


class Postgres:
    """A connection a thread, and one statement, hence one round trip of psycopg 3; columns travel as arrays.

    With ``checks`` it stores only rows of a session that is there.
    """

    def __init__(self, url, checks):
        self._url, self._local, self._checks = url, threading.local(), checks
        self._minutes, self._frames = (make(_checked_arrays if checks else _arrays) for make in (tables.minute_upsert, tables.frame_upsert))

    def minutes(self, rows):
        self._store(self._minutes, rows)

    def frames(self, rows):
        self._store(self._frames, rows)

    def _store(self, statement, rows):
        connection = getattr(self._local, "connection", None) or self._connect()
        values = [list(column) for column in zip(*rows)]
        stored = connection.execute(statement, [*values, rows[0][0]] if self._checks else values).rowcount
        if not stored:
            raise LookupError("no such session")

    def _connect(self):
        import psycopg

        connection = self._local.connection = psycopg.connect(self._url, autocommit=True)
        return connection


def _values(columns, constants):
    return f"VALUES ({', '.join(('?',) * len(columns) + tuple(constants))})"


_ARRAYS = {"minute_index": "int", "timestamp_ms": "bigint", "duration_ms": "bigint", "ts_ms": "bigint"}
_TEXTS = ("session_id", "keywords", "sentiment", "compressed")


def _arrays(columns, constants):
    types = (_ARRAYS.get(each, "text" if each in _TEXTS else "float8") for each in columns)
    parameters = ", ".join(f"%s::{each}[]" for each in types)
    return f"SELECT {', '.join(('rows.*', *constants))} FROM unnest({parameters}) AS rows"


def _checked_arrays(columns, constants):
    return f"{_arrays(columns, constants)} WHERE EXISTS (SELECT FROM session WHERE id = %s)"


def store():
    """The store that DATABASE_URL names; with REDIS_URL it checks sessions."""
    url = os.environ["DATABASE_URL"]
    return Sqlite(url) if url.startswith("sqlite:") else Postgres(url, "REDIS_URL" in os.environ)
