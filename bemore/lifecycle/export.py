"""Everything that is stored of one session, as objects for JSON lines; docs/operations.rst describes them.

Of a session's data only the audit log is left out: it is about who dealt with the session, and outlives it.
"""

import msgspec

from bemore.clock import iso
from bemore.models import session
from bemore.models.speaker import NAMES
from bemore.db.connections import execute, read

#: Grows when a line changes its meaning.
FORMAT_VERSION = 1

#: Rows in memory at once. A frame may have 64 KiB.
BATCH = 500


def _json(text):
    """A column that holds JSON text, as it is."""
    return None if text is None else msgspec.Raw(text.encode())


def _frame(ts, speaker, quality, compressed, landmarks):
    return {
        "type": "frame",
        "ts": ts,
        "speaker": NAMES[speaker],
        "qualityScore": quality,
        "faceLandmarksCompressed": compressed,
        "landmarks": _json(landmarks),
    }


def _audio(start, end, speaker, vad, rms, pitch):
    return {"type": "audio", "tsStart": start, "tsEnd": end, "speaker": NAMES[speaker], "vad": vad, "rms": rms, "pitch": pitch}


def _stt(start, end, speaker, text, lang, sentiment, keywords):
    return {
        "type": "stt", "tsStart": start, "tsEnd": end, "speaker": NAMES[speaker], "text": text, "lang": lang, "sentiment": sentiment,
        "keywords": _json(keywords),
    }  # fmt: skip


def _minute(
    index, facial, vad, text, combined, version, source, frames, chunks, snippets, words, sentiment, confidence, at_ms, duration
):
    return {
        "type": "minute", "minuteIndex": index, "facialScore": facial, "vadScore": vad, "textScore": text, "combinedScore": combined,
        "modelVersion": version, "source": source,
        "dataPoints": {"frameCount": frames, "audioChunkCount": chunks, "sttSnippetCount": snippets},
        "keywords": _json(words), "sentiment": sentiment, "confidence": confidence,
        "timestamp": None if at_ms is None else iso(at_ms), "durationMs": duration,
    }  # fmt: skip


def _note(number, public_id, author, role, kind, start, end, text, visibility, created_ms, edited_ms):
    return {
        "type": "note", "noteId": public_id, "author": author, "role": role, "kind": kind, "tStart": start, "tEnd": end, "text": text,
        "visibility": visibility, "createdAt": created_ms, "editedAt": edited_ms,
    }  # fmt: skip


def _feedback(number, public_id, rating, note, submitted_ms, author, role):
    return {
        "type": "feedback", "feedbackId": public_id, "rating": rating, "note": note, "submittedAt": submitted_ms, "author": author,
        "role": role,
    }  # fmt: skip


def _answer(caller, path, key, body_hash, status, answer, created_ms):
    return {
        "type": "idempotentAnswer", "caller": caller, "path": path, "key": key, "bodyHash": body_hash, "status": status,
        "answer": _json(answer), "createdAt": created_ms,
    }  # fmt: skip


#: Table, its key after the session's (by which the rows are read on), its other columns, what makes a line of a row.
_PARTS = (
    ("frame", "ts_ms, speaker", "quality, compressed, landmarks", _frame),
    ("audio_chunk", "ts_start_ms, ts_end_ms, speaker", "vad, rms, pitch", _audio),
    ("stt_snippet", "ts_start_ms, ts_end_ms, speaker", "text, lang, sentiment, keywords", _stt),
    (
        "minute_score",
        "minute_index",
        "facial, vad, text, combined, model_version, source, frame_count, audio_count, stt_count, keywords, sentiment, confidence,"
        " timestamp_ms, duration_ms",
        _minute,
    ),
    ("note", "id", "public_id, author, role, kind, start_ms, end_ms, text, visibility, created_ms, edited_ms", _note),
    ("feedback", "id", "public_id, rating, note, submitted_ms, author, role", _feedback),
    ("idempotency_key", "caller, path, key", "body_hash, status, answer, created_ms", _answer),
)


def lines(scope, now_ms):
    """All that is stored of a session, as of one moment, as dicts that msgspec can encode; read in batches.

    The first is the session, the last contains the number of lines before it. Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        yield _session(row, now_ms)
        count = 1
        for table, key, columns, line in _PARTS:
            for values in _rows(table, key, columns, row.key):
                yield line(*values)
                count += 1
        yield {"type": "end", "lines": count}


def _session(row, now_ms):
    return {
        "type": "session", "formatVersion": FORMAT_VERSION, "exportedAt": now_ms, "sessionId": row.public_id, "userId": row.user_id,
        "counselorId": row.counselor_id, "status": row.status, "startedAt": row.started_ms, "pausedAt": row.paused_ms,
        "resumedAt": row.resumed_ms, "endedAt": row.ended_ms, "duration": row.duration_ms(now_ms), "demo": bool(row.demo),
        "clockOffsetMs": row.clock_offset_ms, "revision": row.revision,
        "stats": {"totalFrames": row.frame_count, "totalAudioChunks": row.audio_count, "totalSttSnippets": row.stt_count},
    }  # fmt: skip


def _rows(table, key, columns, session_key):
    select, order = f"SELECT {key}, {columns} FROM {table} WHERE session_id = ?", f" ORDER BY {key} LIMIT {BATCH}"
    width = key.count(",") + 1
    on = f" AND ({key}) > ({', '.join('?' * width)})"
    rows = execute(select + order, (session_key,)).fetchall()
    while rows:
        yield from rows
        last = rows[-1][:width]
        rows = execute(select + on + order, (session_key, *last)).fetchall() if len(rows) == BATCH else ()
