"""The first page: the last 24 hours, how they differ from the 24 before, the newest sessions.

Not the calendar's day: the service knows no time zone of its callers, and at midnight the page would lose all it showed.
"""

from flask import Blueprint

from bemore import clock
from bemore.api.http.operation import operation
from bemore.auth.access import Access, own
from bemore.models.dashboard import two_days
from bemore.reports.build import report_id
from bemore.reports.narrative import FACE_VISIBLE_THRESHOLD, FEW_MINUTES
from bemore.schemas.dashboard import Dashboard
from bemore.scoring.affect import session_affect
from bemore.scoring.rounding import round3

blueprint = Blueprint("dashboard", __name__, url_prefix="/api/dashboard")

_PARTS = ("valence", "arousal", "dominance")


@blueprint.get("/summary")
@operation("The last 24 hours and the newest sessions", Access.SIGNED_IN, response=Dashboard)
def summary():
    """Of all sessions, or of the caller's own. The averages are over the scored minutes of the day's ten newest sessions, the first
    hour of each; a session belongs to the day it started in."""
    days = two_days(clock.now_ms(), **own())
    today, yesterday = (_mean(minutes) for minutes in (days.today, days.yesterday))
    return {
        "todayAvg": today,
        "trend": {"dayOverDay": {part: _less(today[part], yesterday[part]) for part in _PARTS}},
        "recommendations": [
            {"id": name, "title": title, "desc": words, "cta": button} for name, title, words, button in recommendations(days)
        ],
        "recentSessions": [
            {"reportId": report_id(public_id), "sessionId": public_id, "createdAt": started_ms} for public_id, started_ms in days.newest
        ],
    }


def _mean(minutes):
    affect = session_affect([minute.affect for minute in minutes])
    return {part: getattr(affect, part, None) for part in _PARTS}


def _less(today, yesterday):
    return None if today is None or yesterday is None else round3(today - yesterday)


def recommendations(days):
    """Hints as (id, title, sentence of at most 60 characters, label of the button), at least one.

    They are about what was measured and how, never about a mood that was estimated from it.
    """
    if not days.newest:
        return [("start", "저장된 상담이 없습니다", "상담을 시작하면 하루의 평균값과 변화가 이곳에 표시됩니다.", "시작")]
    if not days.today:
        words = "시작하기 전에 카메라와 마이크가 켜져 있는지 확인해 주세요."
        return [("measure", "최근 24시간에 측정된 구간이 없습니다", words, "시작")]
    items = []
    if len(days.today) < FEW_MINUTES:
        words = f"최근 24시간에 측정된 시간은 {len(days.today)}분입니다. 더 길게 측정하면 값이 안정됩니다."
        items.append(("longer", "측정된 시간이 짧습니다", words, "시작"))
    unseen = sum(1 for minute in days.today if minute.frame_count and minute.facial < FACE_VISIBLE_THRESHOLD)
    if unseen:
        words = f"최근 24시간에 그런 구간이 {unseen}분 있습니다. 조명과 카메라의 위치를 확인해 주세요."
        items.append(("camera", "카메라에 얼굴이 잘 보이지 않은 구간이 있습니다", words, "확인"))
    # A browser that scores its own minutes need not upload what it measured, so only the server's minutes tell of gaps.
    silent = sum(1 for minute in days.today if minute.source == "server" and not minute.audio_count)
    if silent:
        words = f"최근 24시간에 그런 구간이 {silent}분 있습니다. 마이크가 켜져 있는지 확인해 주세요."
        items.append(("microphone", "음성이 측정되지 않은 구간이 있습니다", words, "확인"))
    return items or [("steady", "측정이 고르게 이루어졌습니다", "같은 환경에서 측정하면 다음 기록과 비교하기 쉽습니다.", "보기")]
