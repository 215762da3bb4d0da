"""Talk measures: who spoke how much, turns, response times, overlaps and silences of a session's two speakers.

The rules are those of section 2 of the project's contract for reviewing sessions. The measures describe; none of them is called good,
healthy or too much. All times are whole milliseconds since the session's start.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from bemore.scoring.voice_metrics import GAP_TOLERANCE_MS, VOICED_THRESHOLD, VoiceMetrics, voice_metrics

USER, COUNSELOR = SPEAKERS = ("user", "counselor")

MERGE_GAP_MS = 300
"""Voiced intervals of one speaker that lie at most so far apart are one: a breath is no pause."""

SILENCE_MS = 3_000
"""A silence lasts at least so long."""

LEAST_SPEECH_MS = 10_000
"""With less speech, a number of words per minute says nothing."""

Span = tuple[int, int]
Turn = tuple[str, int, int]
Silence = tuple[int, int, str]


class Snippet(NamedTuple):
    """A piece of transcript; ``speaker`` is ``user``, ``counselor`` or None.

    ``words`` is the number of its whitespace-separated tokens, ``text`` all of it or as much of its beginning as a quote needs.
    """

    start_ms: int
    end_ms: int
    speaker: str | None
    words: int
    text: str


class Conversation(NamedTuple):
    """Who spoke when.

    ``basis`` is ``audio`` or ``transcript``. ``voiced`` has the voiced intervals by speaker, ``turns`` and ``silences`` are as ``turns_of``
    and ``silence_spans`` make them; all in their order.
    """

    basis: str
    voiced: Mapping[str, Sequence[Span]]
    turns: Sequence[Turn]
    silences: Sequence[Silence]


class Heard(NamedTuple):
    """What a session's audio says: of everybody together, and who spoke when (None while nobody knows)."""

    voice: VoiceMetrics
    talk: Conversation | None


def heard(
    chunks: Sequence[tuple[int, int, float]], spoken: Mapping[str, Sequence[tuple[int, int, float]]], snippets: Sequence[Snippet]
) -> Heard:
    """The Heard of all chunks ``(start, end, vad)``, those of each speaker among them, and the snippets, each ordered by start."""
    return Heard(voice_metrics(chunks), conversation(spoken, snippets))


def conversation(chunks: Mapping[str, Sequence[tuple[int, int, float]]], snippets: Sequence[Snippet]) -> Conversation | None:
    """Who spoke when in a session; None while no chunk and no snippet has a speaker.

    ``chunks`` are the ``(start, end, vad)`` of ``user`` and of ``counselor`` and ``snippets`` those of all, each ordered by start. The
    basis is the audio if there is any chunk; else the intervals are the snippets, and no silence is known.
    """
    heard = {name: chunks.get(name, ()) for name in SPEAKERS}
    if any(heard.values()):
        basis = "audio"
        voiced = {name: merged([chunk for chunk in heard[name] if chunk[2] >= VOICED_THRESHOLD], MERGE_GAP_MS) for name in SPEAKERS}
        known = [span for name in SPEAKERS for span in merged(heard[name], GAP_TOLERANCE_MS)]
    elif any(each.speaker for each in snippets):
        basis, known = "transcript", []
        voiced = {name: merged([each[:2] for each in snippets if each.speaker == name], MERGE_GAP_MS) for name in SPEAKERS}
    else:
        return None
    return Conversation(basis, voiced, turns_of(voiced), silence_spans(voiced, merged(sorted(known), GAP_TOLERANCE_MS)))


def talk_measures(talk: Conversation, snippets: Sequence[Snippet]) -> dict[str, Any]:
    """The ``talk`` of a report, in the API's names.

    ``share`` is the speaker's part of the speech of both (3 decimals), None if there is none; halves are rounded up everywhere.
    """
    speech = {name: sum(end - start for start, end in spans) for name, spans in talk.voiced.items()}
    return {
        "basis": talk.basis,
        "speakers": {name: _speaker(name, speech, talk.turns, snippets) for name in SPEAKERS},
        "overlapMs": sum(end - start for start, end in both(talk.voiced[USER], talk.voiced[COUNSELOR])),
        "silences": _silences(talk.silences),
    }


def merged(spans: Iterable[tuple[Any, ...]], gap_ms: int) -> list[Span]:
    """Spans (tuples that begin with a start and an end) in the order of their starts, joined where they lie at most ``gap_ms`` apart.

    Parts before 0 are cut off; spans of no length are left out.
    """
    joined: list[Span] = []
    begin, until = 0, -1  # the span that is being joined; until -1 before the first
    for span in spans:
        start, end = span[0], span[1]
        if start < 0:
            start = 0
        if end <= start:
            continue
        if until < 0 or start - until > gap_ms:
            if until >= 0:
                joined.append((begin, until))
            begin, until = start, end
        elif end > until:
            until = end
    if until >= 0:
        joined.append((begin, until))
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


def both(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What two lists of ordered, disjoint spans have in common."""
    edges = sorted((ms, change) for start, end in (*one, *other) for ms, change in ((start, 1), (end, -1)))
    spans, depth = [], 0
    for (ms, change), (after, _) in pairwise(edges):
        depth += change
        if depth == 2 and after > ms:
            spans.append((ms, after))
    return spans


def silence_spans(voiced: Mapping[str, Sequence[Span]], known: Sequence[Span]) -> list[Silence]:
    """``(start, end, who spoke first afterwards)`` of the silences between voiced intervals.

    A silence is a stretch of at least ``SILENCE_MS`` without a voiced interval that lies within one of the ``known`` spans, in which
    audio is covered. Where both speak first, it is the user.
    """
    spoken = merged(sorted([*voiced[USER], *voiced[COUNSELOR]]), 0)
    user_starts = {start for start, _ in voiced[USER]}
    starts = [start for start, _ in known]
    silences = []
    for (_, start), (end, _) in pairwise(spoken):
        place = bisect_right(starts, start) - 1
        if end - start >= SILENCE_MS and place >= 0 and known[place][1] >= end:
            silences.append((start, end, USER if end in user_starts else COUNSELOR))
    return silences


def _silences(silences: Sequence[Silence]) -> dict[str, Any]:
    """The silences in numbers: how many, their length, the longest (the earliest of equals) and who broke them."""
    lengths = [end - start for start, end, _ in silences]
    longest = max(lengths, default=0)
    return {
        "count": len(silences),
        "totalMs": sum(lengths),
        "longestMs": longest,
        "longestAt": silences[lengths.index(longest)][0] if silences else None,
        "brokenBy": {name: sum(1 for *_, who in silences if who == name) for name in SPEAKERS},
    }


def _speaker(name: str, speech: Mapping[str, int], turns: Sequence[Turn], snippets: Sequence[Snippet]) -> dict[str, Any]:
    own = [(start, end) for who, start, end in turns if who == name]
    lengths = [end - start for start, end in own]
    longest = max(lengths, default=0)
    total = sum(speech.values())
    words = sum(each.words for each in snippets if each.speaker == name)
    waits = sorted(after[1] - before[2] for before, after in pairwise(turns) if after[0] == name and after[1] >= before[2])
    return {
        "speechMs": speech[name],
        "share": _half_up(speech[name] * 1000, total) / 1000 if total else None,
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
