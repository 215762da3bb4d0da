"""Sessions that nobody ended: when their last data came, and ending them as of then."""

from bemore.clock import MINUTE_MS
from bemore.errors import SessionNotFound
from bemore.models import audit, minute_scoring, session, summary
from bemore.db.connections import execute, read, write
from bemore.db.paging import in_pages
from bemore.models.scope import SessionScope
from bemore.models.session import SessionRow

#: Sessions that one statement looks up.
BATCH = 200

# Each finds its one row at the end of a range of a primary key. What lies later than now is a mistake of a client's clock and
# says nothing; a chunk that begins in time and ends later counts by its beginning.
_LAST = (
    "SELECT ts_ms FROM frame WHERE session_id = ? AND ts_ms <= ? ORDER BY ts_ms DESC LIMIT 1",
    *(
        f"SELECT CASE WHEN ts_end_ms <= ? THEN ts_end_ms ELSE ts_start_ms END FROM {table}"
        " WHERE session_id = ? AND ts_start_ms <= ? ORDER BY ts_start_ms DESC, ts_end_ms DESC LIMIT 1"
        for table in ("audio_chunk", "stt_snippet")
    ),
)
_LAST_MINUTE = "SELECT minute_index FROM minute_score WHERE session_id = ? AND minute_index < ? ORDER BY minute_index DESC LIMIT 1"
_LAST_CLIENT_MINUTE = _LAST_MINUTE.replace(" ORDER BY", " AND source = 'client' ORDER BY")
_LAST_FEEDBACK = "SELECT max(submitted_ms) FROM feedback WHERE session_id = ?"
_LAST_NOTE = "SELECT max(created_ms) FROM note WHERE session_id = ?"


def last_data_ms(row, now_ms, ticks=True):
    """When something last came for a session, inside the caller's transaction; epoch milliseconds from its start to ``now_ms``.

    The latest of its start, pause and resumption, the last frame, the end of the audio chunk and of the snippet that began last, the
    end of the last minute scored (not ``ticks``: by the client), the last feedback and the last note.
    """
    so_far = now_ms - row.started_ms
    frames, *spans = _LAST
    offsets = [_first(frames, row.key, so_far), *(_first(sql, so_far, row.key, so_far) for sql in spans)]
    minute = _first(_LAST_MINUTE if ticks else _LAST_CLIENT_MINUTE, row.key, so_far // MINUTE_MS)
    if minute is not None:
        offsets.append((minute + 1) * MINUTE_MS)
    times = [row.started_ms + each for each in offsets if each is not None]
    times += [row.paused_ms, row.resumed_ms, _first(_LAST_FEEDBACK, row.key), _first(_LAST_NOTE, row.key)]
    # Last the start: a clock that was set back must not make the end come before it.
    return max([*(min(each, now_ms) for each in times if each is not None), row.started_ms])


def _first(sql, *values):
    row = execute(sql, values).fetchone()
    return row and row[0]


_STARTED_BY = f"SELECT {session.COLUMNS} FROM session WHERE erasing = 0 AND started_ms <= ? AND (started_ms, id) > (?, ?)"
_IN_ORDER = " ORDER BY started_ms, id LIMIT ?"
_ALL, _NOT_ENDED = _STARTED_BY + _IN_ORDER, f"{_STARTED_BY} AND status <> 'ended'{_IN_ORDER}"


def started_by(cutoff_ms, now_ms, ended_too):
    """``(SessionRow, last_ms)`` of the sessions that began by ``cutoff_ms``, oldest first, read in batches.

    ``last_ms`` is when a session ended or, if it has not, when its last data came. Without ``ended_too`` only those that have not.
    """

    def fetch(last):
        with read():
            rows = execute(_ALL if ended_too else _NOT_ENDED, (cutoff_ms, *last, BATCH)).fetchall()
            return [(row, last_ms(row, now_ms)) for row in map(SessionRow._make, rows)]

    return in_pages(fetch, BATCH, lambda pair: pair[0].place, (-(2**62), 0))


def last_ms(row, now_ms):
    """When a session ended or, if it has not, when its last data came; inside the caller's transaction."""
    return row.ended_ms if row.ended_ms is not None else last_data_ms(row, now_ms)


def close_idle(cutoff_ms, now_ms, actor, rules):
    """End the sessions that nobody ended and that nothing came for since ``cutoff_ms``, as of their last data.

    Its minutes are scored first. The transaction that ends it looks at it again: what comes meanwhile keeps it open. Yields the ids of
    those ended.
    """
    for seen, last in started_by(cutoff_ms, now_ms, ended_too=False):
        if last <= cutoff_ms and _close(SessionScope.unrestricted(seen.public_id), last, cutoff_ms, now_ms, actor, rules):
            yield seen.public_id


def _close(scope, seen_ms, cutoff_ms, now_ms, actor, rules):
    def close():
        row = session.touch(scope)
        if row.status == "ended":
            return False
        # Without the scores that were just made.
        last = max(seen_ms, last_data_ms(row, now_ms, ticks=False))
        if last > cutoff_ms:
            return False
        minute_scoring.end_at(row, last, rules)
        audit.record(row.public_id, audit.CLOSE_IDLE, actor, None, None, now_ms)
        return True

    try:
        minute_scoring.score_changed(scope, rules)
        closed = write(close)
        if closed:
            summary.refresh(session.get(scope))
        return closed
    except SessionNotFound:  # erased meanwhile
        return False
