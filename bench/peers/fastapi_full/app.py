"""The application: ``uvicorn bench.peers.fastapi_full.app:app``, set up by DATABASE_URL, REDIS_URL, RATE_LIMIT_ALL and RATE_LIMIT_WRITE."""

import json
import logging
import os
import secrets
import time

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from bemore.scoring.text.keywords import extract_keywords
from bemore.scoring.text.sentiment import sentiment
from bench.peers.fastapi_full import repository, schemas, tables
from bench.peers.fastapi_full.database import Database
from bench.peers.fastapi_full.envelope import MODEL_VERSION, failure, success
from bench.peers.fastapi_full.middleware import JsonFormatter, Quotas, RequestContext, access_log

_handler = logging.StreamHandler()
_handler.setFormatter(JsonFormatter())
logging.basicConfig(handlers=[_handler], level=logging.WARNING)
access_log.setLevel(logging.INFO)

app = FastAPI(title="fastapi-full")
app.add_middleware(
    Quotas,
    redis_url=os.environ.get("REDIS_URL"),
    limit_all=os.environ.get("RATE_LIMIT_ALL", "600 per 10 minutes"),
    limit_write=os.environ.get("RATE_LIMIT_WRITE", "300 per 10 minutes"),
    exempt=frozenset(("/ready",)),
)
app.add_middleware(RequestContext)

_database = Database(os.environ["DATABASE_URL"])


def _list_text(values):
    """A list as it is stored: JSON, None for an empty one or none."""
    return json.dumps(values, ensure_ascii=False) if values else None


def _now_ms():
    return time.time_ns() // 1_000_000


def _whole(milliseconds):
    """A time in whole milliseconds, rounded half up."""
    return int(milliseconds + 0.5)


@app.get("/ready")
async def ready():
    return {"pid": os.getpid()}


@app.post("/api/session/{session_id}/frames", status_code=201)
def frames(session_id: str, body: schemas.Frames, request: Request):
    rows = [
        {"ts_ms": _whole(item.ts), "quality": item.qualityScore, "compressed": item.faceLandmarksCompressed, "landmarks": _points(item)}
        for item in body.items
    ]
    with _database.transaction() as connection:
        total = repository.store_telemetry(connection, session_id, tables.frame, rows)
    return success(request, {"frameCount": len(rows), "totalFramesInSession": total})


def _points(item):
    """Landmarks as they are stored: lists of two or three coordinates."""
    points = item.landmarks or ()
    return _list_text([each if type(each) is list else list(each.model_dump(exclude_none=True).values()) for each in points])


@app.post("/api/session/{session_id}/audio", status_code=201)
def audio(session_id: str, body: schemas.AudioChunks, request: Request):
    rows = [
        {
            "ts_start_ms": _whole(item.tsStart), "ts_end_ms": _whole(item.tsEnd), "vad": float(item.vad), "rms": item.rms,
            "pitch": item.pitch if item.pitch and item.pitch > 0 else None,
        }
        for item in body.items
    ]  # fmt: skip
    with _database.transaction() as connection:
        total = repository.store_telemetry(connection, session_id, tables.audio_chunk, rows)
    return success(request, {"audioChunkCount": len(rows), "totalAudioChunksInSession": total})


@app.post("/api/session/{session_id}/stt", status_code=201)
def stt(session_id: str, body: schemas.Snippets, request: Request):
    rows = [
        {
            "ts_start_ms": _whole(item.tsStart), "ts_end_ms": _whole(item.tsEnd), "text": item.text, "lang": item.lang,
            "sentiment": sentiment(item.text, item.lang), "keywords": _list_text(extract_keywords(item.text, item.lang)),
        }
        for item in body.items
    ]  # fmt: skip
    with _database.transaction() as connection:
        total = repository.store_telemetry(connection, session_id, tables.stt_snippet, rows)
    return success(request, {"sttSnippetCount": len(rows), "totalSttSnippetsInSession": total})


@app.post("/api/session/{session_id}/tick", status_code=201)
def tick(session_id: str, body: schemas.Tick, request: Request):
    with _database.transaction() as connection:
        row = repository.tick(connection, session_id, body.minuteIndex, MODEL_VERSION, _now_ms())
    counts = {"frameCount": row["frame_count"], "audioChunkCount": row["audio_count"], "sttSnippetCount": row["stt_count"]}
    scores = {
        "minuteIndex": row["minute_index"], "facialScore": row["facial"], "vadScore": row["vad"], "textScore": row["text"],
        "textSentiment": row["text"], "combinedScore": row["combined"],
    }  # fmt: skip
    return success(request, {**scores, "dataPoints": counts})


@app.post("/api/session/batch-tick", status_code=201)
def batch_tick(body: schemas.BatchTick, request: Request):
    items, errors = _valid_minutes(body.items)
    rows = [
        {
            "minute_index": item.minuteIndex, "facial": round(item.facialScore, 3), "vad": round(item.vadScore, 3),
            "text": round(item.textScore, 3), "combined": round(item.combinedScore, 3), "model_version": MODEL_VERSION, "source": "client",
            "frame_count": 0, "audio_count": 0, "stt_count": 0, "keywords": _list_text(item.keywords), "sentiment": item.sentiment,
            "confidence": item.confidence, "timestamp_ms": item.timestamp and int(item.timestamp.timestamp() * 1000),
            "duration_ms": None if item.durationMs is None else _whole(item.durationMs),
        }
        for item in items
    ]  # fmt: skip
    with _database.transaction() as connection:
        repository.store_minutes(connection, body.sessionId, rows)
    data = {"count": len(rows), "batchId": f"batch_{_now_ms()}_{secrets.token_hex(6)}"}
    message = f"{len(rows)}개 항목이 처리되었습니다"
    if errors:
        return success(request, {"success": True, **data}, message=f"{message} ({len(errors)}개 오류)", errors=errors, **data)
    return success(request, {"success": True, **data}, message=message, **data)


def _valid_minutes(items):
    """The valid items, and for each other item its first problem. Raises RequestValidationError if none is valid."""
    try:
        return schemas.validate_minutes(items), []
    except ValidationError as error:
        problems = {}
        for each in error.errors(include_url=False):
            problems.setdefault(each["loc"][0], each)
        if len(problems) == len(items):
            raise RequestValidationError([{**each, "loc": ("body", "items", *each["loc"])} for each in problems.values()]) from None
    valid = [schemas.validate_minute(item) for index, item in enumerate(items) if index not in problems]
    return valid, [
        {"minuteIndex": _minute_index(items[index]), **_problem(("items", *each["loc"]), each["msg"])} for index, each in problems.items()
    ]


def _minute_index(item):
    index = item.get("minuteIndex") if isinstance(item, dict) else None
    return index if type(index) is int else None


def _problem(place, message):
    """A problem at a place such as ``("items", 3, "ts")``."""
    names = [each for each in place if isinstance(each, str)]
    index = next((each for each in place if isinstance(each, int)), None)
    return {**({} if index is None else {"index": index}), "field": names[-1], "message": f"{names[-1]}: {message}"}


@app.exception_handler(RequestValidationError)
async def invalid(request, error):
    details = [_problem(each["loc"][1:] or each["loc"], each["msg"]) for each in error.errors()]
    return failure(request.state.request_id, 400, "VALIDATION_ERROR", details[0]["message"], details)


@app.exception_handler(repository.SessionNotFound)
async def not_found(request, error):
    return failure(request.state.request_id, 404, "SESSION_NOT_FOUND", f"세션을 찾을 수 없습니다: {error}")


@app.exception_handler(OperationalError)
async def unavailable(request, error):
    return failure(request.state.request_id, 503, "SERVICE_UNAVAILABLE", "the database cannot be reached", headers={"Retry-After": "1"})


@app.exception_handler(HTTPException)
async def http_error(request, error):
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "VALIDATION_ERROR")
    return failure(request.state.request_id, error.status_code, code, str(error.detail), headers=error.headers)
