"""The only clock of the project, which tests can set, and how its times (milliseconds since the Unix epoch) are converted."""

import time
from datetime import datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE_MS = 60_000
"""Milliseconds of a minute, the unit of scoring."""

EPOCH_FROM_MS = 10**11
"""Uploaded times below this count from their session's start; from here on they are epoch milliseconds (the contract's rule)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_held_ms: int | None = None


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000 if _held_ms is None else _held_ms


def hold(ms: int | None) -> None:
    """Make ``now_ms`` return ``ms`` until the next call of ``hold``; ``None`` lets the clock run."""
    global _held_ms
    _held_ms = ms


def utc(ms: int) -> datetime:
    """Milliseconds since the epoch as an aware datetime in UTC."""
    # Not fromtimestamp(), which rounds floats and refuses some years on some platforms.
    return _EPOCH + timedelta(milliseconds=ms)


def iso(ms: int) -> str:
    """Milliseconds since the epoch in ISO 8601, UTC with milliseconds: ``2025-01-19T01:40:00.000Z``."""
    return utc(ms).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def time_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ValueError; its text continues the name of a field or a setting."""
    if name not in _zone_names():
        raise ValueError("must be the name of a time zone, such as Asia/Seoul or UTC")
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    # ZoneInfo itself would open whatever file lies in the database's folder. "localtime" is some machine's own zone, "Factory" is none.
    return frozenset(available_timezones()) - {"localtime", "Factory"}
