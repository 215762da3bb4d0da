"""The first response to an Idempotency-Key is stored in the same transaction as the change that it reports.

So a repeated request gets that response or, after a crash before the commit, runs anew: it never runs twice.
"""

from typing import NamedTuple

from bemore.errors import IdempotencyKeyReused
from bemore.db.proxy import database
from bemore.db.connections import execute

#: How long a response is kept.
KEPT_MS = 24 * 3600 * 1000


_RECALL = "SELECT body_hash, status, answer, created_ms FROM idempotency_key WHERE caller = ? AND path = ? AND key = ?"
_REMEMBER = (
    "INSERT INTO idempotency_key (caller, path, key, body_hash, status, answer, created_ms, session_id, note_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class StoredAnswer(NamedTuple):
    """A stored response; ``answer`` is its JSON text without the trace fields."""

    status: int
    answer: str


def recall(caller, path, key, body_hash, now_ms):
    """The stored response or None, inside the caller's write transaction.

    From here to the end of the transaction the key is the caller's: on SQLite there is one writer anyway, on PostgreSQL
    an advisory lock on the key makes a second request wait for the first one's response.
    Raises IdempotencyKeyReused if the key came with another body before.
    """
    if database.obj.dialect == "postgres":
        execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", ("\n".join((caller, path, key)),))
    row = execute(_RECALL, (caller, path, key)).fetchone()
    if row is None or row[3] <= now_ms - KEPT_MS:
        return None
    if row[0] != body_hash:
        raise IdempotencyKeyReused("Idempotency-Key was used with another body")
    return StoredAnswer(row[1], row[2])


def forget(now_ms):
    """Delete the responses that are out of date, inside the caller's transaction."""
    execute("DELETE FROM idempotency_key WHERE created_ms <= ?", (now_ms - KEPT_MS,))


def remember(caller, path, key, body_hash, stored, now_ms, session_key, note_key=None):
    """Store a response inside the caller's transaction, and delete those that are out of date.

    It is erased with its session and, if it contains one, with its note.
    """
    forget(now_ms)
    execute(_REMEMBER, (caller, path, key, body_hash, *stored, now_ms, session_key, note_key))
