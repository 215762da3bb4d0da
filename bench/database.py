"""Direct access to a database, past the service: to fill it, to count rows, to measure its size."""

import sqlite3
import time

import psycopg

from bemore.db import connections
from bemore.db.migrate import migrate
from bemore.models.keys import session_key
from bemore.settings import Settings
from bench.payloads import session_id

#: Bytes that SQLite's write-ahead log and file are stretched to beforehand, a little over its checkpoint's 1,000 pages.
_STRETCH = 6 << 20


class Direct:
    """One connection to ``url`` that commits every statement; a context manager. ``?`` marks parameters on both databases."""

    def __init__(self, url):
        self.url = url
        self.dialect = "sqlite" if url.startswith("sqlite:") else "postgres"
        if self.dialect == "sqlite":
            self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = wal").fetchall()
        else:
            self._connection = psycopg.connect(url, autocommit=True)

    def run(self, statement, *parameters):
        """Run one statement; its rows, if it gives any."""
        cursor = self._connection.execute(self._mark(statement), parameters)
        return cursor.fetchall() if cursor.description else []

    def script(self, statements):
        """Run several statements, separated by semicolons."""
        for statement in statements.split(";"):
            if statement.strip():
                self.run(statement)

    def many(self, statement, rows):
        """Run one statement for every row, in one transaction."""
        self.run("BEGIN")
        self._connection.cursor().executemany(self._mark(statement), rows)
        self.run("COMMIT")

    def _mark(self, statement):
        return statement if self.dialect == "sqlite" else statement.replace("%", "%%").replace("?", "%s")

    def count(self, table):
        """How many rows a table has."""
        return self.run(f"SELECT count(*) FROM {table}")[0][0]

    def size(self):
        """Bytes of the database without its log and without pages that are free."""
        if self.dialect == "postgres":
            self.run("CHECKPOINT")
            return self.run("SELECT pg_database_size(current_database())")[0][0]
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free, size = (self.run(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * size

    def stretch(self):
        """Bring a new SQLite file to where a long-running one is: appending to a file costs many times an overwrite.

        The log is kept at its size for as long as this connection is open.
        """
        if self.dialect == "sqlite":
            self.run("CREATE TABLE stretch (bytes BLOB)")
            self.run("INSERT INTO stretch VALUES (zeroblob(?))", _STRETCH)
            self.run("DROP TABLE stretch")
            self.run("PRAGMA wal_checkpoint(PASSIVE)")

    def relax(self):
        """Commit without waiting for the disk: only this connection does, for filling."""
        self.run("PRAGMA synchronous = OFF" if self.dialect == "sqlite" else "SET synchronous_commit = off")

    def settle(self):
        """Bring what was filled in to its place on the disk, so that nothing of it is left to do while others measure."""
        for statement in ("PRAGMA wal_checkpoint(PASSIVE)",) if self.dialect == "sqlite" else ("VACUUM ANALYZE", "CHECKPOINT"):
            self.run(statement)

    def close(self):
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()


def migrate_here(url):
    """Make this checkout's tables."""
    migrate(Settings.from_env({"DATABASE_URL": url}))
    connections.close()


def add_sessions(direct, count):
    """Add ``count`` active sessions with the ids that payloads.session_id gives."""
    now = int(time.time() * 1000)
    ids = enumerate(map(session_id, range(count)))
    rows = [(session_key(name), name, f"user-{each}", f"counselor-{each % 50}", "active", now) for each, name in ids]
    direct.many("INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms) VALUES (?, ?, ?, ?, ?, ?)", rows)


def count_sessions(direct):
    """Bring BeMore's table of totals (``tally``) up to date, as if the service had started all sessions."""
    direct.run("DELETE FROM tally")
    for scope in ("'all'", "'user:' || user_id", "'counselor:' || counselor_id"):
        direct.run(
            f"INSERT INTO tally (scope, status, sessions, duration_ms) SELECT {scope}, status, count(*),"
            " sum(coalesce(ended_ms - started_ms, 0)) FROM session GROUP BY 1, 2"
        )
