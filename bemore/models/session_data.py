"""Stores rows of one session (telemetry, minute scores) together with what its row knows of them: revision, totals, newest data.

On SQLite some statements inside a write of the queue. On PostgreSQL one statement, hence one round trip and a transaction of its own.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import peewee

from bemore.clock import EPOCH_FROM_MS
from bemore.db.bulk import BulkUpsert, as_json
from bemore.db.connections import execute, read, write_statement
from bemore.db.proxy import database
from bemore.errors import InvalidInput, SessionTooLarge
from bemore.models import coverage, outbox, session
from bemore.models.scope import SessionScope

#: Telemetry that is dated this long after a session's end, or after now, is a unit mistake (seconds for ms, a clock in 1970 or 2100).
PLAUSIBLE_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Upload:
    """What an upload says of its session besides its rows.

    ``newest_ms``: the latest end of an item in ms since the session's start; the request calls the columns of its times ``fields``.
    ``places``: where its rows stood in the request. ``now_ms``: when it arrived. ``minutes``: its minutes as ``bemore.models.coverage``
    makes them. ``byte_count``: its size, of which the session may have ``max_bytes``; sent again it counts again, as it may be larger
    then. ``clock_offset_ms``: how far the newest item is ahead of our clock, None unless it is dated by the epoch. The largest of them is
    the offset of the client's clock: a late upload only makes it smaller.
    """

    fields: tuple
    newest_ms: int
    places: list
    now_ms: int
    minutes: dict = field(default_factory=dict)
    byte_count: int = 0
    max_bytes: int = 1 << 62
    clock_offset_ms: int | None = None


class SessionData:
    """Upserts rows of ``model`` for a session. ``counter`` and ``last`` name the columns of ``session`` that count its rows and hold the
    end of the newest one; ``constants`` are as in BulkUpsert.
    """

    def __init__(self, model, counter, last=None, constants=None):
        self._upsert = BulkUpsert(model, constants)
        self.columns = self._upsert.columns
        self._counter, self._last = counter, last
        self._postgres = {}

    def store(self, scope, rows, upload=None):
        """Store a list of rows, durably; return the session's total and its status. The last of rows with one key wins.

        A row is a tuple in the order of ``columns``. Raises SessionNotFound, SessionTooLarge, InvalidInput, DatabaseUnavailable.
        """
        try:
            if database.obj.dialect == "postgres":
                return write_statement(lambda: self._store_postgres(scope, rows, upload))
            return write_statement(lambda: self.store_of(session.touch(scope), rows, upload))
        except peewee.IntegrityError as error:
            raise _refusal(error) from error

    def store_of(self, row, rows, upload=None):
        """Store rows of a session that the caller's transaction has touched; return its total and its status."""
        if upload is not None:
            _check(row, rows, upload)
        # How many are new is known by inserting those alone; a batch that was sent before goes over the rows once more.
        new = self._upsert.insert(row.key, rows, replace=False)
        if new < len(rows):
            self._upsert.insert(row.key, rows, replace=True)
        total = getattr(row, self._counter) + new
        changes, values = [f"{self._counter} = ?"], [total]
        if upload is not None:
            last, offset = getattr(row, self._last), row.clock_offset_ms
            changes += [f"{self._last} = ?", "byte_count = ?", "clock_offset_ms = ?"]
            values += [
                upload.newest_ms if last is None else max(last, upload.newest_ms),
                row.byte_count + upload.byte_count,
                max((each for each in (offset, upload.clock_offset_ms) if each is not None), default=None),
            ]
            _cover(row, upload.minutes)
        if row.status == "ended":
            changes.append("amended = 1")
            outbox.add(outbox.REPORT_CHANGED, row)
        try:
            execute(f"UPDATE session SET {', '.join(changes)} WHERE id = ?", (*values, row.key))
        except peewee.IntegrityError as error:
            raise _refusal(error) from error
        return total, row.status

    def _store_postgres(self, scope, rows, upload):
        if upload is None:
            values = (as_json(rows),)
        else:
            latest, minutes = upload.newest_ms - PLAUSIBLE_MS, as_json(coverage.as_rows(upload.minutes))
            limits = upload.byte_count, upload.max_bytes, upload.now_ms, latest
            values = (*limits, as_json(rows), minutes, upload.newest_ms, upload.byte_count, upload.clock_offset_ms)
        receivers = database.obj.receivers
        if receivers not in self._postgres:
            self._postgres[receivers] = self._postgres_statement(receivers)
        stored = session.one_or_none(self._postgres[receivers], scope, *values, session.key_of(scope))
        if stored is not None:
            return stored
        # No such session, or one that does not take this upload: its row says which.
        row = session.find(scope)
        if upload is not None:
            _check(row, rows, upload)
        raise RuntimeError("an upload was refused without a reason")

    def _postgres_statement(self, receivers):
        limits = ""
        if self._last is not None:
            limits = " AND byte_count + ? <= ? AND coalesce(ended_ms, greatest(?, started_ms)) - started_ms >= ?"
        parts = [
            "target AS (SELECT id, public_id, status, demo, revision + 1 AS revision FROM session"
            f" WHERE {session.NAMED} AND erasing = 0{limits} FOR NO KEY UPDATE)",
            self._upsert.postgres_parts("target"),
        ]
        changes = [
            "revision = target.revision",
            "amended = CASE WHEN session.status = 'ended' THEN 1 ELSE amended END",
            f"{self._counter} = {self._counter} + (SELECT count(*) FILTER (WHERE is_new) FROM stored)",
        ]
        if self._last is not None:
            parts.append(_POSTGRES_COVERAGE)
            changes += [
                f"{self._last} = greatest({self._last}, ?::bigint)",
                "byte_count = byte_count + ?::bigint",
                "clock_offset_ms = greatest(clock_offset_ms, ?::bigint)",
            ]
        if receivers:
            parts.append(outbox.postgres_part("target", receivers))
        return (
            # The key as a parameter, too: a table in parts is looked up in one of them.
            f"WITH {', '.join(parts)} UPDATE session SET {', '.join(changes)} FROM target WHERE session.id = target.id AND session.id = ?"
            f" RETURNING {self._counter}, session.status"
        )


#: Minutes of one SQLite statement, at most; an upload has one or two, unless a chunk is very long.
_COVERAGE_PIECE = 100

_COVERAGE_CONFLICT = (
    "ON CONFLICT (session_id, minute_index) DO UPDATE SET frame_seconds = minute_coverage.frame_seconds | excluded.frame_seconds,"
    " audio_seconds = minute_coverage.audio_seconds | excluded.audio_seconds,"
    " data_revision = CASE WHEN excluded.data_revision > 0 THEN excluded.data_revision ELSE minute_coverage.data_revision END"
)
_POSTGRES_COVERAGE = (
    "covered AS (INSERT INTO minute_coverage SELECT target.id, (item->>0)::int, (item->>1)::bigint, (item->>2)::bigint,"
    f" (item->>3)::int * target.revision FROM target, jsonb_array_elements(?::jsonb) AS minutes (item) {_COVERAGE_CONFLICT})"
)


def _cover(row, minutes):
    """Add an upload's minutes to the coverage of a session that the caller's transaction has touched."""
    rows = coverage.as_rows(minutes)
    for start in range(0, len(rows), _COVERAGE_PIECE):
        piece = rows[start : start + _COVERAGE_PIECE]
        values = [value for minute, frames, audio, data in piece for value in (row.key, minute, frames, audio, data * row.revision)]
        execute(f"INSERT INTO minute_coverage VALUES {', '.join(['(?, ?, ?, ?, ?)'] * len(piece))} {_COVERAGE_CONFLICT}", values)


def _check(row, rows, upload):
    """Raise if a session does not take an upload."""
    if row.byte_count + upload.byte_count > upload.max_bytes:
        raise SessionTooLarge(upload.max_bytes)
    most = row.duration_ms(upload.now_ms) + PLAUSIBLE_MS
    if upload.newest_ms <= most:
        return
    problems = [
        {"index": place, "field": name, "message": f"{name} must not be more than 24 hours after the session; it counts milliseconds"}
        for place, times in zip(upload.places, rows, strict=True)
        for name, time_ms in zip(upload.fields, times, strict=False)
        if time_ms > most
    ]
    raise InvalidInput(problems)


def _refusal(error):
    """What an IntegrityError means: the session's CHECK of its number of scored minutes; any other one is a bug."""
    if "minute_count" not in str(error):
        return error
    message = f"minuteIndex must be one of at most {coverage.MAX_MINUTES} scored minutes of a session"
    return InvalidInput([{"field": "minuteIndex", "message": message}])


@lru_cache(maxsize=8192)
def _started_ms(scope, bound_database):
    with read():
        return session.find(scope).started_ms


def started_ms(scope):
    """When a session started, which never changes: remembered per scope and database. Raises SessionNotFound."""
    if not isinstance(scope, SessionScope):
        raise TypeError("a session is named by a SessionScope")
    return _started_ms(scope, database.obj)


def relative(rows, width, started):
    """Rows whose first ``width`` columns are times as clients send them, with these in ms since the session's start."""
    # The first time tells for both: the schema lets no row mix the two kinds.
    return [(*(each - started for each in row[:width]), *row[width:]) if row[0] >= EPOCH_FROM_MS else row for row in rows]
