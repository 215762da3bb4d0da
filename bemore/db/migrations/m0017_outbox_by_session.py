"""The outbox is keyed by its session's key as all tables of sessions are, so that it can be spread with them (``deploy/citus.sql``)."""

_COLUMNS = "receiver, type, event_id, session_id, revision, created_ms, attempts, next_ms, last_error"
_STATEMENTS = """
CREATE TABLE waiting AS SELECT {key} AS session_key, {columns} FROM outbox;
DROP TABLE outbox;
CREATE TABLE outbox (
    session_key {bigint} NOT NULL,
    receiver TEXT NOT NULL,
    type TEXT NOT NULL,
    event_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    revision {bigint} NOT NULL,
    created_ms {bigint} NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_ms {bigint},
    last_error TEXT,
    PRIMARY KEY (session_key, receiver, type)
){clustered};
INSERT INTO outbox SELECT session_key, {columns} FROM waiting;
DROP TABLE waiting;
CREATE INDEX outbox_receiver_next_ms ON outbox (receiver, next_ms)
"""
_TYPES = {"sqlite": {"bigint": "INTEGER", "clustered": " WITHOUT ROWID"}, "postgres": {"bigint": "BIGINT", "clustered": ""}}

_WIDTH, _DIGITS = 6, "0123456789abcdefghijklmnopqrstuvwxyz"


def _key(dialect):
    """SQL of the key of ``session_id``, a public id: as in migration 12."""
    if dialect == "sqlite":
        second, find = "CAST(substr(session_id, 6) AS INTEGER)", "instr"
        rest = "substr(substr(session_id, 6), instr(substr(session_id, 6), '_') + 1)"
    else:
        second, find, rest = "split_part(session_id, '_', 2)::bigint", "strpos", "split_part(session_id, '_', 3)"
    digits = (f"({find}('{_DIGITS}', substr({rest}, {place}, 1)) - 1) * {36 ** (_WIDTH - place)}" for place in range(1, _WIDTH + 1))
    return " + ".join((f"{second} * {36**_WIDTH}", *digits))


def up(dialect):
    return _STATEMENTS.format(key=_key(dialect), columns=_COLUMNS, **_TYPES[dialect]).split(";")
