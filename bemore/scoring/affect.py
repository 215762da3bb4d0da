"""Valence, arousal and dominance of a minute.

The three dimensions are those of Russell and Mehrabian, "Evidence for a three-factor theory of emotions", Journal of
Research in Personality 11 (1977), 273-294. How the scores map to them is this project's heuristic, not a measurement
of what a person feels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from bemore.scoring.rounding import round3


@dataclass(frozen=True, slots=True)
class Affect:
    """Each -1..1 with three decimals: unpleasant to pleasant, calm to excited, submissive to in control."""

    valence: float
    arousal: float
    dominance: float


def minute_affect(facial: float, vad: float, text: float, speech_ratio: float | None, mean_rms: float | None) -> Affect:
    """Affect of one minute from its scores (0..1), its share of voiced audio (0..1) and its mean loudness (0..1).

    With c(x) = 2x - 1, which maps 0..1 to -1..1, and every result clamped to -1..1:

    - valence = c(text) + 0.25 · c(facial): words weigh most; the face counts little, since the server's facial score
      is how well the face was visible.
    - arousal = 0.5 · c(speech_ratio) + 0.5 · c(mean_rms): much and loud speech.
    - dominance = 0.6 · c(speech_ratio) + 0.2 · c(text) + 0.2 · c(facial): holding the floor.

    A ratio or loudness that is ``None`` (no audio stored) is replaced by the voice score ``vad`` and counts half.
    """
    talk = _centered(vad) * 0.5 if speech_ratio is None else _centered(speech_ratio)
    loudness = _centered(vad) * 0.5 if mean_rms is None else _centered(mean_rms)
    return Affect(
        valence=_clamped(_centered(text) + 0.25 * _centered(facial)),
        arousal=_clamped(0.5 * talk + 0.5 * loudness),
        dominance=_clamped(0.6 * talk + 0.2 * _centered(text) + 0.2 * _centered(facial)),
    )


def session_affect(affects: Sequence[Affect]) -> Affect | None:
    """The mean of the minutes' affect, ``None`` without minutes."""
    if not affects:
        return None
    count = len(affects)
    return Affect(
        valence=_clamped(fsum(affect.valence for affect in affects) / count),
        arousal=_clamped(fsum(affect.arousal for affect in affects) / count),
        dominance=_clamped(fsum(affect.dominance for affect in affects) / count),
    )


def _centered(x: float) -> float:
    return 2 * x - 1


def _clamped(x: float) -> float:
    return round3(min(1.0, max(-1.0, x)))
