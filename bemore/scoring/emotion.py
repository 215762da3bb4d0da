"""Emotion labels for minutes and for texts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from math import dist
from typing import TypedDict

from bemore.scoring.affect import Affect
from bemore.scoring.rounding import round3, unit
from bemore.scoring.text.sentiment import find_evidence, sentiment_of

EMOTIONS = ("happy", "sad", "angry", "anxious", "neutral", "surprised", "disgusted", "fearful")

PROTOTYPES = {
    "happy": (0.81, 0.51, 0.46),
    "sad": (-0.63, -0.27, -0.33),
    "angry": (-0.51, 0.59, 0.25),
    "anxious": (0.01, 0.59, -0.15),
    "neutral": (0.0, 0.0, 0.0),
    "surprised": (0.40, 0.67, -0.13),
    "disgusted": (-0.60, 0.35, 0.11),
    "fearful": (-0.64, 0.60, -0.43),
}
"""Pleasure, arousal and dominance of the words in the ratings of Russell and Mehrabian (1977); neutral: the origin.

The axes from unpleasant to pleasant and from calm to excited are those of the circumplex of Russell, "A circumplex model of
affect", Journal of Personality and Social Psychology 39 (1980), 1161-1178.
"""

ALLOWED = {
    "positive": ("happy", "surprised", "neutral"),
    "neutral": ("neutral", "surprised"),
    "negative": ("sad", "angry", "anxious", "disgusted", "fearful", "surprised", "neutral"),
}
"""The labels possible for each sentiment. A shock is a surprise too, so ``surprised`` may be negative."""

DEAD_BAND = 0.05
SCORE_WITHOUT_EVIDENCE = 0.5


class DominantEmotion(TypedDict):
    """A label of ``EMOTIONS`` and its share, 0..100 with one decimal."""

    emotion: str
    percentage: float


def minute_emotion(affect: Affect, sentiment: str | None) -> tuple[str, float]:
    """The label of a minute and how near it is to its prototype (0..1, three decimals, 1 = the same point).

    The sign comes from ``sentiment`` when it is positive or negative, else from the valence; a valence within ±0.05 is
    neutral. Without that rule a lively talk about nothing sad would be called anxious, whose valence is near 0.
    Among the labels of that sign the nearest prototype wins; the score is 1 - distance / 2, not below 0.
    """
    labels: tuple[str, ...]
    if sentiment in ("positive", "negative"):
        labels = ALLOWED[sentiment]
    elif abs(affect.valence) <= DEAD_BAND:
        labels = ("neutral",)
    else:
        labels = ALLOWED["positive" if affect.valence > 0 else "negative"]
    point = (affect.valence, affect.arousal, affect.dominance)
    distance, label = min((dist(point, PROTOTYPES[label]), label) for label in labels)
    return label, unit(1 - distance / 2)


def text_emotion(text: str, lang: str = "ko") -> tuple[str, float, str]:
    """``(emotion, score, sentiment)`` of a text by its words.

    Among the emotions possible for the sentiment, the one with the most words wins, the first of equals. Its score
    (0..1, three decimals) is its words / (all emotion words + 1): it grows with their number and agreement. Without
    such words: neutral, 0.5.
    """
    evidence = find_evidence(text, lang)
    sign = sentiment_of(evidence)
    weights: defaultdict[str, float] = defaultdict(float)
    for item in evidence:
        weights[item.emotion] += abs(item.value) or 1.0
    label = max((emotion for emotion in weights if emotion in ALLOWED[sign]), key=weights.__getitem__, default=None)
    if label is None:
        return "neutral", SCORE_WITHOUT_EVIDENCE, sign
    return label, unit(weights[label] / (sum(weights.values()) + 1)), sign


def distribution(labels: Iterable[str]) -> dict[str, float]:
    """The share of each label that occurs, 0..1 with three decimals, largest first, ties in the order of EMOTIONS."""
    counts = _ranked(labels)
    total = sum(count for _, count in counts)
    return {label: round3(count / total) for label, count in counts}


def dominant(labels: Iterable[str]) -> DominantEmotion | None:
    """The most frequent label and its share, ``None`` without labels."""
    counts = _ranked(labels)
    if not counts:
        return None
    label, count = counts[0]
    return {"emotion": label, "percentage": round(100 * count / sum(n for _, n in counts), 1)}


def _ranked(labels: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(labels).items(), key=lambda pair: (-pair[1], EMOTIONS.index(pair[0])))
