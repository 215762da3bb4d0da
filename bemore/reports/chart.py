"""The geometry of the charts along the session's time; ``html`` and ``pdf`` draw it.

Positions are shares (0..1): of the width from the left, where 1 is the end of the time axis, and of the plot's height from the top.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum
from typing import Any, NamedTuple

from bemore.clock import MINUTE_MS
from bemore.reports.style import SCORE_LINES, ScoreLine
from bemore.scoring.talk import Span

MAX_POINTS = 240
"""More minutes than these are drawn as means of several minutes, because a page cannot show 600 points apart."""

MAX_TICKS = 11

MAX_DOTS = 48
"""Up to so many points, each has a dot."""

MAX_SPANS = 1_000
"""Spans are drawn in so many steps of the axis at most; what lies closer together is drawn joined."""

MAX_BARS = 480
"""The lanes of voices are drawn in so many bars at most."""

HOURS_FROM_MS = 120 * MINUTE_MS
"""From this length on, the axis has hours and minutes."""

MARK_DISTANCE = 0.045
"""Marks closer than this stand in different rows."""

MAX_GAP_MINUTES = 10_080
"""In a longer session (a week), only scored minutes are drawn as not measured."""

STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440)
BAR_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600)
TICK_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440)
Y_TICKS = (0, 20, 40, 60, 80, 100)


class TimeAxis(NamedTuple):
    """From the session's start to ``end_ms``, which is more than 0."""

    end_ms: int

    @property
    def has_hours(self) -> bool:
        """Whether its labels are hours and minutes."""
        return self.end_ms >= HOURS_FROM_MS

    def x(self, ms: float) -> float:
        """The position of a time."""
        return min(1.0, max(0.0, ms / self.end_ms))

    def label(self, minute: int) -> str:
        """A minute as on the axis: ``"30"``, on a long one ``"1:30"``."""
        return f"{minute // 60}:{minute % 60:02d}" if self.has_hours else str(minute)

    def ticks(self) -> list[tuple[float, str]]:
        """At most ``MAX_TICKS`` labels as ``(position, text)`` at round times."""
        step = _step(self.end_ms / MINUTE_MS, MAX_TICKS - 1, TICK_STEPS)
        minutes = range(0, int(self.end_ms // MINUTE_MS) + 1, step)
        return [(self.x(minute * MINUTE_MS), self.label(minute)) for minute in minutes]

    def shares(self, spans: Iterable[Span]) -> list[tuple[float, float, float]]:
        """How much of each bin the ordered, disjoint spans take, as ``(left, right, share)``; empty bins are left out."""
        step = 1000 * _step(self.end_ms / 1000, MAX_BARS, BAR_STEPS_S)
        filled: dict[int, int] = {}
        for start, end in spans:
            for bar in range(start // step, -(-end // step)):
                filled[bar] = filled.get(bar, 0) + min(end, (bar + 1) * step) - max(start, bar * step)
        return [(self.x(bar * step), self.x((bar + 1) * step), min(1.0, ms / step)) for bar, ms in filled.items()]

    def spans(self, spans: Iterable[Span]) -> list[tuple[float, float]]:
        """Ordered spans of ms as positions ``(left, right)``; those that a page cannot show apart are joined."""
        least = 1 / MAX_SPANS
        joined: list[tuple[float, float]] = []
        for start, end in spans:
            left, right = self.x(start), self.x(end)
            if joined and left - joined[-1][1] < least:
                joined[-1] = joined[-1][0], max(joined[-1][1], right)
            else:
                joined.append((left, max(right, left + least)))
        return joined


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
    """Points in order, and the minutes per slot (``step``)."""

    points: tuple[Point, ...]
    step: int
    axis: TimeAxis

    def x(self, point: Point) -> float:
        """The position of a point: the middle of its slot."""
        return self.axis.x((point.slot + 0.5) * self.step * MINUTE_MS)

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
                    yield line, [(self.x(point), 1 - point.values[number]) for point in run]

    def dots(self) -> Iterator[tuple[ScoreLine, float, float]]:
        """The position of each dot in drawing order: of all points of a short session, else of those without a neighbor."""
        dotted = self.points if len(self.points) <= MAX_DOTS else [run[0] for run in self.runs() if len(run) == 1]
        for number, line in reversed(list(enumerate(SCORE_LINES))):
            for point in dotted:
                yield line, self.x(point), 1 - point.values[number]

    def bands(self) -> Iterator[Band]:
        """A band for each point; together they cover the plot where there are no gaps."""
        for point in self.points:
            left, right = (self.axis.x((point.slot + edge) * self.step * MINUTE_MS) for edge in (0, 1))
            yield Band(left, right - left, point)


def time_axis(report: Mapping[str, Any], last_ms: int = 0) -> TimeAxis:
    """The axis of a report: to the end of the session, of its last scored minute or of its last data, whichever is last."""
    last_minute = report["minutes"][-1]["minuteIndex"] + 1 if report["minutes"] else 0
    return TimeAxis(max(MINUTE_MS, report["duration"], last_minute * MINUTE_MS, last_ms))


def line_chart(minutes: Sequence[Mapping[str, Any]], axis: TimeAxis) -> LineChart | None:
    """The chart of a report's ``minutes`` (ordered, each with ``minuteIndex`` and the scores); None without minutes."""
    if not minutes:
        return None
    step = bin_size(minutes, MAX_POINTS)
    points = tuple(
        Point(
            slot,
            group[0]["minuteIndex"],
            group[-1]["minuteIndex"],
            tuple(fsum(minute[line.key] for minute in group) / len(group) for line in SCORE_LINES),
        )
        for slot, group in bins(minutes, step)
    )
    return LineChart(points, step, axis)


def bin_size(minutes: Sequence[Mapping[str, Any]], most: int) -> int:
    """The round number of minutes that makes at most ``most`` bins of these; 1 where there are no more minutes than that."""
    # Only minutes that have a score count: one stray minute far away must not merge all the others.
    if len(minutes) <= most:
        return 1
    return _step(minutes[-1]["minuteIndex"] - minutes[0]["minuteIndex"] + 1, most, STEPS)


def bins(minutes: Sequence[Mapping[str, Any]], step: int) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """``(number, minutes)`` of each bin of ``step`` minutes that has any."""
    for slot, group in groupby(minutes, key=lambda minute: int(minute["minuteIndex"]) // step):
        yield slot, list(group)


def uncovered(report: Mapping[str, Any], end_ms: int) -> list[Span]:
    """Spans of minutes of which less than half was measured, by frames or by audio.

    A scored minute says so itself; one without coverage was scored by a browser that sent no telemetry, and is not among them. Of the
    minutes without a score, the gaps of the session's ``coverage`` tell.
    """
    scored = {minute["minuteIndex"]: minute["coverage"] for minute in report["minutes"]}
    little = {index for index, known in scored.items() if known and min(known["frames"], known["audio"]) < 0.5}
    for kind in report["coverage"].values() if end_ms <= MAX_GAP_MINUTES * MINUTE_MS else ():
        missing: dict[int, int] = {}
        for gap in kind["gaps"]:
            for minute in range(gap["startMs"] // MINUTE_MS, -(-min(gap["endMs"], end_ms) // MINUTE_MS)):
                part = min(gap["endMs"], (minute + 1) * MINUTE_MS) - max(gap["startMs"], minute * MINUTE_MS)
                missing[minute] = missing.get(minute, 0) + part
        little |= {minute for minute, ms in missing.items() if 2 * ms > MINUTE_MS and minute not in scored}
    spans: list[Span] = []
    for minute in sorted(little):
        start, end = minute * MINUTE_MS, min((minute + 1) * MINUTE_MS, end_ms)
        if spans and spans[-1][1] == start:
            spans[-1] = spans[-1][0], end
        elif start < end:
            spans.append((start, end))
    return spans


class Mark(NamedTuple):
    """A moment or a note above the plot, in the first free row; ``kind`` is one of ``MARKS``."""

    kind: str
    x: float
    row: int


def marks(report: Mapping[str, Any], axis: TimeAxis) -> list[Mark]:
    """The moments and the shared notes of a report."""
    places = [(axis.x((each["startMs"] + each["endMs"]) / 2), each["kind"]) for each in report["moments"]]
    places += [(axis.x((each["tStart"] + (each["tEnd"] or each["tStart"])) / 2), each["kind"]) for each in report["notes"]]
    placed: list[Mark] = []
    for x, kind in sorted(places):
        taken = {mark.row for mark in placed if x - mark.x < MARK_DISTANCE}
        placed.append(Mark(kind, x, min(set(range(len(placed) + 1)) - taken)))
    return placed


def _step(length: float, max_pieces: int, steps: Sequence[int]) -> int:
    """The smallest step that cuts ``length`` into at most ``max_pieces``; beyond the last of ``steps`` a multiple of it."""
    for step in steps:
        if length <= step * max_pieces:
            return step
    return int(-(-length // (max_pieces * steps[-1])) * steps[-1])
