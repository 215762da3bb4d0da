"""Sessions to report on: the cases every format must give a sensible report for, made from plain numbers."""

import math
from dataclasses import replace
from functools import cache

from bemore.reports.report_input import Minute, MinuteAudio, ReportInput, SessionInfo
from bemore.scoring.minute_score import MinuteData, score_minute
from bemore.scoring.rounding import round3

START_MS = 1_737_250_800_000
SESSION_ID = "sess_1737250800_k3v9x2m8q4w7z1ab"
SCRIPT = "<script>alert('x')</script>"
FORMULA = "=cmd|' /C calc'!A0"
RIGHT_TO_LEFT = "\u202eגנב\u202c abc \u2066x\u2069"
EMOJI = "가족 👨‍👩‍👧 😀"
LONG = "가" * 2500 + "x" * 2500
HOSTILE = (
    SCRIPT, FORMULA, RIGHT_TO_LEFT, EMOJI, LONG, "+1", "-1", "@a", "\t=1", "a\u0000b\r\nc", '"quoted", comma; &amp;', "\u200f=1+1",
    "＝1", "\ud800", "{nb}", "Z\u0351\u0351\u0351algo",
)  # fmt: skip


def session(minutes: int, **changes) -> SessionInfo:
    facts = SessionInfo(
        SESSION_ID, "user_17", "counselor_3", "ended", START_MS, START_MS + minutes * 60_000 + 3_000, minutes * 60_000 + 3_000,
        minutes * 1800, minutes * 60, minutes * 10,
    )  # fmt: skip
    return replace(facts, **changes)


def server_minute(index: int) -> Minute:
    """A minute scored from telemetry, with waves of different lengths so that lines cross."""
    quality = 0.72 + 0.2 * math.sin(index / 4.1) + 0.06 * math.sin(index * 2.3)
    voiced, loud = 0.5 + 0.4 * math.sin(index / 3.3 + 1), 0.4 + 0.15 * math.cos(index / 2.1)
    positive, negative = max(0, round(3 + 4 * math.sin(index / 5.7))), max(0, round(3 - 4 * math.sin(index / 5.7)))
    data = MinuteData(1800, 1800 * quality, 60, 60 * voiced, 60 * loud, positive, 4, negative)
    score = score_minute(data)
    return Minute(
        index, score.facial, score.vad, score.text, score.combined, "rules-v1.0", "server", 1800, 60, data.stt_count
    )  # fmt: skip


def client_minute(index: int) -> Minute:
    """A minute the browser scored: no telemetry, but keywords, a sentiment and its own time."""
    facial, vad, text = (round3(0.5 + 0.3 * math.sin(index / length)) for length in (3, 4, 5))
    sentiment = "positive" if text > 0.6 else "negative" if text < 0.4 else "neutral"
    return Minute(
        index, facial, vad, text, round3(0.5 * facial + 0.3 * vad + 0.2 * text), "rules-v1.0", "client",
        keywords=("가족", "회사 생활", f"단어{index % 3}"), sentiment=sentiment, confidence=0.82,
        timestamp_ms=START_MS + index * 60_000 + 417, duration_ms=60_000,
    )  # fmt: skip


def audio(minutes: int) -> dict[int, MinuteAudio]:
    ratios = {index: 0.5 + 0.4 * math.sin(index / 3.3 + 1) for index in range(minutes)}
    return {index: MinuteAudio(index, ratio, 0.2 + ratio / 3) for index, ratio in ratios.items()}


def chunks(minutes: int) -> list[tuple[int, int, float]]:
    """A chunk a second; talk and pauses take turns, some of them long."""
    return [
        (second * 1000, second * 1000 + 1000, 0.9 if math.sin(second / 7) + 0.4 * math.sin(second / 3.1) > -0.1 else 0.1)
        for second in range(minutes * 60)
    ]


KEYWORDS = [("가족", 14), ("회사", 11), ("주말", 9), ("산책", 7), ("잠", 6), ("친구", 5), ("저녁", 4), ("계획", 3), ("휴식", 2), ("발표", 2)]
FEEDBACK = [
    ("fb_1", 5, "편안하게 이야기할 수 있었습니다.", START_MS + 3_700_000),
    ("fb_2", 4, "", START_MS + 3_800_000),
    ("fb_3", 4, None, START_MS + 3_900_000),
]


def sample(minutes: int, kind: str = "server", **changes) -> ReportInput:
    """A session of that many minutes: ``server`` or ``client`` scores, or ``mixed`` (both, five minutes each)."""
    made = [client_minute(m) if kind == "client" or (kind == "mixed" and m // 5 % 2) else server_minute(m) for m in range(minutes)]
    telemetry = 0 if kind == "client" else minutes
    data = ReportInput(
        session(minutes) if telemetry else session(minutes, total_frames=0, total_audio_chunks=0, total_stt_snippets=0),
        made, audio(telemetry), chunks(telemetry), KEYWORDS if telemetry else [], FEEDBACK,
        START_MS + minutes * 60_000 + 9_000_000, "rules-v1.0",
    )  # fmt: skip
    return replace(data, **changes)


def no_data() -> ReportInput:
    facts = session(0, status="active", ended_at_ms=None, total_frames=0, total_audio_chunks=0, total_stt_snippets=0)
    return ReportInput(facts, [], {}, [], [], [], START_MS + 3_000, "rules-v1.0")


def hostile(minutes: int = 3) -> ReportInput:
    """Every text that comes from users is as bad as a schema lets it be, or worse."""
    data = sample(minutes, "mixed")
    words = tuple(HOSTILE)
    return replace(
        data,
        session=replace(data.session, user_id=SCRIPT + LONG, counselor_id=FORMULA + RIGHT_TO_LEFT, session_id="sess_" + LONG),
        minutes=[replace(minute, keywords=words) for minute in data.minutes],
        snippet_keywords=[(word, 50 - number) for number, word in enumerate(words)],
        feedback=[(f"fb_{number}", 1 + number % 5, word, START_MS + number) for number, word in enumerate(words)],
    )


@cache
def cases() -> dict[str, ReportInput]:
    """All cases by name."""
    return {
        "no_data": no_data(),
        "one_minute": sample(1),
        "client_only": sample(12, "client"),
        "server_only": sample(12),
        "mixed_60": sample(60, "mixed"),
        "minutes_600": sample(600, "mixed"),
        "hostile": hostile(),
    }
