"""Counselling sessions: their life, their lists, their totals."""

import re
import secrets
import string
from typing import NamedTuple

from bemore.errors import SessionNotFound, SessionStateConflict
from bemore.models.database import execute, read, write
from bemore.models.tables import TELEMETRY

_SUFFIX = string.ascii_lowercase + string.digits
_SUFFIX_LENGTH = 20  # 36^20 is about 103 bits

#: What every id looks like; anything else is nobody's and is not looked up.
_ID = re.compile(r"sess_[0-9]{1,12}_[a-z0-9]{16,64}")

#: Rows of one session that a single transaction erases, so that other writers get their turn in between.
ERASE_BATCH = 5000


class SessionRow(NamedTuple):
    """A session as stored; times in ms, ``key`` is the integer that its telemetry is filed under.

    ``revision`` grows with every change of what is stored of the session.
    """

    key: int
    public_id: str
    user_id: str
    counselor_id: str
    status: str
    started_ms: int
    paused_ms: int | None
    resumed_ms: int | None
    ended_ms: int | None
    frame_count: int
    audio_count: int
    stt_count: int
    revision: int

    def duration_ms(self, now_ms):
        """From the start to the end, or to now while it has none."""
        return max(0, (now_ms if self.ended_ms is None else self.ended_ms) - self.started_ms)


_COLUMNS = ", ".join(("id", *SessionRow._fields[1:]))
_FIND = f"SELECT {_COLUMNS} FROM session WHERE public_id = ? AND erasing = 0"
_HIDE = f"UPDATE session SET erasing = 1 WHERE public_id = ? AND erasing = 0 RETURNING {_COLUMNS}"
_LOOK = f"SELECT {_COLUMNS} FROM session WHERE public_id = ?"
_TOUCH = f"UPDATE session SET revision = revision + 1 WHERE public_id = ? AND erasing = 0 RETURNING {_COLUMNS}"


def new_id(now_ms):
    """``sess_<unix seconds>_<suffix>``; who does not know it cannot guess it."""
    return f"sess_{now_ms // 1000}_{''.join(secrets.choice(_SUFFIX) for _ in range(_SUFFIX_LENGTH))}"


def find(public_id):
    """The session, inside the caller's transaction. Raises SessionNotFound."""
    return SessionRow._make(one(_FIND, public_id))


def touch(public_id):
    """The session, about to be changed inside the caller's transaction: until that ends nobody else changes it.

    Raises SessionNotFound.
    """
    return SessionRow._make(one(_TOUCH, public_id))


def one(sql, public_id, *parameters):
    """The row that a statement gives whose first parameter is a session's id. Raises SessionNotFound if it gives none."""
    row = execute(sql, (public_id, *parameters)).fetchone() if _ID.fullmatch(public_id) else None
    if row is None:
        raise SessionNotFound(public_id)
    return row


def start(user_id, counselor_id, now_ms):
    """Open a session, inside the caller's transaction."""
    row = SessionRow(0, new_id(now_ms), user_id, counselor_id, "active", now_ms, None, None, None, 0, 0, 0, 0)
    (key,) = execute(
        "INSERT INTO session (public_id, user_id, counselor_id, status, started_ms) VALUES (?, ?, ?, ?, ?) RETURNING id", row[1:6]
    ).fetchone()
    _count(row, "active", 1)
    return row._replace(key=key)


def pause(public_id, now_ms):
    """Pause an active session; a paused one stays as it is. Raises SessionStateConflict after the end."""
    return _change(public_id, "active", "paused", "paused_ms", now_ms, "종료된 세션은 일시정지할 수 없습니다")


def resume(public_id, now_ms):
    """Go on with a paused session; an active one stays as it is. Raises SessionStateConflict after the end."""
    return _change(public_id, "paused", "active", "resumed_ms", now_ms, "종료된 세션은 재개할 수 없습니다")


def _change(public_id, source, target, column, now_ms, refusal):
    with write():
        row = touch(public_id)
        if row.status == "ended":
            raise SessionStateConflict(refusal)
        if row.status == source:
            row = _move(row, target, column, now_ms)
    return row


def end(public_id, now_ms):
    """End a session; one that has ended keeps the time of its first end."""
    with write():
        row = touch(public_id)
        if row.status != "ended":
            # A clock set back must not make the end come before the start.
            row = _move(row, "ended", "ended_ms", max(now_ms, row.started_ms))
    return row


def _move(row, target, column, now_ms):
    execute(f"UPDATE session SET status = ?, {column} = ? WHERE id = ?", (target, now_ms, row.key))
    _count(row, row.status, -1)
    row = row._replace(status=target, **{column: now_ms})
    _count(row, target, 1)
    return row


_TALLY = (
    "INSERT INTO tally (scope, status, sessions, duration_ms) VALUES (?, ?, ?, ?), (?, ?, ?, ?), (?, ?, ?, ?)"
    " ON CONFLICT (scope, status) DO UPDATE"
    " SET sessions = tally.sessions + excluded.sessions, duration_ms = tally.duration_ms + excluded.duration_ms"
)
# A scope that has no session left names nobody.
_FORGET = "DELETE FROM tally WHERE scope IN (?, ?, ?) AND status = ? AND sessions <= 0"


def _count(row, status, step):
    duration = step * row.duration_ms(0) if status == "ended" else 0
    # Always in this order, so that two transactions never wait for each other in a circle; the busiest row last.
    scopes = f"counselor:{row.counselor_id}", f"user:{row.user_id}", "all"
    execute(_TALLY, [value for scope in scopes for value in (scope, status, step, duration)])
    if step < 0:
        execute(_FORGET, (*scopes, status))


def erase(public_id):
    """Erase the session and everything stored under it, in batches while the service goes on.

    From the first commit on nobody sees the session; asked again after a crash in the middle, it finishes the work.
    Raises SessionNotFound.
    """
    with write():
        hidden = execute(_HIDE, (public_id,)).fetchone() if _ID.fullmatch(public_id) else None
        row = SessionRow._make(hidden or one(_LOOK, public_id))
        if hidden:
            _count(row, row.status, -1)
    for model in TELEMETRY:
        _erase_rows(model._meta, row.key)
    with write():
        execute("DELETE FROM session WHERE id = ?", (row.key,))


def _erase_rows(meta, key):
    table = meta.table_name
    order = [meta.fields[name].column_name for name in meta.primary_key.field_names][1]
    while True:
        with write():
            edge = execute(
                f"SELECT {order} FROM {table} WHERE session_id = ? ORDER BY {order} LIMIT 1 OFFSET ?", (key, ERASE_BATCH)
            ).fetchone()
            if edge is None:
                execute(f"DELETE FROM {table} WHERE session_id = ?", (key,))
                return
            execute(f"DELETE FROM {table} WHERE session_id = ? AND {order} <= ?", (key, edge[0]))


def finish_erasing():
    """Finish what a crash interrupted; answer how many sessions that were."""
    with read():
        rows = execute("SELECT public_id FROM session WHERE erasing = 1").fetchall()
    for (public_id,) in rows:
        erase(public_id)
    return len(rows)


def newest(limit, user_id=None, before=None):
    """The newest sessions (of a user), newest first, at most ``limit``; ``before`` is (started_ms, key) of the last one seen."""
    conditions, values = ["erasing = 0"], []
    if user_id is not None:
        conditions.append("user_id = ?")
        values.append(user_id)
    if before is not None:
        conditions.append("(started_ms, id) < (?, ?)")
        values.extend(before)
    with read():
        rows = execute(
            f"SELECT {_COLUMNS} FROM session WHERE {' AND '.join(conditions)} ORDER BY started_ms DESC, id DESC LIMIT ?",
            (*values, limit),
        ).fetchall()
    return [SessionRow._make(row) for row in rows]


def tally(scope="all"):
    """``{status: (sessions, duration_ms)}`` of a scope; states without a session are left out."""
    with read():
        rows = execute("SELECT status, sessions, duration_ms FROM tally WHERE scope = ?", (scope,)).fetchall()
    return {status: (sessions, duration_ms) for status, sessions, duration_ms in rows}
