"""A report as one self-contained HTML page: no script, no outside request, its chart inline.

The templates escape every value. Text from users stands in ``<bdi>``, so that its direction cannot reorder the text around it.
The page follows the reader's light or dark setting; print is light.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from bemore.reports.chart import Y_TICKS, Point, line_chart
from bemore.reports.display_text import clip, display_text
from bemore.reports.style import PALETTE, SCORE_LINES, SOURCE_LABELS
from bemore.reports.view import ReportView
from bemore.scoring.wording import EMOTION_NAMES, minute_span, score

MAX_OPEN_MINUTES = 30
"""A table of up to so many minutes is open; a longer one is folded, and left out of print."""

MAX_NOTES = 50
MAX_MINUTES = 1_000
"""The page shows no more rows than these; the CSV has all."""

MAX_ROW_KEYWORDS = 5


class TableRow(NamedTuple):
    """A minute of the table."""

    minute: int
    scores: Sequence[str]
    emotion: str
    source: str
    keywords: Sequence[str]


class Table(NamedTuple):
    """The table of the minutes and the number of minutes that it leaves out."""

    rows: Sequence[TableRow]
    open: bool
    with_keywords: bool
    left_out: int


def html(report: Mapping[str, Any], *, nonce: str | None = None) -> str:
    """A report's dict as a page.

    Send it as ``text/html; charset=utf-8`` with :data:`CONTENT_SECURITY_POLICY`. Where the caller's own policy allows a nonce
    instead of the style's hash, pass it as ``nonce``.
    """
    return _environment.get_template("report.html").render(
        view=ReportView(report),
        chart=line_chart(report["minutes"]),
        table=_table(report),
        score_lines=SCORE_LINES,
        max_notes=MAX_NOTES,
        style=_STYLE,
        nonce=nonce,
    )


def _table(report: Mapping[str, Any]) -> Table:
    minutes = report["minutes"]
    rows = [
        TableRow(
            minute["minuteIndex"],
            [score(minute[line.key]) for line in SCORE_LINES],
            EMOTION_NAMES[emotion["emotion"]],
            SOURCE_LABELS[minute["source"]],
            minute["keywords"][:MAX_ROW_KEYWORDS],
        )
        for minute, emotion in zip(minutes[:MAX_MINUTES], report["emotionTimeline"], strict=False)
    ]
    return Table(rows, len(minutes) <= MAX_OPEN_MINUTES, any(row.keywords for row in rows), len(minutes) - len(rows))


def _tooltip(point: Point) -> str:
    values = ", ".join(f"{line.label} {score(value)}" for line, value in zip(SCORE_LINES, point.values, strict=True))
    return f"{minute_span(point.first_minute, point.last_minute)}: {values}"


def _css_percent(share: float) -> str:
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def _svg_points(positions: Iterable[tuple[float, float]], size: int) -> str:
    return " ".join(f"{x * size:.1f},{y * size:.0f}" for x, y in positions)


_environment = Environment(
    loader=PackageLoader("bemore.reports.html"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "clip": clip, "css_percent": _css_percent, "display_text": display_text, "svg_points": _svg_points, "tooltip": _tooltip
}  # fmt: skip
_environment.globals |= {"minute_span": minute_span, "y_ticks": Y_TICKS}

_STYLE = _environment.get_template("style.css").render(palette=PALETTE)

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""What ``style-src`` must name, in single quotes, for the page's only ``<style>``."""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The whole header value for the page."""
