"""What a report is made of, read as of one moment.

No frame is read at all: reports contain the totals and scores that were stored when frames arrived. Audio is
aggregated by the database, but for runs of speech: with window functions both databases take longer to find those than
to give the chunks out.
"""

from collections import Counter
from itertools import groupby
from operator import itemgetter

import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import minute, session
from bemore.db.connections import execute, read
from bemore.reports.report_input import MinuteAudio, MinuteText, ReportInput, SessionInfo
from bemore.reports.time_series import voice_by_bucket
from bemore.scoring.voice_metrics import VOICED_THRESHOLD

# Times before the session's start count as its first moment.
_AUDIO_MINUTES = f"""
SELECT CASE WHEN ts_start_ms < 0 THEN 0 ELSE ts_start_ms / {MINUTE_MS} END AS minute,
    count(*), count(*) FILTER (WHERE vad >= {VOICED_THRESHOLD}), avg(rms)
FROM audio_chunk WHERE session_id = ? GROUP BY 1"""
# Read as a truth value, which comes out of PostgreSQL in two thirds of a number's time.
_CHUNKS = f"SELECT ts_start_ms, ts_end_ms, vad >= {VOICED_THRESHOLD} FROM audio_chunk WHERE session_id = ? ORDER BY ts_start_ms, ts_end_ms"
_SNIPPETS = (
    f"SELECT CASE WHEN ts_start_ms < 0 THEN 0 ELSE ts_start_ms / {MINUTE_MS} END, sentiment, keywords"
    " FROM stt_snippet WHERE session_id = ? ORDER BY ts_start_ms, ts_end_ms"
)
_FEEDBACK = "SELECT public_id, rating, note, submitted_ms FROM feedback WHERE session_id = ? ORDER BY id"

#: Keywords of a minute that a report tells.
MINUTE_KEYWORDS = 10

_decode = msgspec.json.Decoder(list[str]).decode


def gather(scope, now_ms, model_version, whole=True, time_series=False):
    """A ReportInput, and the rows of the time series if ``time_series``.

    Not ``whole``, it lacks chunks, keywords and feedback, which emotions do not need. Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        minutes = minute.of_row(row)
        audio = _rows(_AUDIO_MINUTES, row)
        chunks, snippets, feedback = [_rows(sql, row) if whole else [] for sql in (_CHUNKS, _SNIPPETS, _FEEDBACK)]
    audio_minutes = {index: MinuteAudio(index, voiced / count, rms) for index, count, voiced, rms in audio}
    keywords, minute_texts = _texts(snippets)
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
    data = ReportInput(facts, minutes, audio_minutes, chunks, list(keywords.items()), feedback, now_ms, model_version, minute_texts)
    return data, voice_by_bucket(chunks) if time_series else []


def _texts(snippets):
    """The keywords of all snippets with their counts, and ``{minute: MinuteText}``; snippets are (minute, sentiment, keywords as JSON)."""
    keywords, minutes = Counter(), {}
    for index, group in groupby(snippets, key=itemgetter(0)):
        sentiments, words = Counter(), Counter()
        for _, sentiment, said in group:
            sentiments[sentiment] += 1
            if said:
                words.update(_decode(said))
        keywords.update(words)
        (first, count), *others = sentiments.most_common(2)
        minutes[index] = MinuteText(
            "neutral" if others and others[0][1] == count else first, tuple(word for word, _ in words.most_common(MINUTE_KEYWORDS))
        )
    return keywords, minutes


def _rows(sql, row):
    return execute(sql, (row.key,)).fetchall()
