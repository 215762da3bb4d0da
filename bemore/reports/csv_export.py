"""A report's minutes as CSV (RFC 4180: CRLF, quotes doubled), UTF-8 with a byte order mark so that Excel reads Hangul.

One row per minute; numbers as in the JSON, empty cells where there is no value. A text cell that a spreadsheet would
run as a formula is prefixed with an apostrophe (OWASP, "CSV Injection").
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bemore.reports.display_text import display_text

BOM = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
KEYWORD_SEPARATOR = "; "

VAD_COLUMNS = (
    "minuteIndex", "t", "timestamp", "valence", "arousal", "dominance", "facialScore", "vadScore", "textScore", "combinedScore",
)  # fmt: skip
EMOTION_COLUMNS = ("minuteIndex", "t", "timestamp", "emotion", "score", "sentiment", "confidence", "keywords")


def vad_csv(report: Mapping[str, Any]) -> bytes:
    """Affect (-1..1) and scores (0..1) of every minute; ``t`` in ms since the session's start, ``timestamp`` ISO 8601."""
    # A minute's own timestamp is None where the browser sent none; the timeline always has one.
    rows = ({**minute, **point} for minute, point in zip(report["minutes"], report["vadTimeline"], strict=True))
    return _file(VAD_COLUMNS, rows)


def emotion_csv(report: Mapping[str, Any]) -> bytes:
    """Emotion of every minute with what the browser sent: sentiment, confidence 0..1, keywords (``a; b``)."""
    rows = (
        {**minute, **point, **emotion, "keywords": KEYWORD_SEPARATOR.join(map(display_text, minute["keywords"]))}
        for minute, point, emotion in zip(report["minutes"], report["vadTimeline"], report["emotionTimeline"], strict=True)
    )
    return _file(EMOTION_COLUMNS, rows)


def cell(text: str) -> str:
    """``text`` as a cell that no spreadsheet evaluates as a formula.

    The sign counts even after white space and invisible characters, and in its full-width form.
    """
    first = next((char for char in text if not (char.isspace() or unicodedata.category(char) in ("Cf", "Cc"))), "")
    disguised = unicodedata.normalize("NFKC", first).startswith(FORMULA_STARTS)
    return "'" + text if disguised or text.startswith(FORMULA_STARTS) else text


def _file(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row[name]) if isinstance(row[name], str) else row[name] for name in columns])
    return (BOM + text.getvalue()).encode("utf-8")
