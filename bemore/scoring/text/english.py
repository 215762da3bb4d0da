"""Emotion words in English text, with negation and relief."""

import re
from collections.abc import Iterator

from bemore.scoring.text.evidence import MAX_WORDS, Evidence, in_context
from bemore.scoring.text.lexicon import ENGLISH

_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[.,;:!?\n]")
_ENDINGS = ("s", "ed", "ing", "ly", "es", "d")

_NEGATORS = frozenset(
    """not no never neither nor without hardly barely rarely cannot dont cant didnt isnt wasnt arent wont doesnt couldnt
    wouldnt havent aint less stop stopped stopping quit nothing nobody none""".split()
)
# They end the reach of a negator before them: "not tired but sad", "no idea because I am sad".
_BARRIERS = frozenset(("\n", *". , ; : ! ? but because and so although though".split()))
_REACH = 3
_NO_NEGATION_BEFORE = frozenset(("only", "just", "help"))
_RELIEF = frozenset("gone lifted faded fading eased easing decreased decreasing vanished passed disappeared".split())


def _tables() -> tuple[dict[str, tuple[float, str]], dict[str, list[tuple[tuple[str, ...], float, str]]]]:
    words: dict[str, tuple[float, str]] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], float, str]]] = {}
    for emotion, polarity, entries in ENGLISH:
        for written in entries.split():
            value = polarity * (0.5 if written.startswith("~") else 1.0)
            parts = tuple(written.lstrip("~").split("_"))
            if len(parts) == 1:
                words.setdefault(parts[0], (value, emotion))
            else:
                phrases.setdefault(parts[0], []).append((parts, value, emotion))
    for group in phrases.values():
        group.sort(key=lambda phrase: -len(phrase[0]))
    return words, phrases


_WORDS, _PHRASES = _tables()


def find_evidence(text: str) -> Iterator[Evidence]:
    """Emotion words in ``text``, from left to right; a phrase takes precedence over its words."""
    matches = list(_TOKEN.finditer(text.lower().replace("\u2019", "'")))
    tokens = [match[0] for match in matches]
    index = seen = 0
    while index < len(tokens) and seen < MAX_WORDS:
        length, value, emotion = _entry_at(tokens, index)
        if length:
            seen += 1
            if value or emotion == "surprised":
                yield _evaluate(tokens, index, index + length, value, emotion, matches[index].end())
        index += length or 1


def _entry_at(tokens: list[str], index: int) -> tuple[int, float, str]:
    token = tokens[index]
    for parts, value, emotion in _PHRASES.get(token, ()):
        if tuple(tokens[index:index + len(parts)]) == parts:
            return len(parts), value, emotion
    entry = _WORDS.get(token)
    if entry is None and len(token) > 4:
        for ending in _ENDINGS:
            if token.endswith(ending):
                base = token[:-len(ending)]
                entry = _WORDS.get(base) or _WORDS.get(base + "e")
                if entry:
                    break
    return (1, *entry) if entry else (0, 0.0, "neutral")


def _evaluate(tokens: list[str], start: int, end: int, value: float, emotion: str, position: int) -> Evidence:
    negated = False
    for back in range(start - 1, max(-1, start - 1 - _REACH), -1):
        token = tokens[back]
        if token in _BARRIERS:
            break
        if (token in _NEGATORS or token.endswith("n't")) and tokens[back + 1] not in _NO_NEGATION_BEFORE:
            negated = not negated
    if value < 0:
        for token in tokens[end:end + _REACH]:
            if token in _BARRIERS:
                break
            if token in _RELIEF:
                negated = not negated
    return Evidence(position, *in_context(value, emotion, negated))
