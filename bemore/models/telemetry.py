"""Telemetry of a session: face frames, audio chunks, speech-to-text snippets.

Clients give times in ms since the session's start or, from 10^11 on, since the epoch; they are stored relative to the
start.
"""

from typing import NamedTuple

import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import session
from bemore.db.connections import execute, read
from bemore.models.session_data import SessionData
from bemore.models.tables import AudioChunk, Frame, SttSnippet
from bemore.scoring.minute_score import MinuteData

_encode = msgspec.json.Encoder().encode


def json_text(value):
    """A list as it is stored: JSON text, None for an empty one or none."""
    return _encode(value).decode() if value else None


_FRAMES = SessionData(Frame, times=1, counter="frame_count")
_AUDIO = SessionData(AudioChunk, times=2, counter="audio_count")
_STT = SessionData(SttSnippet, times=2, counter="stt_count")


def store_frames(scope, frames):
    """Store (ts, quality, compressed, landmarks) rows; return the session's number of frames. Raises SessionNotFound."""
    return _FRAMES.store(scope, frames)


def store_audio(scope, chunks):
    """Store (tsStart, tsEnd, vad, rms, pitch) rows; return the session's number of audio chunks. Raises SessionNotFound."""
    return _AUDIO.store(scope, chunks)


def store_stt(scope, snippets):
    """Store (tsStart, tsEnd, text, lang, sentiment, keywords) rows; return the session's number of snippets. Raises SessionNotFound."""
    return _STT.store(scope, snippets)


#: Earlier than any stored time.
_BEFORE_ALL_MS = -(10**14)


class Snippet(NamedTuple):
    """A piece of transcript as stored; times in ms since the session's start, ``keywords`` JSON text of a list, or None."""

    ts_start_ms: int
    ts_end_ms: int
    text: str
    lang: str
    sentiment: str
    keywords: str | None


_TRANSCRIPT = (
    f"SELECT {', '.join(Snippet._fields)} FROM stt_snippet WHERE session_id = ? AND (ts_start_ms, ts_end_ms) > (?, ?)"
    " ORDER BY ts_start_ms, ts_end_ms LIMIT ?"
)


def transcript(scope, limit, after=None):
    """At most ``limit`` Snippets in their order; ``after`` is (ts_start_ms, ts_end_ms) of the last one seen. Raises SessionNotFound."""
    with read():
        key = session.find(scope).key
        return [Snippet._make(row) for row in execute(_TRANSCRIPT, (key, *(after or (_BEFORE_ALL_MS, 0)), limit)).fetchall()]


# A time before the start belongs to the first minute, so that one has no lower bound.
_OF_MINUTE = (
    "SELECT * FROM (SELECT count(*), sum(quality) FROM frame WHERE session_id = ? AND ts_ms >= ? AND ts_ms < ?) AS frames,"
    " (SELECT count(*), sum(vad), sum(rms) FROM audio_chunk WHERE session_id = ? AND ts_start_ms >= ? AND ts_start_ms < ?) AS chunks,"
    " (SELECT count(*) FILTER (WHERE sentiment = 'positive'), count(*) FILTER (WHERE sentiment = 'neutral'),"
    " count(*) FILTER (WHERE sentiment = 'negative') FROM stt_snippet"
    " WHERE session_id = ? AND ts_start_ms >= ? AND ts_start_ms < ?) AS snippets"
)


def minute_data(row, minute_index):
    """The MinuteData that is stored for a minute of a session (its SessionRow), inside the caller's transaction."""
    span = (row.key, minute_index * MINUTE_MS if minute_index else _BEFORE_ALL_MS, (minute_index + 1) * MINUTE_MS)
    frames, quality, chunks, vad, rms, positive, neutral, negative = execute(_OF_MINUTE, span * 3).fetchone()
    return MinuteData(
        frame_count=frames, quality_sum=quality or 0.0, audio_count=chunks, vad_sum=vad or 0.0, rms_sum=rms or 0.0,
        positive=positive, neutral=neutral, negative=negative,
    )  # fmt: skip
