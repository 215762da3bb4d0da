"""The minute scores as a line chart: what is drawn where, and the drawing as SVG for a page.

``pdf_chart`` draws the same lines with the PDF's own operators. The SVG scales without script: positions are percentages,
so that letters keep their size at any width; colours come from the page's style by class (``line-facialScore`` …), because
a strict Content-Security-Policy forbids style attributes. ``<title>`` elements are its tooltips.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import fsum

from bemore.reports.wording import PARTS, minute_span, score

MOST_POINTS = 240
"""More minutes than these are drawn as means of several minutes: a line of 600 points on a page is a smear."""

MOST_DOTS = 48
"""Up to so many points each one has a dot."""

STEPS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 240, 480, 720, 1440)
Y_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """One minute, or the mean of several: ``values`` (0..1) are in the order of ``PARTS``; ``slot`` counts drawn places."""

    slot: int
    first_minute: int
    last_minute: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """The chart: points in order, the minutes of one place (``step``), and the first and the last place of the x axis."""

    points: tuple[Point, ...]
    step: int
    first_slot: int
    last_slot: int

    def x(self, slot: float) -> float:
        """The place of a slot on the x axis, 0..1; the middle where there is only one."""
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

    def x_ticks(self, most: int) -> list[tuple[float, int]]:
        """At most ``most`` labelled minutes as ``(place 0..1, minute)``, whole multiples of a readable number."""
        first, last = self.first_slot * self.step, self.last_slot * self.step
        step = _step(STEPS, max(1, last - first), most - 1)
        minutes = range(-(-first // step) * step, last + 1, step)
        return [(self.x(minute / self.step), minute) for minute in minutes]

    def dotted(self) -> list[Point]:
        """The points that get a dot: all of a short session, and those with no neighbour, which no line would show."""
        if len(self.points) <= MOST_DOTS:
            return list(self.points)
        return [run[0] for run in self.runs() if len(run) == 1]


def lines(minutes: Sequence[Mapping], most_points: int = MOST_POINTS) -> Lines | None:
    """The lines of a report's ``minutes`` (ordered, each with ``minuteIndex`` and the scores); None without minutes."""
    if not minutes:
        return None
    first, last = minutes[0]["minuteIndex"], minutes[-1]["minuteIndex"]
    # Only minutes that have a score count: one stray minute far away must not make means of all the others.
    step = 1 if len(minutes) <= most_points else _step(STEPS, last - first + 1, most_points)
    by_slot: dict[int, list[Mapping]] = {}
    for minute in minutes:
        by_slot.setdefault(minute["minuteIndex"] // step, []).append(minute)
    points = tuple(
        Point(
            slot,
            group[0]["minuteIndex"],
            group[-1]["minuteIndex"],
            tuple(fsum(minute[key] for minute in group) / len(group) for key, _ in PARTS),
        )
        for slot, group in by_slot.items()
    )
    return Lines(points, step, first // step, last // step)


def _step(steps: Sequence[int], length: int, most: int) -> int:
    """The smallest step that cuts ``length`` into at most ``most`` pieces; beyond the known ones, a multiple of the last."""
    for step in steps:
        if length <= step * most:
            return step
    return -(-length // (most * steps[-1])) * steps[-1]


def svg(minutes: Sequence[Mapping]) -> str:
    """The chart of a report's ``minutes`` as an ``<svg>`` element for inlining; empty text without minutes.

    The element is the plot's area alone: its axis labels lie outside it (``overflow: visible``), so the page leaves room
    around it, 3em on the left and below.
    """
    chart = lines(minutes)
    if chart is None:
        return ""
    parts = ['<svg class="chart" width="100%" height="100%" role="img" overflow="visible"', f' aria-label="{_described(chart)}">']
    parts += _axes(chart)
    parts.append('<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" overflow="visible">')
    for number in reversed(range(len(PARTS))):  # the combined score is drawn last, over the others
        for run in chart.runs():
            if len(run) > 1:
                places = " ".join(f"{chart.x(point.slot) * 1000:.1f},{(1 - point.values[number]) * 1000:.0f}" for point in run)
                parts.append(f'<polyline class="line {_class(number)}" vector-effect="non-scaling-stroke" points="{places}"/>')
    parts.append("</svg>")
    for number in reversed(range(len(PARTS))):
        parts += (
            f'<circle class="dot {_class(number)}" cx="{_percent(chart.x(point.slot))}"'
            f' cy="{_percent(1 - point.values[number])}" r="{4 if number == 0 else 3}"/>'
            for point in chart.dotted()
        )
    parts += _tooltips(chart)
    parts.append("</svg>")
    return "".join(parts)


def legend() -> str:
    """The chart's legend as a list; each entry shows a piece of its line."""
    entries = "".join(
        f'<li><svg width="26" height="10" aria-hidden="true"><line class="line {_class(number)}" x1="1" y1="5" x2="25" y2="5"/></svg>'
        f"{label}</li>"
        for number, (_, label) in enumerate(PARTS)
    )
    return f'<ul class="legend">{entries}</ul>'


def bar(share: float, kind: str, label: str) -> str:
    """A horizontal bar that is filled from the left; ``share`` 0..1, ``kind`` a class of the page's style."""
    return (
        f'<svg class="bar {kind}" width="100%" height="10" role="img" aria-label="{escape(label)}">'
        f'<rect class="track" width="100%" height="10" rx="5"/><rect class="fill" width="{_percent(share)}" height="10" rx="5"/></svg>'
    )


def balance(value: float, label: str) -> str:
    """A horizontal bar that grows from the middle to the left or the right; ``value`` -1..1."""
    start = 0.5 + min(value, 0.0) / 2
    return (
        f'<svg class="bar balance" width="100%" height="10" role="img" aria-label="{escape(label)}">'
        '<rect class="track" width="100%" height="10" rx="5"/>'
        f'<rect class="fill" x="{_percent(start)}" width="{_percent(abs(value) / 2)}" height="10"/>'
        '<line class="zero" x1="50%" x2="50%" y1="-2" y2="12"/></svg>'
    )


def _axes(chart: Lines) -> Iterator[str]:
    for value in Y_TICKS:
        place = _percent(1 - value)
        yield f'<line class="grid" x1="0" x2="100%" y1="{place}" y2="{place}"/>'
        yield f'<text class="tick" x="-9" y="{place}" dy="0.35em" text-anchor="end">{value:.1f}</text>'
    for number, (place, minute) in enumerate(chart.x_ticks(11)):
        # Every other label gives way on a narrow screen.
        kind = "tick" if number % 2 == 0 else "tick wide"
        at = _percent(place)
        yield f'<text class="{kind}" x="{at}" y="100%" dy="1.6em" text-anchor="middle">{minute}</text>'
    yield '<text class="axis" x="-2.6em" y="0" dy="-1.2em">점수 (0–1)</text>'
    yield '<text class="axis" x="50%" y="100%" dy="3.2em" text-anchor="middle">세션 시작 후 시간 (분)</text>'


def _tooltips(chart: Lines) -> Iterator[str]:
    """An invisible band over each point that shows the point's values while the pointer rests on it."""
    half = 0.5 / (chart.last_slot - chart.first_slot or 1)
    for point in chart.points:
        middle = chart.x(point.slot)
        left, right = max(0.0, middle - half), min(1.0, middle + half)
        values = ", ".join(f"{label} {score(value)}" for (_, label), value in zip(PARTS, point.values))
        span = minute_span(point.first_minute, point.last_minute)
        yield (
            f'<rect class="band" x="{_percent(left)}" width="{_percent(right - left)}" height="100%">'
            f"<title>{span}: {values}</title></rect>"
        )


def _described(chart: Lines) -> str:
    first, last = chart.points[0].first_minute, chart.points[-1].last_minute
    return f"{minute_span(first, last)} 동안의 종합, 얼굴, 음성, 텍스트 점수 선 그래프. 값은 아래의 분별 점수 표에 있습니다."


def _class(number: int) -> str:
    return f"line-{PARTS[number][0]}"


def _percent(share: float) -> str:
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"
