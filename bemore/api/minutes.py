"""Minute scores: scored here (tick), taken from the browser (batch-tick), read (inferences)."""

import secrets

from flask import Blueprint, current_app

from bemore import clock
from bemore.api.openapi import shapes
from bemore.auth.access import Access, session_scope
from bemore.api.http.responses import success
from bemore.api.http.operation import operation
from bemore.observability.metrics import count_items
from bemore.models import minute, minute_scoring
from bemore.reports.minutes import data_points, inference, scores
from bemore.schemas.base import check_partly, decode
from bemore.schemas.decoder import Decoder
from bemore.schemas.minutes import BatchTick, Tick
from bemore.scoring.minute_score import Weights, statistics

blueprint = Blueprint("minutes", __name__, url_prefix="/api/session")

def rules(settings):
    """The rules that minutes are scored by."""
    return minute_scoring.Rules(Weights(*settings.weights), settings.model_version)


_schema, _decoder = BatchTick(), Decoder(BatchTick)


@blueprint.post("/<session_id:session_id>/tick")
@operation("Score a minute from what is stored", Access.SESSION, body=Tick, data=shapes.TICK, status=201, errors=(404,))
def tick(scope, body):
    """The score is stored; the same minute again overwrites."""
    settings = current_app.extensions["bemore"]
    row = minute_scoring.tick(scope, body["minute_index"], rules(settings), clock.now_ms())
    count_items("minute_score", 1)
    data = {
        "minuteIndex": row.minute_index,
        **scores(row),
        "dataPoints": data_points(row),
    }
    return success(data, 201)


@blueprint.post("/batch-tick")
@operation(
    "Store minutes the browser scored",
    Access.SESSION,
    body=BatchTick,
    partial=True,
    data=shapes.BATCH_TICK,
    beside=shapes.BATCH_TICK_BESIDE,
    status=201,
    errors=(404,),
)
def batch_tick(raw):
    """The good minutes are stored even if others are not; `errors` then tells the first thing wrong with each of those.

    Without a good one nothing is stored, and the answer is 400. The same minute again overwrites.
    """
    body, refused = _decoder(raw), []
    if body is None:
        value = decode(raw)
        body, problems = check_partly(_schema, "items", value)
        refused = _refused(problems, value["items"])
    version = current_app.extensions["bemore"].model_version
    minute.store(session_scope(body["session_id"]), body["items"], version)
    count_items("minute_score", len(body["items"]))
    told = {"count": len(body["items"]), "batchId": f"batch_{clock.now_ms()}_{secrets.token_hex(6)}"}
    message = f"{told['count']}개 항목이 처리되었습니다"
    if refused:
        return success({"success": True, **told}, 201, message=f"{message} ({len(refused)}개 오류)", errors=refused, **told)
    return success({"success": True, **told}, 201, message=message, **told)


def _refused(problems, items):
    """What is wrong with each refused item: its first problem."""
    first = {}
    for each in problems:
        first.setdefault(each["index"], each)
    return [{"index": index, "minuteIndex": _minute_of(items[index]), **each} for index, each in first.items()]


def _minute_of(item):
    index = item.get("minuteIndex") if isinstance(item, dict) else None
    return index if type(index) is int and abs(index) < 2**53 else None


@blueprint.get("/<session_id:session_id>/inferences")
@operation("All minutes of a session and their statistics", Access.SESSION, data=shapes.INFERENCES, errors=(404,))
def inferences(scope):
    found, rows = minute.of_session(scope)
    return success({"inferences": [inference(found.public_id, row) for row in rows], "stats": statistics(rows)})
