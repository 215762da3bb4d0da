"""The only clock of the project, so that tests can hold it, and how its milliseconds are read."""

import time

#: Milliseconds of a minute, the unit of scoring.
MINUTE_MS = 60_000

#: Times of clients below this count from their session's start; from here on they are epoch milliseconds (the contract's rule).
EPOCH_FROM_MS = 10**11

_held_ms = None


def now_ms():
    """Milliseconds since the Unix epoch, an integer."""
    return time.time_ns() // 1_000_000 if _held_ms is None else _held_ms


def hold(ms):
    """Make ``now_ms`` answer ``ms`` until it is called again; ``None`` lets the clock run."""
    global _held_ms
    _held_ms = ms
