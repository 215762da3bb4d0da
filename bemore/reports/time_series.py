"""The voice per ten seconds and per minute, from the same audio chunks as the voice metrics."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bemore.clock import MINUTE_MS
from bemore.scoring.voice_metrics import VOICED_THRESHOLD, voice_runs

BUCKET_MS = 10_000

Chunk = tuple[int, int, float]


class VoiceBucket(NamedTuple):
    """Ten seconds from ``number`` * 10,000 ms on: chunks that start in them, how many are voiced, how often speech starts."""

    number: int
    voiced_count: float
    chunk_count: int
    speech_starts: int


class VoiceSeries(NamedTuple):
    """The buckets of a session in their order, and the share of speech (0..1) by minute, as ``speech_by_minute`` gives it."""

    buckets: Sequence[VoiceBucket]
    speech: Mapping[int, float]


class _VoicedTime:
    """The times at which any chunk is voiced."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        # The voiced time before each of them, ms.
        self.before: list[int] = []
        total = 0
        for start, end, vad in chunks:
            if vad < VOICED_THRESHOLD or end <= start:
                continue
            if not self.ends or start > self.ends[-1]:
                total += self.ends[-1] - self.starts[-1] if self.ends else 0
                self.starts.append(start)
                self.ends.append(end)
                self.before.append(total)
            elif end > self.ends[-1]:
                self.ends[-1] = end

    def until(self, ms: int) -> int:
        """The voiced time before a moment, ms."""
        place = bisect_left(self.starts, ms) - 1
        return self.before[place] + min(ms, self.ends[place]) - self.starts[place] if place >= 0 else 0


def voice_by_bucket(chunks: Sequence[Chunk]) -> list[VoiceBucket]:
    """The buckets in which a chunk starts, in order.

    ``chunks`` are ``(ts_start_ms, ts_end_ms, vad)`` ordered by start; one before the session's start counts in the first
    bucket. All speakers count together, and voiced wins where chunks overlap: an unvoiced chunk counts as voiced for the share of
    its time in which another chunk is voiced. The sum of ``speech_starts`` is the ``speechBurstCount`` of the voice metrics, as
    every run of speech starts with a chunk.
    """
    voiced = _VoicedTime(chunks)
    spoken, place = len(voiced.starts), 0
    rows: dict[int, list[float]] = {}
    for start, end, vad in chunks:
        number = start // BUCKET_MS if start > 0 else 0
        row = rows.get(number)
        if row is None:
            row = rows[number] = [0, 0]
        row[1] += 1
        if vad >= VOICED_THRESHOLD:
            row[0] += 1
            continue
        while place < spoken and voiced.ends[place] <= start:
            place += 1
        if place < spoken and voiced.starts[place] < end and start < end:
            row[0] += (voiced.until(end) - voiced.until(start)) / (end - start)
    starts = dict.fromkeys(rows, 0)
    for kind, start, _ in voice_runs(chunks):
        if kind:
            starts[start // BUCKET_MS if start > 0 else 0] += 1
    return [VoiceBucket(number, row[0], int(row[1]), starts[number]) for number, row in rows.items()]


def speech_by_minute(chunks: Iterable[Chunk], minutes: Sequence[int]) -> dict[int, float]:
    """``{minute: share of its known time that is speech}`` (0..1) of chunks ordered by start, by the rules of ``voice_runs``.

    Only of ``minutes``, in ascending order, and of these only of those with known time. Time before the session's start is of minute 0.
    """
    known: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])  # pause and speech, ms
    for kind, start, end in voice_runs(chunks):
        first, last = max(0, start) // MINUTE_MS, max(0, end - 1) // MINUTE_MS
        for minute in minutes[bisect_left(minutes, first) : bisect_right(minutes, last)]:
            known[minute][kind] += min(end, (minute + 1) * MINUTE_MS) - (max(start, minute * MINUTE_MS) if minute else start)
    return {minute: speech / (pause + speech) for minute, (pause, speech) in known.items()}
