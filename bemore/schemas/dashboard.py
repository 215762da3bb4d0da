"""The dashboard."""

from typing import Annotated

from bemore.schemas import examples
from bemore.schemas.emotion import AROUSAL, DOMINANCE, VALENCE, balance
from bemore.schemas.response import Response, SessionId, doc, epoch_ms

_UNSCORED = "without scored minutes"


class TodayAverage(Response):
    """Mean affect of the last 24 hours."""

    valence: Annotated[float | None, balance(VALENCE, _UNSCORED)]
    arousal: Annotated[float | None, balance(AROUSAL, _UNSCORED)]
    dominance: Annotated[float | None, balance(DOMINANCE, _UNSCORED)]


def _change(name):
    return doc(f"Change of {name}, with three decimals", null="if one of the days has no scored minute", minimum=-2, maximum=2)


class DayOverDay(Response):
    """The mean of the last 24 hours minus that of the 24 before."""

    valence: Annotated[float | None, _change("valence")]
    arousal: Annotated[float | None, _change("arousal")]
    dominance: Annotated[float | None, _change("dominance")]


class Trend(Response):
    """The change of the averages."""

    day_over_day: DayOverDay


class Recommendation(Response):
    """A hint on measuring, in Korean."""

    id: Annotated[str, doc("The kind of hint, whatever its words", examples=["camera"])]
    title: Annotated[str, doc("The observation", examples=["얼굴이 잘 보이지 않은 구간이 있습니다"])]
    desc: Annotated[str, doc("What may help", maxLength=60)]
    cta: Annotated[str, doc("Label of the button", examples=["시작"])]


class SessionWithReport(Response):
    """One of the newest sessions."""

    report_id: Annotated[str, doc("Its report", examples=[examples.SESSION_ID.replace("sess_", "rep_")])]
    session_id: SessionId
    created_at: Annotated[int, epoch_ms("When the session started")]


class Dashboard(Response):
    """The last 24 hours and the 24 before."""

    today_avg: TodayAverage
    trend: Trend
    recommendations: Annotated[list[Recommendation], doc("At least one", minItems=1)]
    recent_sessions: Annotated[list[SessionWithReport], doc("Newest first", maxItems=10)]
