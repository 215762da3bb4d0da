"""What a report is made of, read as of one moment.

No frame is read at all: reports contain the totals and scores that were stored when frames arrived. Audio is
aggregated by the database, but for runs of speech: with window functions both databases take longer to find those than
to give the chunks out.
"""

from collections import Counter

import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import minute, session
from bemore.db.connections import execute, read
from bemore.reports.report_input import MinuteAudio, ReportInput, SessionInfo
from bemore.reports.time_series import voice_by_bucket
from bemore.scoring.voice_metrics import VOICED_THRESHOLD

# Times before the session's start count as its first moment.
_AUDIO_MINUTES = f"""
SELECT CASE WHEN ts_start_ms < 0 THEN 0 ELSE ts_start_ms / {MINUTE_MS} END AS minute,
    count(*), count(*) FILTER (WHERE vad >= {VOICED_THRESHOLD}), avg(rms)
FROM audio_chunk WHERE session_id = ? GROUP BY 1"""
# Read as a truth value, which comes out of PostgreSQL in two thirds of a number's time.
_CHUNKS = f"SELECT ts_start_ms, ts_end_ms, vad >= {VOICED_THRESHOLD} FROM audio_chunk WHERE session_id = ? ORDER BY ts_start_ms, ts_end_ms"
_KEYWORDS = "SELECT keywords FROM stt_snippet WHERE session_id = ? AND keywords IS NOT NULL ORDER BY ts_start_ms, ts_end_ms"
_FEEDBACK = "SELECT public_id, rating, note, submitted_ms FROM feedback WHERE session_id = ? ORDER BY id"

_decode = msgspec.json.Decoder(list[str]).decode


def gather(scope, now_ms, model_version, whole=True, time_series=False):
    """A ReportInput, and the rows of the time series if ``time_series``.

    Not ``whole``, it lacks chunks, keywords and feedback, which emotions do not need. Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        minutes = minute.of_row(row)
        audio = _rows(_AUDIO_MINUTES, row)
        chunks, snippets, feedback = [_rows(sql, row) if whole else [] for sql in (_CHUNKS, _KEYWORDS, _FEEDBACK)]
    audio_minutes = {index: MinuteAudio(index, voiced / count, rms) for index, count, voiced, rms in audio}
    keywords = Counter(word for (words,) in snippets for word in _decode(words))
    facts = SessionInfo(
        session_id=row.public_id,
        user_id=row.user_id,
        counselor_id=row.counselor_id,
        status=row.status,
        started_at_ms=row.started_ms,
        ended_at_ms=row.ended_ms,
        duration_ms=row.duration_ms(now_ms),
        total_frames=row.frame_count,
        total_audio_chunks=row.audio_count,
        total_stt_snippets=row.stt_count,
    )
    data = ReportInput(facts, minutes, audio_minutes, chunks, list(keywords.items()), feedback, now_ms, model_version)
    return data, voice_by_bucket(chunks) if time_series else []


def _rows(sql, row):
    return execute(sql, (row.key,)).fetchall()
