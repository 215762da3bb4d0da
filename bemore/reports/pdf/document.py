"""A report as a PDF: A4, tagged as PDF/UA-1 (title, language, headings, tables, charts in words), with an embedded Korean font.

``report.typ`` lays it out with Typst; this module gives it the report's view as JSON. The font is Noto Sans KR by Adobe and Google (SIL
Open Font License 1.1, which allows embedding); what it lacks is shown as an empty box.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

import typst

from bemore.clock import utc
from bemore.reports.chart import Y_TICKS
from bemore.reports.display_text import clip, display_text
from bemore.reports.style import LIGHT, MARKS, SCORE_LINES
from bemore.reports.timeline import Timeline
from bemore.reports.view import SPEAKERS, RenderOptions, ReportView
from bemore.reports.view_parts import Charts, Note, Section

MAX_NOTES = 50
MAX_SENTENCES = 30

CACHED_DOCUMENTS = 10
"""Typst's cache holds what the last documents were made of."""

MAX_WORD = 40
"""Longer words may be broken anywhere, because Typst lets them run over the margin."""

_LONG_WORD = re.compile(rf"[^\s\u200b]{{{MAX_WORD}}}")


def pdf(report: Mapping[str, Any], timeline: Timeline, options: RenderOptions) -> bytes:
    """A report's dict as a PDF file; the same dict gives the same bytes. With a transcript in ``timeline``, it is the appendix."""
    view = ReportView(report, timeline, options)
    inputs = {"report": json.dumps(_data(report, view), ensure_ascii=False)}
    # A compiler serves one thread at a time; to make one takes 3 ms.
    compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True)
    try:
        file = compiler.compile(_template(), format="pdf", sys_inputs=inputs, pdf_standards="ua-1")
    except typst.TypstError:
        # PDF/UA allows no character that the font lacks, such as emoji. The tags are the same without its mark.
        file = compiler.compile(_template(), format="pdf", sys_inputs=inputs)
    finally:
        # Typst keeps what it laid out for the next ten documents: 700 MB for reports of eight hours. Empty documents make it forget.
        for _ in range(CACHED_DOCUMENTS + 1):
            compiler.compile(b"", format="svg", sys_inputs=None)
    assert isinstance(file, bytes)
    return file


def check_font() -> None:
    """Set a line of Korean. Raises TypstError if Typst does not work, and LookupError, OSError or ImportError if the font is missing."""
    compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True)
    line = '#set text(font: "Noto Sans KR", fallback: false)\n상담'
    _, warnings = compiler.compile_with_warnings(line.encode(), format="pdf", sys_inputs=None)
    if warnings:
        raise LookupError(warnings[0].message)


@cache
def _template() -> bytes:
    return (resources.files("bemore.reports.pdf") / "report.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    font = resources.files("pylopdf_fonts_ko") / "NotoSansKR-Regular.otf"
    with resources.as_file(font) as path:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(path.parent)])


def _text(text: str, most: int = 2_000) -> str:
    """Text from users, safe to show and to break into lines."""
    return _LONG_WORD.sub("\\g<0>\u200b", clip(text, most))


def _data(report: Mapping[str, Any], view: ReportView) -> dict[str, Any]:
    words = view.words
    moment = utc(report["generatedAt"])
    minutes = view.table
    return {
        "lang": words.code,
        "title": view.title,
        "heading": words.heading,
        "footer": f"BeMore {words.heading}, {_text(report['sessionId'], 60)}",
        "created": {name: getattr(moment, name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "colors": dict(LIGHT),
        "shapes": MARKS,
        "words": {name: getattr(words, name) for name in ("what_is_it", "no_scores", "little_measured")},
        "status": view.status,
        "subtitle": view.subtitle,
        "people": [(fact.label, _text(fact.value, 60)) for fact in view.people],
        "missing": view.missing,
        "moments": _part(view.moments, [
            {**row._asdict(), "quotes": [{"speaker": quote.speaker, "text": _text(quote.text, 200)} for quote in row.quotes]}
            for row in view.moments.rows
        ]),
        "has_scores": bool(view.charts.lines),
        "talk": {
            "title": view.talk.title, "bars": [row._asdict() for row in view.talk.bars], "columns": view.talk.columns,
            "rows": view.talk.rows, "sentences": view.talk.sentences,
        },
        "comparison": _part(view.comparison, view.comparison.rows),
        "scores": words.titles["scores"],
        "tiles": [{"label": tile.label, "value": tile.value, "color": tile.color} for tile in view.tiles],
        "explained": view.explained,
        "timeline": words.titles["timeline"],
        "charts": _charts(view),
        "observations": _sentences(view, view.observations),
        "recommendations": _sentences(view, view.recommendations),
        "affect": _part(view.affect, [row._asdict() for row in view.affect.rows]),
        "emotions": _part(view.emotions, [row._asdict() for row in view.emotions.rows]),
        "keywords": _part(view.keywords, [(_text(fact.label, 40), fact.value) for fact in view.keywords.rows]),
        "notes": _notes(view, view.notes, "notes"),
        "feedback": _notes(view, view.feedback, "feedback"),
        "minutes": {
            "title": minutes.title, "columns": [minutes.first, *minutes.scores, *minutes.others], "more": minutes.more,
            "rows": [
                {"span": row.span, "scores": row.scores, "emotion": row.emotion, "source": row.source, "little": row.little}
                for row in minutes.rows
            ],
        },
        "gaps": {**_part(view.gaps, view.gaps.rows), "columns": [words.columns[name] for name in ("kind", "span", "length")]},
        "technical": _part(view.technical, [(fact.label, _text(fact.value, 60)) for fact in view.technical.rows]),
        "disclaimer": view.disclaimer,
        "generated": view.generated,
        "transcript": _part(view.transcript, [
            {
                "time": words.offset(turn.start_ms),
                "speaker": view.speaker(turn.said[0][0]) if len(turn.said) == 1 else "",
                "text": _text(" ".join(_said(view, turn.said)), 1_000_000),
            }
            for turn in view.transcript.rows
        ]),
    }  # fmt: skip


def _said(view: ReportView, said: Iterable[tuple[str | None, str]]) -> Iterable[str]:
    lines = list(said)
    return (f"{view.speaker(speaker)}: {text}" if len(lines) > 1 and speaker else text for speaker, text in lines)


def _part(section: Section[Any], rows: Iterable[Any]) -> dict[str, Any]:
    return {"title": section.title, "rows": list(rows), "note": section.note, "more": section.more}


def _sentences(view: ReportView, section: Section[str]) -> dict[str, Any]:
    part = _part(section, [_text(sentence, 400) for sentence in section.rows[:MAX_SENTENCES]])
    more = len(section.rows) - MAX_SENTENCES
    return {**part, "more": view.words.left_out(more, "sentences") if more > 0 else ""}


def _notes(view: ReportView, section: Section[Note], kind: str) -> dict[str, Any]:
    rows = [
        {"head": note.head, "when": note.when, "text": "\n".join(_text(line) for line in note.text.splitlines() if display_text(line))}
        for note in section.rows[:MAX_NOTES]
    ]
    more = len(section.rows) - MAX_NOTES
    return {**_part(section, rows), "more": view.words.left_out(more, kind) if more > 0 else ""}


def _charts(view: ReportView) -> dict[str, Any]:
    charts: Charts = view.charts
    words, lines, lanes = view.words, charts.lines, charts.lanes
    swatches = [(name, words.speakers[name]) for name in SPEAKERS] if lanes else []
    if lanes:
        swatches += [("overlap", words.both_speak), ("silence-line", words.silence)]
    if charts.uncovered:
        swatches.append(("missing", words.little_measured))
    return {
        "described": " ".join(filter(None, (charts.described, lanes.described if lanes else ""))),
        "uncovered": charts.uncovered,
        "marks": [mark._asdict() for mark in charts.marks],
        "mark_names": charts.mark_names,
        "swatches": swatches,
        "x_ticks": view.axis.ticks(),
        "time_axis": words.time_axis_hours if view.axis.has_hours else words.time_axis_minutes,
        "note": words.point_is_mean(lines.step) if lines and lines.step > 1 else "",
        "lines": lines and {
            "names": [(line.color, words.scores[line.key]) for line in SCORE_LINES],
            "y_ticks": Y_TICKS,
            "polylines": [(line.color, positions) for line, positions in lines.polylines()],
            "dots": [(line.color, x, y) for line, x, y in lines.dots()],
        },
        "lanes": lanes and {**lanes._asdict(), "names": [words.speakers[name] for name in SPEAKERS]},
    }  # fmt: skip
