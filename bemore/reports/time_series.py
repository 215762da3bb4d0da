"""The voice per ten seconds: the rows of ``timeSeries``, from the same audio chunks as the voice metrics."""

from collections.abc import Iterable
from typing import NamedTuple

from bemore.scoring.voice_metrics import GAP_TOLERANCE_MS, VOICED_THRESHOLD

BUCKET_MS = 10_000


class VoiceBucket(NamedTuple):
    """Ten seconds from ``number`` * 10,000 ms on: chunks that start in them, how many are voiced, how often speech starts."""

    number: int
    voiced_count: int
    chunk_count: int
    speech_starts: int


def voice_by_bucket(chunks: Iterable[tuple[int, int, float]]) -> list[VoiceBucket]:
    """The buckets in which a chunk starts, in order.

    ``chunks`` are ``(ts_start_ms, ts_end_ms, vad)`` ordered by start; one before the session's start counts in the first
    bucket. Speech starts with a voiced chunk after a pause, after a gap, or at the beginning, so the sum of
    ``speech_starts`` is the ``speechBurstCount`` of the voice metrics.
    """
    rows: list[list[int]] = []
    newest = -1
    was_voiced, covered_to = False, None
    for start, end, vad in chunks:
        voiced, bucket = vad >= VOICED_THRESHOLD, max(0, start // BUCKET_MS)
        if bucket != newest:
            newest = bucket
            rows.append([bucket, 0, 0, 0])
        row = rows[-1]
        row[1] += voiced
        row[2] += 1
        # A chunk that is covered already, or has no length, neither starts nor ends anything.
        if end <= (start if covered_to is None else covered_to):
            continue
        adjacent = covered_to is not None and start - covered_to <= GAP_TOLERANCE_MS
        row[3] += voiced and not (adjacent and was_voiced)
        was_voiced, covered_to = voiced, end
    return [VoiceBucket(*row) for row in rows]
