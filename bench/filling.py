"""Old sessions in bulk, by SQL alone, on SQLite and PostgreSQL."""

import time

from bemore.db import connections
from bemore.models import partitions
from bemore.settings import Settings
from bench.database import count_sessions
from bench.payloads import LANDMARK_CHARACTERS, MINUTE_MS

#: Over how long old sessions are spread, until now.
SPREAD_S = 90 * 24 * 3600

#: What an old session holds.
FRAMES_PER_SESSION, SCORES_PER_SESSION = 500, 50

#: Sessions that one transaction fills.
_AT_ONCE = 200

#: The rows 0 to a parameter, as ``counting(n)``.
COUNTING = "WITH RECURSIVE counting(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counting WHERE n < ?) "

# Spread evenly over SPREAD_S; the key is that of ``bemore.models.keys``.
_SESSIONS = COUNTING + (
    "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, ended_ms, frame_count)"
    " SELECT (start_s + n * {spread} / {count}) * {second} + {suffix}, 'sess_' || (start_s + n * {spread} / {count}) || '_{label}',"
    " 'old-' || (n % 1000), 'old-' || (n % 100), 'ended', (start_s + n * {spread} / {count}) * 1000,"
    " (start_s + n * {spread} / {count}) * 1000 + {duration}, {frames} FROM counting, (SELECT {start_s} AS start_s) AS start"
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


def _make_partitions(url, start_ms):
    """On PostgreSQL: a partition a day from ``start_ms`` on, as where RETENTION_DAYS is set."""
    connections.connect(Settings.from_env({"DATABASE_URL": url}))
    for at_ms in range(start_ms, int(time.time() * 1000), partitions.AHEAD_DAYS * 24 * 60 * MINUTE_MS):
        partitions.make_ahead(at_ms, retention_days=90)
    connections.close()


def fill(direct, frames, label, steps):
    """Add old sessions with ``frames`` frames together and a tenth as many scores; ``label`` (letters) makes their ids unique."""
    sessions = frames // FRAMES_PER_SESSION
    if not sessions:
        return
    direct.relax()
    suffix, start_s = f"{label:a<16}", int(time.time()) - 1 - SPREAD_S
    _make_partitions(direct.url, start_s * 1000)
    direct.run(
        _SESSIONS.format(
            spread=SPREAD_S, count=sessions, second=36**6, suffix=int(suffix[:6], 36), label=suffix, start_s=start_s,
            duration=SCORES_PER_SESSION * MINUTE_MS, frames=FRAMES_PER_SESSION,
        ), sessions - 1,
    )  # fmt: skip
    keys = [key for (key,) in direct.run("SELECT id FROM session WHERE public_id LIKE ? ORDER BY id", f"%_{suffix}")]
    for place in range(0, sessions, _AT_ONCE):
        piece = keys[place : place + _AT_ONCE]
        for statement, count, *values in ((_FRAMES, FRAMES_PER_SESSION, _LANDMARKS), (_SCORES, SCORES_PER_SESSION)):
            direct.run(statement + f" AND public_id LIKE '%_{suffix}'", count - 1, *values, piece[0], piece[-1])
        steps.step(count=len(piece) * FRAMES_PER_SESSION)
    count_sessions(direct)
    direct.settle()
