"""Trains bemore/scoring/text/nouns.bin, the table by which keywords find the noun of a Korean word.

    python -m tools.train_nouns ../shared/data/text/noun-words.tsv.xz             # writes the table
    python -m tools.train_nouns ../shared/data/text/noun-words.tsv.xz --evaluate  # trains on four fifths, prints figures on the rest

Integers only, no random numbers: every machine writes the same bytes. Takes a few seconds.
"""

import argparse
import lzma
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from bemore.scoring.text import nouns
from tools.korean_words import DONE_TO, NOUNS, ROOTS, STEMS

TABLE = Path(nouns.__file__).with_name("nouns.bin")

PASSES, UNCOUNTED = 6, 2
"""How often all words are gone through, and how many of these passes the mean leaves out."""

MARGIN = 25
"""The right reading has to win by this much, or the weights change."""

LONGEST = 12
"""Longer words are text without spaces."""

_AFTER_ANY = ("", *"에 에서 에게 에게도 한테 까지 부터 마다 보다 처럼 하고 의 도 만".split())
_AFTER_VOWEL = "는 를 와 가 로 랑 나 라서 예요".split()
_AFTER_CONSONANT = "은 을 과 이 으로 이랑 이나 이라서 이에요".split()
_AFTER_ROOT = "해 해요 해서 했어요 했는데 하고 하네요 하지만 하게 한 할 합니다 함".split()
_AFTER_DONE_TO = "당해 당해서 당했어요 당했을 당했는데 당하고 당하는 당한 당할".split()
_AFTER_STEM = "고 고는 기 기가 지 지도 지는 면 면서 려고 던 게 거나 도록 는데".split()


class Row(NamedTuple):
    """A word, the length of the noun that it begins with (0: none), and how often it was written."""

    word: str
    length: int
    count: int = 0


def load(path: str) -> list[Row]:
    """The words of the data."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    found = [Row(word, int(length), int(count)) for word, length, count in rows]
    return [row for row in found if len(row.word) <= LONGEST and row.length <= nouns.MAX_SYLLABLES]


def own_words() -> Iterator[Row]:
    """Forms of the words in ``korean_words.py``."""
    for noun in NOUNS:
        ending = (ord(noun[-1]) - ord("가")) % 28
        for particle in (*_AFTER_ANY, *(_AFTER_CONSONANT if ending else _AFTER_VOWEL)):
            # 서울로, not 서울으로
            yield Row(noun + ("로" if ending == 8 and particle == "으로" else particle), len(noun))
    yield from (Row(root + ending, len(root)) for root in ROOTS for ending in _AFTER_ROOT)
    yield from (Row(noun + ending, len(noun)) for noun in DONE_TO for ending in _AFTER_DONE_TO)
    yield from (Row(stem + ending, 0) for stem in STEMS for ending in _AFTER_STEM)


class _Slots:
    """In place of the table it gives, as the score of a reading, the tuple of its slots."""

    def __getitem__(self, slot: int) -> tuple[int]:
        return (slot,)


def train(rows: Iterable[Row]) -> bytes:
    """The table for these words and ``own_words``, which decide where both have a word, as signed bytes."""
    own = {row.word: row.length for row in own_words()}
    lengths = {row.word: row.length for row in rows} | own
    # In an order that says nothing, the own words twice.
    order = sorted((crc32(word.encode(), turn), word) for turn, words in enumerate((lengths, own)) for word in words)
    examples = [(nouns.scores(word, _Slots()), max(0, lengths[word] - 1)) for _, word in order]
    weights, changes = [0] * nouns.SLOTS, [0] * nouns.SLOTS
    for step, (readings, right) in enumerate(examples * PASSES, -UNCOUNTED * len(examples)):
        scores = [sum(map(weights.__getitem__, slots)) for slots in readings]
        scores[right] -= MARGIN
        best = scores.index(max(scores))
        if best != right:
            for slots, change in ((readings[right], 1), (readings[best], -1)):
                for slot in slots:
                    weights[slot] += change
                    changes[slot] += change * max(0, step)
    # The mean of the weights over the counted steps, times their number. One in a thousand is beyond what a byte holds, and is cut.
    steps = (PASSES - UNCOUNTED) * len(examples)
    means = [weight * steps - change for weight, change in zip(weights, changes, strict=True)]
    largest = max(1, sorted(map(abs, means))[-1 - nouns.SLOTS // 1000])
    return bytes(max(-127, min(127, mean * 127 // largest)) & 0xFF for mean in means)


def held_out(text: str, parts: int) -> bool:
    """Whether a word or sentence belongs to the one of ``parts`` that is only measured."""
    return crc32(text.encode()) % parts == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="noun-words.tsv.xz")
    parser.add_argument("--evaluate", action="store_true", help="Print figures on held-out words instead of writing the table.")
    options = parser.parse_args()
    rows = load(options.data)
    if options.evaluate:
        print(figures(rows))
    else:
        TABLE.write_bytes(train(rows))


def figures(rows: list[Row]) -> str:
    """Precision and recall on the fifth of the words that a table of the others has not seen, per word and per time it was written."""
    table = memoryview(train(row for row in rows if not held_out(row.word, 5))).cast("b")
    right, found, there = ([0, 0] for _ in range(3))
    for row in rows:
        if held_out(row.word, 5):
            length = nouns.noun_length(row.word, table)
            for each, count in enumerate((1, row.count)):
                right[each] += count * (length == row.length > 0)
                found[each] += count * (length > 0)
                there[each] += count * (row.length > 0)
    parts = zip(("words", "times written"), right, found, there, strict=True)
    return "\n".join(f"{name}: precision {hits / got:.3f}, recall {hits / expected:.3f}" for name, hits, got, expected in parts)


if __name__ == "__main__":
    main()
