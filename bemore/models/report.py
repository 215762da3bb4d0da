"""What a report is made of, read as of one moment.

No frame is read at all: reports contain the totals and scores that were stored when frames arrived. Audio is
aggregated by the database, but for runs of speech: with window functions both databases take longer to find those than
to give the chunks out.
"""

from collections import Counter
from itertools import groupby
from typing import NamedTuple

import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import coverage, minute, note, session
from bemore.models.speaker import CODES, NAMES
from bemore.db.connections import execute, read
from bemore.reports.report_input import MinuteAudio, MinuteText, ReportInput, SessionInfo, Snippet
from bemore.reports.time_series import voice_by_bucket
from bemore.scoring.moments import KEPT_CHARACTERS
from bemore.scoring.talk import SPEAKERS
from bemore.scoring.voice_metrics import VOICED_THRESHOLD

# Times before the session's start count as its first moment.
_AUDIO_MINUTES = f"""
SELECT CASE WHEN ts_start_ms < 0 THEN 0 ELSE ts_start_ms / {MINUTE_MS} END AS minute,
    count(*), count(*) FILTER (WHERE vad >= {VOICED_THRESHOLD}), avg(rms)
FROM audio_chunk WHERE session_id = ? GROUP BY 1"""
# Read as a truth value, which comes out of PostgreSQL in two thirds of a number's time.
_CHUNKS = (
    f"SELECT ts_start_ms, ts_end_ms, vad >= {VOICED_THRESHOLD}, speaker FROM audio_chunk WHERE session_id = ?"
    " ORDER BY ts_start_ms, ts_end_ms, speaker"
)
_SNIPPETS = (
    "SELECT ts_start_ms, ts_end_ms, speaker, text, sentiment, keywords FROM stt_snippet WHERE session_id = ?"
    " ORDER BY ts_start_ms, ts_end_ms, speaker"
)
_FEEDBACK = "SELECT public_id, rating, note, submitted_ms, author, role FROM feedback WHERE session_id = ? ORDER BY id"

#: Keywords of a minute that a report tells.
MINUTE_KEYWORDS = 10

_decode = msgspec.json.Decoder(list[str]).decode


def gather(scope, now_ms, model_version, whole=True, time_series=False, transcript=False):
    """A ReportInput, and the rows of the time series if ``time_series``.

    Not ``whole``, it lacks chunks, snippets, coverage, feedback and notes, which emotions do not need. With
    ``transcript`` snippets have their whole text, else as much of it as a quote needs. Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        minutes = minute.of_row(row)
        audio = _rows(_AUDIO_MINUTES, row)
        heard = _rows(_CHUNKS, row) if whole else []
        # One at a time, as each may have 5,000 characters.
        found = _transcript(execute(_SNIPPETS, (row.key,)) if whole else (), None if transcript else KEPT_CHARACTERS)
        feedback = _rows(_FEEDBACK, row) if whole else []
        covered = coverage.of_row(row) if whole else {}
        notes = note.shared(row) if whole else []
    audio_minutes = {index: MinuteAudio(index, voiced / count, rms) for index, count, voiced, rms in audio}
    chunks, spoken = _by_speaker(heard)
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
        last_frame_ms=row.last_frame_ms,
        last_audio_ms=row.last_audio_ms,
        amended=bool(row.amended),
        last_data_at=row.last_data_at(),
    )
    data = ReportInput(
        facts, minutes, audio_minutes, chunks, list(found.keywords.items()), feedback, now_ms, model_version, found.minutes,
        spoken, found.snippets, covered, notes,
    )  # fmt: skip
    return data, voice_by_bucket(chunks) if time_series else []


def _by_speaker(rows):
    """Chunks (start, end, voiced) of rows that also have a speaker's code: all of them, and those of the known speakers by name."""
    chunks, by_code = [], {code: [] for code in NAMES}
    for start, end, voiced, speaker in rows:
        chunk = start, end, voiced
        chunks.append(chunk)
        by_code[speaker].append(chunk)
    return chunks, {name: by_code[CODES[name]] for name in SPEAKERS}


class _Transcript(NamedTuple):
    """Snippets in their order, the keywords of all with their counts, and ``{minute: MinuteText}``."""

    snippets: list
    keywords: Counter
    minutes: dict


def _transcript(rows, kept):
    """The _Transcript of rows (start, end, speaker's code, text, sentiment, keywords as JSON), with ``kept`` characters of each text."""
    found = _Transcript([], Counter(), {})
    for index, group in groupby(rows, key=_minute_of):
        sentiments, said = [], []
        for start, end, speaker, text, sentiment, keywords in group:
            found.snippets.append(Snippet(start, end, NAMES[speaker], len(text.split()), text[:kept]))
            sentiments.append(sentiment)
            if keywords:
                said += _decode(keywords)
        words = Counter(said)
        found.keywords.update(words)
        (first, count), *others = Counter(sentiments).most_common(2)
        found.minutes[index] = MinuteText(
            "neutral" if others and others[0][1] == count else first, tuple(word for word, _ in words.most_common(MINUTE_KEYWORDS))
        )
    return found


def _minute_of(row):
    return max(0, row[0]) // MINUTE_MS


def _rows(sql, row):
    return execute(sql, (row.key,)).fetchall()
