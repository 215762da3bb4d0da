"""The audit log: who did what to which session, and when.

Triggers of the database refuse to change entries, and to delete them other than by ``prune``. Only this log stores who did something, and
only as an id: a token's subject, or ``cli:`` and the system account for commands. It contains neither what was read or erased nor an
address: the request's id leads to the access log.
"""

from typing import NamedTuple

from bemore.db.connections import execute, read, write, write_statement
from bemore.db.paging import in_pages
from bemore.db.proxy import database
from bemore.db.vacuum import truncate_log

#: What is recorded.
READ_REPORT, READ_TRANSCRIPT, READ_NOTES, EXPORT = "report.read", "transcript.read", "note.read", "session.export"
ERASE, PURGE, ERASE_NOTES = "session.erase", "session.purge", "note.erase"
CLOSE_IDLE, RESCORE = "session.close-idle", "session.rescore"
BACKUP, RESTORE, PRUNE = "database.backup", "database.restore", "audit.prune"

#: The migration that made the log.
SINCE = "m0004_audit"

#: After these a session is gone for good.
ERASING = (ERASE, PURGE)

_COUNT = "SELECT count(*) FROM audit WHERE at_ms <= ?"
_DELETE = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms <= ? ORDER BY at_ms LIMIT ?)"

#: Entries that a single transaction deletes.
PRUNE_BATCH = 5000

_RECORD = "INSERT INTO audit (at_ms, actor, role, action, session_id, request_id) VALUES (?, ?, ?, ?, ?, ?)"

#: Entries that are in memory at once while the log is read.
BATCH = 1000


class Entry(NamedTuple):
    """One line of the log. ``session_id`` is None where no one session is meant, ``role`` and ``request_id`` outside of requests."""

    id: int
    at_ms: int
    actor: str
    role: str | None
    action: str
    session_id: str | None
    request_id: str | None

    def as_json(self):
        """The entry as it is printed and exported."""
        return {
            "type": "audit",
            "id": self.id,
            "at": self.at_ms,
            "actor": self.actor,
            "role": self.role,
            "action": self.action,
            "sessionId": self.session_id,
            "requestId": self.request_id,
        }


def record(session_id, action, actor, role, request_id, now_ms):
    """Add an entry inside the caller's transaction: it is stored together with what it records, or not at all."""
    execute(_RECORD, (now_ms, actor, role, action, session_id, request_id))


def record_all(session_ids, action, actor, now_ms):
    """Add an entry of a command for each session, as ``record`` does."""
    if session_ids:
        values = [value for each in session_ids for value in (now_ms, actor, None, action, each, None)]
        execute(_RECORD + ", (?, ?, ?, ?, ?, ?)" * (len(session_ids) - 1), values)


def record_alone(session_id, action, actor, role, request_id, now_ms):
    """Add an entry outside of a transaction; it is durable on return. It is there twice if the connection broke and it was sent again.

    Raises DatabaseUnavailable: what cannot be recorded must not be shown.
    """
    write_statement(lambda: record(session_id, action, actor, role, request_id, now_ms))


def entries(session_id=None, since_ms=None, actions=None):
    """The entries in their order, of a session, from a time on, of some actions; read in batches, each as of its own moment."""
    conditions, values = ["id > ?"], []
    if session_id is not None:
        conditions.append("session_id = ?")
        values.append(session_id)
    if since_ms is not None:
        conditions.append("at_ms >= ?")
        values.append(since_ms)
    if actions is not None:
        conditions.append(f"action IN ({', '.join('?' * len(actions))})")
        values.extend(actions)
    sql = f"SELECT {', '.join(Entry._fields)} FROM audit WHERE {' AND '.join(conditions)} ORDER BY id LIMIT ?"

    def fetch(last):
        with read():
            return [Entry._make(row) for row in execute(sql, (last, *values, BATCH)).fetchall()]

    return in_pages(fetch, BATCH, lambda entry: entry.id, 0)


def count_until(cutoff_ms):
    """How many entries are of ``cutoff_ms`` or before."""
    with read():
        return execute(_COUNT, (cutoff_ms,)).fetchone()[0]


def prune(cutoff_ms, actor, now_ms, after_batch=None):
    """Delete the entries of ``cutoff_ms`` and before, in batches; return how many.

    That is recorded as an entry of its own, with the first batch. ``after_batch(rows)`` is called between two transactions, with the
    number of entries that the last one deleted.
    """
    count = 0

    def delete_batch():
        rows = _delete(cutoff_ms)
        if rows and not count:
            record(None, PRUNE, actor, None, None, now_ms)
        return rows

    while rows := write(delete_batch):
        count += rows
        if after_batch is not None:
            after_batch(rows)
    if count:
        truncate_log()
    return count


def _delete(cutoff_ms):
    """Delete a batch of entries, past the trigger: migration 9 says how."""
    if database.obj.dialect == "postgres":
        execute("SELECT set_config('bemore.audit_prune_ms', ?, true)", (str(cutoff_ms),))
        return execute(_DELETE, (cutoff_ms, PRUNE_BATCH)).rowcount
    (trigger,) = execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = 'audit_no_delete'").fetchone()
    execute("DROP TRIGGER audit_no_delete")
    rows = execute(_DELETE, (cutoff_ms, PRUNE_BATCH)).rowcount
    execute(trigger)
    return rows
