"""Stores rows of one session (telemetry, minute scores) together with the session's revision and total.

On SQLite three statements inside a write of the queue: the session's row, the rows, the total. On PostgreSQL one statement, hence one round
trip and a transaction of its own.
"""

from bemore.clock import EPOCH_FROM_MS
from bemore.db.bulk import BulkUpsert, as_json
from bemore.db.connections import execute, write_statement
from bemore.db.proxy import database
from bemore.models import session


class SessionData:
    """Upserts rows of ``model`` for a session.

    The first ``times`` columns are times of clients, which are stored relative to the session's start. ``counter`` names the session's
    column that counts the rows; ``constants`` are as in BulkUpsert.
    """

    def __init__(self, model, times=0, counter=None, constants=None):
        self._upsert = BulkUpsert(model, constants)
        self.columns = self._upsert.columns
        self._times, self._counter = times, counter
        self._count = counter and f"UPDATE session SET {counter} = {counter} + ? WHERE id = ?"
        self._postgres = self._postgres_statement()
        self._of_locked = self._postgres_statement_of_locked()

    def store(self, scope, rows):
        """Store a list of rows, durably; return the session's total where it is counted. The last of rows with one key wins.

        A row is a tuple in the order of ``columns``. Raises SessionNotFound, DatabaseUnavailable.
        """
        if database.obj.dialect == "postgres":
            return write_statement(lambda: session.one(self._postgres, scope, as_json(rows))[0])
        return write_statement(lambda: self._store_sqlite(session.touch(scope), rows))

    def store_of(self, row, rows):
        """Store rows of a session whose row the caller's transaction has touched."""
        if database.obj.dialect == "postgres":
            execute(self._of_locked, (row.key, row.started_ms, as_json(rows)))
        else:
            self._store_sqlite(row, rows)

    def _store_sqlite(self, session_row, rows):
        rows = self._relative(rows, session_row.started_ms)
        if self._counter is None:
            self._upsert.insert_sqlite(session_row.key, rows, replace=True)
            return None
        # How many are new is known by inserting those alone; a batch that was sent before goes over the rows once more.
        new = self._upsert.insert_sqlite(session_row.key, rows, replace=False)
        if new < len(rows):
            self._upsert.insert_sqlite(session_row.key, rows, replace=True)
        if new:
            execute(self._count, (new, session_row.key))
        return getattr(session_row, self._counter) + new

    def _relative(self, rows, started_ms):
        times = self._times
        # The first time decides for both: the schema lets no row mix the two kinds.
        if not times or all(row[0] < EPOCH_FROM_MS for row in rows):
            return rows
        return [
            (*(each - started_ms for each in row[:times]), *row[times:]) if row[0] >= EPOCH_FROM_MS else row
            for row in rows
        ]  # fmt: skip

    _OFFSET = f"CASE WHEN {{value}} >= {EPOCH_FROM_MS} THEN parent.started_ms ELSE 0 END"

    def _postgres_statement(self):
        parts = self._upsert.postgres_parts("target", self._times, self._OFFSET)
        change, condition = "UPDATE session SET revision = revision + 1", f"WHERE {session.NAMED} AND erasing = 0"
        if self._counter is None:
            return f"WITH target AS ({change} {condition} RETURNING id, started_ms), {parts} SELECT id FROM target"
        # The total is known at the end only, and no statement changes a row twice.
        locked = f"SELECT id, started_ms FROM session {condition} FOR NO KEY UPDATE"
        # xmax is 0 in a row version that no transaction has replaced or locked: it was inserted, not updated.
        total = f"{self._counter} = {self._counter} + (SELECT count(*) FILTER (WHERE is_new) FROM stored)"
        return f"WITH target AS ({locked}), {parts} {change}, {total} FROM target WHERE session.id = target.id RETURNING {self._counter}"

    def _postgres_statement_of_locked(self):
        parts = self._upsert.postgres_parts("target", self._times, self._OFFSET)
        return f"WITH target AS (SELECT CAST(? AS bigint) AS id, CAST(? AS bigint) AS started_ms), {parts} SELECT count(*) FROM stored"
