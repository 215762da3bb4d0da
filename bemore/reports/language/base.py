"""What every language of reports has: its labels, its sentences, and its way to write values.

A sentence is a method whose arguments are what it tells: scores 0..1, affect -1..1, times and lengths in ms, minutes counted from 0.
Readers see scores as 0 to 100. Sentences describe what was measured; they never name an illness or the risk of one, never judge and
give no medical advice, which a test checks for all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from bemore.clock import utc
from bemore.scoring.affect import Affect

DASH = "–"
MINUS = "−"


class Language(ABC):
    """A language; subclasses add the labels as attributes and the sentences as methods."""

    code: str
    """BCP 47, as for ``?lang=`` and the ``lang`` of HTML."""

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

    @abstractmethod
    def length(self, unit: str, number: str) -> str:
        """A number of hours, minutes or seconds; ``unit`` is ``"hour"``, ``"minute"`` or ``"second"``."""

    @abstractmethod
    def minute_span(self, first: int, last: int | None = None) -> str:
        """The minutes ``first`` to ``last`` of a session; a single minute without ``last``."""

    def timestamp(self, ms: int | None, zone: ZoneInfo) -> str:
        """A time in ms since the epoch on the clocks of a zone, to the minute; a dash for None."""
        return DASH if ms is None else self.date_and_time(_local(ms, zone))

    @abstractmethod
    def date_and_time(self, moment: datetime) -> str:
        """A moment with its date, to the minute."""

    @abstractmethod
    def zone_name(self, zone: ZoneInfo) -> str:
        """What stands beside a time to say whose clocks it is on."""

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

    # -- Sentences -----------------------------------------------------------------------------------------------------------

    @abstractmethod
    def silence_line(self, seconds: int) -> str:
        """A silence in the transcript as text."""

    @abstractmethod
    def voice(self, metrics: Mapping[str, Any]) -> str:
        """The voice metrics in one sentence; there is audio."""

    @abstractmethod
    def mean_score(self, minutes: int, mean: float) -> str:
        """The mean of the scored minutes."""

    @abstractmethod
    def unscored(self, minutes: int, unscored: int) -> str:
        """How many of the session's minutes have no score."""

    @abstractmethod
    def highest(self, minute: int, value: float) -> str: ...

    @abstractmethod
    def lowest(self, minute: int, value: float) -> str: ...

    @abstractmethod
    def largest_change(self, minute: int, change: float) -> str:
        """The largest change, from the minute before to this one."""

    @abstractmethod
    def drift(self, change: float) -> str:
        """Where the score went on the whole, from the first to the last minute."""

    @abstractmethod
    def tone(self, mean: float) -> str:
        """The mean text score; above 0.55 and below 0.45 it says which way the words lean."""

    @abstractmethod
    def affect(self, affect: Affect) -> str: ...

    @abstractmethod
    def dominant(self, emotion: str, share: float) -> str: ...

    @abstractmethod
    def few_minutes(self) -> str:
        """Little was measured, so values vary much."""

    @abstractmethod
    def face_hidden(self, minutes: int) -> str: ...

    @abstractmethod
    def no_face(self, minutes: int) -> str: ...

    @abstractmethod
    def no_voice(self, minutes: int) -> str: ...

    @abstractmethod
    def no_transcript(self) -> str: ...

    @abstractmethod
    def little_speech(self, share: float) -> str: ...

    @abstractmethod
    def much_speech(self, share: float) -> str: ...

    @abstractmethod
    def long_silence(self, length_ms: int) -> str: ...

    @abstractmethod
    def look_back(self, minute: int) -> str:
        """The conversation around a large change is worth another look."""

    # -- Parts of the pages --------------------------------------------------------------------------------------------------

    @abstractmethod
    def started(self, time: str, zone: ZoneInfo, length: str) -> str:
        """When the session started and how long it is."""

    @abstractmethod
    def generated(self, time: str, zone: ZoneInfo) -> str: ...

    @abstractmethod
    def points(self, value: float) -> str:
        """A score with its unit."""

    @abstractmethod
    def points_change(self, change: float) -> str:
        """A change of a score with its sign and unit."""

    @abstractmethod
    def times(self, count: int) -> str:
        """How often something was."""

    @abstractmethod
    def pieces(self, count: int) -> str:
        """How many frames, chunks or snippets there are."""

    @abstractmethod
    def rating(self, rating: int) -> str: ...

    @abstractmethod
    def longest_turn_of(self, speaker: str) -> str:
        """The name of the moment ``longest-turn``."""

    @abstractmethod
    def silences(self, silences: Mapping[str, Any]) -> str:
        """The ``silences`` of ``talk``, of which there is at least one."""

    @abstractmethod
    def no_silences(self) -> str:
        """There was no silence of three seconds or more."""

    @abstractmethod
    def overlap(self, length_ms: int) -> str: ...

    @abstractmethod
    def compared(self, measure: str, own: str, ends: Sequence[str], lower: int, higher: int, sessions: int) -> str:
        """Where a session lies among ``sessions`` others.

        ``measure`` is ``longestSilence``, ``talkShare`` (of the user) or ``score``. ``own`` is its value and ``ends`` the lowest and the
        highest of the others (one if they are the same), as readers see them; ``lower`` and ``higher`` is how many others are.
        """

    @abstractmethod
    def compared_with(self, sessions: int) -> str:
        """Which sessions a session is compared with."""

    @abstractmethod
    def missing(self, seconds: int, missing: Mapping[str, int]) -> str:
        """How many seconds of ``seconds`` were not measured, by ``frames`` and ``audio``, in one sentence."""

    @abstractmethod
    def explained(self, weights: tuple[float, float, float]) -> Mapping[str, str]:
        """What each of the four scores is, by its key in a minute: formula, parts, range."""

    @abstractmethod
    def chart_described(self, first: float, last: float, low: float, high: float) -> str:
        """The line chart in words, from the combined score of the first and the last minute, the lowest and the highest."""

    @abstractmethod
    def lanes_described(self, shares: Mapping[str, str]) -> str:
        """The voice lanes in words; ``shares`` are the speakers' shares of the talk."""

    @abstractmethod
    def point_is_mean(self, minutes: int) -> str:
        """Each point of the chart is the mean of so many minutes."""

    @abstractmethod
    def row_is_mean(self, minutes: int) -> str:
        """Each row of the table is the mean of so many minutes."""

    @abstractmethod
    def left_out(self, count: int, what: str) -> str:
        """So many more are not shown; ``what`` is ``feedback``, ``gaps``, ``notes`` or ``sentences``."""


def _local(ms: int, zone: ZoneInfo) -> datetime:
    return utc(ms).astimezone(zone)
