"""What a report is made of, read as of one moment.

No frame is read at all: reports contain the totals and scores that were stored when frames arrived. What the audio says is kept in the
session's summary: see ``bemore.models.summary``.
"""

from collections import Counter
from itertools import groupby
from typing import NamedTuple

import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import coverage, minute, note, session, summary
from bemore.models.speaker import NAMES
from bemore.db.connections import execute, read
from bemore.reports.report_input import MinuteText, ReportInput, SessionInfo, Snippet
from bemore.reports.time_series import VoiceSeries, speech_by_minute, voice_by_bucket
from bemore.scoring.moments import KEPT_CHARACTERS

_SNIPPETS = (
    "SELECT ts_start_ms, ts_end_ms, speaker, text, sentiment, keywords FROM stt_snippet WHERE session_id = ?"
    " ORDER BY ts_start_ms, ts_end_ms, speaker"
)
_FEEDBACK = "SELECT public_id, rating, note, submitted_ms, author, role FROM feedback WHERE session_id = ? ORDER BY id"

#: Keywords of a minute that a report tells.
MINUTE_KEYWORDS = 10

_decode = msgspec.json.Decoder(list[str]).decode


def gather(scope, now_ms, model_version, whole=True, time_series=False, transcript=False):
    """A ReportInput, and the VoiceSeries if ``time_series``, else None.

    Not ``whole``, it lacks snippets, coverage, feedback and notes, which emotions do not need. With ``transcript`` snippets have their
    whole text, else as much of it as a quote needs. Of an ended session the audio is read once per revision. Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        minutes = minute.of_row(row)
        chunks = summary.chunks_of(row) if time_series else None
        known = summary.kept_audio(row)
        audio = known or summary.read_audio(row, chunks)
        # One at a time, as each may have 5,000 characters.
        texts = _transcript(execute(_SNIPPETS, (row.key,)) if whole else (), None if transcript else KEPT_CHARACTERS)
        feedback = execute(_FEEDBACK, (row.key,)).fetchall() if whole else []
        covered = coverage.of_row(row)
        notes = note.shared(row) if whole else []
    if not known and row.status == "ended":
        summary.keep(row, minutes, audio, covered)
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
        last_data_at=row.last_data_at(),
    )
    data = ReportInput(
        facts, minutes, audio.by_minute(), audio.heard, list(texts.keywords.items()), feedback, now_ms, model_version, texts.minutes,
        texts.snippets, covered, notes,
    )  # fmt: skip
    if not time_series:
        return data, None
    listed = sorted({*data.audio_minutes, *(each.minute_index for each in minutes)})
    return data, VoiceSeries(voice_by_bucket(chunks[0]), speech_by_minute(chunks[0], listed))


class _Transcript(NamedTuple):
    """Snippets in their order, the keywords of all with their counts, and ``{minute: MinuteText}``."""

    snippets: list
    keywords: Counter
    minutes: dict


def _transcript(rows, kept):
    """The _Transcript of rows (start, end, speaker's code, text, sentiment, keywords as JSON), with ``kept`` characters of each text."""
    result = _Transcript([], Counter(), {})
    for index, group in groupby(rows, key=_minute_of):
        sentiments, said = [], []
        for start, end, speaker, text, sentiment, keywords in group:
            result.snippets.append(Snippet(start, end, NAMES[speaker], len(text.split()), text[:kept]))
            sentiments.append(sentiment)
            if keywords:
                said += _decode(keywords)
        words = Counter(said)
        result.keywords.update(words)
        (first, count), *others = Counter(sentiments).most_common(2)
        result.minutes[index] = MinuteText(
            "neutral" if others and others[0][1] == count else first, tuple(word for word, _ in words.most_common(MINUTE_KEYWORDS))
        )
    return result


def _minute_of(row):
    return max(0, row[0]) // MINUTE_MS
