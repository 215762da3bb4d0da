"""How a report words values: Korean labels, durations, times, and text from users made safe to show.

Times are shown in Korean time (UTC+9, no daylight saving), because the reports' readers are in Korea; data files carry UTC.
"""

import unicodedata
from datetime import datetime, timedelta, timezone

from bemore.scoring.narrative import EMOTION_NAMES

MINUTE_MS = 60_000
KOREAN_TIME = timezone(timedelta(hours=9))

#: Shown in place of a character that may not be shown, or that a font lacks.
SUBSTITUTE = "\N{WHITE SQUARE}"
ELLIPSIS = "…"
DASH = "–"

PARTS = (
    ("combinedScore", "종합"),
    ("facialScore", "얼굴"),
    ("vadScore", "음성"),
    ("textScore", "텍스트"),
)
"""The four scores of a minute, the combined first: the report's key, the Korean label."""

STATES = {"active": "진행 중", "paused": "일시정지", "ended": "종료"}
AXES = (("valence", "쾌감", "불쾌", "유쾌"), ("arousal", "활기", "차분", "활발"), ("dominance", "주도감", "낮음", "높음"))
"""The axes of ``vadVector``: the key, the Korean label, the words for -1 and for 1."""

# Format characters that change nothing but how their neighbours join (emoji sequences, Hangul, Indic scripts).
JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
# Bidirectional marks order the text around them, so that it reads as what it is not (CVE-2021-42574). The letters of
# right-to-left scripts need none of them.
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def shown(text: str) -> str:
    """``text`` on one line without characters that act instead of showing.

    White space (line ends and tabs too) becomes one space; control characters, lone surrogates, bidirectional and other
    format characters become :data:`SUBSTITUTE`; the joiners of emoji stay. The result can be encoded in UTF-8.
    """
    kept = (
        char if char in JOINERS or char.isspace() or unicodedata.category(char) not in _NOT_SHOWN else SUBSTITUTE
        for char in unicodedata.normalize("NFC", str(text))
    )
    return " ".join("".join(kept).split())


def clipped(text: str, most: int) -> str:
    """``shown(text)`` of at most ``most`` characters, the last of them an ellipsis where some were left out."""
    text = shown(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS


def score(value: float | None) -> str:
    """A score or a value of -1..1 with its three decimals; a dash for None."""
    return DASH if value is None else f"{value:.3f}"


def share(ratio: float) -> str:
    """A share of 0..1 as ``58.3%``, with the one decimal of ``dominantEmotion``."""
    return f"{ratio * 100:.1f}%"


def duration(ms: int) -> str:
    """A duration as ``12분 3초`` or ``8시간 0분 5초``, whole seconds, ``0초`` at the least."""
    minutes, seconds = divmod(max(0, int(ms)) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}시간 {minutes}분 {seconds}초"
    return f"{minutes}분 {seconds}초" if minutes else f"{seconds}초"


def korean_time(ms: int | None) -> str:
    """A time in ms since the epoch as ``2025-01-19 10:40`` in Korean time; a dash for None."""
    return DASH if ms is None else _at(ms, KOREAN_TIME).strftime("%Y-%m-%d %H:%M")


def iso(ms: int) -> str:
    """A time in ms since the epoch in ISO 8601, UTC with milliseconds: ``2025-01-19T01:40:00.000Z``."""
    return _at(ms, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def minute_timestamp(started_at_ms: int, minute_index: int, sent_ms: int | None = None) -> str:
    """When a minute was: the time the browser sent with it, else the minute's beginning. ISO 8601, UTC."""
    return iso(started_at_ms + minute_index * MINUTE_MS if sent_ms is None else sent_ms)


def _at(ms, zone):
    # Added rather than fromtimestamp(), which rounds floats and refuses some years on some platforms.
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)).astimezone(zone)


def minute_span(first: int, last: int) -> str:
    """A minute's name as ``3~4분 구간``, as the observations have it; several minutes as ``3~6분 구간``."""
    return f"{first}~{last + 1}분 구간"


def dominant(emotion: dict | None) -> str:
    """A ``dominantEmotion`` as ``중립 58.3%``; a dash for None."""
    return DASH if emotion is None else f"{EMOTION_NAMES[emotion['emotion']]} {emotion['percentage']:.1f}%"
