"""The three uploads: face frames, audio chunks, speech-to-text snippets. All items of a request are stored, or none. And the transcript."""

import msgspec
from flask import Blueprint, current_app

from bemore import clock
from bemore.api.http.body import body as request_body
from bemore.api.http.operation import operation
from bemore.auth.access import Access, caller
from bemore.errors import InvalidInput
from bemore.models import telemetry
from bemore.models.minute_scoring import Rules, score_changed
from bemore.models.speaker import CODES, NAMES
from bemore.models.audit import READ_TRANSCRIPT
from bemore.observability.metrics import count_items
from bemore.schemas.base import problem
from bemore.schemas.paging import cursor_text
from bemore.schemas.telemetry import (
    ReadTranscript, StoredAudio, StoredFrames, StoredStt, Transcript, UploadAudio, UploadFrames, UploadStt
)  # fmt: skip
from bemore.scoring.text.keywords import extract_keywords
from bemore.scoring.text.sentiment import sentiment

#: Snippets of more bytes are heavy work: 100 of a conversation, which have some 100 characters each, have less than half.
HEAVY_BYTES = 100_000

blueprint = Blueprint("telemetry", __name__, url_prefix="/api/session/<session_id:session_id>")


@blueprint.post("/frames")
@operation("Upload face frames", Access.SESSION, body=UploadFrames, response=StoredFrames, status=201)
def frames(scope, body):
    """The same frame (`ts`) again overwrites, so a batch that got no answer can be sent again; in any state of the session."""
    own = _own_speaker()
    rows = [
        (ts, CODES[speaker or own], quality, compressed, telemetry.json_text(landmarks))
        for ts, quality, compressed, landmarks, speaker in body["items"]
    ]
    return {"frameCount": len(rows), "totalFramesInSession": _store(telemetry.store_frames, "frame", scope, rows)}


@blueprint.post("/audio")
@operation("Upload audio chunks", Access.SESSION, body=UploadAudio, response=StoredAudio, status=201)
def audio(scope, body):
    """The same chunk (`tsStart`, `tsEnd`) again overwrites, so a batch that got no answer can be sent again; in any state."""
    own = _own_speaker()
    rows = [(start, end, CODES[speaker or own], *measured) for start, end, *measured, speaker in body["items"]]
    return {"audioChunkCount": len(rows), "totalAudioChunksInSession": _store(telemetry.store_audio, "audio_chunk", scope, rows)}


@blueprint.post("/stt")
@operation("Upload transcript snippets", Access.SESSION, body=UploadStt, response=StoredStt, status=201, heavy_bytes=HEAVY_BYTES)
def stt(scope, body):
    """The same snippet (`tsStart`, `tsEnd`) again overwrites, so a batch that got no answer can be sent again; in any state."""
    own = _own_speaker()
    places = [place for place, item in enumerate(body["items"]) if item[2].strip()]
    if not places:
        raise InvalidInput([problem("text", "must not be empty in every snippet")])
    rows = [
        (start, end, CODES[speaker or own], text, lang, sentiment(text, lang), telemetry.json_text(extract_keywords(text, lang)))
        for start, end, text, lang, speaker in (body["items"][place] for place in places)
    ]
    total = _store(telemetry.store_stt, "stt_snippet", scope, rows, places)
    return {"sttSnippetCount": len(rows), "totalSttSnippetsInSession": total}


def _own_speaker():
    """Who uploads: the role of the token, None where that says nothing."""
    role = caller().role
    return role if role in CODES else None


def _store(store, kind, scope, rows, places=None):
    """Store an upload, and count its items as ``kind``; after the session's end, score its minutes again. Returns the session's total."""
    settings = current_app.extensions["bemore"]
    arrival = telemetry.Arrival(clock.now_ms(), len(request_body()), settings.max_session_bytes, places)
    total, status = store(scope, rows, arrival)
    if status == "ended":
        score_changed(scope, Rules.of(settings))
    count_items(kind, len(rows))
    return total


@blueprint.get("/transcript")
@operation("The transcript", Access.SESSION, query=ReadTranscript, response=Transcript, reads=READ_TRANSCRIPT)
def transcript(scope, query):
    """The snippets in their order. Follow `nextCursor` until it is null."""
    rows = telemetry.transcript(scope, query["limit"] + 1, query["cursor"], query["from_ms"])
    page = rows[: query["limit"]]
    more = cursor_text(*page[-1][:3]) if len(rows) > len(page) else None
    return {"sessionId": scope.public_id, "count": len(page), "snippets": [_snippet(row) for row in page], "nextCursor": more}


def _snippet(row):
    # A time before the session's start, from a clock that runs behind, counts as the start.
    return {
        "tsStart": max(0, row.ts_start_ms),
        "tsEnd": max(0, row.ts_end_ms),
        "text": row.text,
        "speaker": NAMES[row.speaker],
        "lang": row.lang,
        "sentiment": row.sentiment,
        "keywords": msgspec.json.decode(row.keywords) if row.keywords else [],
    }
