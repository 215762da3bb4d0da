"""Minutes as clients read them."""

import math
from datetime import datetime, timezone

from bemore.scoring.combine import statistics


def iso(ms):
    """Epoch milliseconds as ISO 8601 in UTC, as JavaScript's ``toISOString`` writes it; None stays None."""
    if ms is None:
        return None
    moment = datetime.fromtimestamp(math.floor(ms / 1000), timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def minute_scores(session_id, row):
    """A stored minute as an element of ``inferences``."""
    return {
        "id": f"{session_id}:{row.minute_index}",
        "sessionId": session_id,
        "minuteIndex": row.minute_index,
        "facialScore": row.facial,
        "vadScore": row.vad,
        "textScore": row.text,
        "textSentiment": row.text,
        "combinedScore": row.combined,
        "modelVersion": row.model_version,
        "source": row.source,
        "dataPoints": data_points(row),
        "keywords": row.keyword_list,
        "sentiment": row.sentiment,
        "confidence": row.confidence,
        "timestamp": iso(row.timestamp_ms),
        "durationMs": row.duration_ms,
    }


def data_points(row):
    """How much telemetry a minute was scored from."""
    return {"frameCount": row.frame_count, "audioChunkCount": row.audio_count, "sttSnippetCount": row.stt_count}


def minute_statistics(rows):
    """``stats`` over stored minutes."""
    return statistics([(row.minute_index, row.facial, row.vad, row.text, row.combined) for row in rows])
