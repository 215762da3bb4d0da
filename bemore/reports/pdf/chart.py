"""The minute scores as a line chart in a PDF, drawn with the PDF's own operators (the SVG twin is ``chart.svg``)."""

from collections.abc import Mapping, Sequence

from bemore.reports import chart
from bemore.reports.pdf.page import ACCENT, CENTER, FACIAL, RIGHT, RULE, SOFT, TEXT, VOICE, WHITE, WORDS, Pages
from bemore.reports.wording import PARTS

STYLES = ((ACCENT, 0.75, None), (FACIAL, 0.45, None), (VOICE, 0.45, (1.8, 1.1)), (WORDS, 0.45, (0.5, 1.1)))
"""Colour, width in mm and dash of each line of ``PARTS``."""


def draw(pages: Pages, minutes: Sequence[Mapping], x: float, y: float, width: float, height: float) -> None:
    """Draw the lines of a report's ``minutes`` (at least one) with their axes and legend into a box."""
    lines = chart.lines(minutes)
    left, top, right, bottom = x + 10, y + 9, x + width - 3, y + height - 11
    _legend(pages, right, y)
    pages.write_at(x, y, "점수 (0–1)", size=8, color=SOFT)
    for value in chart.Y_TICKS:
        at = bottom - value * (bottom - top)
        pages.polyline([(left, at), (right, at)], RULE, 0.2)
        pages.write_at(x, at - 1.9, f"{value:.1f}", size=7.5, color=SOFT, width=8, align=RIGHT)
    for place, minute in lines.x_ticks(11):
        pages.write_at(left + place * (right - left) - 8, bottom + 1.4, str(minute), size=7.5, color=SOFT, width=16, align=CENTER)
    axis = "세션 시작 후 시간 (분)" + (f", 점 하나는 {lines.step}분의 평균" if lines.step > 1 else "")
    pages.write_at(left, bottom + 6.5, axis, size=8, color=SOFT, width=right - left, align=CENTER)

    def place_of(point, number):
        return left + lines.x(point.slot) * (right - left), bottom - point.values[number] * (bottom - top)

    for number in reversed(range(len(PARTS))):  # the combined score is drawn last, over the others
        for run in lines.runs():
            pages.polyline([place_of(point, number) for point in run], *STYLES[number])
    for number in reversed(range(len(PARTS))):
        radius = (0.95 if number == 0 else 0.7) * (1.6 if len(lines.points) == 1 else 1)
        for point in lines.dotted():
            pages.dot(*place_of(point, number), radius, STYLES[number][0], WHITE)


def _legend(pages, right, y):
    at = right
    for (_, label), style in reversed(list(zip(PARTS, STYLES))):
        at -= pages.width_of(label, 8.5)
        pages.write_at(at, y, label, size=8.5, color=TEXT)
        pages.polyline([(at - 8.5, y + 2), (at - 1.8, y + 2)], *style)
        at -= 13
