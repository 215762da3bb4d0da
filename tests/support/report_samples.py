"""Sessions to report on: the cases every format must give a sensible report for, made from plain numbers."""

import math
from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

from bemore.reports import build
from bemore.reports.html import page
from bemore.reports.language import LANGUAGES
from bemore.reports.pdf import document
from bemore.reports.report_input import Minute, MinuteAudio, Note, ReportInput, SessionInfo, Snippet
from bemore.reports.text import summary_text
from bemore.reports.timeline import Timeline
from bemore.reports.view import RenderOptions, ReportView
from bemore.scoring.minute_score import MinuteData, score_minute
from bemore.scoring.rounding import round3
from bemore.scoring.talk import heard

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
        made, audio(telemetry), heard(chunks(telemetry), {}, ()), KEYWORDS if telemetry else [], FEEDBACK,
        START_MS + minutes * 60_000 + 9_000_000, "rules-v1.0",
    )  # fmt: skip
    return replace(data, **changes)


def no_data() -> ReportInput:
    facts = session(0, status="active", ended_at_ms=None, total_frames=0, total_audio_chunks=0, total_stt_snippets=0)
    return ReportInput(facts, [], {}, heard([], {}, ()), [], [], START_MS + 3_000, "rules-v1.0")


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


LINES = (
    "이번 한 주는 어떻게 지내셨어요?", "회사 일이 많아서 잠을 잘 못 잤어요.", "새벽에 깨면 어떤 생각이 드시나요?",
    "발표를 망칠까 봐 걱정이 돼요.", "그럴 때 몸은 어떤 느낌인가요?", "가슴이 답답하고 손에 땀이 나요. 그래도 산책할 때는 괜찮았어요.",
)  # fmt: skip


NOTES = [
    Note("note_1", "counselor_3", "counselor", "bookmark", 190_000, None, None, "shared", START_MS, None),
    Note(
        "note_2", "counselor_3", "counselor", "note", 430_000, 455_000, "산책 이야기를 할 때 목소리가 밝아짐.", "shared", START_MS, None
    ),
]  # fmt: skip


def talked(minutes: int) -> ReportInput:
    """A session of two speakers, who take turns of 8 and 17 s with a silence of 5 s after each: every half minute is the same.

    A minute in the middle has no audio, and the one after it frames in 20 of its seconds. There are two shared notes.
    """
    data, middle = sample(minutes), minutes // 2
    spoken: dict[str, list[tuple[int, int, float]]] = {"user": [], "counselor": []}
    snippets = []
    for number, start in enumerate(range(0, minutes * 60_000, 30_000)):
        for speaker, at, end in (("counselor", start, start + 8_000), ("user", start + 8_000, start + 25_000)):
            text = LINES[(2 * number + (speaker == "user")) % len(LINES)]
            snippets.append(Snippet(at, end, speaker, len(text.split()), text))
        if start // 60_000 != middle:
            for at in range(start, start + 30_000, 1000):
                second = (at - start) // 1000
                spoken["counselor"].append((at, at + 1000, 0.9 if second < 8 else 0.1))
                spoken["user"].append((at, at + 1000, 0.9 if 8 <= second < 25 else 0.1))
    whole = (1 << 60) - 1
    covered = dict.fromkeys(range(minutes), (whole, whole)) | {middle: (whole, 0), middle + 1: ((1 << 20) - 1, whole)}
    said = heard(sorted(spoken["counselor"] + spoken["user"]), spoken, snippets)
    return replace(data, heard=said, snippets=snippets, coverage=covered, notes=NOTES)


# -- Reports as people read them; without more words in Korean and on Korean clocks ------------------------------------------------


def options(language: str = "ko", zone: str = "Asia/Seoul") -> RenderOptions:
    return RenderOptions(LANGUAGES[language], ZoneInfo(zone))


def report(data: ReportInput, language: str = "ko") -> dict:
    return build.report(data, LANGUAGES[language])


def timeline(data: ReportInput) -> Timeline:
    return build.report_and_timeline(data, LANGUAGES["ko"], transcript=True)[1]


NOTHING = Timeline()


def view(made: dict, timeline: Timeline = NOTHING, **how) -> ReportView:
    return ReportView(made, timeline, options(**how))


def html(made: dict, timeline: Timeline = NOTHING, **how) -> str:
    return page.html(made, timeline, options(**how))


def pdf(made: dict, timeline: Timeline = NOTHING, **how) -> bytes:
    return document.pdf(made, timeline, options(**how))


def text(made: dict, timeline: Timeline = NOTHING, **how) -> str:
    return summary_text(made, timeline, options(**how))


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
        "two_speakers": talked(12),
        "hostile": hostile(),
    }
