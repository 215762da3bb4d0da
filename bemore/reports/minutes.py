"""Minutes as every answer gives them."""

from collections.abc import Sequence

from bemore.reports import wording
from bemore.reports.facts import Minute
from bemore.scoring import combine


def inference(session_id: str, minute: Minute) -> dict:
    """A minute as ``GET /:id/inferences`` and the report give it. ``timestamp`` is ISO 8601 in UTC."""
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
        "timestamp": None if minute.timestamp_ms is None else wording.iso(minute.timestamp_ms),
        "durationMs": minute.duration_ms,
    }


def scores(minute: Minute) -> dict:
    """The four scores; ``textSentiment`` repeats the text score under its older name."""
    return {
        "facialScore": minute.facial,
        "vadScore": minute.vad,
        "textScore": minute.text,
        "textSentiment": minute.text,
        "combinedScore": minute.combined,
    }


def data_points(minute: Minute) -> dict:
    """How much telemetry a minute was scored from."""
    return {
        "frameCount": minute.frame_count,
        "audioChunkCount": minute.audio_count,
        "sttSnippetCount": minute.stt_count,
    }


def statistics(minutes: Sequence[Minute]) -> dict:
    """``stats`` over minutes in their order."""
    return combine.statistics([(each.minute_index, each.facial, each.vad, each.text, each.combined) for each in minutes])
