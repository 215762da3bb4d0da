"""How much of a session was measured: the share of its seconds that have a frame or audio, and the gaps.

The rules are those of section 3 of the project's contract for reviewing sessions. A minute's seconds come as 60 bits, second n as bit n.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from bemore.scoring.rounding import round3

GAP_S = 5
"""Stretches of at least so many seconds without data are listed."""

MAX_GAPS = 100
"""As many gaps are listed, the first ones."""

KINDS = ("frames", "audio")

Minutes = Mapping[int, tuple[int, int]]
"""``(bits of frames, bits of audio)`` by minute."""

#: Of a minute, by the number of its seconds.
_SHARES = [round3(seconds / 60) for seconds in range(61)]

_GAP = re.compile(f"0{{{GAP_S},}}")


def seconds_so_far(duration_ms: int, last_frame_ms: int | None, last_audio_ms: int | None) -> int:
    """The seconds of a session that have begun: until its end or now, or until its last frame or the end of its last chunk; at least 1.

    All times are ms since the session's start; None if there is no frame or no chunk.
    """
    of_frames = 0 if last_frame_ms is None else last_frame_ms // 1000 + 1
    return max(1, _begun(duration_ms), of_frames, _begun(last_audio_ms or 0))


def _begun(ms: int) -> int:
    return -(-ms // 1000)


def session_coverage(minutes: Minutes, seconds: int) -> dict[str, Any]:
    """The ``coverage`` of a report: ``seconds`` with data, their ``share`` of the session's seconds (3 decimals), and the ``gaps``.

    Gaps lie within the session's seconds; those at its start and its end are among them.
    """
    return {name: _kind({index: bits[place] for index, bits in minutes.items()}, seconds) for place, name in enumerate(KINDS)}


def minute_coverage(bits: tuple[int, int] | None) -> dict[str, float] | None:
    """The share of a minute's 60 seconds that has frames and audio (3 decimals); None if neither has one."""
    if bits is None or not any(bits):
        return None
    return {name: _SHARES[bits[place].bit_count()] for place, name in enumerate(KINDS)}


def _kind(minutes: Mapping[int, int], seconds: int) -> dict[str, Any]:
    covered = sum(bits.bit_count() for bits in minutes.values())
    return {"seconds": covered, "share": round3(covered / seconds), "gaps": _gaps(minutes, seconds)}


def _gaps(minutes: Mapping[int, int], seconds: int) -> list[dict[str, int]]:
    last = max((index for index, bits in minutes.items() if bits), default=-1)
    # A character per second, 1 with data, up to the last one that has any.
    seen = "".join(f"{minutes.get(index, 0):060b}"[::-1] for index in range(last + 1)).rstrip("0")
    gaps = [match.span() for match in islice(_GAP.finditer(seen), MAX_GAPS)]
    if seconds - len(seen) >= GAP_S:
        gaps.append((len(seen), seconds))
    return [{"startMs": start * 1000, "endMs": end * 1000} for start, end in gaps[:MAX_GAPS]]
