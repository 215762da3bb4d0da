"""Minute scores: scored here or by the browser, one per minute of a session, the last write wins."""

import json
from typing import NamedTuple

from bemore.clock import MINUTE_MS
from bemore.models import session, telemetry
from bemore.models.bulk import Upsert
from bemore.models.database import execute, read, write
from bemore.models.tables import MinuteScore
from bemore.reporting.facts import Minute
from bemore.scoring.combine import score_minute

_SCORES = Upsert(MinuteScore)


class MinuteRow(NamedTuple):
    """A minute's scores as stored: the upsert's columns. ``keywords`` is JSON text or None, times are ms."""

    minute_index: int
    facial: float
    vad: float
    text: float
    combined: float
    model_version: str
    source: str
    frame_count: int = 0
    audio_count: int = 0
    stt_count: int = 0
    keywords: str | None = None
    sentiment: str | None = None
    confidence: float | None = None
    timestamp_ms: int | None = None
    duration_ms: int | None = None


if _SCORES.columns != list(MinuteRow._fields):  # the two are the same row, declared once for the table, once for the code
    raise TypeError(f"MinuteRow is not the row of minute_score: {_SCORES.columns}")

_KEYWORDS = MinuteRow._fields.index("keywords")

_OF_SESSION = f"SELECT {', '.join(MinuteRow._fields)} FROM minute_score WHERE session_id = ? ORDER BY minute_index"


def store(session_id, rows):
    """Store rows the browser scored. Raises SessionNotFound."""
    with write():
        _SCORES.store(session.touch(session_id).key, rows)


def tick(session_id, minute_index, weights, model_version, now_ms):
    """Score a minute from what is stored and store the score; answer its row.

    ``minute_index`` None means the last complete minute (0 before there is one), at the session's end at the latest.
    Raises SessionNotFound.
    """
    with write():
        row = session.touch(session_id)
        if minute_index is None:
            minute_index = max(0, row.duration_ms(now_ms) // MINUTE_MS - 1)
        data = telemetry.minute_data(row.key, minute_index)
        score = score_minute(data, weights)
        scored = MinuteRow(
            minute_index, score.facial, score.vad, score.text, score.combined, model_version, "server",
            data.frame_count, data.audio_count, data.stt_count,
        )  # fmt: skip
        _SCORES.store(row.key, [scored])
        return scored


def of_session(session_id):
    """The session and its minutes in their order, as of one moment. Raises SessionNotFound."""
    with read():
        row = session.find(session_id)
        return row, of_key(row.key)


def of_key(key):
    """The minutes of the session with that integer key, inside the caller's transaction."""
    return [_minute(*row) for row in execute(_OF_SESSION, (key,)).fetchall()]


def _minute(*row):
    words = row[_KEYWORDS]
    return Minute(*row[:_KEYWORDS], tuple(json.loads(words)) if words else (), *row[_KEYWORDS + 1 :])
