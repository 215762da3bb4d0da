"""The parts of a report as its readers see it (``bemore.reports.view``): labels and formatted values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from bemore.reports.chart import LineChart, Mark

Row = TypeVar("Row")


class Fact(NamedTuple):
    """A labeled value."""

    label: str
    value: str


class Quote(NamedTuple):
    """What was said in a moment; ``speaker`` is its name, empty if unknown."""

    at: str
    speaker: str
    text: str


class Moment(NamedTuple):
    """A moment: what it is, from when to when, its value with the unit."""

    kind: str
    name: str
    span: str
    value: str
    quotes: Sequence[Quote]


class Tile(NamedTuple):
    """A score in large figures, with the name of its color (empty: none) and what it is."""

    label: str
    value: str
    color: str
    explained: Fact


class Bar(NamedTuple):
    """A share (0..1) as a bar with the name of its color."""

    label: str
    value: str
    share: float
    color: str


class Balance(NamedTuple):
    """A number (-1..1) as a bar from the middle, with the words for its two ends."""

    label: str
    value: str
    number: float
    low: str
    high: str


class Note(NamedTuple):
    """A shared note or a rating: its head line, and its text, which may be empty and may have several lines."""

    head: str
    when: str
    text: str


class Gap(NamedTuple):
    """A stretch of time of which a kind of data is missing."""

    kind: str
    span: str
    length: str


class TableRow(NamedTuple):
    """A minute of the table, or several; ``little`` if less than half was measured."""

    span: str
    scores: Sequence[str]
    emotion: str
    source: str
    keywords: Sequence[str]
    little: bool


@dataclass(frozen=True, slots=True)
class Section(Generic[Row]):
    """A part of the report. ``note`` stands in place of the rows where there are none, ``more`` below them."""

    title: str
    rows: Sequence[Row]
    note: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """Who spoke how much: bars of shares, a table with a column per speaker, sentences. Without speakers, the voice of both together."""

    title: str
    bars: Sequence[Bar]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The minutes. ``columns`` are the titles before and after the scores."""

    title: str
    first: str
    scores: Sequence[str]
    others: Sequence[str]
    rows: Sequence[TableRow]
    has_keywords: bool
    more: str


Positions = Sequence[tuple[float, float]]


Shares = Sequence[tuple[float, float, float]]


class Lanes(NamedTuple):
    """Who spoke when, as bars ``(left, right, share of that time)`` on the time axis, the silences on it, and the same in words.

    ``both`` is when both spoke, a part of the other two.
    """

    user: Shares
    counselor: Shares
    both: Shares
    silences: Positions
    described: str


class Charts(NamedTuple):
    """What is drawn along the time axis: scores (None without), voice lanes (None without speakers), what was hardly measured, marks.

    ``described`` is the line chart in words; ``mark_names`` are ``(kind, name)`` of the kinds of marks that there are.
    """

    lines: LineChart | None
    described: str
    lanes: Lanes | None
    uncovered: Positions
    marks: Sequence[Mark]
    mark_names: Sequence[tuple[str, str]]
