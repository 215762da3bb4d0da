"""How a value moves over the minutes of a session. Points are ``(minute_index, value)`` ordered by minute."""

from collections.abc import Sequence
from itertools import pairwise
from math import fsum

from bemore.scoring.rounding import round3

Point = tuple[int, float]


def slope_per_minute(points: Sequence[Point]) -> float | None:
    """Change per minute: the slope of the least-squares line, ``None`` with fewer than two different minutes."""
    if len(points) < 2:
        return None
    mean_x = fsum(x for x, _ in points) / len(points)
    mean_y = fsum(y for _, y in points) / len(points)
    spread = fsum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return None
    return fsum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def largest_change(points: Sequence[Point]) -> tuple[int, int, float] | None:
    """``(from_minute, to_minute, delta)`` of the largest step between neighboring minutes, the first of equals.

    ``delta`` has three decimals. Minutes with a gap between them are no neighbors; ``None`` without neighbors.
    """
    steps = [(x1, x2, round3(y2 - y1)) for (x1, y1), (x2, y2) in pairwise(points) if x2 - x1 == 1]
    return max(steps, key=lambda step: abs(step[2]), default=None)
