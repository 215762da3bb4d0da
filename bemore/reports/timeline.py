"""What the pages show besides the report's data: who spoke when, the silences, the transcript, the comparison with other sessions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from bemore.clock import MINUTE_MS

Span = tuple[int, int]
Snippet = tuple[int, int, str | None, str]

MAX_TURNS = 600
"""A transcript of more turns is shown by the minute, because a page of thousands of elements is slow."""


class Comparison(NamedTuple):
    """The values of a session, and those of ``sessions`` comparable others of the same client and counselor, by what they measure.

    ``own`` and ``others`` have ``longestSilence`` (ms), ``talkShare`` (of the user, 0..1) and ``score`` (mean combined score, 0..1), each
    only where it is known of the session and of two others or more.
    """

    sessions: int
    own: Mapping[str, float]
    others: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All times are ms since the session's start.

    ``voiced`` has the voiced intervals of ``user`` and ``counselor``, empty where nobody knows who spoke. ``transcript`` are snippets
    ``(start, end, speaker or None, text)``, ordered by start. All lists are ordered. ``comparison`` is None where there is none.
    """

    voiced: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    silences: Sequence[Span] = ()
    transcript: Sequence[Snippet] = ()
    comparison: Comparison | None = None

    @property
    def last_ms(self) -> int:
        """The end of the last voiced interval."""
        return max((spans[-1][1] for spans in self.voiced.values() if spans), default=0)


class Turn(NamedTuple):
    """A part of the transcript from ``start_ms`` on: ``(speaker or None, text)`` in their order, one pair unless it is a whole minute."""

    start_ms: int
    said: Sequence[tuple[str | None, str]]


def turns(transcript: Iterable[Snippet]) -> list[Turn]:
    """The transcript by what a known speaker says in a minute uninterrupted, or by minutes if that makes more than ``MAX_TURNS``.

    Of unknown speakers, each snippet stands alone.
    """
    runs: list[tuple[int, str | None, list[str]]] = []
    for begin, _, speaker, text in transcript:
        start = max(0, begin)
        if speaker and runs and runs[-1][1] == speaker and runs[-1][0] // MINUTE_MS == start // MINUTE_MS:
            runs[-1][2].append(text)
        else:
            runs.append((start, speaker, [text]))
    said = [(start, speaker, " ".join(texts)) for start, speaker, texts in runs]
    if len(said) <= MAX_TURNS:
        return [Turn(start, [(speaker, text)]) for start, speaker, text in said]
    by_minute = groupby(said, key=lambda run: run[0] // MINUTE_MS)
    return [Turn(minute * MINUTE_MS, [(speaker, text) for _, speaker, text in group]) for minute, group in by_minute]
