"""The floor: a Flask view, msgspec decoding into typed structs, one upsert. No request ids or access log; quotas and a session check only
with REDIS_URL."""

import os
from datetime import datetime

import msgspec
from flask import Flask, Response, request

from bench.peers.floor_store import store

app = Flask("floor", static_folder=None)
if "REDIS_URL" in os.environ:
    from flask_limiter import ApplicationLimit, Limiter

    limits = [ApplicationLimit(os.environ[f"RATE_LIMIT_{each}"], scope=each) for each in ("WRITE", "ALL")]
    limiter = Limiter(
        lambda: request.headers["X-Forwarded-For"], app=app, application_limits=limits, strategy="moving-window", headers_enabled=True,
        storage_uri=os.environ["REDIS_URL"],
    )  # fmt: skip
_store = store()
_encode = msgspec.json.encode


class Minute(msgspec.Struct, gc=False):
    """An item of a batch-tick."""

    minuteIndex: int
    facialScore: float
    vadScore: float
    textScore: float
    combinedScore: float
    keywords: list[str] | None = None
    sentiment: str | None = None
    confidence: float | None = None
    timestamp: datetime | None = None
    durationMs: int | None = None


class BatchTick(msgspec.Struct, gc=False):
    """A batch-tick's body."""

    sessionId: str
    items: list[Minute]


class Frame(msgspec.Struct, gc=False):
    """An item of a frames upload."""

    ts: int
    faceLandmarksCompressed: str | None = None
    qualityScore: float = 0.5


class Frames(msgspec.Struct, gc=False):
    """A frames body."""

    items: list[Frame]


_batch_tick, _frames = msgspec.json.Decoder(BatchTick).decode, msgspec.json.Decoder(Frames).decode


@app.get("/ready")
def ready():
    return {"pid": os.getpid()}


@app.post("/api/session/batch-tick")
def batch_tick():
    body = _batch_tick(request.get_data(cache=False))
    session_id = body.sessionId
    rows = [
        (
            session_id, item.minuteIndex, item.facialScore, item.vadScore, item.textScore, item.combinedScore,
            item.keywords and _encode(item.keywords).decode(), item.sentiment, item.confidence,
            item.timestamp and int(item.timestamp.timestamp() * 1000), item.durationMs,
        )
        for item in body.items
    ]  # fmt: skip
    _store.minutes(rows)
    return _stored(len(rows))


@app.post("/api/session/<session_id>/frames")
def frames(session_id):
    body = _frames(request.get_data(cache=False))
    rows = [(session_id, item.ts, item.qualityScore, item.faceLandmarksCompressed) for item in body.items]
    _store.frames(rows)
    return _stored(len(rows))


def _stored(count):
    return Response(_encode({"success": True, "count": count}), 201, content_type="application/json")
