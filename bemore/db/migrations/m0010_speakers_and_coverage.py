"""Speakers, coverage per minute, and what a session's row knows of its data.

``speaker`` becomes part of the key of telemetry; rows stored before have an unknown speaker (3). ``minute_coverage`` has one row per minute
with data: bit n of ``frame_seconds`` and ``audio_seconds`` is set if second n of the minute has a frame or is overlapped by an audio chunk,
``data_revision`` is the session's revision when data of the minute last changed (0: chunks of earlier minutes reach into it).
``minute_score.data_revision`` is that of the data that was scored. Coverage ends after 10,080 minutes, a week.
"""

_WEEK_S = 10_080 * 60

_NEW_COLUMNS = (
    ("session", "minute_count", "bigint", "NOT NULL DEFAULT 0 CHECK (minute_count <= 10080)"),
    ("session", "byte_count", "bigint", "NOT NULL DEFAULT 0"),
    ("session", "last_frame_ms", "bigint", ""),
    ("session", "last_audio_ms", "bigint", ""),
    ("session", "last_stt_ms", "bigint", ""),
    ("session", "clock_offset_ms", "bigint", ""),
    ("session", "demo", "smallint", "NOT NULL DEFAULT 0"),
    ("minute_score", "data_revision", "bigint", ""),
)

#: Table, its columns, its key without the session.
_KEYED = (
    ("frame", "session_id, ts_ms, quality, compressed, landmarks", "ts_ms"),
    ("audio_chunk", "session_id, ts_start_ms, ts_end_ms, vad, rms, pitch", "ts_start_ms, ts_end_ms"),
    ("stt_snippet", "session_id, ts_start_ms, ts_end_ms, text, lang, sentiment, keywords", "ts_start_ms, ts_end_ms"),
)

_SESSION_ID = "session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE"
_SPEAKER = "speaker INTEGER NOT NULL DEFAULT 3 CHECK (speaker IN (1, 2, 3))"

_SQLITE_TABLES = {
    "frame": f"""{_SESSION_ID}, ts_ms INTEGER NOT NULL, {_SPEAKER}, quality REAL NOT NULL, compressed TEXT, landmarks TEXT""",
    "audio_chunk": f"""{_SESSION_ID}, ts_start_ms INTEGER NOT NULL, ts_end_ms INTEGER NOT NULL, {_SPEAKER}, vad REAL NOT NULL,
    rms REAL NOT NULL, pitch REAL""",
    "stt_snippet": f"""{_SESSION_ID}, ts_start_ms INTEGER NOT NULL, ts_end_ms INTEGER NOT NULL, {_SPEAKER}, text TEXT NOT NULL,
    lang TEXT NOT NULL, sentiment TEXT NOT NULL CHECK (sentiment IN ('positive', 'neutral', 'negative')), keywords TEXT""",
}

_UPSERT = (
    "ON CONFLICT (session_id, minute_index) DO UPDATE SET frame_seconds = minute_coverage.frame_seconds | excluded.frame_seconds,"
    " audio_seconds = minute_coverage.audio_seconds | excluded.audio_seconds,"
    " data_revision = CASE WHEN excluded.data_revision > minute_coverage.data_revision"
    " THEN excluded.data_revision ELSE minute_coverage.data_revision END"
)

#: Rows of minutes with data as (session, minute, bits of frames, bits of audio); a time before the start counts as the start.
_FRAMES = {
    "sqlite": "SELECT session_id, max(ts_ms, 0) / 60000, sum(DISTINCT 1 << (max(ts_ms, 0) / 1000 % 60)), 0 FROM frame",
    "postgres": (
        "SELECT session_id, greatest(ts_ms, 0) / 60000, bit_or(1::bigint << (greatest(ts_ms, 0) / 1000 % 60)::int), 0::bigint FROM frame"
    ),
}
_AUDIO = {
    "sqlite": f"""WITH RECURSIVE covered (session_id, second, last) AS (
    SELECT session_id, max(ts_start_ms, 0) / 1000, min((ts_end_ms + 999) / 1000, {_WEEK_S}) - 1 FROM audio_chunk
    WHERE ts_end_ms > max(ts_start_ms, 0) AND ts_start_ms < {_WEEK_S}000
    UNION ALL SELECT session_id, second + 1, last FROM covered WHERE second < last
)
SELECT session_id, second / 60, 0, sum(DISTINCT 1 << (second % 60)) FROM covered""",
    "postgres": f"""SELECT session_id, second / 60, 0::bigint, bit_or(1::bigint << (second % 60)::int) FROM audio_chunk,
    generate_series(greatest(ts_start_ms, 0) / 1000, least((ts_end_ms + 999) / 1000, {_WEEK_S}) - 1) AS second
WHERE ts_end_ms > greatest(ts_start_ms, 0)""",
}


def up(dialect):
    types = {"sqlite": {"bigint": "INTEGER", "smallint": "INTEGER"}, "postgres": {"bigint": "BIGINT", "smallint": "SMALLINT"}}[dialect]
    clustered = "WITHOUT ROWID" if dialect == "sqlite" else ""
    big = types["bigint"]
    yield from (f"ALTER TABLE {table} ADD COLUMN {name} {types[kind]} {rest}" for table, name, kind, rest in _NEW_COLUMNS)
    yield (
        f"CREATE TABLE minute_coverage (session_id {big} NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
        f" minute_index INTEGER NOT NULL, frame_seconds {big} NOT NULL, audio_seconds {big} NOT NULL, data_revision {big} NOT NULL,"
        f" PRIMARY KEY (session_id, minute_index)) {clustered}"
    )
    yield from _with_speakers(dialect)
    yield from _filled(dialect)


def _with_speakers(dialect):
    for table, columns, key in _KEYED:
        if dialect == "postgres":
            yield f"ALTER TABLE {table} ADD COLUMN speaker SMALLINT NOT NULL DEFAULT 3 CHECK (speaker IN (1, 2, 3))"
            yield f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey"
            yield f"ALTER TABLE {table} ADD PRIMARY KEY (session_id, {key}, speaker)"
            continue
        yield f"CREATE TABLE new_{table} ({_SQLITE_TABLES[table]}, PRIMARY KEY (session_id, {key}, speaker)) WITHOUT ROWID"
        yield f"INSERT INTO new_{table} ({columns}) SELECT {columns} FROM {table}"
        yield f"DROP TABLE {table}"
        yield f"ALTER TABLE new_{table} RENAME TO {table}"


def _filled(dialect):
    least, most = ("max", "min") if dialect == "sqlite" else ("greatest", "least")
    parts = (
        f"{_FRAMES[dialect]} WHERE ts_ms < {_WEEK_S}000 GROUP BY 1, 2",
        f"{_AUDIO[dialect]} GROUP BY 1, 2",
        *(
            f"SELECT DISTINCT session_id, {least}(ts_start_ms, 0) / 60000, 0, 0 FROM {table} WHERE ts_start_ms < {_WEEK_S}000"
            for table in ("audio_chunk", "stt_snippet")
        ),
    )
    # The revision of a session that nothing changed since revisions are kept is 0, which would mean "no data".
    known = f"{least}(session.revision, 1)"
    for number, part in enumerate(parts):
        # Chunks of earlier minutes reach into a minute without being its data: part 1 alone does not make it data.
        revision = "0" if number == 1 else known
        yield (
            "INSERT INTO minute_coverage"
            f" WITH part (session_id, minute_index, frame_seconds, audio_seconds) AS ({part})"
            f" SELECT part.session_id, part.minute_index, part.frame_seconds, part.audio_seconds, {revision}"
            f" FROM part JOIN session ON session.id = part.session_id WHERE true {_UPSERT}"
        )
    yield f"UPDATE minute_score SET data_revision = (SELECT {known} FROM session WHERE session.id = minute_score.session_id)"
    count = "(SELECT count(*) FROM minute_score WHERE session_id = session.id)"
    yield (
        f"UPDATE session SET minute_count = {most}({count}, 10080),"
        " last_frame_ms = (SELECT max(ts_ms) FROM frame WHERE session_id = session.id),"
        " last_audio_ms = (SELECT max(ts_end_ms) FROM audio_chunk WHERE session_id = session.id),"
        " last_stt_ms = (SELECT max(ts_end_ms) FROM stt_snippet WHERE session_id = session.id)"
    )
