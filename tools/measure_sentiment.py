"""Measures the Korean sentiment of this checkout on public comments and on the sentences of the tests.

    PYTHONPATH=. python tools/measure_sentiment.py ../shared/data/text

With ``PYTHONPATH=../other`` it measures another checkout. The figures: the area under the ROC curve (AUC) of the sum of values that the
words of a text have, and the macro-averaged F1 of ``positive``, ``neutral`` and ``negative``. Prints no text.

- NSMC: reviews of films; pleasant is 9 or 10 of 10, unpleasant 1 to 4. A fifth by a hash of the text, on which no word was looked for.
- KOTE: comments with about eight labels of 43 emotions each. A text is pleasant where it has more labels of ``PLEASANT`` than of
  ``UNPLEASANT``, unpleasant where fewer; a text with as many of both is left out. Labels that may be either count for neither: 11 비장함,
  15 신기함/관심, 24 없음, 29 깨달음, 39 놀람. The numbers are those of KOTE's README.
"""

import lzma
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from math import fsum
from pathlib import Path
from zlib import crc32

from bemore.scoring.text.sentiment import SENTIMENT_SCORES, find_evidence, sentiment

SENTENCES = Path(__file__).resolve().parents[1] / "tests" / "scoring" / "korean_sentences.tsv"
PLEASANT = frozenset((1, 2, 4, 7, 8, 13, 14, 16, 28, 32, 40, 42, 43))
UNPLEASANT = frozenset(range(44)) - PLEASANT - {11, 15, 24, 29, 39}


def held_out(text: str, parts: int = 3) -> bool:
    """Whether a text is in the part, one of ``parts``, that is measured and never developed on."""
    return crc32(text.encode()) % parts == 0


def rows(path: Path) -> Iterator[list[str]]:
    """The columns of a file, plain or in xz."""
    with (lzma.open if path.suffix == ".xz" else open)(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def nsmc(directory: Path) -> Iterator[tuple[str, bool]]:
    """Reviews of the held-out fifth, and whether each is pleasant."""
    return ((text, label == "1") for text, label in rows(directory / "nsmc-train.tsv.xz") if held_out(text, 5))


def kote(directory: Path) -> Iterator[tuple[str, bool]]:
    """Comments, and whether each is pleasant."""
    for text, labels in rows(directory / "kote-train.tsv.xz"):
        emotions = {int(label) for label in labels.split(",")}
        balance = len(emotions & PLEASANT) - len(emotions & UNPLEASANT)
        if balance:
            yield text, balance > 0


def auc(texts: Iterable[tuple[str, bool]]) -> float:
    """How often a pleasant text has a higher sum of values than an unpleasant one; equal sums count half. 0..1, 0.5 is chance."""
    counts: tuple[Counter[float], Counter[float]] = Counter(), Counter()
    for text, pleasant in texts:
        counts[pleasant][fsum(item.value for item in find_evidence(text))] += 1
    below, wins = 0, 0.0
    for value in sorted(counts[0] | counts[1]):
        wins += counts[1][value] * (below + counts[0][value] / 2)
        below += counts[0][value]
    return wins / (counts[0].total() * counts[1].total())


def macro_f1(sentences: Iterable[tuple[str, str]], lang: str = "ko") -> float:
    """Mean F1 of the three sentiments, of ``(expected, text)``. 0..1."""
    pairs = Counter((expected, sentiment(text, lang)) for expected, text in sentences)
    right = {label: pairs[label, label] for label in SENTIMENT_SCORES}
    shown = Counter[str]()
    for (expected, found), count in pairs.items():
        shown[expected] += count
        shown[found] += count
    return fsum(2 * right[label] / shown[label] for label in right) / len(right)


def main(directory: Path) -> None:
    sentences = [(expected, text) for expected, text in rows(SENTENCES)]
    for name in (False, True):
        part = [pair for pair in sentences if held_out(pair[1]) == name]
        print(f"{'held-out' if name else 'own'} sentences: macro-F1 {macro_f1(part):.3f} of {len(part)}")
    print(f"KOTE: AUC {auc(kote(directory)):.4f}; held-out fifth {auc(each for each in kote(directory) if held_out(each[0], 5)):.4f}")
    print(f"NSMC, held-out fifth: AUC {auc(nsmc(directory)):.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
