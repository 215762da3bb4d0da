"""The A4 pages of a PDF report: the operations that put text and shapes on them. All lengths are in mm.

Drawing is deferred until ``finish``, when the number of pages and the characters for the font are known. The font has one
weight: bold is the same outline with a thin stroke.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from fpdf import FPDF
from fpdf.drawing import DeviceRGB
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont

from bemore.clock import utc
from bemore.reports.display_text import ELLIPSIS, JOINERS, SUBSTITUTE, display_text
from bemore.reports.pdf.font import truetype, widths
from bemore.reports.style import PALETTE

MARGIN = 16.0
WIDTH = 210.0 - 2 * MARGIN
BOTTOM = 297.0 - 17.0
GAP = 4.0
PADDING = 5.0
POINT = 25.4 / 72

COLORS = {name: DeviceRGB(*(part / 255 for part in bytes.fromhex(color[1:]))) for name, color in PALETTE.items()}
WHITE = DeviceRGB(1, 1, 1)

LEFT, CENTER, RIGHT = 0.0, 0.5, 1.0
"""Alignments: the share of the free width that stands before the text."""

MAX_CHARACTERS = 2_000
"""No report shows more of one text; a longer one is cut before it is measured."""

MAX_FONT_CHARACTERS = 2_500
"""Different characters of one file: more than the longest note has, as each new one takes 0.3 ms and 160 bytes."""

# The library's font tools log the characters that they keep, which come from the session's texts.
logging.getLogger("fontTools").setLevel(logging.WARNING)


class Pages:
    """The pages of a report; ``footer`` is at the bottom of each, beside the page number."""

    def __init__(self, title: str, footer: str, created_ms: int) -> None:
        self._title, self._footer, self._created_ms = title, footer, created_ms
        self._pages: list[list[Callable[[FPDF], None]]] = []
        self._characters: set[str] = set()
        self._widths = widths()
        self.add_page()

    def add_page(self) -> None:
        """Start a new page."""
        self._page: list[Callable[[FPDF], None]] = []
        self._pages.append(self._page)

    # -- Text ----------------------------------------------------------------------------------------------------------------

    def printable(self, text: str) -> str:
        """``text`` on one line in characters that the font has; the others become a white square, emoji joiners nothing."""
        kept = (char if char in self._widths else "" if char in JOINERS else SUBSTITUTE for char in display_text(text[:MAX_CHARACTERS]))
        return "".join(kept)

    def width_of(self, text: str, size: float) -> float:
        """The width of a printable line at a size in points."""
        return sum(map(self._widths.__getitem__, text)) * size * POINT

    def fitting(self, text: str, width: float, size: float) -> str:
        """``text`` printable on one line of ``width``, cut with an ellipsis where it is longer."""
        text = self.printable(text)
        if self.width_of(text, size) <= width:
            return text
        room = width - self.width_of(ELLIPSIS, size)
        return text[: self._fitting_count(text, room, size)].rstrip() + ELLIPSIS

    def wrapped(self, text: str, width: float, size: float, max_lines: int | None = None) -> list[str]:
        """``text`` in printable lines of ``width``, at most ``max_lines``, broken at spaces and in words longer than a line."""
        lines = list(islice(self._broken(self.printable(text), width, size), None if max_lines is None else max_lines + 1))
        if max_lines is not None and len(lines) > max_lines:
            lines[max_lines - 1 :] = [self.fitting(f"{lines[max_lines - 1]} {lines[max_lines]}{ELLIPSIS}", width, size)]
        return lines

    def write_at(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 9.5,
        color: str = "text",
        bold: bool = False,
        width: float | None = None,
        align: float = LEFT,
    ) -> None:
        """Write one line in a color of ``PALETTE``; ``y`` is its top. With ``width`` it is cut to fit and aligned within."""
        text = self.printable(text) if width is None else self.fitting(text, width, size)
        if not text:
            return
        text = self._in_font(text)
        left = x if width is None else x + align * (width - self.width_of(text, size))
        mode, rgb = TextMode.FILL_STROKE if bold else TextMode.FILL, COLORS[color]

        def draw(pdf: FPDF) -> None:
            pdf.set_font_size(size)
            with pdf.local_context(text_mode=mode, draw_color=rgb, text_color=rgb, line_width=size * 0.011):
                pdf.text(left, y + 0.95 * size * POINT, text)

        self._page.append(draw)

    def write_lines(self, x: float, y: float, lines: Sequence[str], *, size: float = 9.5, color: str = "text") -> None:
        """Write lines below each other, the first with its top at ``y``."""
        for number, line in enumerate(lines):
            self.write_at(x, y + number * line_height(size), line, size=size, color=color)

    # -- Shapes --------------------------------------------------------------------------------------------------------------

    def box(self, x: float, y: float, width: float, height: float, *, fill: str | None = None, radius: float = 2.2) -> None:
        """A box with round corners: filled, or with a thin border."""
        radius = min(radius, 0.499 * width, 0.499 * height)  # from half of a side on, the library draws another shape

        def draw(pdf: FPDF) -> None:
            with pdf.local_context(draw_color=COLORS["rule"], fill_color=COLORS[fill] if fill else WHITE, line_width=0.25):
                pdf.rect(x, y, width, height, style="F" if fill else "D", round_corners=radius > 0, corner_radius=radius)

        self._page.append(draw)

    def bar(self, x: float, y: float, width: float, share: float, color: str, start: float = 0.0) -> None:
        """A horizontal bar 2.4 high: its track, and ``share`` (0..1) of it filled from ``start`` on."""
        self.box(x, y, width, 2.4, fill="track", radius=1.2)
        if share > 0:
            self.box(x + start * width, y, max(share * width, 0.4), 2.4, fill=color, radius=0 if start else 1.2)

    def dot(self, x: float, y: float, radius: float, color: str, *, rim: bool = False) -> None:
        """A filled circle, with a thin white rim if ``rim``."""

        def draw(pdf: FPDF) -> None:
            with pdf.local_context(fill_color=COLORS[color], draw_color=WHITE if rim else COLORS[color], line_width=0.25):
                pdf.circle(x, y, radius, style="FD" if rim else "F")

        self._page.append(draw)

    def polyline(
        self, positions: Sequence[tuple[float, float]], color: str, width: float, dash: tuple[float, float] | None = None
    ) -> None:
        """A line through at least two positions, with round corners, dashed as ``(length, gap)``."""

        def draw(pdf: FPDF) -> None:
            with pdf.new_path() as path:
                path.style.fill_color = None
                path.style.stroke_color = COLORS[color]
                path.style.stroke_width = width
                path.style.stroke_join_style = "round"
                path.style.stroke_cap_style = "butt"
                path.style.stroke_dash_pattern = dash
                path.style.auto_close = False
                path.move_to(*positions[0])
                for position in positions[1:]:
                    path.line_to(*position)

        self._page.append(draw)

    # -- The file ------------------------------------------------------------------------------------------------------------

    def finish(self) -> bytes:
        """Number the pages and make the file; call it once. The same drawing gives the same bytes."""
        for number, page in enumerate(self._pages, 1):
            self._page = page
            self.write_at(MARGIN, 297 - 12, self._footer, size=7.5, color="soft", width=WIDTH - 20)
            self.write_at(MARGIN, 297 - 12, f"{number} / {len(self._pages)}", size=7.5, color="soft", width=WIDTH, align=RIGHT)
        pdf = FPDF(format="A4", unit="mm")
        pdf.set_auto_page_break(False)
        pdf.set_lang("ko-KR")
        pdf.set_title(self.printable(self._title))
        pdf.set_creator("BeMore")
        # The report's own time: the same report is the same file.
        pdf.set_creation_date(utc(self._created_ms))
        # The library loads fonts only from a path and reads the file until the end.
        with TemporaryDirectory(prefix="bemore-pdf-") as folder:
            path = Path(folder, "report.ttf")
            path.write_bytes(truetype(self._characters))
            pdf.add_font("Noto", "", path)
            pdf.set_font("Noto")
            for page in self._pages:
                pdf.add_page()
                for draw in page:
                    draw(pdf)
            content = bytes(pdf.output())
            for font in pdf.fonts.values():
                if isinstance(font, TTFFont):
                    font.close()
        return content

    def _in_font(self, text: str) -> str:
        """``text`` with a white square for what would make the font larger than ``MAX_FONT_CHARACTERS``."""
        if len(self._characters.union(text)) > MAX_FONT_CHARACTERS:
            text = "".join(char if char in self._characters else SUBSTITUTE for char in text)
        self._characters.update(text)
        return text

    def _broken(self, text: str, width: float, size: float) -> Iterator[str]:
        line = ""
        for word in text.split():
            joined = f"{line} {word}" if line else word
            if self.width_of(joined, size) <= width:
                line = joined
                continue
            if line:
                yield line
            while self.width_of(word, size) > width:
                count = max(1, self._fitting_count(word, width, size))
                yield word[:count]
                word = word[count:]
            line = word
        if line:
            yield line

    def _fitting_count(self, text: str, width: float, size: float) -> int:
        """How many characters from the start of ``text`` fit into ``width``."""
        left = width / (size * POINT)
        for count, char in enumerate(text):
            left -= self._widths[char]
            if left < 0:
                return count
        return len(text)


def line_height(size: float) -> float:
    """The distance between lines of text, whose size is in points."""
    return size * POINT * 1.55
