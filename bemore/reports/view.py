"""A report as its readers see it, in their language: sections with titles, labels and formatted values, in the order of the page.

HTML page, PDF and text show the same view. Texts from users are as they came; each format makes them safe with ``display_text`` and
shortens them to its own room.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from bemore.reports import chart
from bemore.reports.chart import TimeAxis, bin_size, bins
from bemore.reports.language import DASH, Language
from bemore.reports.narrative import expressions
from bemore.reports.style import SCORE_LINES
from bemore.reports.timeline import Comparison, Timeline, Turn, turns
from bemore.reports.view_parts import Balance, Bar, Charts, Fact, Gap, Lanes, Moment, Note, Quote, Section, Table, TableRow, Talk, Tile
from bemore.scoring.affect import Affect
from bemore.scoring.emotion import dominant
from bemore.scoring.talk import both

MAX_ROWS = 100
"""The table of minutes has at most so many rows; of more minutes, each row is the mean of several."""

MAX_ROW_KEYWORDS = 5
MAX_GAPS = 40

SPEAKERS = ("user", "counselor")
#: The color of each figure, and which of the four scores it is.
TILE_COLORS = {
    "avgCombinedScore": "combined", "maxCombinedScore": "", "minCombinedScore": "", "avgFacialScore": "facial", "avgVadScore": "voice",
    "avgTextScore": "text",
}  # fmt: skip
TILE_EXPLAINED = dict(zip(TILE_COLORS, (0, 0, 0, 1, 2, 3), strict=True))


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a report is written for people; ``weights`` are those of the facial, voice and text score that are in force."""

    language: Language
    zone: ZoneInfo
    weights: tuple[float, float, float] = (0.5, 0.3, 0.2)

    def timestamp(self, ms: int | None) -> str:
        """A time in ms since the epoch, to the minute; a dash for None."""
        return self.language.timestamp(ms, self.zone)


class ReportView:
    """All parts of a report, in the order in which a reader meets them."""

    def __init__(self, report: Mapping[str, Any], timeline: Timeline, options: RenderOptions):
        language, stats = options.language, report["stats"]
        self.words = language
        self.axis = chart.time_axis(report, timeline.last_ms)
        started = options.timestamp(report["startedAt"])
        self.title = f"{language.heading} {started}"
        self.subtitle = language.started(started, options.zone, report["durationFormatted"])
        self.status = language.statuses[report["status"]]
        self.people = [Fact(language.speakers[role], report[f"{role}Id"]) for role in SPEAKERS]
        self.missing = _missing(report, options)
        self.moments = Section(language.titles["moments"], [_moment(each, options) for each in report["moments"]], language.no_moments)
        self.talk = _talk(report, options)
        self.comparison = _comparison(timeline.comparison, options)
        has_scores = bool(stats["totalMinutes"])
        explained = language.explained(options.weights)
        self.explained = [Fact(language.scores[line.key], explained[line.key]) for line in SCORE_LINES]
        self.tiles = [
            Tile(label, language.score(stats[key] if has_scores else None), TILE_COLORS[key], self.explained[TILE_EXPLAINED[key]])
            for key, label in language.averages.items()
        ]
        self.charts = _charts(report, self.axis, timeline, options)
        self.observations = Section(language.titles["observations"], _observations(report, options), language.no_rows)
        self.recommendations = Section(language.titles["recommendations"], report["recommendations"], language.no_rows)
        self.affect = _affect(report["vadVector"], options)
        self.emotions = _emotions(report["emotionDistribution"], options)
        keywords = [Fact(each["keyword"], language.times(each["count"])) for each in report["keywords"]]
        self.keywords = Section(language.titles["keywords"], keywords, language.no_words)
        self.notes = Section(language.titles["notes"], [_note(each, options) for each in report["notes"]])
        self.feedback = Section(language.titles["feedback"], [_feedback(each, options) for each in reversed(report["feedback"])])
        self.table = _table(report, self.axis, options)
        self.transcript: Section[Turn] = Section(language.titles["transcript"], turns(timeline.transcript))
        self.gaps = _gaps(report, options)
        self.technical = Section(language.titles["technical"], _technical(report, options))
        self.disclaimer = language.disclaimer
        self.generated = language.generated(options.timestamp(report["generatedAt"]), options.zone)

    def speaker(self, name: str | None) -> str:
        """The name of a speaker; empty if unknown."""
        return self.words.speakers[name] if name else ""


def _missing(report: Mapping[str, Any], options: RenderOptions) -> str:
    """How much was not measured, in one sentence."""
    # The session's seconds so far: those of its duration, and data may have come later.
    seconds = max(1, -(-report["duration"] // 1000), *(kind["seconds"] for kind in report["coverage"].values()))
    return options.language.missing(seconds, {name: seconds - kind["seconds"] for name, kind in report["coverage"].items()})


def _moment(moment: Mapping[str, Any], options: RenderOptions) -> Moment:
    language, kind, value = options.language, moment["kind"], moment["value"]
    name = language.longest_turn_of(moment["speaker"]) if kind == "longest-turn" else language.moments[kind]
    shown = (
        language.points_change(value) if kind == "change"
        else language.points(value) if kind in ("lowest", "highest")
        else language.duration(value)
    )  # fmt: skip
    quotes = [
        Quote(language.offset(each["tsStart"]), language.speakers.get(each["speaker"], ""), each["text"]) for each in moment["quotes"]
    ]
    return Moment(kind, name, f"{language.offset(moment['startMs'])}–{language.offset(moment['endMs'])}", shown, quotes)


def _talk(report: Mapping[str, Any], options: RenderOptions) -> Talk:
    language, talk = options.language, report["talk"]
    if talk is None:
        return _voice(report["vadSummary"], options)
    speakers = talk["speakers"]
    bars = [
        Bar(language.speakers[name], language.percent(speakers[name]["share"]), speakers[name]["share"], name)
        for name in SPEAKERS
        if speakers[name]["share"] is not None
    ]
    rows = [(label, [_talk_value(key, speakers[name], options) for name in SPEAKERS]) for key, label in language.talk_rows.items()]
    if talk["basis"] == "transcript":
        sentences = [language.talk_of_transcript]
    else:
        sentences = [language.silences(talk["silences"]) if talk["silences"]["count"] else language.no_silences]
    if talk["overlapMs"]:
        sentences.append(language.overlap(talk["overlapMs"]))
    return Talk(language.titles["talk"], bars, [language.speakers[name] for name in SPEAKERS], rows, sentences)


def _talk_value(key: str, measures: Mapping[str, Any], options: RenderOptions) -> str:
    language, value = options.language, measures[key]
    if key == "responseTime":
        value = value["medianMs"]
    if value is None:
        return DASH
    if key == "share":
        return language.percent(value)
    if key == "wordsPerMinute":
        return f"{value:.0f}"
    if key == "longestTurnMs" and measures["longestTurnAt"] is not None:
        return f"{language.duration(value)} ({language.offset(measures['longestTurnAt'])})"
    return language.duration(value) if key.endswith("Ms") or key == "responseTime" else f"{value:,}"


def _comparison(comparison: Comparison | None, options: RenderOptions) -> Section[str]:
    """Where the session lies among others, a sentence per measure."""
    language = options.language
    if comparison is None:
        return Section(language.titles["comparison"], [])
    formats: dict[str, Callable[[float], str]] = {
        "longestSilence": language.duration, "talkShare": language.percent, "score": language.points,
    }  # fmt: skip
    rows = []
    for measure, own in comparison.own.items():
        others, shown = comparison.others[measure], formats[measure]
        # What looks the same is the same.
        differ = [other for other in others if shown(other) != shown(own)]
        lower = sum(1 for other in differ if other < own)
        ends = dict.fromkeys((shown(min(others)), shown(max(others))))
        rows.append(language.compared(measure, shown(own), list(ends), lower, len(differ) - lower, len(others)))
    return Section(language.titles["comparison"], rows, more=language.compared_with(comparison.sessions))


def _voice(voice: Mapping[str, Any], options: RenderOptions) -> Talk:
    language = options.language
    title = language.titles["voice"]
    if not voice["speechBurstCount"] + voice["pauseCount"]:
        return Talk(title, [], [], [], [voice["summary"]])
    bars = [
        Bar(language.voice_rows[key], language.percent(voice[key]), voice[key], color)
        for key, color in (("speechRatio", "voice"), ("pauseRatio", "ink-soft"))
    ]
    rows = [
        (language.voice_rows["longestPause"], [language.duration(voice["longestPause"])]),
        (language.voice_rows["averageSpeechBurst"], [language.duration(voice["averageSpeechBurst"])]),
        (language.voice_rows["speechBurstCount"], [language.times(voice["speechBurstCount"])]),
    ]
    return Talk(title, bars, [], rows, [voice["summary"], language.no_talk])


def _charts(report: Mapping[str, Any], axis: TimeAxis, timeline: Timeline, options: RenderOptions) -> Charts:
    language = options.language
    lines, described = chart.line_chart(report["minutes"], axis), ""
    if lines:
        scores = [minute["combinedScore"] for minute in report["minutes"]]
        described = language.chart_described(scores[0], scores[-1], min(scores), max(scores))
    lanes = None
    if report["talk"] is not None:
        user, counselor = (timeline.voiced.get(name, ()) for name in SPEAKERS)
        spoken = (user, counselor, both(user, counselor))
        shares = {name: measures["share"] for name, measures in report["talk"]["speakers"].items()}
        words = {name: DASH if share is None else language.percent(share) for name, share in shares.items()}
        bars = [axis.shares(spans) for spans in spoken]
        lanes = Lanes(bars[0], bars[1], bars[2], axis.spans(timeline.silences), language.lanes_described(words))
    marks = chart.marks(report, axis)
    names = {**language.moments, **language.note_kinds}
    kinds = {mark.kind for mark in marks}
    return Charts(
        lines, described, lanes, axis.spans(chart.uncovered(report, axis.end_ms)), marks,
        [(kind, name) for kind, name in names.items() if kind in kinds],
    )  # fmt: skip


def _affect(vector: Mapping[str, float] | None, options: RenderOptions) -> Section[Balance]:
    language = options.language
    title = language.titles["affect"]
    if vector is None:
        return Section(title, [], language.no_data)
    rows = [Balance(label, language.signed(vector[key]), vector[key], low, high) for key, (label, low, high) in language.axes.items()]
    return Section(title, rows, more=language.affect_explained)


def _emotions(shares: Mapping[str, float], options: RenderOptions) -> Section[Bar]:
    language = options.language
    # A minute of some thousands is a share of 0.000, and a bar of 0 % says nothing.
    bars = [Bar(language.emotions[emotion], language.percent(share), share, "accent") for emotion, share in shares.items() if share]
    return Section(language.titles["emotions"], bars, language.no_data, language.emotions_explained)


def _observations(report: Mapping[str, Any], options: RenderOptions) -> list[str]:
    """The highlights and ``keyObservations`` but for the sentence on the voice: the section on talk and silence has those figures."""
    vector = report["vadVector"]
    text_scores = [minute["textScore"] for minute in report["minutes"]]
    sentences = expressions(options.language, text_scores, vector and Affect(**vector), report["summary"]["dominantEmotion"])
    return [*report["highlights"], *sentences]


def _note(note: Mapping[str, Any], options: RenderOptions) -> Note:
    language = options.language
    span = language.offset(note["tStart"]) + (f"–{language.offset(note['tEnd'])}" if note["tEnd"] else "")
    who = language.roles.get(note["role"] or "", "")
    return Note(" ".join(filter(None, (span, language.note_kinds[note["kind"]]))), who, note["text"] or "")


def _feedback(feedback: Mapping[str, Any], options: RenderOptions) -> Note:
    who = options.language.roles.get(feedback["role"] or "", "")
    time = options.timestamp(feedback["submittedAt"])
    return Note(options.language.rating(feedback["rating"]), ", ".join(filter(None, (who, time))), feedback["note"] or "")


def _table(report: Mapping[str, Any], axis: TimeAxis, options: RenderOptions) -> Table:
    language, minutes = options.language, report["minutes"]
    step = bin_size(minutes, MAX_ROWS)
    labels = {each["minuteIndex"]: each["emotion"] for each in report["emotionTimeline"]}
    rows = []
    for slot, group in bins(minutes, step):
        frequent = dominant(labels[minute["minuteIndex"]] for minute in group)
        keywords = dict.fromkeys(chain.from_iterable(minute["keywords"] for minute in group))
        rows.append(
            TableRow(
                f"{axis.label(slot * step)}–{axis.label((slot + 1) * step)}",
                [language.score(sum(minute[line.key] for minute in group) / len(group)) for line in SCORE_LINES],
                language.emotions[frequent["emotion"]] if frequent else DASH,
                " / ".join(language.sources[source] for source in dict.fromkeys(minute["source"] for minute in group)),
                list(keywords)[:MAX_ROW_KEYWORDS],
                any(minute["coverage"] and min(minute["coverage"].values()) < 0.5 for minute in group),
            )
        )
    columns = language.columns
    return Table(
        language.titles["minutes"],
        columns["hours" if axis.has_hours else "minute"],
        [language.scores[line.key] for line in SCORE_LINES],
        [columns["emotion"], columns["source"]],
        rows,
        any(row.keywords for row in rows),
        language.row_is_mean(step) if step > 1 else "",
    )


def _gaps(report: Mapping[str, Any], options: RenderOptions) -> Section[Gap]:
    language = options.language
    gaps = sorted(
        (gap["startMs"], gap["endMs"], kind) for kind, covered in report["coverage"].items() for gap in covered["gaps"]
    )
    rows = [
        Gap(language.measured_kinds[kind], f"{language.offset(start)}–{language.offset(end)}", language.duration(end - start))
        for start, end, kind in gaps[:MAX_GAPS]
    ]
    more = language.left_out(len(gaps) - MAX_GAPS, "gaps") if len(gaps) > MAX_GAPS else ""
    return Section(language.titles["gaps"], rows, more=more)


def _technical(report: Mapping[str, Any], options: RenderOptions) -> list[Fact]:
    language, stats = options.language, report["stats"]
    values = {
        "sessionId": report["sessionId"], "reportId": report["reportId"], "userId": report["userId"], "counselorId": report["counselorId"],
        "startedAt": options.timestamp(report["startedAt"]), "endedAt": options.timestamp(report["endedAt"]), "zone": options.zone.key,
        "modelVersion": report["modelVersion"], "textRules": report["textRules"], "version": report["version"],
        "totalMinutes": language.length("minute", f"{stats['totalMinutes']:,}"),
        **{key: language.pieces(stats[key]) for key in ("totalFrames", "totalAudioChunks", "totalSttSnippets")},
    }  # fmt: skip
    return [Fact(label, values[key]) for key, label in language.facts.items()]
