"""The geometry of the line chart of the minute scores; ``html`` and ``pdf`` draw it.

Positions are shares (0..1) of the plot's width from the left and of its height from the top.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any, NamedTuple

from bemore.reports.style import SCORE_LINES, ScoreLine

MAX_POINTS = 240
"""More minutes than these are drawn as means of several minutes, because a page cannot show 600 points apart."""

MAX_DOTS = 48
"""Up to so many points, each has a dot."""

TICK_STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440)
Y_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One minute, or the mean of several: ``values`` (0..1) are in the order of ``SCORE_LINES``; ``slot`` is its place in time."""

    slot: int
    first_minute: int
    last_minute: int
    values: tuple[float, ...]


class Band(NamedTuple):
    """The vertical band around a point in which a pointer shows its values."""

    left: float
    width: float
    point: Point


@dataclass(frozen=True, slots=True)
class LineChart:
    """Points in order, the minutes per slot (``step``), and the first and the last slot of the x axis."""

    points: tuple[Point, ...]
    step: int
    first_slot: int
    last_slot: int

    def x(self, slot: float) -> float:
        """The position of a slot on the x axis; the middle where there is only one."""
        width = self.last_slot - self.first_slot
        return (slot - self.first_slot) / width if width else 0.5

    def runs(self) -> Iterator[list[Point]]:
        """The points that are drawn connected: a minute without a score interrupts the lines."""
        run: list[Point] = []
        for point in self.points:
            if run and point.slot != run[-1].slot + 1:
                yield run
                run = []
            run.append(point)
        if run:
            yield run

    def polylines(self) -> Iterator[tuple[ScoreLine, list[tuple[float, float]]]]:
        """The positions of each connected line in drawing order: the combined score is last, above the others."""
        for number, line in reversed(list(enumerate(SCORE_LINES))):
            for run in self.runs():
                if len(run) > 1:
                    yield line, [(self.x(point.slot), 1 - point.values[number]) for point in run]

    def dots(self) -> Iterator[tuple[ScoreLine, float, float]]:
        """The position of each dot in drawing order: of all points of a short session, else of those without a neighbor."""
        dotted = self.points if len(self.points) <= MAX_DOTS else [run[0] for run in self.runs() if len(run) == 1]
        for number, line in reversed(list(enumerate(SCORE_LINES))):
            for point in dotted:
                yield line, self.x(point.slot), 1 - point.values[number]

    def bands(self) -> Iterator[Band]:
        """A band for each point; together they cover the plot where there are no gaps."""
        half = 0.5 / (self.last_slot - self.first_slot or 1)
        for point in self.points:
            x = self.x(point.slot)
            left = max(0.0, x - half)
            yield Band(left, min(1.0, x + half) - left, point)

    def x_ticks(self, max_ticks: int = 11) -> list[tuple[float, int]]:
        """At most ``max_ticks`` labels as ``(position, minute)``, minutes being multiples of a round number."""
        first, last = self.first_slot * self.step, self.last_slot * self.step
        step = _step(max(1, last - first), max_ticks - 1)
        minutes = range(-(-first // step) * step, last + 1, step)
        return [(self.x(minute / self.step), minute) for minute in minutes]


def line_chart(minutes: Sequence[Mapping[str, Any]], max_points: int = MAX_POINTS) -> LineChart | None:
    """The chart of a report's ``minutes`` (ordered, each with ``minuteIndex`` and the scores); None without minutes."""
    if not minutes:
        return None
    first, last = minutes[0]["minuteIndex"], minutes[-1]["minuteIndex"]
    # Only minutes that have a score count: one stray minute far away must not merge all the others.
    step = 1 if len(minutes) <= max_points else _step(last - first + 1, max_points)
    by_slot: dict[int, list[Mapping[str, Any]]] = {}
    for minute in minutes:
        by_slot.setdefault(minute["minuteIndex"] // step, []).append(minute)
    points = tuple(
        Point(
            slot,
            group[0]["minuteIndex"],
            group[-1]["minuteIndex"],
            tuple(fsum(minute[line.key] for minute in group) / len(group) for line in SCORE_LINES),
        )
        for slot, group in by_slot.items()
    )
    return LineChart(points, step, first // step, last // step)


def _step(length: int, max_pieces: int) -> int:
    """The smallest step that cuts ``length`` into at most ``max_pieces``; beyond ``TICK_STEPS`` a multiple of its last."""
    for step in TICK_STEPS:
        if length <= step * max_pieces:
            return step
    return -(-length // (max_pieces * TICK_STEPS[-1])) * TICK_STEPS[-1]
