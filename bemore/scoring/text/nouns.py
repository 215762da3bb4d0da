"""The noun that a Korean word begins with, read by an averaged perceptron over hashed features (``nouns.rst`` is its model card).

``tools/train_nouns.py`` builds the table ``nouns.bin``: one signed byte per slot. A word is read as no noun, or as its first 2, 3, …
syllables; each reading scores the sum of its slots. The highest score wins, the first of equals.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

SLOTS = 1 << 17
"""Size of the table in bytes."""

MAX_SYLLABLES = 10
"""Longer nouns are not considered."""

_TABLE = memoryview(Path(__file__).with_name("nouns.bin").read_bytes()).cast("b")
_MASK = SLOTS - 1

# Start values of the checksums: the same syllables as features of different kinds have different slots.
_SEEDS = tuple((kind * 0x9E3779B1) & 0xFFFFFFFF for kind in range(1, 14))
_START_1, _START_2, _END_1, _END_2, _LAST_1, _LAST_2, _BORDER = _SEEDS[:7]
# A particle depends on the last consonant of its noun: ㄹ, none or another.
_REST, _NEXT = _SEEDS[7:10], _SEEDS[10:13]
_CONSONANT = tuple(1 if final == 0 else 2 if final == 8 else 0 for final in range(28))


def scores(word: str, table: Sequence[Any] = _TABLE) -> list[Any]:
    """The score of each reading of a word of at least two Hangul syllables: no noun, its first 2 syllables, its first 3 …"""
    raw = word.encode("utf-16-le")  # two bytes a syllable
    found = [
        table[crc32(raw[:2], _START_1) & _MASK] + table[crc32(raw[:4], _START_2) & _MASK]
        + table[crc32(raw[-2:], _END_1) & _MASK] + table[crc32(raw[-4:], _END_2) & _MASK]
    ]  # fmt: skip
    for end in range(4, 2 * min(len(word), MAX_SYLLABLES) + 1, 2):
        consonant = _CONSONANT[(raw[end - 2] + 256 * raw[end - 1] - 0xAC00) % 28]
        found.append(
            table[crc32(raw[end:], _REST[consonant]) & _MASK] + table[crc32(raw[end:end + 4], _NEXT[consonant]) & _MASK]
            + table[crc32(raw[end - 4:end], _LAST_2) & _MASK] + table[crc32(raw[end - 2:end], _LAST_1) & _MASK]
            + table[crc32(raw[end - 2:end + 2], _BORDER) & _MASK]
        )  # fmt: skip
    return found


def noun_length(word: str, table: Sequence[Any] = _TABLE) -> int:
    """Syllables of the noun that a word begins with: 0 (none) or 2..``MAX_SYLLABLES``."""
    found = scores(word, table)
    best = found.index(max(found))
    return best + 1 if best else 0
