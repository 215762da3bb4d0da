"""A report as one self-contained HTML page: no script, no outside request, its charts inline.

The templates escape every value. Text from users stands in ``<bdi>``, so that its direction cannot reorder the text around it.
The page follows the reader's light or dark setting; print is light and leaves out what is folded.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from bemore.reports.chart import Y_TICKS, Point
from bemore.reports.display_text import clip, display_text
from bemore.reports.language import Language
from bemore.reports.style import DARK, LIGHT, MARKS, SCORE_LINES
from bemore.reports.timeline import Timeline
from bemore.reports.view import RenderOptions, ReportView

MAX_OPEN_ROWS = 30
"""A table of up to so many rows is open; a longer one is folded, and left out of print."""

MAX_NOTES = 50


def html(report: Mapping[str, Any], timeline: Timeline, options: RenderOptions) -> str:
    """A report's dict as a page. Send it as ``text/html; charset=utf-8`` with :data:`CONTENT_SECURITY_POLICY`."""
    return _environment.get_template("report.html").render(
        view=ReportView(report, timeline, options),
        score_lines=SCORE_LINES,
        max_open_rows=MAX_OPEN_ROWS,
        max_notes=MAX_NOTES,
        style=_STYLE,
    )


def _tooltip(point: Point, words: Language) -> str:
    values = ", ".join(f"{words.scores[line.key]} {words.score(value)}" for line, value in zip(SCORE_LINES, point.values, strict=True))
    return f"{words.minute_span(point.first_minute, point.last_minute)}: {values}"


def _css_percent(share: float) -> str:
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def _svg_points(positions: Iterable[tuple[float, float]], size: int) -> str:
    return " ".join(f"{x * size:.1f},{y * size:.0f}" for x, y in positions)


def _rectangles(spans: Iterable[tuple[float, float]], top: int, bottom: int) -> str:
    """The path of rectangles that span the height from ``top`` to ``bottom``, in a width of 1,000."""
    return "".join(f"M{left * 1000:.1f} {top}V{bottom}H{right * 1000:.1f}V{top}z" for left, right in spans)


def _bars(shares: Iterable[tuple[float, float, float]], base: int, height: int) -> str:
    """The path of bars that grow from the line ``base`` by their share of ``height`` (negative: upward), in a width of 1,000."""
    return "".join(
        f"M{left * 1000:.1f} {base}V{base + height * share:.1f}H{right * 1000:.1f}V{base}z" for left, right, share in shares
    )


def _shape(kind: str) -> str:
    """The path of a mark around its middle."""
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in polygon) + "z" for polygon in MARKS[kind])


_environment = Environment(
    loader=PackageLoader("bemore.reports.html"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "bars": _bars, "clip": clip, "css_percent": _css_percent, "display_text": display_text, "rectangles": _rectangles, "shape": _shape,
    "svg_points": _svg_points, "tooltip": _tooltip,
}  # fmt: skip
_environment.globals |= {"y_ticks": Y_TICKS}

_STYLE = _environment.get_template("style.css").render(light=LIGHT, dark=DARK)

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""What ``style-src`` must name, in single quotes, for the page's only ``<style>``."""

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The whole header value for the page."""
