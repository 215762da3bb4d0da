"""Keys of sessions that follow from their public ids, and telemetry in partitions by them on PostgreSQL.

``sess_<seconds>_<suffix>`` has the key seconds * 36^6 + the suffix's first six characters in base 36. Existing rows get it as well; on
PostgreSQL that moves them into partitions of a month each (UTC) in the schema ``telemetry``. ``resent`` is 1 of telemetry that was sent
again: a partitioned table cannot tell otherwise whether a row is new. Keys of notes and feedback hold their session's.
"""

#: Tables with rows of sessions; of telemetry the rest of its key and the other columns.
_TELEMETRY = {
    "frame": ("ts_ms, speaker", "quality, compressed, landmarks"),
    "audio_chunk": ("ts_start_ms, ts_end_ms, speaker", "vad, rms, pitch"),
    "stt_snippet": ("ts_start_ms, ts_end_ms, speaker", "text, lang, sentiment, keywords"),
}
_OTHERS = ("minute_score", "minute_coverage", "note", "feedback", "idempotency_key")

_WIDTH, _DIGITS = 6, "0123456789abcdefghijklmnopqrstuvwxyz"


def _key(dialect):
    """SQL of the key of a ``public_id``."""
    seconds, rest, find = {
        "sqlite": ("CAST(substr(public_id, 6) AS INTEGER)", "substr(substr(public_id, 6), instr(substr(public_id, 6), '_') + 1)", "instr"),
        "postgres": ("split_part(public_id, '_', 2)::bigint", "split_part(public_id, '_', 3)", "strpos"),
    }[dialect]
    digits = (
        f"({find}('{_DIGITS}', substr({rest}, {place}, 1)) - 1) * {36 ** (_WIDTH - place)}" for place in range(1, _WIDTH + 1)
    )
    return " + ".join((f"{seconds} * {36**_WIDTH}", *digits))


def up(dialect):
    yield from _sqlite() if dialect == "sqlite" else _postgres()


def _sqlite():
    yield "PRAGMA defer_foreign_keys = ON"
    yield f"CREATE TEMP TABLE session_key AS SELECT id AS before, {_key('sqlite')} AS after FROM session"
    yield "CREATE UNIQUE INDEX temp.session_key_before ON session_key (before)"
    for table, column in (("session", "id"), *((table, "session_id") for table in (*_TELEMETRY, *_OTHERS))):
        yield f"UPDATE {table} SET {column} = (SELECT after FROM session_key WHERE before = {table}.{column})"
    yield "DROP TABLE temp.session_key"
    for table in _TELEMETRY:
        yield f"ALTER TABLE {table} ADD COLUMN resent INTEGER NOT NULL DEFAULT 0"


def _postgres():
    yield f"CREATE TEMP TABLE session_key ON COMMIT DROP AS SELECT id AS before, {_key('postgres')} AS after FROM session"
    yield "ANALYZE session_key"
    for table in (*_TELEMETRY, *_OTHERS):
        yield f"ALTER TABLE {table} DROP CONSTRAINT {table}_session_id_fkey"
    yield "ALTER TABLE session ALTER id DROP IDENTITY, DROP CONSTRAINT session_public_id_key"
    yield "UPDATE session SET id = after FROM session_key WHERE id = before"
    for table in _OTHERS:
        yield f"UPDATE {table} SET session_id = after FROM session_key WHERE session_id = before"
    yield "CREATE SCHEMA telemetry"
    for table, columns in _TELEMETRY.items():
        yield from _partitioned(table, *columns)
    yield "ALTER TABLE idempotency_key DROP CONSTRAINT idempotency_key_note_id_fkey"
    for table in ("note", "feedback"):
        yield (
            f"ALTER TABLE {table} ALTER id DROP IDENTITY, DROP CONSTRAINT {table}_public_id_key, DROP CONSTRAINT {table}_pkey,"
            f" ADD PRIMARY KEY (session_id, id)"
        )
    yield "CREATE UNIQUE INDEX note_session_id_public_id ON note (session_id, public_id)"
    yield (
        "ALTER TABLE idempotency_key ADD CONSTRAINT idempotency_key_note_id_fkey"
        " FOREIGN KEY (session_id, note_id) REFERENCES note (session_id, id) ON DELETE CASCADE"
    )
    for table in (*_TELEMETRY, *_OTHERS):
        yield (
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_session_id_fkey"
            " FOREIGN KEY (session_id) REFERENCES session (id) ON DELETE CASCADE"
        )


def _partitioned(table, key, others):
    yield f"ALTER TABLE {table} RENAME TO old_{table}"
    yield (
        f"CREATE TABLE {table} (LIKE old_{table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, resent SMALLINT NOT NULL DEFAULT 0)"
        " PARTITION BY RANGE (session_id)"
    )
    yield f"CREATE TABLE telemetry.{table}_default PARTITION OF {table} DEFAULT"
    yield f"""
DO $$
DECLARE month timestamp;
BEGIN
    FOR month IN SELECT DISTINCT date_trunc('month', timestamp 'epoch' + after / {36**_WIDTH} * interval '1 second')
        FROM session_key
    LOOP
        EXECUTE format('CREATE TABLE telemetry.{table}_%s PARTITION OF {table} FOR VALUES FROM (%s) TO (%s)', to_char(month, 'YYYYMMDD'),
            extract(epoch FROM month)::bigint * {36**_WIDTH}, extract(epoch FROM month + interval '1 month')::bigint * {36**_WIDTH});
    END LOOP;
END $$"""
    columns = f"{key}, {others}"
    yield f"INSERT INTO {table} (session_id, {columns}) SELECT after, {columns} FROM old_{table} JOIN session_key ON session_id = before"
    yield f"DROP TABLE old_{table}"
    yield f"ALTER TABLE {table} ADD PRIMARY KEY (session_id, {key})"
