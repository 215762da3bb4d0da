"""What a text says of feelings, piece by piece, and the value of an emotion word that may be negated."""

from typing import NamedTuple

MAX_CHARACTERS = 2_000
"""Characters of one text that are read, its first ones: about six minutes of speech."""

MAX_WORDS = 150
"""Emotion words evaluated in one text. The two bounds keep the time for a text of any kind below 2 ms."""

RELIEF_FACTOR = 0.5
"""Weight of a negated unpleasant word: "불안하지 않아요" is good, but less so than "편안해요"."""


class Evidence(NamedTuple):
    """An emotion word, or a clause of English: its end in the text, its value (-1..1, 0 = states no feeling) and its emotion."""

    position: int
    value: float
    emotion: str


def in_context(value: float, emotion: str, negated: bool) -> tuple[float, str]:
    """Value and emotion of a word that may be negated: not happy is sad, not anxious is at ease."""
    if not negated:
        return value, emotion
    return (-value, "sad") if value > 0 else (-value * RELIEF_FACTOR, "neutral")
