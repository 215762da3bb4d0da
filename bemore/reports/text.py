"""The report as text for an e-mail."""

from collections.abc import Iterable, Mapping
from typing import Any

from bemore.reports.display_text import clip, display_text
from bemore.reports.timeline import Timeline
from bemore.reports.view import RenderOptions, ReportView
from bemore.reports.view_parts import Fact

MAX_KEYWORDS = 10
MAX_NOTES = 10


def summary_text(report: Mapping[str, Any], timeline: Timeline, options: RenderOptions) -> str:
    """A report as plain text: lines of any length, no markup, ``\\n`` between lines."""
    view = ReportView(report, timeline, options)
    words, scored = view.words, bool(view.charts.lines)
    lines = [f"BeMore {words.heading}", "", view.subtitle + f" ({view.status})", _facts(view.people), view.missing]
    moments = []
    for moment in view.moments.rows:
        moments.append(f"- {moment.name}: {moment.value} ({moment.span})")
        moments += [f"    {quote.speaker + ': ' if quote.speaker else ''}{clip(quote.text, 200)}" for quote in moment.quotes]
    lines += _block(view.moments.title, moments)
    talk = [
        f"- {label}: " + ", ".join(f"{name} {value}" for name, value in zip(view.talk.columns, values, strict=True))
        for label, values in (view.talk.rows if view.talk.columns else ())
    ]
    lines += _block(view.talk.title, [*talk, *view.talk.sentences])
    if scored:
        scores = [", ".join(f"{tile.label} {tile.value}" for tile in view.tiles), "", words.what_is_it]
        lines += _block(words.titles["scores"], scores + [f"- {fact.label}: {fact.value}" for fact in view.explained])
    lines += _block(view.observations.title, [f"- {sentence}" for sentence in view.observations.rows])
    lines += _block(view.recommendations.title, [f"- {sentence}" for sentence in view.recommendations.rows])
    if view.emotions.rows:
        lines += _block(view.emotions.title, [", ".join(f"{bar.label} {bar.value}" for bar in view.emotions.rows), view.emotions.more])
    if view.keywords.rows:
        lines += _block(view.keywords.title, [", ".join(clip(fact.label, 40) for fact in view.keywords.rows[:MAX_KEYWORDS])])
    for section in (view.notes, view.feedback):
        notes = [f"- {note.head}{f' ({note.when})' if note.when else ''}: {clip(note.text, 300)}".rstrip(": ") for note in section.rows]
        lines += _block(section.title, notes[:MAX_NOTES])
    lines += _block(view.technical.title, [f"{fact.label}: {display_text(fact.value)}" for fact in view.technical.rows])
    return "\n".join([*lines, "", view.disclaimer, view.generated])


def _facts(facts: Iterable[Fact]) -> str:
    return ", ".join(f"{fact.label} {clip(fact.value, 60)}" for fact in facts)


def _block(title: str, lines: list[str]) -> list[str]:
    """A title with its lines after an empty one; nothing without lines."""
    return ["", f"[{title}]", *lines] if lines else []
