"""The voice in ten-second steps: rows of ``timeSeries`` from the audio chunks that the voice metrics are made of, too."""

from collections.abc import Iterable

from bemore.scoring.speech import GAP_TOLERANCE_MS, VOICED_FROM

BUCKET_MS = 10_000
"""The width of a point."""


def voice_by_bucket(chunks: Iterable[tuple[int, int, float]]) -> list[tuple[int, int, int, int]]:
    """``(bucket_index, voiced_count, chunk_count, speech_starts)`` of every ten seconds in which a chunk starts, in their order.

    ``chunks`` are ``(ts_start_ms, ts_end_ms, vad)`` in the order of their starts; one before the session's start counts as
    its first moment. Speech starts with a voiced chunk after a pause, after a gap, or at the beginning: over all rows
    as often as the voice metrics count bursts.
    """
    rows: list[list[int]] = []
    newest = -1
    was_voiced, covered_to = False, None
    for start, end, vad in chunks:
        voiced, bucket = vad >= VOICED_FROM, max(0, start // BUCKET_MS)
        if bucket != newest:
            newest = bucket
            rows.append([bucket, 0, 0, 0])
        row = rows[-1]
        row[1] += voiced
        row[2] += 1
        # What earlier chunks cover already, or what has no length, neither begins nor ends anything.
        if end <= (start if covered_to is None else covered_to):
            continue
        joined = covered_to is not None and start - covered_to <= GAP_TOLERANCE_MS
        row[3] += voiced and not (joined and was_voiced)
        was_voiced, covered_to = voiced, end
    return [tuple(row) for row in rows]
