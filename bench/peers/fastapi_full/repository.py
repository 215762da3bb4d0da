"""Reads and writes of one session, each inside the caller's transaction."""

from sqlalchemy import JSON, bindparam, cast, column, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from bemore.scoring.minute_score import MinuteData, score_minute
from bench.peers.fastapi_full import tables

MINUTE_MS = 60_000

#: Times from here on are epoch times and are stored relative to the session's start.
EPOCH_FROM_MS = 10**11


class SessionNotFound(Exception):
    """There is no such session."""


def _key(table):
    return [each.name for each in table.primary_key]


def _replacing(statement, table):
    changed = {each.name: statement.excluded[each.name] for each in table.c if each.name not in _key(table)}
    return statement.on_conflict_do_update(index_elements=_key(table), set_=changed)


def _postgres_upsert(table):
    """One statement with the rows as one JSON parameter: half the CPU time of an executemany."""
    names = [each.name for each in table.c]
    items = func.json_to_recordset(cast(bindparam("rows", type_=JSON), JSON))
    items = items.table_valued(*(column(each.name, each.type) for each in table.c)).render_derived(with_types=True)
    statement = postgresql.insert(table).from_select(names, select(*(items.c[name] for name in names)))
    return _replacing(statement, table).returning(literal_column("xmax = 0"))  # true for a row that is new


_TABLES = (*tables.COUNTERS, tables.minute_score)
_POSTGRES = {table: _postgres_upsert(table) for table in _TABLES}
_SQLITE = {table: _replacing(sqlite.insert(table), table) for table in _TABLES}
_SQLITE_NEW = {table: sqlite.insert(table).on_conflict_do_nothing() for table in _TABLES}


def _upsert(connection, table, rows):
    """Store rows, the last of those with one key; return how many are new."""
    names = _key(table)
    rows = list({tuple(row[name] for name in names): row for row in rows}.values())
    if connection.dialect.name == "postgresql":
        return sum(connection.execute(_POSTGRES[table], {"rows": rows}).scalars())
    new = connection.execute(_SQLITE_NEW[table], rows).rowcount
    if new < len(rows):
        connection.execute(_SQLITE[table], rows)
    return new


def _session(connection, statement, session_id):
    result = connection.execute(statement, {"public_id": session_id}).first()
    if result is None:
        raise SessionNotFound(session_id)
    return result


def store_telemetry(connection, session_id, table, rows):
    """Store rows (dicts) of a telemetry table; return how many the session has. Raises SessionNotFound."""
    key, started_ms = _session(connection, tables.lock_session, session_id)
    for row in rows:
        row["session_id"] = key
        for name in ("ts_ms", "ts_start_ms", "ts_end_ms"):
            if row.get(name, 0) >= EPOCH_FROM_MS:
                row[name] = max(0, row[name] - started_ms)
    new = _upsert(connection, table, rows)
    return connection.execute(tables.add_to_total[table], {"key": key, "new": new}).scalar_one()


def store_minutes(connection, session_id, rows):
    """Store minute scores (dicts). Raises SessionNotFound."""
    key, _ = _session(connection, tables.find_session, session_id)
    for row in rows:
        row["session_id"] = key
    _upsert(connection, tables.minute_score, rows)


def tick(connection, session_id, minute_index, model_version, now_ms):
    """Score a minute (None: the last complete one) from what is stored, and store the score; return its row. Raises SessionNotFound."""
    key, started_ms = _session(connection, tables.lock_session, session_id)
    if minute_index is None:
        minute_index = max(0, (now_ms - started_ms) // MINUTE_MS - 1)
    span = {"key": key, "begin": minute_index * MINUTE_MS, "end": (minute_index + 1) * MINUTE_MS}
    stored = connection.execute(tables.minute_data, span).one()
    data = MinuteData(*(value or 0 for value in stored))
    parts = score_minute(data)
    row = {
        "session_id": key, "minute_index": minute_index, "facial": parts.facial, "vad": parts.vad, "text": parts.text,
        "combined": parts.combined, "model_version": model_version, "source": "server", "frame_count": data.frame_count,
        "audio_count": data.audio_count, "stt_count": data.stt_count, "keywords": None, "sentiment": None, "confidence": None,
        "timestamp_ms": None, "duration_ms": None,
    }  # fmt: skip
    _upsert(connection, tables.minute_score, [row])
    return row
