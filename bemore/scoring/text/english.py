"""English text: how pleasant a clause is by VADER, and which emotion its words name.

VADER (``vaderSentiment``, MIT; Hutto and Gilbert, ICWSM 2014) was made for posts and reviews. It reads one clause at a time: its time is
quadratic in the number of words, and its negations reach across commas. The words and phrases of ``lexicon.ENGLISH`` are added where it
has none, and words of relief ("no longer", "my anxiety is gone") become negations.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from bemore.scoring.text.evidence import Evidence
from bemore.scoring.text.lexicon import ENGLISH

MAX_CLAUSE_WORDS = 16
MAX_WORDS = 240
"""Words of one text that are read, its first ones: a minute and a half of speech. The two bounds keep any text below 3 ms."""

VALENCE = 1.9
"""Of a word or phrase of the project's own list that VADER does not know or reads the other way; on its scale of -4..4 "good" is 1.9."""

SCALE = 2.0
"""The value of a clause is its compound score times this, within -1..1. One plain word such as "sad" has 0.95."""

_NOT_LATIN = re.compile(r"[^\x00-\u024f]")
_WORD = re.compile(r"\S+|\n")
_CONTRASTS = frozenset("but because although though however yet".split())
_TOKEN = re.compile(r"[a-z_]+")
_ENDINGS = ("s", "ed", "ing", "ly", "es", "d")

_FADED = "gone|lifted|fad(?:ed|ing)|eas(?:ed|ing)|decreas(?:ed|ing)|vanished|passed|disappeared"
_REWORDED = (
    (re.compile(r"\b(?:no longer|stop(?:ped|ping)?|quit|less)\b(?= \w)", re.IGNORECASE), "not"),
    (re.compile(rf"\b(\w+)(?= (?:\w+ ){{0,2}}(?:{_FADED})\b)", re.IGNORECASE), r"no \1"),
)

_WORDS = {
    entry.lstrip("~").replace("'", ""): (polarity, emotion) for emotion, polarity, entries in ENGLISH for entry in entries.split()
}
_PHRASES = {entry.lstrip("~").replace("_", " ") for _, _, entries in ENGLISH for entry in entries.split() if "_" in entry}
_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(_PHRASES, reverse=True))})\b", re.IGNORECASE)


@cache
def _analyzer():  # type: ignore[no-untyped-def]
    # Its word list takes 15 ms and 5 MB, at the first English text and not at the start.
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

    analyzer = SentimentIntensityAnalyzer()
    for word, (polarity, _) in _WORDS.items():
        if word not in analyzer.lexicon or polarity * analyzer.lexicon[word] < 0:
            analyzer.lexicon[word] = polarity * VALENCE
    return analyzer


def find_evidence(text: str) -> Iterator[Evidence]:
    """The clauses of ``text`` that are pleasant, unpleasant or a surprise, from left to right."""
    # Emoji are read with the Korean words, and every character keeps its place.
    text = _NOT_LATIN.sub(" ", text.replace("\u2019", "'"))
    for start, end in _clauses(text):
        reworded = _PHRASE.sub(_as_one_word, text[start:end])
        for pattern, instead in _REWORDED:
            reworded = pattern.sub(instead, reworded)
        value = max(-1.0, min(1.0, SCALE * _analyzer().polarity_scores(reworded)["compound"]))
        emotion = _emotion(_TOKEN.findall(reworded.lower().replace("'", "")), value)
        if value or emotion == "surprised":
            yield Evidence(end, value, emotion)


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each clause: up to a mark or a line's end, or before a word such as "but"."""
    start = words = end = 0
    for match in islice(_WORD.finditer(text), MAX_WORDS):
        word = match[0]
        if words and (word.lower() in _CONTRASTS or words == MAX_CLAUSE_WORDS):
            yield start, end
            words = 0
        if not words:
            start = match.start()
        words, end = words + 1, match.end()
        if word[-1] in ",.;:!?\n":
            yield start, end
            words = 0
    if words:
        yield start, end


def _as_one_word(phrase: re.Match[str]) -> str:
    return phrase[0].replace(" ", "_").replace("'", "")


def _emotion(words: list[str], value: float) -> str:
    """The first emotion in a clause that has the sign of its value; what is good about "not anxious" is no emotion."""
    found = [entry for entry in map(_entry, words) if entry]
    fitting = (emotion for polarity, emotion in found if polarity * value > 0 or emotion == "surprised")
    otherwise = "sad" if value < 0 else "neutral" if found else "happy"
    return next(fitting, otherwise)


def _entry(word: str) -> tuple[int, str] | None:
    if word in _WORDS or len(word) <= 4:
        return _WORDS.get(word)
    bases = (word[:-len(ending)] for ending in _ENDINGS if word.endswith(ending))
    return next((_WORDS[each] for base in bases for each in (base, base + "e") if each in _WORDS), None)
