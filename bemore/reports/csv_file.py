"""A report's minutes as CSV (RFC 4180: CRLF, quotes doubled), UTF-8 with a byte order mark so that Excel reads Hangul.

One row a minute; numbers as in the JSON, nothing between the commas where there is no value. A text cell that a
spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV Injection").
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from bemore.reports.wording import shown

BOM = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
KEYWORD_SEPARATOR = "; "

VAD_COLUMNS = (
    "minuteIndex", "t", "timestamp", "valence", "arousal", "dominance", "facialScore", "vadScore", "textScore", "combinedScore",
)  # fmt: skip
EMOTION_COLUMNS = ("minuteIndex", "t", "timestamp", "emotion", "score", "sentiment", "confidence", "keywords")


def vad_csv(report: Mapping) -> bytes:
    """Affect (-1..1) and scores (0..1) of every minute; ``t`` in ms since the session's start, ``timestamp`` ISO 8601."""
    rows = ({**point, **minute} for point, minute in _minutes(report))
    return _file(VAD_COLUMNS, ([row[name] for name in VAD_COLUMNS] for row in rows))


def emotion_csv(report: Mapping) -> bytes:
    """Emotion of every minute with what the browser said of it: sentiment, confidence 0..1, keywords (``a; b``)."""
    rows = (
        {**minute, **point, **emotion, "keywords": KEYWORD_SEPARATOR.join(map(shown, minute["keywords"]))}
        for (point, minute), emotion in zip(_minutes(report), report["emotionTimeline"], strict=True)
    )
    return _file(EMOTION_COLUMNS, ([row[name] for name in EMOTION_COLUMNS] for row in rows))


def cell(text: str) -> str:
    """``text`` as a cell that no spreadsheet takes for a formula.

    White space and invisible characters in front of the sign do not hide it, nor does its full-width form.
    """
    first = next((char for char in text if not (char.isspace() or unicodedata.category(char) in ("Cf", "Cc"))), "")
    hidden = unicodedata.normalize("NFKC", first).startswith(FORMULA_STARTS)
    return "'" + text if hidden or text.startswith(FORMULA_STARTS) else text


def _minutes(report):
    # A minute's own timestamp is None where the browser sent none; the timeline's is the one to show.
    for point, minute in zip(report["vadTimeline"], report["minutes"], strict=True):
        yield point, {name: value for name, value in minute.items() if name != "timestamp"}


def _file(columns: Sequence[str], rows: Iterable[Sequence]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return (BOM + text.getvalue()).encode("utf-8")
