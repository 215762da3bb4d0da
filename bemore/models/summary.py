"""Summaries of sessions, kept per revision: what progress and reports need without reading all audio again.

They are made when a session ends and by whoever finds one missing or out of date, as one is after late data. A summary of an
older revision is never used.
"""

from contextlib import suppress
from typing import NamedTuple

import msgspec
import peewee

from bemore.clock import MINUTE_MS
from bemore.db.connections import execute, read, write_statement
from bemore.models import coverage, minute, session
from bemore.models.speaker import CODES, NAMES
from bemore.reports.report_input import MinuteAudio
from bemore.scoring.minute_score import statistics
from bemore.scoring.talk import SPEAKERS, Heard, Snippet, heard, talk_measures
from bemore.scoring.voice_metrics import VOICED_THRESHOLD

#: The version of minutes that were scored by several.
MIXED = "mixed"

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
_SPANS = "SELECT ts_start_ms, ts_end_ms, speaker FROM stt_snippet WHERE session_id = ? ORDER BY ts_start_ms, ts_end_ms, speaker"


class Summary(NamedTuple):
    """A session in numbers: means of its scored minutes (0..1), seconds with frames and audio, talk.

    ``model_version`` is that of its minutes, ``MIXED`` if there are several. Scores and ``model_version`` are None without scored
    minutes; ``talk_share`` (of the user, 0..1) and ``longest_silence_ms`` where they are unknown.
    """

    scored_minutes: int
    combined: float | None
    facial: float | None
    vad: float | None
    text: float | None
    model_version: str | None
    talk_share: float | None
    frame_seconds: int
    audio_seconds: int
    longest_silence_ms: int | None


class AudioData(NamedTuple):
    """What is heard in a session, and its audio by minute: (minute, voiced share of the chunks, mean loudness)."""

    heard: Heard
    minutes: list[tuple[int, float, float]]

    def by_minute(self):
        return {each[0]: MinuteAudio(*each) for each in self.minutes}


COLUMNS = ", ".join(Summary._fields)
_HEARD = "SELECT heard FROM session_summary WHERE session_id = ? AND revision = ?"
_OF_PAGE = f"SELECT session_id, revision, {COLUMNS} FROM session_summary WHERE session_id IN ({{keys}})"
_VALUES = f"revision, {COLUMNS}, heard"
_STORE = (
    f"INSERT INTO session_summary (session_id, {_VALUES}) SELECT id, revision{', ?' * (len(Summary._fields) + 1)}"
    " FROM session WHERE id = ? AND revision = ? AND erasing = 0 ON CONFLICT (session_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _VALUES.split(", "))
    + " WHERE session_summary.revision < excluded.revision"
)

_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(AudioData).decode


def chunks_of(row):
    """All chunks (start, end, voiced) of a session (its SessionRow), and those of the known speakers by name."""
    chunks, by_code = [], {code: [] for code in NAMES}
    for start, end, voiced, speaker in execute(_CHUNKS, (row.key,)).fetchall():
        chunk = start, end, voiced
        chunks.append(chunk)
        by_code[speaker].append(chunk)
    return chunks, {name: by_code[CODES[name]] for name in SPEAKERS}


def kept_audio(row):
    """The AudioData of a session (its SessionRow) as it is kept, inside the caller's transaction; None if it is out of date."""
    found = execute(_HEARD, (row.key, row.revision)).fetchone()
    return found and _decode(found[0])


def read_audio(row, chunks=None):
    """The AudioData of a session (its SessionRow) from its telemetry, inside the caller's transaction; ``chunks`` as of ``chunks_of``."""
    chunks, spoken = chunks or chunks_of(row)
    snippets = []
    if not any(spoken.values()):
        snippets = [Snippet(start, end, NAMES[speaker], 0, "") for start, end, speaker in execute(_SPANS, (row.key,)).fetchall()]
    audio = execute(_AUDIO_MINUTES, (row.key,)).fetchall()
    return AudioData(heard(chunks, spoken, snippets), [(index, voiced / count, rms) for index, count, voiced, rms in audio])


def keep(row, minutes, audio, covered):
    """Keep the Summary of a session (its SessionRow) made of its minutes, AudioData and coverage, unless it has changed; return it."""
    talk = audio.heard.talk and talk_measures(audio.heard.talk, ())
    versions = {each.model_version for each in minutes}
    means = statistics(minutes)
    scores = [means[f"avg{name}Score"] if minutes else None for name in ("Combined", "Facial", "Vad", "Text")]
    frames, audio_seconds = (sum(bits[place].bit_count() for bits in covered.values()) for place in (0, 1))
    made = Summary(
        len(minutes), *scores, MIXED if len(versions) > 1 else next(iter(versions), None),
        talk["speakers"]["user"]["share"] if talk else None, frames, audio_seconds,
        talk["silences"]["longestMs"] if talk and talk["basis"] == "audio" else None,
    )  # fmt: skip
    with suppress(peewee.IntegrityError):  # the session was erased meanwhile
        write_statement(lambda: execute(_STORE, (*made, _encode(audio).decode(), row.key, row.revision)))
    return made


def refresh(row):
    """Make and keep the summary of a session (its SessionRow) as it is now; return its new row and Summary, or None if it is gone."""
    with read():
        found = session.newest_of(1, "erasing = 0 AND id = ?", (row.key,))
        if not found or found[0].public_id != row.public_id:
            return None
        (row,) = found
        minutes, audio, covered = minute.of_row(row), read_audio(row), coverage.of_row(row)
    return row, keep(row, minutes, audio, covered)


def kept(rows):
    """``{key: Summary}`` of those of some sessions (their SessionRows) that are up to date, inside the caller's transaction."""
    if not rows:
        return {}
    revisions = {row.key: row.revision for row in rows}
    found = execute(_OF_PAGE.format(keys=", ".join("?" * len(rows))), [*revisions]).fetchall()
    return {key: Summary._make(values) for key, revision, *values in found if revision == revisions[key]}
