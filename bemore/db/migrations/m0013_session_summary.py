"""What progress over sessions and reports need of a session, kept per revision. Filled when a session ends, or by the first reader."""

_TYPES = {
    "sqlite": {"key": "INTEGER NOT NULL PRIMARY KEY", "bigint": "INTEGER", "double": "REAL"},
    "postgres": {"key": "BIGINT NOT NULL PRIMARY KEY", "bigint": "BIGINT", "double": "DOUBLE PRECISION"},
}

_STATEMENT = """
CREATE TABLE session_summary (
    session_id {key} REFERENCES session (id) ON DELETE CASCADE,
    revision {bigint} NOT NULL,
    scored_minutes INTEGER NOT NULL,
    combined {double},
    facial {double},
    vad {double},
    text {double},
    model_version TEXT,
    talk_share {double},
    frame_seconds INTEGER NOT NULL,
    audio_seconds INTEGER NOT NULL,
    longest_silence_ms {bigint},
    heard TEXT NOT NULL
)
"""


def up(dialect):
    return (_STATEMENT.format_map(_TYPES[dialect]),)
