"""The life of a counseling session, lists of sessions, and feedback."""

from functools import partial

from flask import Blueprint, Response, current_app

from bemore import clock
from bemore.api.http.auditing import recorder
from bemore.api.http.body import check_path
from bemore.api.http.operation import operation
from bemore.auth.access import Access, narrowed, own, reader
from bemore.models import feedback, minute_scoring, overview, progress, report, search, session
from bemore.models.audit import ERASE
from bemore.reports.build import emotion_summary
from bemore.reports.csv_export import progress_csv
from bemore.schemas import sessions as schemas
from bemore.schemas.base import EmptyBody, check
from bemore.schemas.paging import cursor_text
from bemore.scoring.minute_score import statistics

blueprint = Blueprint("sessions", __name__, url_prefix="/api/session")

_user = schemas.OfUser()

#: How many sessions ``stats/summary`` names.
RECENT = 20

#: Sessions of a user's progress that are read at once for a file.
PROGRESS_PAGE = 200


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
        for row in session.newest(RECENT, **mine, demo=False)
    ]
    average = round(duration / count["ended"]) if count["ended"] else 0
    return {"total": sum(count.values()), **count, "avgDuration": average, "totalDuration": duration, "recentSessions": recent}


@blueprint.get("/user/<path:user_id>")
@operation("The sessions of a user, newest first", Access.LIST, query=schemas.ListSessions, response=schemas.UserSessions)
def of_user(user_id, query):
    """A user without sessions is no error. Follow `nextCursor` until it is null."""
    check_path("userId")
    check(_user, {"userId": user_id})
    page, more = _page(query, session.newest, **narrowed(user_id=user_id))
    return {"userId": user_id, "count": len(page), "sessions": [_listed(row) for row in page], "nextCursor": more}


@blueprint.get("/user/<path:user_id>/progress")
@operation("How the sessions of a user went, newest first", Access.LIST, query=schemas.ListProgress, response=schemas.UserProgress)
def progress_of_user(user_id, query):
    """Demonstrations are left out. Follow `nextCursor` until it is null."""
    page, last = _progress(user_id, query["counselor_id"], query["limit"], query["cursor"])
    more = cursor_text(*last.place) if last else None
    return {"userId": user_id, "count": len(page), "sessions": page, "nextCursor": more}


@blueprint.get("/user/<path:user_id>/progress/csv")
@operation("How all sessions of a user went as CSV, newest first", Access.LIST, query=schemas.ChooseProgress, media="text/csv")
def progress_as_csv(user_id, query):
    """The columns are the fields of `progress`."""
    rows, last = _progress(user_id, query["counselor_id"], PROGRESS_PAGE, None)
    while last:
        page, last = _progress(user_id, query["counselor_id"], PROGRESS_PAGE, last.place)
        rows += page
    headers = {"Content-Disposition": 'attachment; filename="bemore-progress.csv"'}
    return Response(progress_csv(rows), content_type="text/csv; charset=utf-8", headers=headers)


def _progress(user_id, counselor_id, limit, before):
    """A page of a user's progress, and the SessionRow of its last session; None if no more follow."""
    check_path("userId")
    check(_user, {"userId": user_id})
    seen, shown = narrowed(user_id=user_id), narrowed(user_id=user_id, counselor_id=counselor_id)
    page, last = progress.page(limit, before, clock.now_ms(), seen, shown)
    return [_step(step, comparable) for step, comparable in page], last


def _step(step, comparable):
    made = step.summary
    listed = _session(step.row)
    del listed["demo"]
    return {
        **listed,
        "scoredMinutes": made.scored_minutes,
        "averages": {name: getattr(made, name) for name in ("combined", "facial", "vad", "text")} if made.scored_minutes else None,
        "modelVersion": made.model_version,
        "talkShare": made.talk_share,
        "coverage": step.coverage,
        "longestSilenceMs": made.longest_silence_ms,
        "rating": step.rating,
        "comparable": comparable,
    }


@blueprint.get("")
@operation("Sessions, newest first", Access.LIST, query=schemas.FindSessions, response=schemas.FoundSessions)
def find(query):
    """All, or those of a state, a user, a counselor, a part of their ids, a time; with how each went if `overview` is true. Follow
    `nextCursor` until it is null."""
    filters = narrowed(user_id=query["user_id"], counselor_id=query["counselor_id"])
    filters |= {name: query[name] for name in ("status", "from_ms", "to_ms")}
    page, more = _page(query, session.newest if query["q"] is None else partial(search.find, text=query["q"]), **filters)
    sessions = [{**_listed(row), "userId": row.user_id} for row in page]
    if query["overview"] == "true":
        for each, summary in zip(sessions, overview.of_page(page), strict=True):
            each["overview"] = _overview(summary)
    return {"count": len(page), "sessions": sessions, "nextCursor": more}


def _page(query, find, **filters):
    rows = find(query["limit"] + 1, before=query["cursor"], **filters)
    page = rows[: query["limit"]]
    return page, cursor_text(*page[-1].place) if len(rows) > len(page) else None


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
