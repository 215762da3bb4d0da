"""Telemetry of a session: face frames, audio chunks, speech-to-text snippets.

Clients give times in ms since the session's start or, from 10^11 on, since the epoch; they are stored relative to the
start.
"""

from typing import NamedTuple

import msgspec

from bemore.clock import EPOCH_FROM_MS, MINUTE_MS
from bemore.models import coverage, session
from bemore.db.connections import execute, read
from bemore.models.speaker import CODES
from bemore.models.session_data import SessionData, Upload, relative, started_ms
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
    end = len(fields) - 1
    newest, clock_offset = max(row[end] for row in rows), None
    if newest >= EPOCH_FROM_MS:
        clock_offset = newest - arrival.now_ms
        rows = relative(rows, len(fields), started_ms(scope))
        newest = max(row[end] for row in rows)
    places = range(len(rows)) if arrival.places is None else arrival.places
    upload = Upload(fields, newest, places, arrival.now_ms, minutes_of(rows), arrival.byte_count, arrival.max_bytes, clock_offset)
    return data.store(scope, rows, upload)


#: Earlier than any stored time.
_BEFORE_ALL_MS = -(10**14)


#: A place before all snippets.
FIRST = (_BEFORE_ALL_MS, 0, 0)


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
    first = (from_ms, _BEFORE_ALL_MS, 0) if from_ms else FIRST
    with read():
        return snippets_of(session.find(scope), limit, max(first, after or first))


def snippets_of(row, limit, after):
    """At most ``limit`` Snippets of a session (its SessionRow) behind ``after``, inside the caller's transaction; FIRST is before all."""
    return [Snippet._make(values) for values in execute(_TRANSCRIPT, (row.key, *after, limit)).fetchall()]


def store_again(row, snippets):
    """Replace stored snippets of a session that the caller's transaction has touched."""
    _STT.store_of(row, snippets)


# A time before the start belongs to the first minute. One statement: each costs a round trip on PostgreSQL.
_PER_MINUTE, _WITHOUT_COUNSELOR = (" UNION ALL ".join(
    f"SELECT {kind}, CASE WHEN {time} < 0 THEN 0 ELSE {time} / 60000 END AS minute, {measures} FROM {table}"
    f" WHERE session_id = ? AND {time} >= ? AND {time} < ?{whose} GROUP BY minute"
    for kind, table, time, measures in (
        (0, "frame", "ts_ms", "count(*), sum(quality), 0, 0"),
        (1, "audio_chunk", "ts_start_ms", "count(*), sum(vad), sum(rms), 0"),
        (2, "stt_snippet", "ts_start_ms", "0, " + ", ".join(
            f"count(*) FILTER (WHERE sentiment = '{each}')" for each in ("positive", "neutral", "negative"))),
    )
) for whose in ("", f" AND speaker <> {CODES['counselor']}"))  # fmt: skip


def minutes_data(row, first, last, without_counselor=False):
    """``{minute: MinuteData}`` of a session (its SessionRow) from one minute to another, inside the caller's transaction.

    ``without_counselor`` leaves out what is known to be of the counselor.
    """
    span = (row.key, first * MINUTE_MS if first else _BEFORE_ALL_MS, (last + 1) * MINUTE_MS)
    frames, audio, snippets = {}, {}, {}
    for kind, minute, *measures in execute(_WITHOUT_COUNSELOR if without_counselor else _PER_MINUTE, span * 3).fetchall():
        (frames, audio, snippets)[kind][minute] = measures
    return {
        minute: MinuteData(
            *frames.get(minute, (0, 0.0))[:2], *audio.get(minute, (0, 0.0, 0.0))[:3], *map(int, snippets.get(minute, (0, 0, 0, 0))[1:])
        )
        for minute in {*frames, *audio, *snippets}
    }
