"""The answers given under an Idempotency-Key."""

_TYPES = {
    "sqlite": {"bigint": "INTEGER", "smallint": "INTEGER", "clustered": "WITHOUT ROWID"},
    "postgres": {"bigint": "BIGINT", "smallint": "SMALLINT", "clustered": ""},
}

_TABLES = """
CREATE TABLE idempotency_key (
    caller TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    status {smallint} NOT NULL,
    answer TEXT NOT NULL,
    created_ms {bigint} NOT NULL,
    session_id {bigint} NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    PRIMARY KEY (caller, path, key)
) {clustered};
CREATE INDEX idempotency_key_created_ms ON idempotency_key (created_ms);
CREATE INDEX idempotency_key_session_id ON idempotency_key (session_id)
"""


def up(dialect):
    return _TABLES.format_map(_TYPES[dialect]).split(";")
