"""Values in Korean words: numbers, durations, times, minutes and emotions, for every sentence and every format of a report.

Times are Korean (UTC+9, no daylight saving), because the reports' readers are in Korea; data files carry UTC.
"""

from datetime import timedelta, timezone

from bemore.clock import utc

KOREAN_TIME = timezone(timedelta(hours=9))
DASH = "–"

EMOTION_NAMES = {
    "happy": "기쁨",
    "sad": "슬픔",
    "angry": "화",
    "anxious": "긴장",
    "neutral": "중립",
    "surprised": "놀람",
    "disgusted": "거부감",
    "fearful": "두려움",
}


def percent(share: float, decimals: int = 0) -> str:
    """A share of 0..1: ``"32%"``, with one decimal ``"32.4%"``."""
    return f"{share * 100:.{decimals}f}%"


def score(value: float | None) -> str:
    """A score or another value of -1..1 with its three decimals; a dash for None."""
    return DASH if value is None else f"{value:.3f}"


def signed(x: float) -> str:
    """A value of -1..1 with two decimals, ``"-0.10"``, and never ``"-0.00"``."""
    return f"{round(x, 2) + 0.0:.2f}"


def duration(ms: int, *, exact: bool = False) -> str:
    """A duration: ``"0.4초"``, ``"14초"``, ``"2분"``, ``"2분 5초"``, ``"1시간"``, ``"1시간 3분"``.

    Below ten seconds it has one decimal, because that is where a pause differs from a breath; from an hour on it has no
    seconds. ``exact`` gives whole seconds, rounded down, at every length (``durationFormatted`` in the contract):
    ``"0초"``, ``"12분 0초"``, ``"8시간 5초"``.
    """
    if ms < 9_950 and not exact:
        tenths = round(ms / 100)
        return f"{tenths // 10}초" if tenths % 10 == 0 else f"{tenths / 10:.1f}초"
    minutes, seconds = divmod(max(0, ms) // 1000 if exact else round(ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}시간"] if hours else []
    if minutes:
        parts.append(f"{minutes}분")
    has_seconds = (minutes or seconds) if exact else (seconds and not hours)
    if has_seconds or not parts:
        parts.append(f"{seconds}초")
    return " ".join(parts)


def minute_span(first: int, last: int | None = None) -> str:
    """Minute 3 of a session is ``"3~4분 구간"``, minutes 3 to 5 are ``"3~6분 구간"``."""
    return f"{first}~{(first if last is None else last) + 1}분 구간"


def korean_time(ms: int | None) -> str:
    """A time in ms since the epoch as ``2025-01-19 10:40`` in Korean time; a dash for None."""
    return DASH if ms is None else utc(ms).astimezone(KOREAN_TIME).strftime("%Y-%m-%d %H:%M")
