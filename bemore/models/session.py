"""Counseling sessions: their life, their lists, their totals."""

import re
import secrets
import string
import time
from typing import NamedTuple

from bemore.errors import SessionNotFound, SessionStateConflict
from bemore.models import outbox
from bemore.models.keys import session_key
from bemore.models.scope import SessionScope
from bemore.db.connections import execute, read, write
from bemore.models.tables import TELEMETRY
from bemore.db.paging import in_pages
from bemore.db.vacuum import truncate_log

_SUFFIX = string.digits + string.ascii_lowercase
_SUFFIX_LENGTH = 20  # 36^20 is about 103 bits

#: What every id looks like; anything else is nobody's and is not looked up.
_ID = re.compile(r"sess_[0-9]{1,12}_[a-z0-9]{16,64}")

#: Rows of one session that a single transaction erases at most, and after how long it ends: other writers get their turn in between.
ERASE_BATCH, ERASE_S = 2000, 0.05

#: Rows that one statement erases, at most. A frame may have 100 KB.
ERASE_PIECE = 50

#: Sessions of a page of ``every``.
_PAGE = 100


class SessionRow(NamedTuple):
    """A session as stored; times in ms, ``key`` is the integer that its telemetry is filed under.

    ``revision`` grows with every change of what is stored of the session. ``amended`` is 1 if telemetry or scores came after its end.
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
    minute_count: int = 0
    byte_count: int = 0
    last_frame_ms: int | None = None
    last_audio_ms: int | None = None
    last_stt_ms: int | None = None
    clock_offset_ms: int | None = None
    demo: int = 0
    amended: int = 0

    @property
    def place(self):
        """Its place among all sessions: (started_ms, key)."""
        return self.started_ms, self.key

    def duration_ms(self, now_ms):
        """From the start to the end, or to now while it has none."""
        return max(0, (now_ms if self.ended_ms is None else self.ended_ms) - self.started_ms)

    def last_data_at(self):
        """The end of the newest frame, audio chunk and snippet, as ``{"frames", "audio", "stt"}``: epoch ms or None.

        A time before the start counts as the start.
        """
        newest = {"frames": self.last_frame_ms, "audio": self.last_audio_ms, "stt": self.last_stt_ms}
        return {kind: None if ms is None else self.started_ms + max(0, ms) for kind, ms in newest.items()}


#: What a SessionRow is made of.
COLUMNS = ", ".join(("id", *SessionRow._fields[1:]))
#: The session that a SessionScope names; takes its key and its three values.
NAMED = "id = ? AND public_id = ? AND user_id = COALESCE(?, user_id) AND counselor_id = COALESCE(?, counselor_id)"
_FIND = f"SELECT {COLUMNS} FROM session WHERE {NAMED} AND erasing = 0"
_HIDE = f"UPDATE session SET erasing = 1 WHERE {NAMED} AND erasing = 0 RETURNING {COLUMNS}"
_LOOK = f"SELECT {COLUMNS} FROM session WHERE {NAMED}"
_INSERT = (
    "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, demo) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (id) DO NOTHING"
)
_TOUCH = f"UPDATE session SET revision = revision + 1 WHERE {NAMED} AND erasing = 0 RETURNING {COLUMNS}"


def new_id(now_ms):
    """``sess_<unix seconds>_<suffix>``; who does not know it cannot guess it.

    The suffix begins with the part of the second, in base 36: rows of sessions lie in the order in which these began.
    """
    first, second = divmod(now_ms % 1000 * 36**2 // 1000, 36)
    suffix = (_SUFFIX[first], _SUFFIX[second], *(secrets.choice(_SUFFIX) for _ in range(_SUFFIX_LENGTH)))
    return f"sess_{now_ms // 1000}_{''.join(suffix)}"


def find(scope):
    """The SessionRow of a scope, inside the caller's transaction. Raises SessionNotFound."""
    return SessionRow._make(one(_FIND, scope))


def touch(scope):
    """The SessionRow of a scope, which the caller's transaction is about to change: until that ends nobody else changes it.

    Raises SessionNotFound.
    """
    return SessionRow._make(one(_TOUCH, scope))


def reload(row):
    """The SessionRow as the caller's transaction has changed it."""
    return SessionRow._make(execute(f"SELECT {COLUMNS} FROM session WHERE id = ?", (row.key,)).fetchone())


def one(sql, scope, *parameters):
    """The row that a statement returns which begins with NAMED, whose values ``scope`` gives. Raises SessionNotFound if it returns none."""
    row = one_or_none(sql, scope, *parameters)
    if row is None:
        raise SessionNotFound(scope.public_id)
    return row


def one_or_none(sql, scope, *parameters):
    """As ``one``, but None if the statement returns no row."""
    key = key_of(scope)
    return None if key is None else execute(sql, (key, *scope, *parameters)).fetchone()


def key_of(scope):
    """The key of the session of a scope, if there is one; None if it cannot be a session's."""
    if not isinstance(scope, SessionScope):
        raise TypeError("a session is named by a SessionScope")
    return session_key(scope.public_id) if _ID.fullmatch(scope.public_id) else None


def get(scope):
    """The SessionRow of a scope. Raises SessionNotFound."""
    with read():
        return find(scope)


def start(user_id, counselor_id, now_ms, demo=False):
    """Open a session, inside the caller's transaction."""
    inserted = 0
    while not inserted:  # two ids of one second may have the same key
        public_id = new_id(now_ms)
        row = SessionRow(
            session_key(public_id), public_id, user_id, counselor_id, "active", now_ms, None, None, None, 0, 0, 0, 0, demo=int(demo)
        )
        inserted = execute(_INSERT, (*row[:6], row.demo)).rowcount
    _count((row, 1))
    return row


def pause(scope, now_ms):
    """Pause an active session; a paused one stays as it is. Raises SessionStateConflict after the end."""
    return _change(scope, "active", "paused", "paused_ms", now_ms, "종료된 세션은 일시정지할 수 없습니다")


def resume(scope, now_ms):
    """Go on with a paused session; an active one stays as it is. Raises SessionStateConflict after the end."""
    return _change(scope, "paused", "active", "resumed_ms", now_ms, "종료된 세션은 재개할 수 없습니다")


def _change(scope, source, target, column, now_ms, refusal):
    def change():
        row = touch(scope)
        if row.status == "ended":
            raise SessionStateConflict(refusal)
        return _move(row, target, column, now_ms) if row.status == source else row

    return write(change)


def end_at(row, ended_ms):
    """End a session, touched inside the caller's transaction and not ended yet, as of ``ended_ms``; return its SessionRow."""
    outbox.add(outbox.ENDED, row)
    return _move(row, "ended", "ended_ms", ended_ms)


def _move(row, target, column, now_ms):
    execute(f"UPDATE session SET status = ?, {column} = ? WHERE id = ?", (target, now_ms, row.key))
    moved = row._replace(status=target, **{column: now_ms})
    _count((row, -1), (moved, 1))
    return moved


_TALLY = (
    "INSERT INTO tally (scope, status, sessions, duration_ms) VALUES {rows} ON CONFLICT (scope, status) DO UPDATE"
    " SET sessions = tally.sessions + excluded.sessions, duration_ms = tally.duration_ms + excluded.duration_ms"
)
# A scope that has no session left names nobody.
_FORGET = "DELETE FROM tally WHERE scope IN ({scopes}) AND status IN ({statuses}) AND sessions <= 0"


def _count(*changes):
    """Change the totals by ``(SessionRow, 1 or -1)`` each. Demonstrations have a status of their own, and no part in those of all."""
    totals = {}
    for row, step in changes:
        status, duration = ("demo", 0) if row.demo else (row.status, row.duration_ms(0) if row.status == "ended" else 0)
        for scope in (f"counselor:{row.counselor_id}", f"user:{row.user_id}", *(() if row.demo else ("all",))):
            sessions, before_ms = totals.get((scope, status), (0, 0))
            totals[scope, status] = sessions + step, before_ms + step * duration
    # Always in this order, so that two transactions never wait for each other in a circle; the busiest rows last.
    rows = sorted(((*key, *values) for key, values in totals.items()), key=lambda each: (each[0] == "all", each))
    execute(_TALLY.format(rows=", ".join(["(?, ?, ?, ?)"] * len(rows))), [value for each in rows for value in each])
    less = [each for each in rows if each[2] < 0]
    if less:
        scopes, statuses = ({each[place] for each in less} for place in (0, 1))
        sql = _FORGET.format(scopes=", ".join("?" * len(scopes)), statuses=", ".join("?" * len(statuses)))
        execute(sql, [*sorted(scopes), *sorted(statuses)])


def erase(scope, also=None):
    """Erase the session and everything stored under it, in batches while the service goes on.

    From the first commit on nobody sees the session; a second call after a crash in the middle finishes the work. ``also(row)``
    runs in the transaction that hides it: what is recorded of the deletion is stored with it or not at all.
    ``bemore.db.vacuum`` describes what is left of it outside of the tables. Raises SessionNotFound.
    """

    def hide_it():
        row = hide(scope)
        if row is None:
            return SessionRow._make(one(_LOOK, scope))
        if also is not None:
            also(row)
        return row

    erase_hidden(write(hide_it).key)
    truncate_log()


def hide(scope):
    """Hide a session from everybody, inside the caller's transaction; return its SessionRow, or None if no such session is visible."""
    values = one_or_none(_HIDE, scope)
    return None if values is None else _hidden([values])[0]


def hide_all(keys):
    """Hide the sessions with these keys as ``hide`` does, inside the caller's transaction; return the SessionRows of those in sight."""
    sql = f"UPDATE session SET erasing = 1 WHERE id IN ({', '.join('?' * len(keys))}) AND erasing = 0 RETURNING {COLUMNS}"
    return _hidden(execute(sql, keys).fetchall()) if keys else []


def _hidden(values):
    rows = [SessionRow._make(each) for each in values]
    if rows:
        _count(*((row, -1) for row in rows))
    for row in rows:
        outbox.add(outbox.ERASED, row)
    return rows


def erase_hidden(key, after_batch=None):
    """Delete all that is stored of a hidden session. Done a second time, or by two at once, it does no harm.

    ``after_batch(rows)`` is called between two transactions, with the number of rows that the last one deleted.
    """
    for model in TELEMETRY:
        for rows in _erase_rows(model._meta, key):
            if after_batch is not None:
                after_batch(rows)

    def erase():
        # By themselves, as they need not have a foreign key: deploy/citus.sql.
        execute("DELETE FROM idempotency_key WHERE session_id = ?", (key,))
        execute("DELETE FROM session WHERE id = ? AND erasing = 1", (key,))

    write(erase)


def _erase_rows(meta, key):
    """Delete the rows of a hidden session in batches; yield how many each one was."""
    table = meta.table_name
    columns = [meta.fields[name].column_name for name in meta.primary_key.field_names][1:]
    order = ", ".join(columns)
    find_edge = f"SELECT {order} FROM {table} WHERE session_id = ? ORDER BY {order} LIMIT 1 OFFSET ?"
    piece = f"DELETE FROM {table} WHERE session_id = ? AND ({order}) <= ({', '.join('?' * len(columns))})"

    def erase_batch():
        # Somebody else may have finished it meanwhile: SQLite gives the key of the last session to the next one.
        if execute("SELECT 1 FROM session WHERE id = ? AND erasing = 1", (key,)).fetchone() is None:
            return 0, True
        rows, deadline = 0, time.monotonic() + ERASE_S
        while rows < ERASE_BATCH and (rows == 0 or time.monotonic() < deadline):
            edge = execute(find_edge, (key, min(ERASE_PIECE, ERASE_BATCH - rows) - 1)).fetchone()
            if edge is None:
                return rows + execute(f"DELETE FROM {table} WHERE session_id = ?", (key,)).rowcount, True
            rows += execute(piece, (key, *edge)).rowcount
        return rows, False

    done = False
    while not done:
        rows, done = write(erase_batch)
        yield rows


def hidden():
    """The integer keys of sessions that a crash left half erased, or that somebody is erasing at the moment."""
    with read():
        return [key for (key,) in execute("SELECT id FROM session WHERE erasing = 1").fetchall()]


def finish_erasing(after_batch=None):
    """Finish what a crash interrupted (``after_batch`` as in ``erase_hidden``); return how many sessions that were."""
    keys = hidden()
    for key in keys:
        erase_hidden(key, after_batch)
    if keys:
        truncate_log()
    return len(keys)


def newest(limit, **filters):
    """The newest sessions, newest first, at most ``limit``; filtered as by ``conditions``."""
    with read():
        return newest_of(limit, *conditions(**filters))


def every(**filters):
    """All sessions, newest first, read in pages; filtered as by ``conditions``."""
    return in_pages(lambda last: newest(_PAGE, before=last, **filters), _PAGE, lambda row: row.place)


def conditions(user_id=None, counselor_id=None, before=None, status=None, demo=None, from_ms=None, to_ms=None):
    """(SQL condition of table session, its values): sessions of a user, of a counselor, in a state, demonstrations or not, that started
    from ``from_ms`` to ``to_ms`` and before ``before``, (started_ms, key) of the last one seen. What is None does not matter.
    """
    found, values = ["erasing = 0"], []
    # In these words, so that the indexes of the few that have not ended and of those that are no demonstrations are taken.
    of_status = "status = ?" if status == "ended" else "status <> 'ended' AND status = ?"
    for condition, value in (
        ("user_id = ?", user_id), ("counselor_id = ?", counselor_id), (of_status, status),
        ("started_ms >= ?", from_ms), ("started_ms <= ?", to_ms),
    ):  # fmt: skip
        if value is not None:
            found.append(condition)
            values.append(value)
    if demo is not None:
        found.append(f"demo = {int(demo)}")
    if before is not None:
        found.append("(started_ms, id) < (?, ?)")
        values.extend(before)
    return " AND ".join(found), values


#: The end of a statement that finds sessions, newest first; takes their number.
NEWEST_FIRST = "ORDER BY started_ms DESC, id DESC LIMIT ?"


def newest_of(limit, condition, values):
    """The newest sessions that meet a condition, at most ``limit``, inside the caller's transaction."""
    return rows(f"SELECT {COLUMNS} FROM session WHERE {condition} {NEWEST_FIRST}", (*values, limit))


def rows(sql, values):
    """The SessionRows that a statement finds, which selects COLUMNS, inside the caller's transaction."""
    return [SessionRow._make(row) for row in execute(sql, values).fetchall()]


def tally(user_id=None, counselor_id=None):
    """``{status: (sessions, duration_ms)}`` of a user's, a counselor's or all sessions but demonstrations; states without a session are
    left out.
    """
    scope = f"user:{user_id}" if user_id is not None else "all" if counselor_id is None else f"counselor:{counselor_id}"
    with read():
        rows = execute("SELECT status, sessions, duration_ms FROM tally WHERE scope = ? AND status <> 'demo'", (scope,)).fetchall()
    return {status: (sessions, duration_ms) for status, sessions, duration_ms in rows}
