"""Telemetry of a session: face frames, audio chunks, speech-to-text snippets.

Clients give times in ms since the session's start or, from 10^11 on, since the epoch; they are stored relative to the
start.
"""

from bemore.clock import MINUTE_MS
from bemore.models.bulk import Writer
from bemore.models.database import execute
from bemore.models.group import together
from bemore.models.tables import AudioChunk, Frame, SttSnippet
from bemore.scoring.combine import MinuteData

_FRAMES = Writer(Frame, times=1, counter="frame_count")
_AUDIO = Writer(AudioChunk, times=2, counter="audio_count")
_STT = Writer(SttSnippet, times=2, counter="stt_count")


def store_frames(session_id, frames):
    """Store (ts, quality, compressed, landmarks) rows; answer the session's number of frames. Raises SessionNotFound."""
    return together(lambda: _FRAMES.store(session_id, frames))


def store_audio(session_id, chunks):
    """Store (tsStart, tsEnd, vad, rms, pitch) rows; answer the session's number of audio chunks. Raises SessionNotFound."""
    return together(lambda: _AUDIO.store(session_id, chunks))


def store_stt(session_id, snippets):
    """Store (tsStart, tsEnd, text, lang, sentiment, keywords) rows; answer the session's number of snippets.

    Raises SessionNotFound.
    """
    return together(lambda: _STT.store(session_id, snippets))


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
