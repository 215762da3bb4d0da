"""The minute score: three parts, their weights, and the statistics over a session's minutes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from bemore.scoring.facial import facial_score
from bemore.scoring.rounding import round3, unit
from bemore.scoring.text.sentiment import text_score
from bemore.scoring.voice import vad_score

MODEL_VERSION = "rules-v1.0"
"""Names the rules and the default weights. Other weights need another name."""

SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Weights:
    """Shares of the parts in the combined score: each 0..1, together 1. Anything else is a ``ValueError``."""

    facial: float = 0.5
    vad: float = 0.3
    text: float = 0.2

    def __post_init__(self):
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
    """What is stored of one minute, as counts and sums (the order of the data cannot matter).

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


def score_minute(data: MinuteData, weights: Weights = DEFAULT_WEIGHTS) -> MinuteScore:
    """Score one minute by rule ``rules-v1.0``: 0.5 · facial + 0.3 · voice + 0.2 · text unless ``weights`` differ.

    The combined score is computed from the rounded parts, so that a reader can recompute it from what is shown.
    """
    facial = unit(facial_score(data.quality_sum, data.frame_count))
    vad = unit(vad_score(data.vad_sum, data.rms_sum, data.audio_count))
    text = unit(text_score(data.positive, data.neutral, data.negative))
    combined = unit(fsum((weights.facial * facial, weights.vad * vad, weights.text * text)))
    return MinuteScore(facial, vad, text, combined)


def statistics(minutes: Sequence[tuple[int, float, float, float, float]]) -> dict:
    """The ``stats`` of a session's scored minutes, in the API's names.

    ``minutes`` holds ``(minute_index, facial, vad, text, combined)`` in the order wanted for ``timeline``.
    Averages are plain means, three decimals; without minutes the numbers are 0 and ``timeline`` is empty.
    ``avgTextSentiment`` and ``textSentiment`` repeat the text score under its older name.
    """
    combined = [minute[4] for minute in minutes]
    text = _mean(minute[3] for minute in minutes)
    return {
        "totalMinutes": len(minutes),
        "avgCombinedScore": _mean(combined),
        "avgFacialScore": _mean(minute[1] for minute in minutes),
        "avgVadScore": _mean(minute[2] for minute in minutes),
        "avgTextScore": text,
        "avgTextSentiment": text,
        "maxCombinedScore": round3(max(combined, default=0.0)),
        "minCombinedScore": round3(min(combined, default=0.0)),
        "timeline": [
            {
                "minute": index,
                "combinedScore": combined_value,
                "facialScore": facial_value,
                "vadScore": vad_value,
                "textScore": text_value,
                "textSentiment": text_value,
            }
            for index, facial_value, vad_value, text_value, combined_value in minutes
        ],
    }


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return round3(fsum(values) / len(values)) if values else 0.0
