"""Which seconds of a session have data, kept per minute while data comes in (never computed by scanning telemetry).

A minute has 60 bits for frames and 60 for audio. See ``MinuteCoverage`` in ``bemore.models.tables``.
"""

from bemore.clock import MINUTE_MS
from bemore.db.connections import execute

#: Minutes that are kept, a week; a session has no more scored minutes either.
MAX_MINUTES = 10_080


def of_frames(times_ms):
    """``{minute: [frame bits, 0, 1]}`` of frames at times since the session's start; the last 1 says that the minute has data."""
    minutes = {}
    for second in {max(time_ms, 0) // 1000 for time_ms in times_ms}:
        minute, second = divmod(second, 60)
        if minute < MAX_MINUTES:
            minutes.setdefault(minute, [0, 0, 1])[0] |= 1 << second
    return minutes


def of_audio(spans_ms):
    """``{minute: [0, audio bits, data]}`` of chunks ``(start, end)``: the seconds that they overlap, data 1 where one starts.

    A chunk of no length covers nothing.
    """
    minutes, covered_to = {}, 0
    for start_ms, end_ms in sorted(spans_ms):
        start_ms = max(start_ms, 0)
        minute = start_ms // MINUTE_MS
        if minute >= MAX_MINUTES:
            break
        minutes.setdefault(minute, [0, 0, 0])[2] = 1
        if end_ms <= start_ms:
            continue
        # In their order, so that each second is visited once, however many long chunks cover it.
        first, end = max(start_ms // 1000, covered_to), min((end_ms + 999) // 1000, MAX_MINUTES * 60)
        for minute in range(first // 60, (end + 59) // 60) if first < end else ():
            low, high = max(first - minute * 60, 0), min(end - minute * 60, 60)
            minutes.setdefault(minute, [0, 0, 0])[1] |= (1 << high) - (1 << low)
        covered_to = max(covered_to, end)
    return minutes


def of_snippets(spans_ms):
    """``{minute: [0, 0, 1]}`` of the minutes in which a snippet starts."""
    starts = (max(start_ms, 0) // MINUTE_MS for start_ms, _ in spans_ms)
    return {minute: [0, 0, 1] for minute in starts if minute < MAX_MINUTES}


def as_rows(minutes):
    """Minutes as rows (minute, frame bits, audio bits, data)."""
    return [(minute, *bits) for minute, bits in minutes.items()]


_OF_SESSION = (
    "SELECT minute_index, frame_seconds, audio_seconds FROM minute_coverage"
    " WHERE session_id = ? AND minute_index BETWEEN ? AND ?"
)


def of_row(row, first=0, last=MAX_MINUTES):
    """``{minute: (frame bits, audio bits)}`` of a session (its SessionRow), inside the caller's transaction."""
    return {minute: (frames, audio) for minute, frames, audio in execute(_OF_SESSION, (row.key, first, last)).fetchall()}
