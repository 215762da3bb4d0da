"""Events for other systems, stored in the transaction that they tell of, until ``bemore deliver`` has delivered them.

A receiver has at most one event of a type and session: a newer one takes the place of one that is not delivered yet. Events of a session
go to a receiver in their order. What is delivered is deleted. Nothing is stored while ``WEBHOOK_URLS`` names no receiver.
"""

import secrets
from typing import NamedTuple

from bemore import clock
from bemore.db.connections import execute, read, write
from bemore.db.proxy import database

#: The types of events. A report has changed if telemetry or scores came after the end of its session.
ENDED, ERASED, REPORT_CHANGED = "session.ended", "session.erased", "report.changed"

#: How long an event is kept whose delivery has failed for good, or whose receiver is no longer configured, in ms.
KEPT_MS = 30 * 86_400_000

_INSERT = "INSERT INTO outbox (session_key, receiver, type, event_id, session_id, revision, created_ms, next_ms)"
# A receiver may know the replaced event: the newer one needs an id of its own. It waits as long as the other would have.
_REPLACE = (
    " ON CONFLICT (session_key, receiver, type) DO UPDATE SET event_id = excluded.event_id, revision = excluded.revision,"
    " created_ms = excluded.created_ms, attempts = CASE WHEN outbox.next_ms IS NULL THEN 0 ELSE outbox.attempts END,"
    " next_ms = COALESCE(outbox.next_ms, excluded.next_ms)"
)


class Event(NamedTuple):
    """An event that one receiver is to get. ``next_ms`` is when it is tried next, None if its delivery has failed for good."""

    session_key: int
    receiver: str
    type: str
    event_id: str
    session_id: str
    revision: int
    created_ms: int
    attempts: int
    next_ms: int | None
    last_error: str | None


_COLUMNS = ", ".join(Event._fields)
# Of one revision, a change of the report or the end comes before the erasure, as in the alphabet.
_DUE = (
    f"SELECT {_COLUMNS} FROM outbox WHERE receiver = ? AND next_ms <= ? AND NOT EXISTS (SELECT 1 FROM outbox AS earlier"
    " WHERE earlier.session_key = outbox.session_key AND earlier.receiver = outbox.receiver AND earlier.next_ms IS NOT NULL"
    " AND (earlier.revision, earlier.type) < (outbox.revision, outbox.type)) ORDER BY next_ms, session_key LIMIT 1"
)
_OF_EVENT = "session_key = ? AND receiver = ? AND type = ?"


def add(event_type, row):
    """Store an event about a session (its SessionRow) for every receiver, inside the caller's transaction; none of demonstrations."""
    receivers = database.obj.receivers
    if row.demo or not receivers:
        return
    now = clock.now_ms()
    values = [
        value
        for receiver in receivers
        for value in (row.key, receiver, event_type, f"msg_{secrets.token_hex(16)}", row.public_id, row.revision, now, now)
    ]
    execute(f"{_INSERT} VALUES {', '.join(['(?, ?, ?, ?, ?, ?, ?, ?)'] * len(receivers))}{_REPLACE}", values)


def postgres_part(parent, receivers):
    """A part of a WITH clause that stores REPORT_CHANGED if ``parent``, an earlier part with one row of ``session``, has ended."""
    values = ", ".join(f"('{receiver}')" for receiver in receivers)
    now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    return (
        f"announced AS ({_INSERT} SELECT parent.id, receiver, '{REPORT_CHANGED}', 'msg_' || replace(gen_random_uuid()::text, '-', ''),"
        f" parent.public_id, parent.revision, {now}, {now} FROM {parent} AS parent, (VALUES {values}) AS receivers (receiver)"
        f" WHERE parent.status = 'ended' AND parent.demo = 0{_REPLACE})"
    )


def claim(receiver, now_ms, lease_ms):
    """The next Event that is due for a receiver, or None. Nobody else gets it within ``lease_ms``; its attempt is counted already."""
    sql = f"UPDATE outbox SET attempts = attempts + 1, next_ms = ? WHERE {_OF_EVENT} AND event_id = ? AND next_ms = ?"
    while True:
        with read():
            values = execute(_DUE, (receiver, now_ms)).fetchone()
        if values is None:
            return None
        event = Event._make(values)
        place = now_ms + lease_ms, *event[:4], event.next_ms
        if write(lambda place=place: execute(sql, place).rowcount):  # else somebody else has it
            return event._replace(attempts=event.attempts + 1, next_ms=now_ms + lease_ms)


def delivered(event, now_ms):
    """Delete an Event that its receiver has. If a newer one has taken its place meanwhile, that one is due now."""

    def work():
        if not execute(f"DELETE FROM outbox WHERE {_OF_EVENT} AND event_id = ?", event[:4]).rowcount:
            execute(f"UPDATE outbox SET attempts = 0, next_ms = ? WHERE {_OF_EVENT}", (now_ms, *event[:3]))

    write(work)


def failed(event, next_ms, error):
    """Try an Event again at ``next_ms``, or not at all if that is None."""
    write(lambda: execute(f"UPDATE outbox SET next_ms = ?, last_error = ? WHERE {_OF_EVENT}", (next_ms, error, *event[:3])))


def waiting():
    """All Events that are not delivered, those of a session in their order."""
    with read():
        return [Event._make(each) for each in execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY session_key, revision, type").fetchall()]


def retry_all(now_ms):
    """Make all events due, also those whose delivery has failed for good; return how many."""
    return write(lambda: execute("UPDATE outbox SET attempts = 0, next_ms = ?", (now_ms,)).rowcount)


def prune(receivers, now_ms):
    """Delete old events whose delivery has failed for good, or that are for none of the ``receivers``; return how many."""
    known = f"receiver NOT IN ({', '.join('?' * len(receivers))})"
    sql = f"DELETE FROM outbox WHERE created_ms < ? AND (next_ms IS NULL OR {known})"
    return write(lambda: execute(sql, (now_ms - KEPT_MS, *receivers)).rowcount)
