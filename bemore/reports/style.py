"""What a report looks like in every format: its colors, the four score lines, and the labels of its values."""

from typing import NamedTuple

PALETTE = {
    "text": "#1b2430",
    "soft": "#566274",
    "rule": "#dde3eb",
    "track": "#e8ecf2",
    "accent": "#2457c5",
    "accent-soft": "#e7eefb",
    "facial": "#0b8a6a",
    "voice": "#c2570c",
    "words": "#a63d8f",
}
"""Colors on white. Those of lines have a contrast of 3:1 to it and differ for color-blind readers."""


class ScoreLine(NamedTuple):
    """One of the four scores of a minute: its key in the report, its Korean label, its color in ``PALETTE``."""

    key: str
    label: str
    color: str


SCORE_LINES = (
    ScoreLine("combinedScore", "종합", "accent"),
    ScoreLine("facialScore", "얼굴", "facial"),
    ScoreLine("vadScore", "음성", "voice"),
    ScoreLine("textScore", "텍스트", "words"),
)
"""The combined score is the first."""

STATUS_LABELS = {"active": "진행 중", "paused": "일시정지", "ended": "종료"}
SOURCE_LABELS = {"client": "브라우저", "server": "서버"}
