"""Telemetry of a session: face frames, audio chunks, speech-to-text snippets.

Clients give times in ms since the session's start or, from 10^11 on, since the epoch; they are stored relative to the
start.
"""

from typing import NamedTuple

import msgspec

from bemore.clock import EPOCH_FROM_MS, MINUTE_MS
from bemore.models import coverage, session
from bemore.db.connections import execute, read
from bemore.models.session_data import SessionData, Upload, check_times, relative, started_ms
from bemore.models.tables import AudioChunk, Frame, SttSnippet
from bemore.scoring.minute_score import MinuteData

_encode = msgspec.json.Encoder().encode


def json_text(value):
    """A list as it is stored: JSON text, None for an empty one or none."""
    return _encode(value).decode() if value else None


_FRAMES = SessionData(Frame, "frame_count", "last_frame_ms")
_AUDIO = SessionData(AudioChunk, "audio_count", "last_audio_ms")
_STT = SessionData(SttSnippet, "stt_count", "last_stt_ms")


class Arrival(NamedTuple):
    """When an upload arrived (epoch ms), its size in bytes, and how many bytes its session may have.

    ``places``: where its rows stood in the request, None if there were no others.
    """

    now_ms: int
    byte_count: int
    max_bytes: int
    places: list | None = None


def store_frames(scope, frames, arrival):
    """Store (ts, speaker code, quality, compressed, landmarks) rows; return the session's number of frames and its status.

    Times are as clients send them. Raises SessionNotFound, SessionTooLarge, InvalidInput.
    """
    return _store(_FRAMES, scope, frames, arrival, ("ts",), lambda rows: coverage.of_frames(row[0] for row in rows))


def store_audio(scope, chunks, arrival):
    """As ``store_frames`` for (tsStart, tsEnd, speaker code, vad, rms, pitch) rows of audio chunks."""
    return _store(_AUDIO, scope, chunks, arrival, _SPAN, lambda rows: coverage.of_audio(row[:2] for row in rows))


def store_stt(scope, snippets, arrival):
    """As ``store_frames`` for (tsStart, tsEnd, speaker code, text, lang, sentiment, keywords) rows of snippets."""
    return _store(_STT, scope, snippets, arrival, _SPAN, lambda rows: coverage.of_snippets(row[:2] for row in rows))


_SPAN = ("tsStart", "tsEnd")


def _store(data, scope, rows, arrival, fields, minutes_of):
    started, end = started_ms(scope), len(fields) - 1
    latest = max(row[end] for row in rows)
    clock_offset = latest - arrival.now_ms if latest >= EPOCH_FROM_MS else None
    rows = relative(rows, len(fields), started)
    places = list(range(len(rows))) if arrival.places is None else arrival.places
    # A clock that was set back may be before the start.
    check_times(rows, fields, places, max(0, arrival.now_ms - started))
    newest = max(row[end] for row in rows)
    upload = Upload(fields, newest, places, minutes_of(rows), arrival.byte_count, arrival.max_bytes, clock_offset)
    return data.store(scope, rows, upload)


#: Earlier than any stored time.
_BEFORE_ALL_MS = -(10**14)


class Snippet(NamedTuple):
    """A piece of transcript as stored; times in ms since the session's start, ``speaker`` a code, ``keywords`` JSON text of a list, or
    None.
    """

    ts_start_ms: int
    ts_end_ms: int
    speaker: int
    text: str
    lang: str
    sentiment: str
    keywords: str | None


_TRANSCRIPT = (
    f"SELECT {', '.join(Snippet._fields)} FROM stt_snippet WHERE session_id = ? AND (ts_start_ms, ts_end_ms, speaker) > (?, ?, ?)"
    " ORDER BY ts_start_ms, ts_end_ms, speaker LIMIT ?"
)


def transcript(scope, limit, after=None, from_ms=None):
    """At most ``limit`` Snippets in their order that began at ``from_ms`` or later.

    ``after`` is (ts_start_ms, ts_end_ms, speaker code) of the last one seen. Raises SessionNotFound.
    """
    # What began before the session's start counts as its first moment.
    first = (from_ms, _BEFORE_ALL_MS, 0) if from_ms else (_BEFORE_ALL_MS, 0, 0)
    with read():
        key = session.find(scope).key
        return [Snippet._make(row) for row in execute(_TRANSCRIPT, (key, *max(first, after or first), limit)).fetchall()]


# A time before the start belongs to the first minute.
_MINUTE_OF = "CASE WHEN {0} < 0 THEN 0 ELSE {0} / 60000 END"
_PER_MINUTE = (
    f"SELECT {_MINUTE_OF.format('ts_ms')} AS minute, count(*), sum(quality) FROM frame"
    " WHERE session_id = ? AND ts_ms >= ? AND ts_ms < ? GROUP BY 1",
    f"SELECT {_MINUTE_OF.format('ts_start_ms')} AS minute, count(*), sum(vad), sum(rms) FROM audio_chunk"
    " WHERE session_id = ? AND ts_start_ms >= ? AND ts_start_ms < ? GROUP BY 1",
    f"SELECT {_MINUTE_OF.format('ts_start_ms')} AS minute, count(*) FILTER (WHERE sentiment = 'positive'),"
    " count(*) FILTER (WHERE sentiment = 'neutral'), count(*) FILTER (WHERE sentiment = 'negative') FROM stt_snippet"
    " WHERE session_id = ? AND ts_start_ms >= ? AND ts_start_ms < ? GROUP BY 1",
)


def minutes_data(row, first, last):
    """``{minute: MinuteData}`` of a session (its SessionRow) from one minute to another, inside the caller's transaction."""
    span = (row.key, first * MINUTE_MS if first else _BEFORE_ALL_MS, (last + 1) * MINUTE_MS)
    frames, audio, snippets = ({minute: rest for minute, *rest in execute(sql, span).fetchall()} for sql in _PER_MINUTE)
    return {
        minute: MinuteData(*frames.get(minute, (0, 0.0)), *audio.get(minute, (0, 0.0, 0.0)), *snippets.get(minute, (0, 0, 0)))
        for minute in {*frames, *audio, *snippets}
    }


def minute_data(row, minute_index):
    """The MinuteData of one minute of a session (its SessionRow), inside the caller's transaction."""
    return minutes_data(row, minute_index, minute_index).get(minute_index, MinuteData())
