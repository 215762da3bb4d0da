"""The score of a minute: three parts, their weights, and the statistics over a session's minutes.

"VAD" in the name of the voice score means voice activity detection.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from bemore.scoring.rounding import round3, unit
from bemore.scoring.text.sentiment import text_score

DEFAULT_FACIAL_SCORE = 0.5
DEFAULT_VAD_SCORE = 0.3
VAD_SHARE = 0.7
RMS_SHARE = 0.3
SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Weights:
    """Shares of the parts in the combined score: each 0..1, together 1. Anything else is a ``ValueError``."""

    facial: float = 0.5
    vad: float = 0.3
    text: float = 0.2

    def __post_init__(self) -> None:
        for name in ("facial", "vad", "text"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"The {name} weight must be between 0 and 1, but it is {value:g}.")
        total = fsum((self.facial, self.vad, self.text))
        if abs(total - 1) > SUM_TOLERANCE:
            raise ValueError(
                "The weights of the facial, the voice and the text part must sum to 1, "
                f"but {self.facial:g} + {self.vad:g} + {self.text:g} = {total:.12g}."
            )


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class MinuteData:
    """The telemetry of one minute as counts and sums, so that its order cannot matter.

    ``quality_sum``, ``vad_sum`` and ``rms_sum`` sum values of 0..1 over ``frame_count`` frames and ``audio_count``
    audio chunks; ``positive``, ``neutral`` and ``negative`` count speech-to-text snippets by their sentiment.
    """

    frame_count: int = 0
    quality_sum: float = 0.0
    audio_count: int = 0
    vad_sum: float = 0.0
    rms_sum: float = 0.0
    positive: int = 0
    neutral: int = 0
    negative: int = 0

    @property
    def stt_count(self) -> int:
        """Number of speech-to-text snippets."""
        return self.positive + self.neutral + self.negative


@dataclass(frozen=True, slots=True)
class MinuteScore:
    """The scores of one minute, each 0..1 with three decimals."""

    facial: float
    vad: float
    text: float
    combined: float


@dataclass(frozen=True, slots=True)
class Minute:
    """The stored scores (0..1) of one minute. ``source`` is ``client`` or ``server``; ``timestamp_ms`` is since the epoch.

    ``sentiment`` (positive, neutral, negative), ``confidence`` (0..1), ``timestamp_ms`` and ``duration_ms`` are what the
    browser sent with its own scores, else None.
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


def score_minute(data: MinuteData, weights: Weights = DEFAULT_WEIGHTS) -> MinuteScore:
    """Score one minute by rule ``rules-v1.0``: 0.5 · facial + 0.3 · voice + 0.2 · text unless ``weights`` differ.

    The combined score is computed from the rounded parts, so that a reader can recompute it from what is shown.
    """
    facial = unit(facial_score(data.quality_sum, data.frame_count))
    vad = unit(vad_score(data.vad_sum, data.rms_sum, data.audio_count))
    text = unit(text_score(data.positive, data.neutral, data.negative))
    combined = unit(fsum((weights.facial * facial, weights.vad * vad, weights.text * text)))
    return MinuteScore(facial, vad, text, combined)


def facial_score(quality_sum: float, count: int) -> float:
    """Mean frame quality of a minute, 0..1; 0.5 without frames (rule ``rules-v1.0``).

    ``quality_sum`` is the sum of the frames' ``qualityScore`` (each 0..1), ``count`` their number.
    """
    if count <= 0:
        return DEFAULT_FACIAL_SCORE
    return min(1.0, max(0.0, quality_sum / count))


def vad_score(vad_sum: float, rms_sum: float, count: int) -> float:
    """0.7 · mean(vad) + 0.3 · mean(rms), 0..1; 0.3 without audio (rule ``rules-v1.0``).

    ``vad_sum`` and ``rms_sum`` are the sums over the minute's audio chunks of voice activity (0..1, true = 1) and
    loudness (root mean square, 0..1); ``count`` is the number of chunks.
    """
    if count <= 0:
        return DEFAULT_VAD_SCORE
    return min(1.0, max(0.0, VAD_SHARE * (vad_sum / count) + RMS_SHARE * (rms_sum / count)))


def statistics(minutes: Sequence[Minute]) -> dict[str, Any]:
    """The ``stats`` of a session's scored minutes, in the API's names; ``timeline`` keeps the order of ``minutes``.

    Averages are arithmetic means with three decimals; without minutes the numbers are 0 and ``timeline`` is empty.
    ``avgTextSentiment`` and ``textSentiment`` repeat the text score under its older name.
    """
    combined = [minute.combined for minute in minutes]
    text = _mean(minute.text for minute in minutes)
    return {
        "totalMinutes": len(minutes),
        "avgCombinedScore": _mean(combined),
        "avgFacialScore": _mean(minute.facial for minute in minutes),
        "avgVadScore": _mean(minute.vad for minute in minutes),
        "avgTextScore": text,
        "avgTextSentiment": text,
        "maxCombinedScore": round3(max(combined, default=0.0)),
        "minCombinedScore": round3(min(combined, default=0.0)),
        "timeline": [
            {
                "minute": minute.minute_index,
                "combinedScore": minute.combined,
                "facialScore": minute.facial,
                "vadScore": minute.vad,
                "textScore": minute.text,
                "textSentiment": minute.text,
            }
            for minute in minutes
        ],
    }


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return round3(fsum(values) / len(values)) if values else 0.0
