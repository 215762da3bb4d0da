"""FastAPI and pydantic with the floor's upsert.

The views are coroutines although the upsert blocks: with plain functions, which FastAPI hands to a pool of threads, the
same load was answered at about 0.6 of the speed for one item and 0.8 for a hundred. The peer is measured at its best.
"""

import json
import os
from datetime import datetime
from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

from bench.peers.store import store

app = FastAPI(openapi_url=None)
_store = store()

Share = Annotated[float, Field(ge=0, le=1)]


class Minute(BaseModel):
    """An item of a batch-tick, with the contract's bounds."""

    minuteIndex: Annotated[int, Field(ge=0, le=100_000)]
    facialScore: Share
    vadScore: Share
    textScore: Share
    combinedScore: Share
    keywords: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] | None = None
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    confidence: Share | None = None
    timestamp: datetime | None = None
    durationMs: Annotated[int, Field(ge=0)] | None = None


class BatchTick(BaseModel):
    """A batch-tick's body."""

    sessionId: Annotated[str, Field(min_length=1, max_length=128)]
    items: Annotated[list[Minute], Field(min_length=1, max_length=100)]


class Frame(BaseModel):
    """An item of a frames upload."""

    ts: Annotated[int, Field(ge=0)]
    faceLandmarksCompressed: Annotated[str, Field(max_length=64 * 1024)] | None = None
    qualityScore: Share = 0.5


class Frames(BaseModel):
    """A frames body."""

    items: Annotated[list[Frame], Field(min_length=1, max_length=100)]


@app.get("/ready")
async def ready():
    return {"pid": os.getpid()}


@app.post("/api/session/batch-tick", status_code=201)
async def batch_tick(body: BatchTick):
    rows = [
        (
            body.sessionId, item.minuteIndex, item.facialScore, item.vadScore, item.textScore, item.combinedScore,
            item.keywords and json.dumps(item.keywords), item.sentiment, item.confidence,
            item.timestamp and int(item.timestamp.timestamp() * 1000), item.durationMs,
        )
        for item in body.items
    ]  # fmt: skip
    _store.minutes(rows)
    return {"success": True, "count": len(rows)}


@app.post("/api/session/{session_id}/frames", status_code=201)
async def frames(session_id: str, body: Frames):
    rows = [(session_id, item.ts, item.qualityScore, item.faceLandmarksCompressed) for item in body.items]
    _store.frames(rows)
    return {"success": True, "count": len(rows)}
