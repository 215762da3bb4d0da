"""The life of a counseling session, lists of sessions, and feedback."""

from flask import Blueprint, current_app

from bemore import clock
from bemore.api.http.auditing import recorder
from bemore.api.http.body import check_path
from bemore.api.http.operation import operation
from bemore.auth.access import Access, narrowed, own, reader
from bemore.models import feedback, minute_scoring, overview, report, session
from bemore.models.audit import ERASE
from bemore.reports.build import emotion_summary
from bemore.schemas import sessions as schemas
from bemore.schemas.base import EmptyBody, check
from bemore.schemas.paging import cursor_text
from bemore.scoring.minute_score import statistics

blueprint = Blueprint("sessions", __name__, url_prefix="/api/session")

_user = schemas.OfUser()

#: How many sessions ``stats/summary`` names.
RECENT = 20


@blueprint.post("/start")
@operation("Start a session", Access.START, body=schemas.StartSession, response=schemas.StartedSession, idempotent=True)
def start(body):
    who = narrowed(user_id=body["user_id"], counselor_id=body["counselor_id"])
    now = clock.now_ms()

    def run():
        row = session.start(**who, now_ms=now, demo=body["demo"])
        data = {"sessionId": row.public_id, "startedAt": row.started_ms, "status": row.status}
        return {**data, "userId": row.user_id, "counselorId": row.counselor_id}, row.key

    return run


@blueprint.get("/<session_id:session_id>")
@operation("A session and its totals", Access.SESSION, response=schemas.Session)
def show(scope):
    row = session.get(scope)
    return {
        **_session(row),
        "userId": row.user_id,
        "pausedAt": row.paused_ms,
        "resumedAt": row.resumed_ms,
        "lastDataAt": row.last_data_at(),
        "clockOffsetMs": row.clock_offset_ms,
        "emotionCount": row.minute_count,
        "landmarkCount": row.frame_count,
        "sttCount": row.stt_count,
        "stats": _totals(row),
    }


@blueprint.post("/<session_id:session_id>/pause")
@operation("Pause an active session", Access.SESSION, body=EmptyBody, response=schemas.PausedSession, errors=(409,))
def pause(scope, body):
    """One that is paused already stays as it is; one that has ended is a conflict."""
    row = session.pause(scope, clock.now_ms())
    return {"sessionId": row.public_id, "status": row.status, "pausedAt": row.paused_ms}


@blueprint.post("/<session_id:session_id>/resume")
@operation("Go on with a paused session", Access.SESSION, body=EmptyBody, response=schemas.ResumedSession, errors=(409,))
def resume(scope, body):
    """One that is active stays as it is; one that has ended is a conflict."""
    row = session.resume(scope, clock.now_ms())
    return {"sessionId": row.public_id, "status": row.status, "resumedAt": row.resumed_ms}


@blueprint.post("/<session_id:session_id>/end")
@operation("End a session", Access.SESSION, body=EmptyBody, response=schemas.EndedSession)
def end(scope, body):
    """Ended again, it keeps the time of its first end. Telemetry is taken after the end, too."""
    now = clock.now_ms()
    row = minute_scoring.end(scope, now, minute_scoring.Rules.of(current_app.extensions["bemore"]))
    data, _ = report.gather(scope, now, current_app.extensions["bemore"].model_version, whole=False)
    return {
        "sessionId": row.public_id,
        "status": row.status,
        "endedAt": row.ended_ms,
        "duration": row.duration_ms(now),
        "stats": _totals(row),
        "inferenceStats": statistics(data.minutes),
        "emotionCount": len(data.minutes),
        "emotionSummary": emotion_summary(data),
    }


@blueprint.delete("/<session_id:session_id>")
@operation("Erase a session and everything stored under it", Access.ERASE, response=schemas.ErasedSession)
def erase(scope):
    record = recorder(ERASE)
    session.erase(scope, lambda row: record(row.public_id))
    return {"sessionId": scope.public_id, "deleted": True}


@blueprint.get("/stats/summary")
@operation("How many sessions there are, and the newest of them", Access.SIGNED_IN, response=schemas.SessionsSummary)
def summary():
    """Of all sessions, or of the caller's own."""
    mine, now = own(), clock.now_ms()
    tally = session.tally(**mine)
    count = {status: tally.get(status, (0, 0))[0] for status in ("active", "paused", "ended")}
    duration = tally.get("ended", (0, 0))[1]
    recent = [
        {
            "id": row.public_id,
            "sessionId": row.public_id,
            "startedAt": row.started_ms,
            "durationMs": row.duration_ms(now),
            "status": row.status,
        }
        for row in session.newest(RECENT, **mine, demos=False)
    ]
    average = round(duration / count["ended"]) if count["ended"] else 0
    return {"total": sum(count.values()), **count, "avgDuration": average, "totalDuration": duration, "recentSessions": recent}


@blueprint.get("/user/<path:user_id>")
@operation("The sessions of a user, newest first", Access.LIST, query=schemas.ListSessions, response=schemas.UserSessions)
def of_user(user_id, query):
    """A user without sessions is no error. Follow `nextCursor` until it is null."""
    check_path("userId")
    check(_user, {"userId": user_id})
    page, more = _page(query, **narrowed(user_id=user_id))
    return {"userId": user_id, "count": len(page), "sessions": [_listed(row) for row in page], "nextCursor": more}


@blueprint.get("")
@operation("Sessions, newest first", Access.LIST, query=schemas.FindSessions, response=schemas.FoundSessions)
def find(query):
    """All, or those of a state, a user, a counselor; with how each went if `overview` is true. Follow `nextCursor` until it is null."""
    owners = narrowed(user_id=query["user_id"], counselor_id=query["counselor_id"])
    page, more = _page(query, status=query["status"], **owners)
    sessions = [{**_listed(row), "userId": row.user_id} for row in page]
    if query["overview"] == "true":
        for each, summary in zip(sessions, overview.of_page(page), strict=True):
            each["overview"] = _overview(summary)
    return {"count": len(page), "sessions": sessions, "nextCursor": more}


def _page(query, **which):
    rows = session.newest(query["limit"] + 1, before=query["cursor"], **which)
    page = rows[: query["limit"]]
    return page, cursor_text(page[-1].started_ms, page[-1].key) if len(rows) > len(page) else None


@blueprint.post("/<session_id:session_id>/feedback")
@operation(
    "Rate a session", Access.SESSION, body=schemas.GiveFeedback, response=schemas.StoredFeedbackAnswer, status=201, idempotent=True
)
def give_feedback(scope, body):
    """May be given more than once."""
    now, author = clock.now_ms(), reader()

    def run():
        feedback_id, row = feedback.add(scope, body["rating"], body["note"], author, now)
        data = {"feedbackId": feedback_id, "sessionId": row.public_id, "rating": body["rating"], "submittedAt": now}
        return {"message": "피드백이 저장되었습니다", "data": data}, row.key

    return run


def _session(row):
    return {
        "sessionId": row.public_id,
        "counselorId": row.counselor_id,
        "status": row.status,
        "startedAt": row.started_ms,
        "endedAt": row.ended_ms,
        "duration": row.duration_ms(clock.now_ms()),
        "demo": bool(row.demo),
    }


def _listed(row):
    newest = [each for each in row.last_data_at().values() if each is not None]
    return {**_session(row), "lastDataAt": max(newest, default=None)}


def _overview(summary):
    return {
        "scoredMinutes": summary.scored_minutes,
        "averageScore": summary.average_score,
        "scores": list(summary.scores),
        "rating": summary.rating,
    }


def _totals(row):
    return {"totalFrames": row.frame_count, "totalAudioChunks": row.audio_count, "totalSttSnippets": row.stt_count}
