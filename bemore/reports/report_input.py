"""The input of a report: data of one session, read at one moment. All times are ms, all scores 0..1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bemore.scoring.minute_score import Minute
from bemore.scoring.talk import Heard, Snippet

__all__ = ["Feedback", "Heard", "Minute", "MinuteAudio", "MinuteText", "Note", "ReportInput", "SessionInfo", "Snippet"]


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """The session itself. ``started_at_ms`` and ``ended_at_ms`` are since the epoch; ``duration_ms`` grows until the end.

    ``last_frame_ms`` and ``last_audio_ms`` are the time of the last frame and the end of the last chunk, in ms since the session's start;
    ``last_data_at`` has the end of the newest item of each kind, ms since the epoch or None.
    """

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
    last_frame_ms: int | None = None
    last_audio_ms: int | None = None
    last_data_at: Mapping[str, int | None] = field(default_factory=lambda: dict.fromkeys(("frames", "audio", "stt")))


@dataclass(frozen=True, slots=True)
class MinuteAudio:
    """The stored audio of one minute, aggregated: the share of voiced chunks and the mean loudness, each 0..1."""

    minute_index: int
    speech_ratio: float
    mean_rms: float


@dataclass(frozen=True, slots=True)
class MinuteText:
    """The stored snippets of one minute, aggregated: their sentiment (positive, neutral, negative) and their keywords.

    The sentiment is that of most snippets, neutral where none has more than the others. The keywords are the most frequent ones
    first, at most 10.
    """

    sentiment: str
    keywords: tuple[str, ...]


class Feedback(NamedTuple):
    """A rating 1..5. ``author`` and ``role`` are None without authentication, and of older ones."""

    feedback_id: str
    rating: int
    note: str | None
    submitted_at_ms: int
    author: str | None = None
    role: str | None = None


class Note(NamedTuple):
    """A note on the timeline. ``start_ms`` and ``end_ms`` are since the session's start, ``created_ms`` and ``edited_ms`` since the epoch.

    ``kind`` is ``bookmark`` or ``note``, ``visibility`` ``private`` or ``shared``; ``author`` and ``role`` are None without authentication.
    """

    public_id: str
    author: str | None
    role: str | None
    kind: str
    start_ms: int
    end_ms: int | None
    text: str | None
    visibility: str
    created_ms: int
    edited_ms: int | None


@dataclass(frozen=True, slots=True)
class ReportInput:
    """Everything a report needs.

    ``minutes`` are ordered by minute; ``heard`` is what the audio says. ``snippet_keywords`` are ``(keyword, count)`` of the
    speech-to-text snippets; ``feedback`` has the values of a Feedback each, oldest first; ``notes`` are the shared ones, by their start.
    ``model_version`` is that of the rules in force; every minute keeps its own. ``minute_texts`` has the minutes with snippets.

    ``snippets`` are the transcript, ordered by start. ``coverage`` is ``(bits of frames, bits of audio)`` by minute: bit n is second n.
    """

    session: SessionInfo
    minutes: Sequence[Minute]
    audio_minutes: Mapping[int, MinuteAudio]
    heard: Heard
    snippet_keywords: Sequence[tuple[str, int]]
    feedback: Sequence[tuple[Any, ...]]
    generated_at_ms: int
    model_version: str
    minute_texts: Mapping[int, MinuteText] = field(default_factory=dict)
    snippets: Sequence[Snippet] = ()
    coverage: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    notes: Sequence[Note] = ()
