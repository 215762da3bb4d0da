"""The floor's tables: BeMore's columns, keyed by the session's id as it comes; the floor at most looks whether there is such a session."""

_TABLES = """
CREATE TABLE session (id TEXT PRIMARY KEY);
CREATE TABLE minute_score (
    session_id TEXT NOT NULL,
    minute_index INTEGER NOT NULL,
    facial {double} NOT NULL,
    vad {double} NOT NULL,
    text {double} NOT NULL,
    combined {double} NOT NULL,
    model_version TEXT NOT NULL,
    source TEXT NOT NULL,
    frame_count INTEGER NOT NULL,
    audio_count INTEGER NOT NULL,
    stt_count INTEGER NOT NULL,
    keywords TEXT,
    sentiment TEXT,
    confidence {double},
    timestamp_ms BIGINT,
    duration_ms BIGINT,
    PRIMARY KEY (session_id, minute_index)
) {clustered};
CREATE TABLE frame (
    session_id TEXT NOT NULL,
    ts_ms BIGINT NOT NULL,
    quality {double} NOT NULL,
    compressed TEXT,
    PRIMARY KEY (session_id, ts_ms)
) {clustered}
"""

_TYPES = {
    "sqlite": {"double": "REAL", "clustered": "WITHOUT ROWID"},
    "postgres": {"double": "DOUBLE PRECISION", "clustered": ""},
}

#: The columns of a minute's row that a request sets; the rest are constants.
MINUTE = (
    "session_id", "minute_index", "facial", "vad", "text", "combined", "keywords", "sentiment", "confidence", "timestamp_ms",
    "duration_ms",
)  # fmt: skip
FRAME = ("session_id", "ts_ms", "quality", "compressed")

_CONSTANTS = {"model_version": "'rules-v1.0'", "source": "'client'", "frame_count": "0", "audio_count": "0", "stt_count": "0"}


def script(dialect):
    """The statements that create the tables."""
    return _TABLES.format_map(_TYPES[dialect])


def minute_upsert(rows):
    """Store minutes; ``rows(columns, constants)`` writes what follows the column list: VALUES or SELECT."""
    names = (*MINUTE, *_CONSTANTS)
    changed = ", ".join(f"{each} = excluded.{each}" for each in names[2:])
    return (
        f"INSERT INTO minute_score ({', '.join(names)}) {rows(MINUTE, _CONSTANTS.values())}"
        f" ON CONFLICT (session_id, minute_index) DO UPDATE SET {changed}"
    )


def frame_upsert(rows):
    """Store frames; ``rows`` as for minutes."""
    return (
        f"INSERT INTO frame ({', '.join(FRAME)}) {rows(FRAME, ())}"
        " ON CONFLICT (session_id, ts_ms) DO UPDATE SET quality = excluded.quality, compressed = excluded.compressed"
    )
