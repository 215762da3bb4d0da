"""Old sessions in bulk, by SQL alone, on SQLite and PostgreSQL."""

import time

from bench.database import count_sessions
from bench.payloads import LANDMARK_CHARACTERS, MINUTE_MS

#: What an old session holds.
FRAMES_PER_SESSION, SCORES_PER_SESSION = 500, 50

#: Sessions that one transaction fills.
_AT_ONCE = 200

#: The rows 0 to a parameter, as ``counting(n)``.
COUNTING = "WITH RECURSIVE counting(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counting WHERE n < ?) "

_SESSIONS = COUNTING + (
    "INSERT INTO session (public_id, user_id, counselor_id, status, started_ms, ended_ms, frame_count)"
    " SELECT ? || n, 'old-' || (n % 1000), 'old-' || (n % 100), 'ended', ? + n, ? + n, ? FROM counting"
)

_FRAMES = COUNTING + (
    "INSERT INTO frame (session_id, ts_ms, quality, compressed)"
    " SELECT session.id, n * 200, 0.5, ? FROM session CROSS JOIN counting WHERE session.id BETWEEN ? AND ?"
)

_SCORES = COUNTING + (
    "INSERT INTO minute_score (session_id, minute_index, facial, vad, text, combined, model_version, source, frame_count, audio_count,"
    " stt_count) SELECT session.id, n, 0.5, 0.5, 0.5, 0.5, 'rules-v1.0', 'server', 300, 60, 10"
    " FROM session CROSS JOIN counting WHERE session.id BETWEEN ? AND ?"
)

_LANDMARKS = "x" * LANDMARK_CHARACTERS


def fill(direct, frames, label, steps):
    """Add old sessions with ``frames`` frames together and a tenth as many scores; ``label`` (letters) makes their ids unique."""
    sessions = frames // FRAMES_PER_SESSION
    if not sessions:
        return
    started = int(time.time() * 1000) - 30 * 24 * 60 * MINUTE_MS
    direct.relax()
    before = direct.run("SELECT coalesce(max(id), 0) FROM session")[0][0]
    ended = started + SCORES_PER_SESSION * MINUTE_MS
    direct.run(_SESSIONS, sessions - 1, f"sess_1790000000_{label:a<16}", started, ended, FRAMES_PER_SESSION)
    for first in range(before + 1, before + sessions + 1, _AT_ONCE):
        last = min(first + _AT_ONCE - 1, before + sessions)
        direct.run(_FRAMES, FRAMES_PER_SESSION - 1, _LANDMARKS, first, last)
        direct.run(_SCORES, SCORES_PER_SESSION - 1, first, last)
        steps.step(count=(last - first + 1) * FRAMES_PER_SESSION)
    count_sessions(direct)
    direct.settle()
