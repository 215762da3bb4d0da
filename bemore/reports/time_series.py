"""The voice per ten seconds: the rows of ``timeSeries``, from the same runs of speech and pause as the voice metrics."""

from collections.abc import Sequence
from typing import NamedTuple

from bemore.scoring.voice_metrics import voice_runs

BUCKET_MS = 10_000


class VoiceBucket(NamedTuple):
    """Ten seconds from ``number`` * 10,000 ms on: how long there was speech, how long there was audio, how often speech starts."""

    number: int
    speech_ms: int
    known_ms: int
    speech_starts: int


def voice_by_bucket(chunks: Sequence[tuple[int, int, float]]) -> list[VoiceBucket]:
    """The buckets in which a chunk starts, in order.

    ``chunks`` are ``(ts_start_ms, ts_end_ms, vad)`` ordered by start. All speakers count together, and voiced wins where chunks
    overlap (``voice_runs``). Time before the session's start counts in the first bucket. The sum of ``speech_starts`` is the
    ``speechBurstCount`` of the voice metrics, as speech always starts with a chunk.
    """
    numbers = sorted({max(0, start // BUCKET_MS) for start, end, _ in chunks if end > start})
    rows = [[0, 0, 0] for _ in numbers]
    place = 0
    for kind, start, end in voice_runs(chunks):
        while place < len(numbers) and numbers[place] < start // BUCKET_MS:
            place += 1
        if kind:
            rows[place][2] += 1
        # Buckets without a start lie between those with one: a long chunk costs no more than a short one.
        for at in range(place, len(numbers)):
            bucket_start = numbers[at] * BUCKET_MS
            if bucket_start >= end:
                break
            length = min(end, bucket_start + BUCKET_MS) - (max(start, bucket_start) if numbers[at] else start)
            rows[at][0] += length * kind
            rows[at][1] += length
    return [VoiceBucket(number, *row) for number, row in zip(numbers, rows, strict=True)]
