"""Minute scores: scored here (tick), taken from the browser (batch-tick), read (inferences)."""

import secrets

from flask import Blueprint, current_app

from bemore import clock
from bemore.api.http import heavy
from bemore.api.http.operation import operation
from bemore.auth.access import Access, session_scope
from bemore.models import minute, minute_scoring
from bemore.observability.metrics import count_items
from bemore.reports.stored import data_points, inference, scores
from bemore.schemas.minutes import MAX_MINUTES_ON_PAGE, BatchTick, Inferences, PageOfMinutes, ScoredMinute, StoredBatchAnswer, Tick
from bemore.schemas.paging import cursor_text
from bemore.scoring.minute_score import statistics

blueprint = Blueprint("minutes", __name__, url_prefix="/api/session")


@blueprint.post("/<session_id:session_id>/tick")
@operation("Score a minute from what is stored", Access.SESSION, body=Tick, response=ScoredMinute, status=201)
def tick(scope, body):
    """The score is stored; the same minute again overwrites."""
    settings = current_app.extensions["bemore"]
    row = minute_scoring.tick(scope, body["minute_index"], minute_scoring.Rules.of(settings), clock.now_ms())
    count_items("minute_score", 1)
    return {"minuteIndex": row.minute_index, **scores(row), "dataPoints": data_points(row)}


@blueprint.post("/batch-tick")
@operation("Store minutes the browser scored", Access.SESSION, body=BatchTick, partial=True, response=StoredBatchAnswer, status=201)
def batch_tick(body, refused):
    """The good minutes are stored even if others are not; `errors` then has the first problem of each of those.

    Without a good one nothing is stored, and the status is 400. The same minute again overwrites.
    """
    version = current_app.extensions["bemore"].model_version
    minute.store(session_scope(body["session_id"]), body["items"], version)
    count_items("minute_score", len(body["items"]))
    stored = {"count": len(body["items"]), "batchId": f"batch_{clock.now_ms()}_{secrets.token_hex(6)}"}
    answer = {"message": f"{stored['count']}개 항목이 처리되었습니다", **stored, "data": {"success": True, **stored}}
    if refused:
        answer["message"] += f" ({len(refused)}개 오류)"
        answer["errors"] = [{**problem, "minuteIndex": _minute_of(item)} for item, problem in refused]
    return answer


def _minute_of(item):
    index = item.get("minuteIndex") if isinstance(item, dict) else None
    return index if type(index) is int and abs(index) < 2**53 else None


@blueprint.get("/<session_id:session_id>/inferences")
@operation("The minutes of a session and their statistics", Access.SESSION, query=PageOfMinutes, response=Inferences)
def inferences(scope, query):
    """The statistics are of all minutes. Follow `nextCursor` until it is null."""
    wanted = scope, last_seen(query), query["limit"] + 1
    result = minute.page_of_session(*wanted, MAX_MINUTES_ON_PAGE)
    if result is None:
        with heavy.turn(True):
            result = minute.page_of_session(*wanted)
    rows, all_minutes, covered = result
    page, more = page_of_minutes(rows, query, lambda row: row.minute_index)
    listed = [inference(scope.public_id, row, covered.get(row.minute_index)) for row in page]
    return {"inferences": listed, "stats": statistics(all_minutes), "nextCursor": more}


def last_seen(query):
    """The last minute of the page before the one that a query asks for; -1 if it asks for the first."""
    return -1 if query["cursor"] is None else query["cursor"][0]


def page_of_minutes(minutes, query, index_of):
    """(the minutes of a page, the cursor of the next one or None) of minutes in their order."""
    rest = [each for each in minutes if index_of(each) > last_seen(query)]
    page = rest[: query["limit"]]
    return page, cursor_text(index_of(page[-1])) if len(rest) > len(page) else None
