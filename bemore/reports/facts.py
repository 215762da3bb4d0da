"""What a report is made of: plain data of one session, read in one moment. All times are ms, all scores 0..1."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """The session itself. ``started_at_ms`` and ``ended_at_ms`` are since the epoch, ``duration_ms`` runs on until the end."""

    session_id: str
    user_id: str
    counselor_id: str
    status: str
    started_at_ms: int
    ended_at_ms: int | None
    duration_ms: int
    total_frames: int
    total_audio_chunks: int
    total_stt_snippets: int


@dataclass(frozen=True, slots=True)
class Minute:
    """The stored scores of one minute. ``source`` is ``client`` or ``server``; ``timestamp_ms`` is since the epoch.

    ``sentiment`` (positive, neutral, negative), ``confidence``, ``timestamp_ms`` and ``duration_ms`` are what the browser
    sent with its own scores, else None.
    """

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
    keywords: tuple[str, ...] = ()
    sentiment: str | None = None
    confidence: float | None = None
    timestamp_ms: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MinuteAudio:
    """The stored audio of one minute, aggregated: the share of voiced chunks and the mean loudness, each 0..1."""

    minute_index: int
    speech_ratio: float
    mean_rms: float


@dataclass(frozen=True, slots=True)
class ReportInput:
    """All that a report needs.

    ``minutes`` are ordered by minute; ``chunks`` are ``(ts_start_ms, ts_end_ms, vad)`` since the session's start, ordered
    by start; they may be an iterator, which one report uses up. ``snippet_keywords`` are ``(keyword, count)`` of the
    speech-to-text snippets; ``feedback`` is ``(feedback_id, rating, note or None, submitted_at_ms)``, oldest first.
    ``model_version`` is that of the rules in force; every minute keeps its own.
    """

    session: SessionFacts
    minutes: Sequence[Minute]
    audio_minutes: Mapping[int, MinuteAudio]
    chunks: Iterable[tuple[int, int, float]]
    snippet_keywords: Sequence[tuple[str, int]]
    feedback: Sequence[tuple[str, int, str | None, int]]
    generated_at_ms: int
    model_version: str
