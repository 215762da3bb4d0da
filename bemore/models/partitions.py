"""PostgreSQL: raw telemetry in partitions by the session's start, so that old sessions go with a whole table and not row by row.

A partition spans the keys of sessions (``bemore.models.keys``) that start within a month or, where sessions are erased daily because
RETENTION_DAYS is set, within a day (UTC). Partitions are made ahead. What starts in a span without one goes to a default partition, and is
erased row by row. On SQLite there are none.
"""

import logging
import re
import time
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

import peewee

from bemore.db.connections import execute, read, write, write_transaction
from bemore.db.proxy import database
from bemore.models import audit
from bemore.models.keys import first_session_key
from bemore.models.session import COLUMNS, SessionRow, hide_all
from bemore.models.tables import AudioChunk, Frame, SttSnippet

#: The tables, and the schema that their partitions are in.
TABLES, SCHEMA = tuple(model._meta.table_name for model in (Frame, AudioChunk, SttSnippet)), "telemetry"

#: With a longer RETENTION_DAYS a partition spans a month: planning a statement should not have to look at thousands.
MOST_DAYS = 400

#: How long there are partitions for, at least, in days: of a day, and of a month.
AHEAD_DAYS, AHEAD_OF_MONTHS_DAYS = 14, 62

#: Making and dropping wait for whoever uses the table, and everybody else behind them: briefly, but several times.
LOCK_MS, TRIES, PAUSE_S = 100, 20, 0.25

#: Sessions that one transaction hides or erases.
BATCH = 200

DAY_MS = 24 * 3600 * 1000

#: Any number: PostgreSQL's advisory lock of who makes partitions.
_LOCK = 0x62656D6F7266

_BOUNDS = re.compile(r"FROM \('(-?\d+)'\) TO \('(\d+)'\)")

_log = logging.getLogger("bemore.database")


class Span(NamedTuple):
    """Partitions, one of each table, that end in ``suffix``: of sessions with keys from ``first`` to before ``end``."""

    first: int
    end: int
    suffix: str

    def names(self):
        """Their names."""
        return [f"{SCHEMA}.{table}_{self.suffix}" for table in TABLES]


def spans():
    """The Spans that there are, oldest first, inside the caller's transaction."""
    if database.obj.dialect == "sqlite":
        return []
    rows = execute(
        "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class JOIN pg_inherits ON inhrelid = oid WHERE inhparent = ?::regclass",
        (TABLES[0],),
    ).fetchall()
    found = [(name, _BOUNDS.search(bounds)) for name, bounds in rows]
    return sorted(Span(int(bounds[1]), int(bounds[2]), name.removeprefix(f"{TABLES[0]}_")) for name, bounds in found if bounds)


def make_ahead(now_ms, retention_days):
    """Make the partitions that the next weeks need; those that cannot be had, as the tables are in use all the time, not."""
    if database.obj.dialect == "sqlite":
        return
    daily = retention_days is not None and retention_days <= MOST_DAYS
    now = datetime.fromtimestamp(now_ms / 1000, timezone.utc)
    until = now + timedelta(days=AHEAD_DAYS if daily else AHEAD_OF_MONTHS_DAYS)
    day = now.replace(day=now.day if daily else 1, hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        following = day + timedelta(days=1) if daily else (day + timedelta(days=32)).replace(day=1)
        wanted = Span(_first_key(day), _first_key(following), f"{day:%Y%m%d}")
        if not _locked_briefly(lambda span=wanted: _make(span)):
            _log.warning("a partition could not be made, as the table is in use", extra={"partition": wanted.suffix})
            return
        day = following


def _first_key(day):
    return first_session_key(int(day.timestamp()) * 1000)


def _make(wanted):
    execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
    if any(wanted.first < each.end and each.first < wanted.end for each in spans()):
        return
    for table in TABLES:
        # A row of the default partition that belongs into a new one would refuse it.
        if execute(f"SELECT 1 FROM {SCHEMA}.{table}_default WHERE session_id >= ? AND session_id < ? LIMIT 1", wanted[:2]).fetchone():
            return
    for table, name in zip(TABLES, wanted.names(), strict=True):
        execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ({wanted.first}) TO ({wanted.end})")


def _locked_briefly(work):
    """Run ``work()`` in a transaction that waits at most LOCK_MS for a lock, several times if need be; whether it could."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S)
        try:
            with write_transaction():
                execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
                try:
                    work()
                    return True
                except peewee.OperationalError as error:
                    if getattr(error.orig, "sqlstate", None) != "55P03":  # lock_not_available
                        raise
                    raise _InUse from error
        except _InUse:
            continue
    return False


class _InUse(Exception):
    """Somebody else uses a table."""


_IN_SPAN = "FROM session WHERE id >= ? AND id < ? AND erasing ="
_NOT_ENDED = f"SELECT {COLUMNS} {_IN_SPAN} 0 AND (ended_ms IS NULL OR ended_ms > ?)"
_ENDED = f"SELECT id {_IN_SPAN} 0 AND ended_ms <= ? ORDER BY id LIMIT ?"


def not_ended_by(span, cutoff_ms):
    """The SessionRows of a Span in sight that have not ended by ``cutoff_ms``, inside the caller's transaction."""
    return [SessionRow._make(row) for row in execute(_NOT_ENDED, (span.first, span.end, cutoff_ms)).fetchall()]


def hide_ended(span, cutoff_ms, now_ms, actor, action):
    """Hide some sessions of a Span that ended by ``cutoff_ms``, inside the caller's transaction; return their SessionRows.

    Of each ``action`` is recorded, it is taken from the totals, and an event is stored.
    """
    rows = hide_all([key for (key,) in execute(_ENDED, (*span[:2], cutoff_ms, BATCH)).fetchall()])
    audit.record_all([row.public_id for row in rows], action, actor, now_ms)
    return rows


def erase_hidden(now_ms, after_batch=None):
    """Drop the partitions of whose sessions none is in sight and some are hidden, and erase what else there is of those.

    ``after_batch`` is as in ``session.erase_hidden``. What cannot be dropped, as it is in use, is left. Returns the number of sessions.
    """
    count, past = 0, first_session_key(now_ms - DAY_MS)
    with read():
        due = [span for span in spans() if span.end <= past and _is_due(span)]
    for span in due:
        if _locked_briefly(lambda span=span: _drop(span)):
            while erased := write(lambda span=span: _erase_sessions(span)):
                count += erased
                if after_batch is not None:
                    after_batch(erased)
    return count


def _is_due(span):
    """Whether all sessions of a Span are hidden, and there are some."""
    visible, hidden = (execute(f"SELECT 1 {_IN_SPAN} {erasing} LIMIT 1", span[:2]).fetchone() for erasing in (0, 1))
    return hidden is not None and visible is None


def _drop(span):
    # Sessions that are hidden stay so, and none begins in the past: what was due is due.
    for name in span.names():
        execute(f"DROP TABLE IF EXISTS {name}")


def _erase_sessions(span):
    """Delete some hidden sessions of a Span; what there is of them in other tables follows by the foreign keys."""
    keys = [key for (key,) in execute(f"SELECT id {_IN_SPAN} 1 ORDER BY id LIMIT ?", (*span[:2], BATCH)).fetchall()]
    execute("DELETE FROM idempotency_key WHERE session_id = ANY(?)", (keys,))
    return execute("DELETE FROM session WHERE id = ANY(?)", (keys,)).rowcount
