"""The minute scores as a line chart in a PDF, drawn with the PDF's own operators."""

from bemore.reports.chart import Y_TICKS, LineChart
from bemore.reports.pdf.page import CENTER, RIGHT, Pages
from bemore.reports.style import SCORE_LINES

STROKES: dict[str, tuple[float, tuple[float, float] | None]] = {
    "combinedScore": (0.75, None),
    "facialScore": (0.45, None),
    "vadScore": (0.45, (1.8, 1.1)),
    "textScore": (0.45, (0.5, 1.1)),
}
"""Width and dash of each score's line, mm."""


def draw_line_chart(pages: Pages, chart: LineChart, x: float, y: float, width: float, height: float) -> None:
    """Draw the lines with their axes and legend into a box."""
    left, top, right, bottom = x + 10, y + 9, x + width - 3, y + height - 11
    plot_width, plot_height = right - left, bottom - top
    _legend(pages, right, y)
    pages.write_at(x, y, "점수 (0–1)", size=8, color="soft")
    for value in Y_TICKS:
        tick = bottom - value * plot_height
        pages.polyline([(left, tick), (right, tick)], "rule", 0.2)
        pages.write_at(x, tick - 1.9, f"{value:.1f}", size=7.5, color="soft", width=8, align=RIGHT)
    for place, minute in chart.x_ticks():
        pages.write_at(left + place * plot_width - 8, bottom + 1.4, str(minute), size=7.5, color="soft", width=16, align=CENTER)
    axis = "세션 시작 후 시간 (분)" + (f", 점 하나는 {chart.step}분의 평균" if chart.step > 1 else "")
    pages.write_at(left, bottom + 6.5, axis, size=8, color="soft", width=plot_width, align=CENTER)
    for line, positions in chart.polylines():
        pages.polyline([(left + px * plot_width, top + py * plot_height) for px, py in positions], line.color, *STROKES[line.key])
    for line, px, py in chart.dots():
        radius = (0.95 if line is SCORE_LINES[0] else 0.7) * (1.6 if len(chart.points) == 1 else 1)
        pages.dot(left + px * plot_width, top + py * plot_height, radius, line.color, rim=True)


def _legend(pages: Pages, right: float, y: float) -> None:
    for line in reversed(SCORE_LINES):
        right -= pages.width_of(line.label, 8.5)
        pages.write_at(right, y, line.label, size=8.5)
        pages.polyline([(right - 8.5, y + 2), (right - 1.8, y + 2)], line.color, *STROKES[line.key])
        right -= 13
