"""What every language of reports has: its labels, its sentences, and its way to write values.

A sentence is called with what it tells: scores 0..1, affect -1..1, times and lengths in ms, minutes counted from 0. It is a Sentence, or
a method where its words depend on the values. Readers see scores as 0 to 100. Sentences describe what was measured; they never name an
illness or the risk of one, never judge and give no medical advice, which a test checks for all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from math import floor
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from bemore.clock import utc

DASH = "–"
MINUS = "−"


class _Places(Formatter):
    """Fills the places of a Sentence of a language."""

    def __init__(self, language: "BaseLanguage"):
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        write = getattr(self._language, format_spec, None)
        if write is None:
            return str(super().format_field(value, format_spec))
        return str(write(value) if callable(write) else write[value])


class Sentence:
    """A sentence with places as of ``str.format``; its attribute of a language is a function of the values.

    The format of a place may be a method or a label of the language that writes the value: ``{:score}``, ``{:emotions}``.
    """

    def __init__(self, text: str):
        self._text = text

    def __get__(self, language: "BaseLanguage", owner: object = None) -> Callable[..., str]:
        return partial(_Places(language).format, self._text)


class BaseLanguage(ABC):
    """How every language writes values. Subclasses add the labels as attributes, and the sentences."""

    code: str
    """BCP 47, as for ``?lang=`` and the ``lang`` of HTML."""

    _lengths = dict[str, str]()
    _minute_span = ""
    _left_out = dict[str, str]()

    # -- Values --------------------------------------------------------------------------------------------------------------

    @staticmethod
    def percent(share: float) -> str:
        """A share of 0..1: ``"32%"``; ``"<1%"`` for what is little but not nothing."""
        return "<1%" if 0 < share < 0.005 else f"{floor(share * 100 + 0.5)}%"

    @staticmethod
    def score(value: float | None) -> str:
        """A score of 0..1 as 0 to 100, halves rounded up as browsers do; a dash for None."""
        return DASH if value is None else str(floor(value * 100 + 0.5))

    @staticmethod
    def signed(value: float) -> str:
        """A value of -1..1 with two decimals and its sign: ``"+0.25"``, ``"−0.10"``, ``"0.00"``."""
        text = f"{abs(value):.2f}"
        return text if float(text) == 0 else ("+" if value > 0 else MINUS) + text

    @staticmethod
    def change(value: float) -> str:
        """A change of a score as points of 100 with its sign: ``"+12"``, ``"−8"``, ``"±0"``."""
        number = floor(abs(value) * 100 + 0.5)
        return f"{('+' if value > 0 else MINUS) if number else '±'}{number}"

    @staticmethod
    def offset(ms: int) -> str:
        """A moment of a session: ``"0:05"``, ``"26:05"``, from an hour on ``"2:15:00"``."""
        minutes, seconds = divmod(max(0, ms) // 1000, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"

    def duration(self, ms: float, *, exact: bool = False) -> str:
        """A length: 0.4 seconds, 14 seconds, 2 minutes 5 seconds, 1 hour 3 minutes in the language's words.

        Below ten seconds it has one decimal, because that is where a pause differs from a breath; from an hour on it has no
        seconds. ``exact`` gives whole seconds, rounded down, at every length (``durationFormatted`` in the contract):
        0 seconds, 12 minutes 0 seconds, 8 hours 5 seconds.
        """
        if ms < 9_950 and not exact:
            tenths = round(ms / 100)
            return self.length("second", str(tenths // 10) if tenths % 10 == 0 else f"{tenths / 10:.1f}")
        minutes, seconds = divmod(max(0, int(ms)) // 1000 if exact else round(ms / 1000), 60)
        hours, minutes = divmod(minutes, 60)
        parts = [self.length("hour", str(hours))] if hours else []
        if minutes:
            parts.append(self.length("minute", str(minutes)))
        has_seconds = (minutes or seconds) if exact else (seconds and not hours)
        if has_seconds or not parts:
            parts.append(self.length("second", str(seconds)))
        return " ".join(parts)

    def length(self, unit: str, number: str) -> str:
        """A number of hours, minutes or seconds; ``unit`` is ``"hour"``, ``"minute"`` or ``"second"``."""
        return self._lengths[unit].format(number)

    def minute_span(self, first: int, last: int | None = None) -> str:
        """The minutes ``first`` to ``last`` of a session; a single minute without ``last``."""
        return self._minute_span.format(first, (first if last is None else last) + 1)

    def timestamp(self, ms: int | None, zone: ZoneInfo) -> str:
        """A time in ms since the epoch on the clocks of a zone, to the minute; a dash for None."""
        return DASH if ms is None else self.date_and_time(utc(ms).astimezone(zone))

    @abstractmethod
    def date_and_time(self, moment: datetime) -> str:
        """A moment with its date, to the minute."""

    def left_out(self, count: int, what: str) -> str:
        """So many more are not shown; ``what`` is ``feedback``, ``gaps``, ``notes`` or ``sentences``."""
        return self._left_out[what].format(count)

    # -- Labels --------------------------------------------------------------------------------------------------------------

    emotions: Mapping[str, str]
    statuses: Mapping[str, str]
    sources: Mapping[str, str]
    speakers: Mapping[str, str]
    """``user`` and ``counselor``."""
    speaker_marks: Mapping[str, str]
    """One or two letters of them, before the number of a line in the transcript as text."""
    roles: Mapping[str, str]
    note_kinds: Mapping[str, str]
    moments: Mapping[str, str]
    """By kind."""
    scores: Mapping[str, str]
    """The four scores by their key in a minute."""
    averages: Mapping[str, str]
    """The scores in large figures by their key in ``stats``."""
    axes: Mapping[str, tuple[str, str, str]]
    """``valence``, ``arousal``, ``dominance``: the name, and the words for -1 and for 1."""
    measured_kinds: Mapping[str, str]
    """``frames`` and ``audio`` by what they are of."""
    titles: Mapping[str, str]
    """Of the sections."""
    talk_rows: Mapping[str, str]
    """Of the table of talk measures."""
    voice_rows: Mapping[str, str]
    facts: Mapping[str, str]
    """Of the technical details."""
    columns: Mapping[str, str]
    """Of the tables, but for the scores."""

    heading: str
    what_is_it: str
    """The question that explains a score."""
    all_explained: str
    """The link to the page that explains all scores."""
    no_rows: str
    no_data: str
    no_words: str
    no_moments: str
    disclaimer: str
    time_axis_minutes: str
    time_axis_hours: str
    little_measured: str
    """Of a minute of which less than half was measured."""
    both_speak: str
    silence: str
    no_scores: str
    no_measurements: str
    nothing_to_advise_on: str
    not_scored_yet: str
    even_measurement: str
    comparable: str
    no_audio: str
    no_talk: str
    talk_of_transcript: str
    affect_explained: str
    emotions_explained: str
