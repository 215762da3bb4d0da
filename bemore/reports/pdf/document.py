"""A report as a PDF: A4, one to three pages whatever the session held, and what the feedback takes.

The notes of the newest feedback are shown whole. Names, keywords and sentences of any length are cut with an ellipsis, lists with a
count of what is left out. The report's JSON has everything.
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
MAX_NOTE_LINES = 60
"""A note whose own line ends make more lines than these is set as one paragraph."""

MIN_LIST_LINES = 4
"""A list begins on the next page where fewer of its lines fit."""

CHART_HEIGHT = 82.0
TITLE = 8.0
"""Height of a card's title, mm."""

FRAME = TITLE + 2 * PADDING - 2
"""Height of a card without its content, mm."""

ITEM_GAP = 1.4
"""The gap between the items of a list, mm."""

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
        return self.inside + FRAME


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
    for number, cards in enumerate(rows, 1):
        # The closing lines stay with what is last, so that they never stand alone on a page.
        y = _place(pages, cards, y, below=CLOSING if number == len(rows) and not view.feedback.rows else 0.0)
    if view.feedback.rows:
        y = _place_feedback(pages, view.feedback, y)
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


def _place_feedback(pages: Pages, section: Section[Feedback], y: float) -> float:
    """Draw the newest feedback, on as many pages as its notes need; return the y of what follows."""
    count = len(section.rows)
    title = f"{section.title} (최근 {MAX_NOTES}건, 모두 {count}건)" if count > MAX_NOTES else section.title
    items = [[f"{rating}, {time}", *_note_lines(pages, note)] for rating, time, note in section.rows[:MAX_NOTES]]
    continued = False
    while items:
        room = BOTTOM - y - FRAME
        fitting, rest = _split(items, room - (CLOSING if _height(items) <= room else 0))
        if rest and y > MARGIN and sum(map(len, fitting)) < MIN_LIST_LINES:
            pages.add_page()
            y = MARGIN
            continue
        y = _place(pages, [_list(pages, title, fitting, continued)], y, below=0.0)
        continued = bool(rest) and len(rest[0]) < len(items[-len(rest)])
        items, title = rest, f"{section.title} (이어짐)"
        if rest:
            pages.add_page()
            y = MARGIN
    return y


def _note_lines(pages: Pages, note: str) -> list[str]:
    """A whole note: with its own line ends, or as one paragraph where those are very many."""
    width = WIDTH - 2 * PADDING - 4
    lines = [line for paragraph in note.splitlines() for line in pages.wrapped(paragraph, width, 9.5)]
    return lines if len(lines) <= MAX_NOTE_LINES else pages.wrapped(note, width, 9.5)


def _split(items: Sequence[Sequence[str]], room: float) -> tuple[list[list[str]], list[list[str]]]:
    """What of a list fits into ``room``, and the rest; an item may be divided between its lines."""
    fitting: list[list[str]] = []
    for number, item in enumerate(items):
        lines = int((room + 0.01) / line_height(9.5))
        if lines < len(item):
            head = [*fitting, list(item[:lines])] if lines > 0 else fitting
            return head, [list(item[max(0, lines) :]), *map(list, items[number + 1 :])]
        fitting.append(list(item))
        room -= len(item) * line_height(9.5) + ITEM_GAP
    return fitting, []


def _height(items: Sequence[Sequence[str]]) -> float:
    return sum(len(item) * line_height(9.5) + ITEM_GAP for item in items) - ITEM_GAP


def _list(pages: Pages, title: str, items: Sequence[Sequence[str]], continued: bool = False) -> Card:
    """A card with a bulleted list: each item is its lines. ``continued``: the first one began on the page before."""

    def draw(x: float, y: float, width: float) -> None:
        for number, item in enumerate(items):
            if number or not continued:
                pages.dot(x + 1, y + 2.3, 0.7, "accent")
            pages.write_lines(x + 4, y, item)
            y += len(item) * line_height(9.5) + ITEM_GAP

    return Card(title, _height(items), draw)


def _note(pages: Pages, title: str, text: str, card_width: float = WIDTH) -> Card:
    lines = pages.wrapped(text, card_width - 2 * PADDING, 9.5, max_lines=3)
    return Card(title, len(lines) * line_height(9.5), lambda x, y, width: pages.write_lines(x, y, lines, color="soft"))
