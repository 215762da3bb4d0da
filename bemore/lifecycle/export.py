"""Everything that is stored of one session, as objects for JSON lines; docs/operations.rst describes them.

Of a session's data only the audit log is left out: it is about who dealt with the session, and outlives it.
"""

import msgspec

from bemore.clock import iso
from bemore.models import session
from bemore.models.speaker import NAMES
from bemore.db.connections import execute, read
from bemore.db.paging import in_pages

#: Grows when a line changes its meaning.
FORMAT_VERSION = 1

#: Rows in memory at once. A frame may have 64 KiB.
BATCH = 500


def _json(text):
    """A column that holds JSON text, as it is."""
    return None if text is None else msgspec.Raw(text.encode())


#: Type of a line, table, its key after the session's (by which the rows are read on), and the columns with their names in the line.
_PARTS = (
    (
        "frame", "frame", "ts_ms, speaker",
        'ts_ms AS ts, speaker, quality AS "qualityScore", compressed AS "faceLandmarksCompressed", landmarks',
    ),
    (
        "audio", "audio_chunk", "ts_start_ms, ts_end_ms, speaker",
        'ts_start_ms AS "tsStart", ts_end_ms AS "tsEnd", speaker, vad, rms, pitch',
    ),
    (
        "stt", "stt_snippet", "ts_start_ms, ts_end_ms, speaker",
        'ts_start_ms AS "tsStart", ts_end_ms AS "tsEnd", speaker, text, lang, sentiment, keywords',
    ),
    (
        "minute", "minute_score", "minute_index",
        'minute_index AS "minuteIndex", facial AS "facialScore", vad AS "vadScore", text AS "textScore", combined AS "combinedScore",'
        ' model_version AS "modelVersion", source, frame_count AS "frameCount", audio_count AS "audioChunkCount",'
        ' stt_count AS "sttSnippetCount", keywords, sentiment, confidence, timestamp_ms AS timestamp, duration_ms AS "durationMs"',
    ),
    (
        "note", "note", "id",
        'public_id AS "noteId", author, role, kind, start_ms AS "tStart", end_ms AS "tEnd", text, visibility, created_ms AS "createdAt",'
        ' edited_ms AS "editedAt"',
    ),
    (
        "feedback", "feedback", "id",
        'public_id AS "feedbackId", rating, note, submitted_ms AS "submittedAt", author, role',
    ),
    (
        "idempotentAnswer", "idempotency_key", "caller, path, key",
        'caller, path, key, body_hash AS "bodyHash", status, answer, created_ms AS "createdAt"',
    ),
)  # fmt: skip

#: How a line shows the values of some names.
_SHOWN = {
    "speaker": NAMES.__getitem__,
    "landmarks": _json,
    "keywords": _json,
    "answer": _json,
    "timestamp": lambda at_ms: None if at_ms is None else iso(at_ms),
}


def lines(scope, now_ms):
    """All that is stored of a session, as of one moment, as dicts that msgspec can encode; read in batches.

    The first is the session, the last contains the number of lines before it. Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        yield _session(row, now_ms)
        count = 1
        for kind, table, key, columns in _PARTS:
            for values in _rows(table, key, columns, row.key):
                line = {"type": kind, **{name: _SHOWN[name](value) if name in _SHOWN else value for name, value in values.items()}}
                if kind == "minute":
                    line["dataPoints"] = {name: line.pop(name) for name in ("frameCount", "audioChunkCount", "sttSnippetCount")}
                yield line
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
    """The rows of a table as dicts by name."""
    select, order = f"SELECT {key}, {columns} FROM {table} WHERE session_id = ?", f" ORDER BY {key} LIMIT {BATCH}"
    width = key.count(",") + 1
    after = f" AND ({key}) > ({', '.join('?' * width)})"
    names = []

    def fetch(last):
        cursor = execute(select + (after if last else "") + order, (session_key, *last))
        names[:] = [each[0] for each in cursor.description[width:]]
        return cursor.fetchall()

    for row in in_pages(fetch, BATCH, lambda row: row[:width], ()):
        yield dict(zip(names, row[width:], strict=True))
