"""Moments of a session that a reader wants to see first, each with the words that were said then.

Section 7 of the project's contract for reviewing sessions. All times are ms since the session's start.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from bemore.clock import MINUTE_MS
from bemore.scoring.talk import Silence, Snippet, Turn
from bemore.scoring.trend import largest_change

MAX_MOMENTS = 8
MAX_QUOTES, MAX_QUOTE_CHARACTERS = 2, 200

KEPT_CHARACTERS = MAX_QUOTE_CHARACTERS + 1
"""As much of a snippet's beginning tells what a quote of it is."""


def moments(
    minutes: Sequence[tuple[int, float]],
    silences: Sequence[Silence],
    turns: Sequence[Turn],
    snippets: Sequence[Snippet],
) -> list[dict[str, Any]]:
    """At most ``MAX_MOMENTS`` moments, ordered by their start.

    ``minutes`` are ``(minute index, combined score 0..1)`` in order, ``silences`` and ``turns`` as ``bemore.scoring.talk`` makes them,
    ``snippets`` in the order of their starts. There is at most one ``lowest`` and one ``highest`` minute (only where they differ),
    one ``change`` (the largest between neighboring scored minutes, signed), one longest ``silence`` and one ``longest-turn`` per speaker;
    the earliest of equals. ``value`` is the score, the change, or ms.
    """
    chosen = [*_of_scores(minutes), *_of_talk(silences, turns)]
    chosen.sort(key=lambda moment: moment["startMs"])
    # A time before the session's start counts as the start.
    starts = [max(0, each.start_ms) for each in snippets]
    return [{**moment, "quotes": _quotes(moment, snippets, starts)} for moment in chosen[:MAX_MOMENTS]]


def _of_scores(minutes: Sequence[tuple[int, float]]) -> Iterable[dict[str, Any]]:
    if not minutes:
        return
    lowest, highest = min(minutes, key=lambda each: each[1]), max(minutes, key=lambda each: each[1])
    if lowest[1] != highest[1]:
        for kind, (index, score) in (("lowest", lowest), ("highest", highest)):
            yield _moment(kind, index * MINUTE_MS, (index + 1) * MINUTE_MS, score)
    first, second, change = largest_change(minutes) or (0, 0, 0.0)
    if change:
        yield _moment("change", first * MINUTE_MS, (second + 1) * MINUTE_MS, change)


def _of_talk(silences: Sequence[Silence], turns: Sequence[Turn]) -> Iterable[dict[str, Any]]:
    if silences:
        start, end, _ = max(silences, key=lambda each: each[1] - each[0])
        yield _moment("silence", start, end, end - start)
    for speaker in dict.fromkeys(who for who, _, _ in turns):
        start, end = max(((start, end) for who, start, end in turns if who == speaker), key=lambda each: each[1] - each[0])
        yield {**_moment("longest-turn", start, end, end - start), "speaker": speaker}


def _moment(kind: str, start: int, end: int, value: float) -> dict[str, Any]:
    return {"kind": kind, "startMs": start, "endMs": end, "value": value}


def _quotes(moment: dict[str, Any], snippets: Sequence[Snippet], starts: Sequence[int]) -> list[dict[str, Any]]:
    """The snippets that start within a moment nearest to its middle, in their order."""
    middle = (moment["startMs"] + moment["endMs"]) / 2
    inside = range(bisect_left(starts, moment["startMs"]), bisect_left(starts, moment["endMs"]))
    nearest = sorted(sorted(inside, key=lambda place: abs(starts[place] - middle))[:MAX_QUOTES])
    return [
        {"tsStart": starts[place], "speaker": snippets[place].speaker, "text": _clipped(snippets[place].text)} for place in nearest
    ]


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_QUOTE_CHARACTERS else text[: MAX_QUOTE_CHARACTERS - 1].rstrip() + "…"
