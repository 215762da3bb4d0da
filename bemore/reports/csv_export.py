"""A report's minutes and a user's progress as CSV (RFC 4180: CRLF, quotes doubled).

UTF-8 with a byte order mark, so that Excel reads Hangul.

One row per minute or session; numbers as in the JSON, empty cells where there is no value. A text cell that a spreadsheet would
run as a formula, also one that reads the file with another separator, is prefixed with an apostrophe and quoted (OWASP, "CSV
Injection").
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bemore.reports.display_text import display_text
from bemore.reports.report_input import MinuteText

BOM = "\ufeff"
FORMULA_SIGNS = ("=", "+", "-", "@")
KEYWORD_SEPARATOR = "; "

VAD_COLUMNS = (
    "minuteIndex", "t", "timestamp", "valence", "arousal", "dominance", "facialScore", "vadScore", "textScore", "combinedScore",
)  # fmt: skip
PROGRESS_COLUMNS = (
    "sessionId", "counselorId", "status", "startedAt", "endedAt", "duration", "scoredMinutes", "averageCombined", "averageFacial",
    "averageVad", "averageText", "modelVersion", "talkShare", "coverageFrames", "coverageAudio", "longestSilenceMs", "rating", "comparable",
)  # fmt: skip
EMOTION_COLUMNS = ("minuteIndex", "t", "timestamp", "emotion", "score", "sentiment", "confidence", "keywords")


def vad_csv(report: Mapping[str, Any]) -> bytes:
    """Affect (-1..1) and scores (0..1) of every minute; ``t`` in ms since the session's start, ``timestamp`` ISO 8601."""
    # A minute's own timestamp is None where the browser sent none; the timeline always has one.
    rows = ({**minute, **point} for minute, point in zip(report["minutes"], report["vadTimeline"], strict=True))
    return _file(VAD_COLUMNS, rows)


def emotion_csv(report: Mapping[str, Any], minute_texts: Mapping[int, MinuteText] | None = None) -> bytes:
    """Emotion of every minute with its sentiment, confidence 0..1 and keywords (``a; b``).

    Those of a minute that the browser scored are what it sent; the others have the sentiment and the keywords of their snippets
    (``ReportInput.minute_texts``) and no confidence.
    """
    texts = minute_texts or {}
    rows = (
        {**minute, **point, **emotion, **_words(minute, texts.get(minute["minuteIndex"]))}
        for minute, point, emotion in zip(report["minutes"], report["vadTimeline"], report["emotionTimeline"], strict=True)
    )
    return _file(EMOTION_COLUMNS, rows)


def progress_csv(sessions: Iterable[Mapping[str, Any]]) -> bytes:
    """The sessions of a user's ``progress``, a row each; ``comparable`` is ``true`` or ``false``."""
    return _file(PROGRESS_COLUMNS, (_progress_row(session) for session in sessions))


def _progress_row(session: Mapping[str, Any]) -> dict[str, Any]:
    averages = session["averages"] or dict.fromkeys(("combined", "facial", "vad", "text"))
    return {
        **session,
        **{f"average{name.capitalize()}": value for name, value in averages.items()},
        **{f"coverage{name.capitalize()}": value for name, value in session["coverage"].items()},
        "comparable": "true" if session["comparable"] else "false",
    }


def _words(minute: Mapping[str, Any], text: MinuteText | None) -> dict[str, Any]:
    sentiment, keywords = minute["sentiment"], minute["keywords"]
    if minute["source"] == "server":
        sentiment, keywords = (text.sentiment, text.keywords) if text else (None, ())
    return {"sentiment": sentiment, "keywords": KEYWORD_SEPARATOR.join(map(display_text, keywords))}


def cell(text: str) -> str:
    """``text`` as a cell that no spreadsheet evaluates as a formula: prefixed with an apostrophe where it needs one.

    It needs one if it begins with ``= + - @``, a tab or a line end. The sign counts even after white space and invisible
    characters, and in its full-width form. It also needs one if a part of it between ``,``, ``;`` or tabs begins so, unless that
    part is a number with a sign.
    """
    first, *others = _SEPARATORS.split(text)
    risky = text.startswith(("\t", "\r", "\n")) or _begins_like_formula(first)
    return "'" + text if risky or any(_begins_like_formula(part) and not _NUMBER.fullmatch(part) for part in others) else text


_SEPARATORS = re.compile("[,;\t]")
_NUMBER = re.compile(r"\s*[+-]\d+(?:\.\d+)?(?:[eE][+-]?\d+)?%?\s*", re.ASCII)


def _begins_like_formula(text: str) -> bool:
    first = next((char for char in text if not (char.isspace() or unicodedata.category(char) in ("Cf", "Cc"))), "")
    return unicodedata.normalize("NFKC", first).startswith(FORMULA_SIGNS)


def _field(value: Any) -> str:
    """A value as RFC 4180 writes it. The csv module cannot quote single fields."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = cell(value)
    if text != value or any(char in text for char in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _file(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    lines = [",".join(columns), *(",".join(_field(row[name]) for name in columns) for row in rows)]
    return (BOM + "".join(f"{line}\r\n" for line in lines)).encode("utf-8")
