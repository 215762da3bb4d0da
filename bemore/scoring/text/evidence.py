"""What a word of feeling is worth where it stands; the same for Korean and English."""

from typing import NamedTuple

MOST_WORDS = 400
"""Words of feeling looked at in one text; it bounds the time that 5,000 characters of anything can take."""

EASED = 0.5
"""What the negation of something unpleasant is worth: "불안하지 않아요" is good, but less so than "편안해요"."""


class Evidence(NamedTuple):
    """One word of feeling: its end in the text, its value (-1..1, 0 = says no feeling) and its emotion."""

    position: int
    value: float
    emotion: str


def felt(value: float, emotion: str, negated: bool) -> tuple[float, str]:
    """Value and emotion of a word where it stands: not happy is sad, not anxious is at ease."""
    if not negated:
        return value, emotion
    return (-value, "sad") if value > 0 else (-value * EASED, "neutral")
