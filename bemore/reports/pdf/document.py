"""A report as a PDF: A4, one to three pages whatever the session held, under 300 KB.

Names, keywords, notes and sentences of any length are cut with an ellipsis or a count of what is left out. The report's JSON
has everything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bemore.reports.chart import line_chart
from bemore.reports.display_text import clip
from bemore.reports.pdf.chart import draw_line_chart
from bemore.reports.pdf.page import BOTTOM, CENTER, GAP, MARGIN, PADDING, RIGHT, WIDTH, Pages, line_height
from bemore.reports.view import Balance, Bar, Fact, Feedback, Keyword, ReportView, Section, Tile, Voice

MAX_CHIP_ROWS = 8
MAX_SENTENCE_LINES = 16
MAX_NOTES = 4
CHART_HEIGHT = 82.0
TITLE = 8.0
"""Height of a card's title, mm."""

CLOSING = GAP + 2 * line_height(8)
"""Height of the closing lines and the gap above them, mm."""

FACT_CELLS = ((0, 0), (2, 0), (3, 0), (0, 1), (1, 1), (2, 1), (3, 1))
"""Column and row of each fact; the first, the session's id, is two columns wide."""


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the report in a box: its title, the height of its content, and how that is drawn at ``(x, y, width)``."""

    title: str
    inside: float
    draw: Callable[[float, float, float], None]

    @property
    def height(self) -> float:
        return self.inside + TITLE + 2 * PADDING - 2


def pdf(report: Mapping[str, Any]) -> bytes:
    """A report's dict as a PDF file; the same dict gives the same bytes."""
    view, chart = ReportView(report), line_chart(report["minutes"])
    pages = Pages(view.title, f"BeMore {view.heading}, {clip(report['sessionId'], 60)}", report["generatedAt"])
    y = _header(pages, view)
    y = _facts(pages, [*view.names, *view.facts], y)
    y = _tiles(pages, view.tiles, y)
    half = (WIDTH - GAP) / 2
    rows = [
        [Card(view.scores.title, CHART_HEIGHT, lambda x, y, width: draw_line_chart(pages, chart, x, y, width, CHART_HEIGHT))]
        if chart
        else [_note(pages, view.scores.title, view.scores.note)],
        [_voice(pages, view.voice, half), _affect(pages, view.affect)],
        [_emotions(pages, view.emotions), _keywords(pages, view.keywords, half)],
        [_sentences(pages, view.observations)],
        [_sentences(pages, view.recommendations)],
    ]
    if view.feedback.rows:
        rows.append([_feedback(pages, view.feedback)])
    for number, cards in enumerate(rows, 1):
        # The closing lines stay with the last cards, so that they never stand alone on a page.
        y = _place(pages, cards, y, below=CLOSING if number == len(rows) else 0.0)
    lines = (view.disclaimer, f"{view.generated}, 규칙 {clip(view.model_version, 40)}")
    pages.write_lines(MARGIN, y, lines, size=8, color="soft")
    return pages.finish()


def _place(pages: Pages, cards: Sequence[Card], y: float, below: float) -> float:
    """Draw cards beside each other, on the next page if they and the room ``below`` do not fit; return the y of the next row."""
    height = max(card.height for card in cards)
    if y + height + below > BOTTOM:
        pages.add_page()
        y = MARGIN
    width = (WIDTH - GAP * (len(cards) - 1)) / len(cards)
    for number, card in enumerate(cards):
        x = MARGIN + number * (width + GAP)
        pages.box(x, y, width, height)
        pages.write_at(x + PADDING, y + PADDING - 1, card.title, size=11, bold=True)
        card.draw(x + PADDING, y + PADDING + TITLE - 1, width - 2 * PADDING)
    return y + height + GAP


def _header(pages: Pages, view: ReportView) -> float:
    pages.write_at(MARGIN, MARGIN - 2, view.heading, size=20, bold=True)
    pages.write_at(MARGIN, MARGIN + 8.5, view.subtitle, size=10, color="soft")
    width = pages.width_of(pages.printable(view.status), 9) + 8
    x = MARGIN + WIDTH - width
    pages.box(x, MARGIN, width, 6.6, fill="accent-soft", radius=3.3)
    pages.write_at(x, MARGIN + 1.1, view.status, size=9, color="accent", bold=True, width=width, align=CENTER)
    return MARGIN + 18


def _facts(pages: Pages, facts: Sequence[Fact], y: float) -> float:
    pages.box(MARGIN, y, WIDTH, 29)
    step = (WIDTH - 2 * PADDING) / 4
    for number, ((label, value), (column, row)) in enumerate(zip(facts, FACT_CELLS, strict=True)):
        x, top = MARGIN + PADDING + column * step, y + 4 + row * 12
        pages.write_at(x, top, label, size=8, color="soft")
        pages.write_at(x, top + 4.2, value, width=(step if number else 2 * step) - 4)
    return y + 29 + GAP


def _tiles(pages: Pages, tiles: Sequence[Tile], y: float) -> float:
    width = (WIDTH - 5 * 3) / 6
    for number, (label, value, color) in enumerate(tiles):
        x = MARGIN + number * (width + 3)
        pages.box(x, y, width, 18, fill=None if number else "accent-soft")
        if color:
            pages.box(x + 3.5, y, width - 7, 0.9, fill=color, radius=0)
        pages.write_at(x + 3.5, y + 3.2, label, size=8, color="soft")
        pages.write_at(x + 3.5, y + 8, value, size=15, bold=True, color="text" if number else "accent")
    return y + 18 + GAP


def _voice(pages: Pages, voice: Voice, card_width: float) -> Card:
    if not voice.bars:
        return _note(pages, voice.title, voice.summary, card_width)
    summary = pages.wrapped(voice.summary, card_width - 2 * PADDING, 8.5, max_lines=3)

    def draw(x: float, y: float, width: float) -> None:
        for number, row in enumerate(voice.bars):
            _bar(pages, x, y + number * 10.5, width, row)
        for number, (label, value) in enumerate(voice.facts):
            left, top = x + number % 3 * width / 3, y + 22 + number // 3 * 10.5
            pages.write_at(left, top, label, size=8, color="soft")
            pages.write_at(left, top + 4, value, width=width / 3 - 1)
        pages.write_lines(x, y + 43.5, summary, size=8.5, color="soft")

    return Card(voice.title, 43.5 + len(summary) * line_height(8.5), draw)


def _affect(pages: Pages, section: Section[Balance]) -> Card:
    def draw(x: float, y: float, width: float) -> None:
        for number, row in enumerate(section.rows):
            top = y + number * 17.5
            _bar_label(pages, x, top, width, row.label, row.value)
            pages.bar(x, top + 5.4, width, abs(row.number) / 2, "accent", start=0.5 + min(row.number, 0) / 2)
            pages.polyline([(x + width / 2, top + 4.8), (x + width / 2, top + 8.4)], "soft", 0.3)
            pages.write_at(x, top + 8.6, f"{row.low} -1", size=7.5, color="soft")
            pages.write_at(x, top + 8.6, f"{row.high} 1", size=7.5, color="soft", width=width, align=RIGHT)

    if not section.rows:
        return _note(pages, section.title, section.note)
    return Card(section.title, len(section.rows) * 17.5 - 4, draw)


def _emotions(pages: Pages, section: Section[Bar]) -> Card:
    def draw(x: float, y: float, width: float) -> None:
        for number, row in enumerate(section.rows):
            _bar(pages, x, y + number * 10, width, row)

    if not section.rows:
        return _note(pages, section.title, section.note)
    return Card(section.title, len(section.rows) * 10 - 2, draw)


def _bar(pages: Pages, x: float, y: float, width: float, row: Bar) -> None:
    _bar_label(pages, x, y, width, row.label, row.value)
    pages.bar(x, y + 5.4, width, row.share, row.color)


def _bar_label(pages: Pages, x: float, y: float, width: float, label: str, value: str) -> None:
    pages.write_at(x, y, label, size=9)
    pages.write_at(x, y, value, size=9, width=width, align=RIGHT)


def _keywords(pages: Pages, section: Section[Keyword], card_width: float) -> Card:
    if not section.rows:
        return _note(pages, section.title, section.note)
    chips, rows = _chips(pages, section.rows, card_width - 2 * PADDING)

    def draw(x: float, y: float, width: float) -> None:
        for row, left, chip_width, word, count in chips:
            top = y + row * 7.8
            pages.box(x + left, top, chip_width, 6.2, fill="accent-soft", radius=3.1)
            pages.write_at(x + left + 3, top + 0.9, word, size=9)
            pages.write_at(x + left + 3, top + 1.2, count, size=7.5, color="soft", width=chip_width - 6, align=RIGHT)

    return Card(section.title, rows * 7.8 - 1.6, draw)


def _chips(pages: Pages, keywords: Sequence[Keyword], width: float) -> tuple[list[tuple[int, float, float, str, str]], int]:
    """The position of each keyword as ``(row, left, width, word, count)``, and the number of rows."""
    chips: list[tuple[int, float, float, str, str]] = []
    row, left = 0, 0.0
    for keyword, count in keywords:
        beside = pages.width_of(count, 7.5) + 1.6 + 6
        word = pages.fitting(keyword, min(width - beside, 34.0), 9)
        chip_width = pages.width_of(word, 9) + beside + 0.4
        if left and left + chip_width > width:
            row, left = row + 1, 0.0
        if row == MAX_CHIP_ROWS:
            return chips, row
        chips.append((row, left, chip_width, word, count))
        left += chip_width + 1.8
    return chips, row + 1


def _sentences(pages: Pages, section: Section[str]) -> Card:
    items, room = [], MAX_SENTENCE_LINES
    for sentence in section.rows:
        lines = pages.wrapped(sentence, WIDTH - 2 * PADDING - 4, 9.5, max_lines=3)
        room -= len(lines)
        if room < 0:
            break
        items.append(lines)
    return _list(pages, section.title, items) if items else _note(pages, section.title, section.note)


def _feedback(pages: Pages, section: Section[Feedback]) -> Card:
    items = [
        [f"{rating}, {time}", *pages.wrapped(note, WIDTH - 2 * PADDING - 4, 9.5, max_lines=3)]
        for rating, time, note in section.rows[:MAX_NOTES]
    ]
    count = len(section.rows)
    return _list(pages, f"{section.title} (최근 {MAX_NOTES}건, 모두 {count}건)" if count > MAX_NOTES else section.title, items)


def _list(pages: Pages, title: str, items: Sequence[Sequence[str]]) -> Card:
    """A card with a bulleted list: each item is its lines."""

    def draw(x: float, y: float, width: float) -> None:
        for item in items:
            pages.dot(x + 1, y + 2.3, 0.7, "accent")
            pages.write_lines(x + 4, y, item)
            y += len(item) * line_height(9.5) + 1.4

    return Card(title, sum(len(item) * line_height(9.5) + 1.4 for item in items) - 1.4, draw)


def _note(pages: Pages, title: str, text: str, card_width: float = WIDTH) -> Card:
    lines = pages.wrapped(text, card_width - 2 * PADDING, 9.5, max_lines=3)
    return Card(title, len(lines) * line_height(9.5), lambda x, y, width: pages.write_lines(x, y, lines, color="soft"))
