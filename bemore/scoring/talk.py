"""Talk measures: who spoke how much, turns, response times, overlaps and silences of a session's two speakers.

The rules are those of section 2 of the project's contract for reviewing sessions. The measures describe; none of them is called good,
healthy or too much. All times are whole milliseconds since the session's start.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from bemore.scoring.rounding import round3
from bemore.scoring.voice_metrics import GAP_TOLERANCE_MS, VOICED_THRESHOLD

USER, COUNSELOR = SPEAKERS = ("user", "counselor")

MERGE_GAP_MS = 300
"""Voiced intervals of one speaker that lie at most so far apart are one: a breath is no pause."""

SILENCE_MS = 3_000
"""A silence lasts at least so long."""

LEAST_SPEECH_MS = 10_000
"""With less speech, a number of words per minute says nothing."""

Span = tuple[int, int]
Turn = tuple[str, int, int]


def talk_measures(
    chunks: Sequence[tuple[str | None, int, int, float]], snippets: Sequence[tuple[str | None, int, int, str]]
) -> dict[str, Any] | None:
    """The ``talk`` of a report, in the API's names; None while no chunk and no snippet has a speaker.

    ``chunks`` are ``(speaker, start, end, vad)``, ``snippets`` ``(speaker, start, end, text)``, each ordered by start; ``speaker`` is
    ``user``, ``counselor`` or None. ``basis`` is ``audio`` if any chunk has a speaker, else ``transcript``: then the intervals are the
    snippets. ``share`` is the speaker's part of the speech of both (3 decimals), None if there is none.
    """
    basis = "audio" if any(speaker in SPEAKERS for speaker, *_ in chunks) else "transcript"
    if basis == "transcript" and not any(speaker in SPEAKERS for speaker, *_ in snippets):
        return None
    if basis == "audio":
        spoken = [(speaker, start, end) for speaker, start, end, vad in chunks if vad >= VOICED_THRESHOLD]
    else:
        spoken = [(speaker, start, end) for speaker, start, end, _ in snippets]
    voiced = {name: merged(((start, end) for speaker, start, end in spoken if speaker == name), MERGE_GAP_MS) for name in SPEAKERS}
    turns = turns_of(voiced)
    speech = {name: sum(end - start for start, end in spans) for name, spans in voiced.items()}
    known = merged(((start, end) for speaker, start, end, _ in chunks if speaker in SPEAKERS), GAP_TOLERANCE_MS)
    return {
        "basis": basis,
        "speakers": {name: _speaker(name, speech, turns, snippets) for name in SPEAKERS},
        "overlapMs": overlap_ms(voiced[USER], voiced[COUNSELOR]),
        "silences": silences(voiced, known if basis == "audio" else []),
    }


def merged(spans: Iterable[Span], gap_ms: int) -> list[Span]:
    """Spans ordered by start, joined where they overlap or lie at most ``gap_ms`` apart.

    Parts before 0 are cut off; spans of no length are left out.
    """
    joined: list[Span] = []
    for start, end in spans:
        start = max(start, 0)
        if end <= start:
            continue
        if joined and start - joined[-1][1] <= gap_ms:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def turns_of(voiced: Mapping[str, Sequence[Span]]) -> list[Turn]:
    """``(speaker, start, end)`` of the turns: consecutive intervals of one speaker, all taken in the order of start and end.

    With equal start and end, the user comes first.
    """
    intervals = sorted((start, end, place) for place, name in enumerate(SPEAKERS) for start, end in voiced[name])
    turns: list[Turn] = []
    for start, end, place in intervals:
        name = SPEAKERS[place]
        if turns and turns[-1][0] == name:
            turns[-1] = name, turns[-1][1], max(turns[-1][2], end)
        else:
            turns.append((name, start, end))
    return turns


def overlap_ms(one: Sequence[Span], other: Sequence[Span]) -> int:
    """The length of what is in both of two lists of ordered, disjoint spans."""
    total = first = second = 0
    while first < len(one) and second < len(other):
        start, end = max(one[first][0], other[second][0]), min(one[first][1], other[second][1])
        total += max(0, end - start)
        if one[first][1] <= other[second][1]:
            first += 1
        else:
            second += 1
    return total


def silence_spans(voiced: Mapping[str, Sequence[Span]], known: Sequence[Span]) -> list[tuple[int, int, str]]:
    """``(start, end, who spoke first afterwards)`` of the silences between voiced intervals.

    A silence is a stretch of at least ``SILENCE_MS`` without a voiced interval that lies within one of the ``known`` spans, in which
    audio is covered. Where both speak first, it is the user.
    """
    both = merged(sorted([*voiced[USER], *voiced[COUNSELOR]]), 0)
    user_starts = {start for start, _ in voiced[USER]}
    starts = [start for start, _ in known]
    found = []
    for (_, start), (end, _) in pairwise(both):
        place = bisect_right(starts, start) - 1
        if end - start >= SILENCE_MS and place >= 0 and known[place][1] >= end:
            found.append((start, end, USER if end in user_starts else COUNSELOR))
    return found


def silences(voiced: Mapping[str, Sequence[Span]], known: Sequence[Span]) -> dict[str, Any]:
    """The silences in numbers: how many, their length, the longest (the earliest of equals) and who broke them."""
    found = silence_spans(voiced, known)
    lengths = [end - start for start, end, _ in found]
    longest = max(lengths, default=0)
    return {
        "count": len(found),
        "totalMs": sum(lengths),
        "longestMs": longest,
        "longestAt": found[lengths.index(longest)][0] if found else None,
        "brokenBy": {name: sum(1 for *_, who in found if who == name) for name in SPEAKERS},
    }


def _speaker(
    name: str, speech: Mapping[str, int], turns: Sequence[Turn], snippets: Sequence[tuple[str | None, int, int, str]]
) -> dict[str, Any]:
    own = [(start, end) for who, start, end in turns if who == name]
    lengths = [end - start for start, end in own]
    longest = max(lengths, default=0)
    total = sum(speech.values())
    words = sum(len(text.split()) for speaker, _, _, text in snippets if speaker == name)
    waits = sorted(
        after[1] - before[2] for before, after in pairwise(turns) if after[0] == name and after[1] >= before[2]
    )
    return {
        "speechMs": speech[name],
        "share": round3(speech[name] / total) if total else None,
        "turns": len(own),
        "longestTurnMs": longest,
        "longestTurnAt": own[lengths.index(longest)][0] if own else None,
        "averageTurnMs": _half_up(sum(lengths), len(lengths)) if lengths else 0,
        "words": words,
        # In tenths, half up.
        "wordsPerMinute": _half_up(words * 600_000, speech[name]) / 10 if speech[name] >= LEAST_SPEECH_MS else None,
        "responseTime": {"count": len(waits), "medianMs": _median(waits)},
    }


def _median(values: Sequence[int]) -> int | None:
    if not values:
        return None
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else _half_up(values[middle - 1] + values[middle], 2)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
