"""A report's dict as what the HTML page and the PDF both show: sections with their titles, labels and formatted values.

Texts from users are as they came; each format makes them safe with ``display_text`` and shortens them to its own room.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from bemore.reports.style import STATUS_LABELS
from bemore.scoring import narrative
from bemore.scoring.affect import Affect
from bemore.scoring.wording import EMOTION_NAMES, duration, korean_time, percent, score

HEADING = "상담 세션 리포트"
DISCLAIMER = "점수는 0에서 1, 정서 값은 -1에서 1 사이의 값입니다. 측정된 값을 설명할 뿐 의학적 판단을 담지 않습니다."

TILES = (
    ("평균 종합 점수", "avgCombinedScore", "accent"),
    ("최고", "maxCombinedScore", None),
    ("최저", "minCombinedScore", None),
    ("얼굴 평균", "avgFacialScore", "facial"),
    ("음성 평균", "avgVadScore", "voice"),
    ("텍스트 평균", "avgTextScore", "words"),
)
"""The scores in large figures: the label, the key in ``stats``, the color in ``PALETTE``."""

AXES = (("쾌감", "valence", "불쾌", "유쾌"), ("활기", "arousal", "차분", "활발"), ("주도감", "dominance", "낮음", "높음"))
"""The axes of ``vadVector``: the label, the key, the words for -1 and for 1."""

Row = TypeVar("Row")


class Fact(NamedTuple):
    """A labeled value."""

    label: str
    value: str


class Tile(NamedTuple):
    """A score in large figures, with its color in ``PALETTE``."""

    label: str
    value: str
    color: str | None


class Bar(NamedTuple):
    """A share (0..1) as a bar with its color in ``PALETTE``."""

    label: str
    value: str
    share: float
    color: str


class Balance(NamedTuple):
    """A number (-1..1) as a bar from the middle, with the words for its two ends."""

    label: str
    value: str
    number: float
    low: str
    high: str


class Keyword(NamedTuple):
    """A keyword with how often it occurred."""

    word: str
    occurrences: str


class Feedback(NamedTuple):
    """One rating with its time; the note may be empty and may have several lines."""

    rating: str
    time: str
    note: str


@dataclass(frozen=True, slots=True)
class Section(Generic[Row]):
    """A card of the report. ``note`` stands in place of the rows where there are none."""

    title: str
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """The voice metrics. ``bars`` and ``facts`` are empty without audio; ``summary`` says so then."""

    title: str
    bars: Sequence[Bar]
    facts: Sequence[Fact]
    summary: str


class ReportView:
    """All sections of a report."""

    def __init__(self, report: Mapping[str, Any]):
        stats = report["stats"]
        started = korean_time(report["startedAt"])
        self.title = f"{HEADING} {started}"
        self.heading = HEADING
        self.subtitle = f"{started} 시작 (한국 시각), {report['durationFormatted']}"
        self.status = STATUS_LABELS.get(report["status"], report["status"])
        self.names = [Fact("세션", report["sessionId"]), Fact("내담자", report["userId"]), Fact("상담자", report["counselorId"])]
        self.facts = [
            Fact("종료", korean_time(report["endedAt"])),
            Fact("얼굴 프레임", f"{stats['totalFrames']:,}개"),
            Fact("음성 조각", f"{stats['totalAudioChunks']:,}개"),
            Fact("자막", f"{stats['totalSttSnippets']:,}개"),
        ]
        self.tiles = [Tile(label, score(stats[key] if stats["totalMinutes"] else None), color) for label, key, color in TILES]
        self.scores = Section("분별 점수", report["minutes"], "채점된 시간이 없습니다.")
        self.voice = _voice(report["vadSummary"])
        self.affect = _affect(report["vadVector"])
        self.emotions = _emotions(report["emotionDistribution"])
        self.keywords = Section(
            "주요 단어", [Keyword(each["keyword"], f"{each['count']:,}회") for each in report["keywords"]], "모인 단어가 없습니다."
        )
        self.observations = Section("관찰", _observations(report), "없습니다.")
        self.recommendations = Section("제안", report["recommendations"], "없습니다.")
        self.feedback = Section(
            "피드백",
            [
                Feedback(f"{each['rating']} / 5점", korean_time(each["submittedAt"]), each["note"] or "")
                for each in reversed(report["feedback"])
            ],
        )
        self.disclaimer = DISCLAIMER
        self.generated = f"{korean_time(report['generatedAt'])} 작성 (한국 시각)"
        self.model_version = report["modelVersion"]
        self.report_id = report["reportId"]


def _voice(voice: Mapping[str, Any]) -> Voice:
    if not voice["speechBurstCount"] and not voice["pauseCount"]:
        return Voice("음성", [], [], voice["summary"])
    bars = [
        Bar(label, percent(voice[key]), voice[key], color)
        for label, key, color in (("말한 시간", "speechRatio", "voice"), ("멈춘 시간", "pauseRatio", "soft"))
    ]
    facts = [
        Fact("평균 멈춤", duration(voice["averagePauseDuration"])),
        Fact("가장 긴 멈춤", duration(voice["longestPause"])),
        Fact("멈춘 횟수", f"{voice['pauseCount']:,}회"),
        Fact("평균 발화", duration(voice["averageSpeechBurst"])),
        Fact("발화 횟수", f"{voice['speechBurstCount']:,}회"),
    ]
    return Voice("음성", bars, facts, voice["summary"])


def _affect(vector: Mapping[str, float] | None) -> Section[Balance]:
    if vector is None:
        return Section("정서 값", [], "계산할 자료가 없습니다.")
    return Section("정서 값 (-1~1)", [Balance(label, score(vector[key]), vector[key], low, high) for label, key, low, high in AXES])


def _emotions(shares: Mapping[str, float]) -> Section[Bar]:
    if not shares:
        return Section("감정 분포", [], "계산할 자료가 없습니다.")
    # A minute of some thousands is a share of 0.000, and a bar of 0.0 % says nothing.
    bars = [Bar(EMOTION_NAMES[emotion], percent(share, 1), share, "accent") for emotion, share in shares.items() if share]
    return Section("감정 분포 (분 단위)", bars)


def _observations(report: Mapping[str, Any]) -> list[str]:
    """The highlights and ``keyObservations``, without the sentence on the voice, which stands beside the voice metrics."""
    voice, vector, dominant = report["vadSummary"], report["vadVector"], report["summary"]["dominantEmotion"]
    text_scores = [minute["textScore"] for minute in report["minutes"]]
    sentences = narrative.observations(text_scores, voice, vector and Affect(**vector), dominant)
    return [*report["highlights"], *(sentence for sentence in sentences if sentence != voice["summary"])]
