"""Stored minutes and notes in the API's names."""

from typing import Any

from bemore.clock import iso
from bemore.reports.report_input import Minute, Note
from bemore.scoring.coverage import minute_coverage


def inference(session_id: str, minute: Minute, covered: tuple[int, int] | None) -> dict[str, Any]:
    """A minute as ``GET /:id/inferences`` and the report return it. ``timestamp`` is ISO 8601 in UTC.

    ``covered`` are the bits of its seconds that have frames and audio, None if nothing is known of them.
    """
    return {
        "id": f"{session_id}:{minute.minute_index}",
        "sessionId": session_id,
        "minuteIndex": minute.minute_index,
        **scores(minute),
        "modelVersion": minute.model_version,
        "source": minute.source,
        "dataPoints": data_points(minute),
        "keywords": list(minute.keywords),
        "sentiment": minute.sentiment,
        "confidence": minute.confidence,
        "timestamp": None if minute.timestamp_ms is None else iso(minute.timestamp_ms),
        "durationMs": minute.duration_ms,
        "coverage": minute_coverage(covered),
    }


def scores(minute: Minute) -> dict[str, float]:
    """The four scores; ``textSentiment`` repeats the text score under its older name."""
    return {
        "facialScore": minute.facial,
        "vadScore": minute.vad,
        "textScore": minute.text,
        "textSentiment": minute.text,
        "combinedScore": minute.combined,
    }


def data_points(minute: Minute) -> dict[str, int]:
    """How many telemetry items a minute was scored from."""
    return {
        "frameCount": minute.frame_count,
        "audioChunkCount": minute.audio_count,
        "sttSnippetCount": minute.stt_count,
    }


def note_as_data(session_id: str, note: Note) -> dict[str, Any]:
    """A note as the notes' endpoints and the report return it."""
    return {
        "noteId": note.public_id,
        "sessionId": session_id,
        "author": note.author,
        "role": note.role,
        "kind": note.kind,
        "tStart": note.start_ms,
        "tEnd": note.end_ms,
        "text": note.text,
        "visibility": note.visibility,
        "createdAt": note.created_ms,
        "editedAt": note.edited_ms,
    }
