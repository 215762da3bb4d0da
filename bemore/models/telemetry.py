"""Telemetry of a session: face frames, audio chunks, speech-to-text snippets.

Rows are tuples in the order of the upsert's columns. Clients give times in ms since the session's start or, from
10^11 on, since the epoch; they are stored relative to the start.
"""

from bemore.clock import EPOCH_FROM_MS, MINUTE_MS
from bemore.models import session
from bemore.models.bulk import Upsert
from bemore.models.database import execute, write
from bemore.models.tables import AudioChunk, Frame, SttSnippet
from bemore.scoring.combine import MinuteData

_FRAMES = Upsert(Frame)
_AUDIO = Upsert(AudioChunk)
_STT = Upsert(SttSnippet)


def store_frames(session_id, frames):
    """Store (ts, quality, compressed, landmarks) rows; answer the session's number of frames."""
    return _store(session_id, _FRAMES, "frame_count", frames, times=1)


def store_audio(session_id, chunks):
    """Store (tsStart, tsEnd, vad, rms, pitch) rows; answer the session's number of audio chunks."""
    return _store(session_id, _AUDIO, "audio_count", chunks, times=2)


def store_stt(session_id, snippets):
    """Store (tsStart, tsEnd, text, lang, sentiment, keywords) rows; answer the session's number of snippets."""
    return _store(session_id, _STT, "stt_count", snippets, times=2)


def _store(session_id, upsert, counter, rows, times):
    with write():
        row = session.touch(session_id)
        new = upsert.store(row.key, _relative(rows, row.started_ms, times))
        if new:
            execute(f"UPDATE session SET {counter} = {counter} + ? WHERE id = ?", (new, row.key))
        return getattr(row, counter) + new


def _relative(rows, started_ms, times):
    # The first value tells for both: the schema lets no row mix the two kinds of time.
    if times == 1:
        return [(row[0] - started_ms, *row[1:]) if row[0] >= EPOCH_FROM_MS else row for row in rows]
    return [(row[0] - started_ms, row[1] - started_ms, *row[2:]) if row[0] >= EPOCH_FROM_MS else row for row in rows]


# A time before the start belongs to the first minute, so that one has no lower bound.
_FRAMES_OF_MINUTE = "SELECT count(*), sum(quality) FROM frame WHERE session_id = ? AND ts_ms >= ? AND ts_ms < ?"
_AUDIO_OF_MINUTE = "SELECT count(*), sum(vad), sum(rms) FROM audio_chunk WHERE session_id = ? AND ts_start_ms >= ? AND ts_start_ms < ?"
_STT_OF_MINUTE = (
    "SELECT sentiment, count(*) FROM stt_snippet WHERE session_id = ? AND ts_start_ms >= ? AND ts_start_ms < ? GROUP BY sentiment"
)
_BEFORE_ALL_MS = -(10**14)


def minute_data(key, minute_index):
    """What is stored for a minute of the session with that integer key, inside the caller's transaction."""
    span = (key, minute_index * MINUTE_MS if minute_index else _BEFORE_ALL_MS, (minute_index + 1) * MINUTE_MS)
    frames, quality = execute(_FRAMES_OF_MINUTE, span).fetchone()
    chunks, vad, rms = execute(_AUDIO_OF_MINUTE, span).fetchone()
    sentiments = dict(execute(_STT_OF_MINUTE, span).fetchall())
    return MinuteData(
        frame_count=frames,
        quality_sum=quality or 0.0,
        audio_count=chunks,
        vad_sum=vad or 0.0,
        rms_sum=rms or 0.0,
        **sentiments,
    )
