"""What the dashboard is made of: the newest sessions, and the scored minutes of two days.

However much is stored, it reads at most twice DAY_SESSIONS sessions and MOST_MINUTES of each.
"""

from typing import NamedTuple

from bemore.clock import MINUTE_MS
from bemore.db.connections import execute, read
from bemore.models import session
from bemore.scoring.affect import Affect, minute_affect
from bemore.scoring.voice_metrics import VOICED_THRESHOLD

DAY_MS = 24 * 3600 * 1000

#: Sessions of a day that count, the newest ones; and minutes of each, the first ones.
DAY_SESSIONS, MOST_MINUTES = 10, 60


class MinuteSeen(NamedTuple):
    """A scored minute: its affect, and what it was scored from."""

    affect: Affect
    facial: float
    source: str
    frame_count: int
    audio_count: int


class Days(NamedTuple):
    """``newest`` are (public_id, started_ms), newest first; ``today`` and ``yesterday`` lists of MinuteSeen, in no order."""

    newest: list
    today: list
    yesterday: list


_MINUTES = (
    "SELECT session_id, minute_index, facial, vad, text, source, frame_count, audio_count FROM minute_score"
    " WHERE session_id IN ({keys}) AND minute_index < ?"
)
# As in the reports: times before the session's start count as its first moment.
_AUDIO = (
    f"SELECT session_id, CASE WHEN ts_start_ms < 0 THEN 0 ELSE ts_start_ms / {MINUTE_MS} END AS minute,"
    f" count(*), count(*) FILTER (WHERE vad >= {VOICED_THRESHOLD}), avg(rms)"
    " FROM audio_chunk WHERE session_id IN ({keys}) AND ts_start_ms < ? GROUP BY 1, 2"
)


def two_days(now_ms, **own):
    """The Days up to ``now_ms``, of all sessions or, with ``user_id`` or ``counselor_id``, of one's own. A session counts by its start."""
    since = now_ms - DAY_MS
    with read():
        newest = session.newest_of(DAY_SESSIONS, *session.conditions(**own, demo=False))
        before = session.newest_of(DAY_SESSIONS, *session.conditions(**own, demo=False, from_ms=since - DAY_MS, to_ms=since - 1))
        today = {row.key for row in newest if row.started_ms >= since}
        minutes = _minutes([*today, *(row.key for row in before)])
    by_day = [[minute for key, minute in minutes if (key in today) is is_today] for is_today in (True, False)]
    return Days([(row.public_id, row.started_ms) for row in newest], *by_day)


def _minutes(keys):
    if not keys:
        return []
    marks = ", ".join("?" * len(keys))
    audio = {
        (key, index): (voiced / chunks, loudness)
        for key, index, chunks, voiced, loudness in execute(_AUDIO.format(keys=marks), (*keys, MOST_MINUTES * MINUTE_MS)).fetchall()
    }
    return [
        (key, MinuteSeen(minute_affect(facial, vad, text, *audio.get((key, index), (None, None))), facial, source, frames, chunks))
        for key, index, facial, vad, text, source, frames, chunks in execute(
            _MINUTES.format(keys=marks), (*keys, MOST_MINUTES)
        ).fetchall()
    ]
