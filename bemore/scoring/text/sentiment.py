"""The text part of a minute score: the sentiment of speech-to-text snippets."""

import re
from collections.abc import Iterable
from math import fsum

from bemore.scoring.text import english, korean
from bemore.scoring.text.evidence import Evidence

SENTIMENT_SCORES = {"positive": 0.7, "neutral": 0.5, "negative": 0.3}
"""What a snippet of each sentiment is worth (rule ``rules-v1.0``)."""

WITHOUT_SNIPPETS = 0.5
THRESHOLD = 0.2
"""Sums of values nearer to 0 than this are neutral; a single word that counts half is 0.5."""

_TURN = re.compile(
    r"지만(?!요)|는데(?!요)|은데(?!요)|[한운른픈쁜든던인닌]데(?!요)|[어아해워파려]도(?=\s)|가 나도(?=\s)|근데|그래도|그러나|반면"
    r"|\b(?:but|however|yet)\b",
    re.IGNORECASE,
)
_LATIN = re.compile("[A-Za-z]")
_READ_AS_ENGLISH = ("ko", "en", "")


def sentiment(text: str, lang: str = "ko") -> str:
    """``"positive"``, ``"neutral"`` or ``"negative"`` for one snippet, by the lexicon and rules of this package.

    ``lang`` is a language tag (``ko``, ``en-US`` …). Hangul is always read as Korean; Latin letters are read as English
    under ``ko`` and ``en``, since transcripts mix both. Text in other languages is neutral.
    """
    return sentiment_of(evidence(text, lang))


def sentiment_of(found: Iterable[Evidence]) -> str:
    """The sentiment of what :func:`evidence` found: the sign of the sum, neutral near 0."""
    total = fsum(item.value for item in found)
    if total > THRESHOLD:
        return "positive"
    return "negative" if total < -THRESHOLD else "neutral"


def evidence(text: str, lang: str = "ko") -> list[Evidence]:
    """The words of feeling in ``text`` with their values.

    Each turn ("하지만", "-지만", "-는데", "but") halves what was said before it, up to twice: the end of a sentence
    says what its speaker is left with.
    """
    found: list[Evidence] = []
    if not text.isascii():
        text = korean.normalise(text)
        found = list(korean.find(text))
    if lang[:2].lower() in _READ_AS_ENGLISH and _LATIN.search(text):
        found += english.find(text)
    found = [item for item in found if item.value or item.emotion == "surprised"]
    if len(found) > 1 and min(item.value for item in found) < 0 < max(item.value for item in found):
        turns = [match.start() for match in _TURN.finditer(text)]
        if turns:
            found = [_after_turns(item, turns) for item in found]
    return found


def _after_turns(item: Evidence, turns: list[int]) -> Evidence:
    later = sum(1 for turn in turns[-2:] if turn >= item.position - 1)
    return item._replace(value=item.value * 0.5**later)


def text_score(positive: int, neutral: int, negative: int) -> float:
    """Mean sentiment score of a minute's snippets, 0.3..0.7; 0.5 without snippets (rule ``rules-v1.0``)."""
    count = positive + neutral + negative
    if count <= 0:
        return WITHOUT_SNIPPETS
    total = (
        positive * SENTIMENT_SCORES["positive"]
        + neutral * SENTIMENT_SCORES["neutral"]
        + negative * SENTIMENT_SCORES["negative"]
    )
    return total / count
