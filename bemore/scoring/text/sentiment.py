"""The text part of a minute score: the sentiment of speech-to-text snippets."""

import re
from collections.abc import Iterable
from math import fsum

from bemore.scoring.text import english, korean
from bemore.scoring.text.evidence import MAX_CHARACTERS, Evidence

SENTIMENT_SCORES = {"positive": 0.7, "neutral": 0.5, "negative": 0.3}
"""The score of a snippet by its sentiment (rule ``rules-v1.0``)."""

SCORE_WITHOUT_SNIPPETS = 0.5
THRESHOLD = 0.2
"""Sums of values up to this far from 0 are neutral; a single word that counts half is 0.5."""

_CONTRAST = re.compile(
    r"지만(?!요)|[는은한운른픈쁜든던인닌]데(?!요)|(?:[어아해워파려]도|가 나도|더니|다가|때(?:마다|[면는도])?|[았었했하]던)(?=\s)"
    r"|근데|그래도|그러나|반면|오히려"
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
    return sentiment_of(find_evidence(text, lang))


def sentiment_of(evidence: Iterable[Evidence]) -> str:
    """The sentiment of a text's evidence: the sign of the sum of its values, neutral near 0."""
    total = fsum(item.value for item in evidence)
    if total > THRESHOLD:
        return "positive"
    return "negative" if total < -THRESHOLD else "neutral"


def find_evidence(text: str, lang: str = "ko") -> list[Evidence]:
    """The emotion words in the first ``MAX_CHARACTERS`` of ``text`` with their values, at most ``MAX_WORDS`` of each language.

    Each contrastive conjunction ("하지만", "-지만", "-는데", "but") halves the value of the words before it, up to
    twice: the end of a sentence says what its speaker concludes.
    """
    text = text[:MAX_CHARACTERS]
    evidence: list[Evidence] = []
    if not text.isascii():
        text = korean.normalize(text)
        evidence = list(korean.find_evidence(text))
    if lang[:2].lower() in _READ_AS_ENGLISH and _LATIN.search(text):
        evidence += english.find_evidence(text)
    evidence = [item for item in evidence if item.value or item.emotion == "surprised"]
    if len(evidence) > 1 and min(item.value for item in evidence) < 0 < max(item.value for item in evidence):
        contrasts = [match.start() for match in _CONTRAST.finditer(text)]
        if contrasts:
            evidence = [_weighted_by_contrast(item, contrasts) for item in evidence]
    return evidence


def _weighted_by_contrast(item: Evidence, contrasts: list[int]) -> Evidence:
    later = sum(1 for position in contrasts[-2:] if position >= item.position - 1)
    return item._replace(value=item.value * 0.5**later)


def text_score(positive: int, neutral: int, negative: int) -> float:
    """Mean sentiment score of a minute's snippets, 0.3..0.7; 0.5 without snippets (rule ``rules-v1.0``)."""
    count = positive + neutral + negative
    if count <= 0:
        return SCORE_WITHOUT_SNIPPETS
    total = (
        positive * SENTIMENT_SCORES["positive"]
        + neutral * SENTIMENT_SCORES["neutral"]
        + negative * SENTIMENT_SCORES["negative"]
    )
    return total / count
