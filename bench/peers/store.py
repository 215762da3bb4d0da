"""The peers' one way to a database: a connection a thread, one durable transaction a request, one upsert."""

import os
import sqlite3
import threading

from bench.peers import tables

_local = threading.local()


class Sqlite:
    """``executemany`` of one upsert in WAL mode with ``synchronous=FULL``."""

    def __init__(self, url):
        self._path = url.removeprefix("sqlite:///")
        self._minutes, self._frames = tables.minute_upsert(_values), tables.frame_upsert(_values)

    def minutes(self, rows):
        self._store(self._minutes, rows)

    def frames(self, rows):
        self._store(self._frames, rows)

    def _store(self, statement, rows):
        connection = getattr(_local, "connection", None) or self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(statement, rows)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _connect(self):
        connection = _local.connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        for pragma in ("journal_mode = wal", "synchronous = FULL", "cache_size = -16384", "temp_store = memory"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection


class Postgres:
    """One statement and one round trip of psycopg 3: columns go over as arrays."""

    def __init__(self, url):
        self._url = url
        self._minutes, self._frames = tables.minute_upsert(_arrays), tables.frame_upsert(_arrays)

    def minutes(self, rows):
        self._store(self._minutes, rows)

    def frames(self, rows):
        self._store(self._frames, rows)

    def _store(self, statement, rows):
        connection = getattr(_local, "connection", None) or self._connect()
        connection.execute(statement, [list(column) for column in zip(*rows)])

    def _connect(self):
        import psycopg

        connection = _local.connection = psycopg.connect(self._url, autocommit=True)
        return connection


def _values(columns, constants):
    return f"VALUES ({', '.join(('?',) * len(columns) + tuple(constants))})"


_ARRAYS = {"minute_index": "int", "timestamp_ms": "bigint", "duration_ms": "bigint", "ts_ms": "bigint"}
_TEXTS = ("session_id", "keywords", "sentiment", "compressed")


def _arrays(columns, constants):
    types = (_ARRAYS.get(each, "text" if each in _TEXTS else "float8") for each in columns)
    given = ", ".join(f"%s::{each}[]" for each in types)
    return f"SELECT {', '.join(('given.*', *constants))} FROM unnest({given}) AS given"


def store():
    """The store that DATABASE_URL names."""
    url = os.environ["DATABASE_URL"]
    return Sqlite(url) if url.startswith("sqlite:") else Postgres(url)
