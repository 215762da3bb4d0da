"""Migrations: on an empty database, on an older one, twice, and equal to what the models say."""

import ast
import hashlib
import importlib
import os
import random
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import peewee
import psycopg
import pytest

from tests.support import storing
from tests.support.databases import empty_database
from tests.support.servers import REPOSITORY, wait_for
from tests.support.stocked import unrestricted

from bemore.errors import DatabaseUnavailable
from bemore.db.proxy import database
from bemore.db import connections, migrations
from bemore.models import coverage, search, session
from bemore.models.keys import session_key
from bemore.db.connections import execute, read, write_transaction
from bemore.db.migrate import _LOCK, migrate, names
from bemore.models.tables import TABLES, TELEMETRY
from bemore.settings import Settings


@pytest.fixture(params=["sqlite", "postgres"])
def empty_settings(request, tmp_path):
    with empty_database(request, request.param, tmp_path) as url:
        yield Settings.from_env({"DATABASE_URL": url})
        connections.close()


def test_an_empty_database_gets_every_migration_once(empty_settings):
    assert migrate(empty_settings) == names()
    assert migrate(empty_settings) == []


#: The beginning of the SHA-256 of each migration's statements, at a clock of 0: on SQLite, on PostgreSQL. A new migration adds its own.
RELEASED = {
    "m0001_sessions": ("39ffb24e006ca33e", "94f9c3caff91bf39"),
    "m0002_idempotency": ("f3260d0eb4d3b3c3", "b62d7374cfe46b28"),
    "m0003_reports": ("2769a4f0ebe47021", "2d8f99857c3b577f"),
    "m0004_audit": ("946648bf1feddafd", "322c1e399c0fe975"),
    "m0005_preferences": ("049a56c630a9354a", "951b0a6c77f9f365"),
    "m0006_preferences_in_use": ("1a87919f3caf4b4e", "2c6a0b9639020d5e"),
    "m0007_batches_checked_at_once": ("e3b0c44298fc1c14", "1bd01772faca3810"),
    "m0008_foreign_keys_again": ("e3b0c44298fc1c14", "69472e0cd4a5f652"),
    "m0009_audit_prune": ("e3b0c44298fc1c14", "2b6606b772e4df4d"),
    "m0010_speakers_and_coverage": ("720b5d4a48e74319", "908f95332a7ed7f7"),
    "m0011_notes": ("bc6fd50f22ac8d84", "4c13b1f9db9e1a1a"),
    "m0012_partitions": ("81c77d43e533f1ec", "38df95ac22e8a2b5"),
    "m0013_session_summary": ("8a755d8b32230120", "fd1fe4ddcf4b23df"),
    "m0014_people_of_demonstrations": ("bfe7a93ce2063ae7", "bfe7a93ce2063ae7"),
    "m0015_outbox": ("9860c1616c85eb84", "aa3a8d39f68dae62"),
    "m0016_without_demonstrations": ("e9693c82fa05c800", "e9693c82fa05c800"),
    "m0017_outbox_by_session": ("10e9e14b7beeddbe", "b829eccc77630878"),
}


@pytest.mark.parametrize("name", names())
def test_a_released_migration_is_never_edited(name, clock):
    clock.set(0)
    up = importlib.import_module(f"bemore.db.migrations.{name}").up
    made = tuple(hashlib.sha256(";".join(up(dialect)).encode()).hexdigest()[:16] for dialect in ("sqlite", "postgres"))
    assert made == RELEASED.get(name)


@pytest.mark.parametrize("name", names())
def test_a_migration_stands_alone(name):
    """What one needs of another could not be edited any more either."""
    tree = ast.parse((Path(migrations.__path__[0]) / f"{name}.py").read_text("utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert {ast.unparse(node) for node in imported} <= {"from bemore import clock"}


#: Rows for the tables and columns that each version brought, as its program could have stored them.
ROWS = {
    "m0001_sessions": (
        "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, paused_ms, frame_count, audio_count, stt_count)"
        " VALUES (1, 'sess_1_aaaaaaaaaaaaaaaa', 'u', 'c', 'paused', 1, 7, 2, 1, 1)",
        "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, ended_ms, erasing)"
        " VALUES (2, 'sess_2_bbbbbbbbbbbbbbbb', '사용자', 'c', 'ended', 2, 1000, 1)",
        "INSERT INTO tally VALUES ('all', 'paused', 1, 0), ('user:u', 'paused', 1, 0), ('counselor:c', 'paused', 1, 0)",
        "INSERT INTO frame (session_id, ts_ms, quality, compressed, landmarks) SELECT id, -5, 0.1, 'packed', '[[1,2]]' FROM session",
        "INSERT INTO frame (session_id, ts_ms, quality) SELECT id, 5, 0.5 FROM session",
        "INSERT INTO audio_chunk (session_id, ts_start_ms, ts_end_ms, vad, rms, pitch) SELECT id, 0, 9, 1, 0.25, 181.5 FROM session",
        "INSERT INTO stt_snippet (session_id, ts_start_ms, ts_end_ms, text, lang, sentiment)"
        " SELECT id, 0, 9, '오늘은 \"말\"', 'ko', 'neutral' FROM session",
        "INSERT INTO minute_score (session_id, minute_index, facial, vad, text, combined, model_version, source, frame_count,"
        " audio_count, stt_count, keywords, timestamp_ms)"
        " SELECT id, 3, 0.1, 0.2, 0.3, 0.4, 'v', 'client', 0, 0, 0, '[\"잠\"]', 5 FROM session",
        "INSERT INTO feedback (id, public_id, session_id, rating, note, submitted_ms) SELECT 1, 'fb_1', min(id), 5, '메모', 9 FROM session",
    ),
    "m0002_idempotency": (
        "INSERT INTO idempotency_key (caller, path, key, body_hash, status, answer, created_ms, session_id)"
        " SELECT 'u', '/p', 'k', 'h', 200, '{}', 4, min(id) FROM session",
    ),
    "m0003_reports": (
        "UPDATE session SET revision = 12 WHERE user_id = 'u'",
        "UPDATE stt_snippet SET keywords = '[\"말\"]'",
    ),
    "m0004_audit": (
        "INSERT INTO audit (at_ms, actor, role, action, session_id, request_id)"
        " VALUES (5, 'subject', 'admin', 'session.erase', 'sess_9_cccccccccccccccc', 'r'),"
        " (6, 'cli:bemore', NULL, 'database.backup', NULL, NULL)",
    ),
    "m0005_preferences": ("INSERT INTO preference (owner, font_scale, changed_ms) VALUES ('shared', 'lg', 5)",),
    "m0006_preferences_in_use": ("UPDATE preference SET used_ms = 7",),
    "m0010_speakers_and_coverage": ("INSERT INTO minute_coverage SELECT id, 0, 1, 1, 1 FROM session",),
    "m0011_notes": (
        "INSERT INTO note (id, public_id, session_id, author, role, kind, start_ms, text, visibility, created_ms)"
        " SELECT 1, 'note_1', min(id), 'c', 'counselor', 'note', 5, '메모', 'private', 9 FROM session",
        "UPDATE idempotency_key SET note_id = (SELECT id FROM note)",
    ),
    "m0013_session_summary": (
        "INSERT INTO session_summary (session_id, revision, scored_minutes, frame_seconds, audio_seconds, heard)"
        " SELECT id, revision, 1, 1, 1, '{}' FROM session",
    ),
    "m0015_outbox": (
        "INSERT INTO outbox (event_id, receiver, session_id, type, revision, created_ms, next_ms)"
        " VALUES ('msg_1', 'r', 'sess_9_cccccccccccccccc', 'session.erased', 3, 5, 5)",
    ),
}

#: What stays when the last session is gone.
NOT_OF_SESSIONS = {"audit", "preference", "outbox"}


#: The keys that migration 12 gives the sessions of ROWS.
NEW_KEYS = {1: session_key("sess_1_aaaaaaaaaaaaaaaa"), 2: session_key("sess_2_bbbbbbbbbbbbbbbb")}

#: The key that migration 17 gives the event of ROWS.
EVENT_KEY = session_key("sess_9_cccccccccccccccc")


def fill(version):
    """Store rows in every table of a database that is at ``version``."""
    with write_transaction():
        for name, statements in ROWS.items():
            if name <= version:
                for statement in statements:
                    for old, new in NEW_KEYS.items() if version >= "m0012" else ():
                        statement = statement.replace(f"VALUES ({old}, 'sess", f"VALUES ({new}, 'sess")
                    if version >= "m0017":
                        statement = statement.replace("(event_id,", "(session_key, event_id,").replace("('msg_1'", f"({EVENT_KEY}, 'msg_1'")
                    execute(statement)


def with_new_keys(rows):
    """``{table: rows}`` as migration 12 leaves them."""

    def renewed(table, row):
        key = "id" if table == "session" else "session_id"
        return {**row, key: NEW_KEYS.get(row[key], row[key])} if key in row else row

    return {table: sorted((renewed(table, row) for row in each), key=repr) for table, each in rows.items()}


def stored():
    """``{table: [{column: value}, …]}`` of all tables but that of the migrations."""
    with read():
        found = {}
        for table in set(database.get_tables()) - {"migration"}:
            columns = [each.name for each in database.get_columns(table)]
            rows = execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
            found[table] = sorted((dict(zip(columns, row)) for row in rows), key=repr)
    return found


def restricted(after, before):
    """``after`` with the tables and columns of ``before`` only."""
    columns = {table: rows[0].keys() for table, rows in before.items()}
    rows = {table: [{name: row[name] for name in columns[table]} for row in after[table]] for table in before}
    return {table: sorted(each, key=repr) for table, each in rows.items()}


@pytest.mark.parametrize("version", names())
def test_a_database_of_every_version_is_brought_forward_and_keeps_every_row(empty_settings, version):
    migrate(empty_settings, upto=version)
    fill(version)
    before = stored()
    assert all(before.values()), f"ROWS has no row for a table of {version}: {before}"
    for row in before.get("outbox", ()):
        row.pop("id", None)  # not since migration 17
    assert migrate(empty_settings) == [name for name in names() if name > version]
    after = stored()
    assert restricted(after, before) == with_new_keys(before)
    assert after.keys() == {model._meta.table_name for model in TABLES}
    assert [row["session_key"] for row in after["outbox"]] == [EVENT_KEY] * len(before.get("outbox", ()))
    if version == "m0005_preferences":
        # Nobody knows when they were used: none is forgotten before its time.
        assert [row["used_ms"] > 1_700_000_000_000 for row in after["preference"]] == [True]
    if version < "m0003":
        assert {row["revision"] for row in after["session"]} == {0} and {row["keywords"] for row in after["stt_snippet"]} == {None}
    # The service goes on with it.
    old = unrestricted("sess_1_aaaaaaaaaaaaaaaa")
    assert session.finish_erasing() == 1
    assert storing.store_frames(old, [(6, 0.5, None, None)]) == 3
    storing.end(old, 5000)
    assert session.tally() == {"ended": (1, 4999)}
    with write_transaction():
        new = session.start("u", "c", 9)
    session.erase(old)
    assert session.newest(9) == [new]
    assert {table for table, rows in stored().items() if rows} - NOT_OF_SESSIONS == {"session", "tally"}


@pytest.mark.parametrize("version", [name for name in names() if name < "m0010"])
def test_coverage_of_older_rows_is_that_of_new_ones(empty_settings, version):
    migrate(empty_settings, upto=version)
    # Before revisions were kept, a session's is 0; its data is of some revision all the same.
    revision, known = (0, 1) if version < "m0003" else (7, 7)
    chance, week_ms = random.Random(5), coverage.MAX_MINUTES * 60_000
    frames = [-5000, 0, 999, 59_999, week_ms - 1, week_ms, 10**11, *(chance.randrange(600_000) for _ in range(300))]
    spans = [(-9000, -1000), (-2000, 1500), (0, 0), (7000, 7000), (59_500, 60_500), (600_000, 900_001), (week_ms - 1500, week_ms + 99_000)]
    spans += [(week_ms, week_ms + 5000), (10**11, 10**11 + 9), *((at, at + 900) for at in (chance.randrange(10**7) for _ in range(300)))]
    snippets = [(-7, 5), (120_000, 400_000), (week_ms - 1, week_ms + 1), (week_ms, week_ms), (86_400_000, 86_400_001)]
    with write_transaction():
        execute(
            "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, frame_count, audio_count, stt_count)"
            " VALUES (1, 'sess_1_aaaaaaaaaaaaaaaa', 'u', 'c', 'active', 1, 0, 0, 0)"
        )
        if revision:
            execute("UPDATE session SET revision = ?", (revision,))
        for ts in set(frames):
            execute("INSERT INTO frame (session_id, ts_ms, quality) VALUES (1, ?, 0.5)", (ts,))
        for span in set(spans):
            execute("INSERT INTO audio_chunk (session_id, ts_start_ms, ts_end_ms, vad, rms) VALUES (1, ?, ?, 1, 0.5)", span)
        for span in snippets:
            execute(
                "INSERT INTO stt_snippet (session_id, ts_start_ms, ts_end_ms, text, lang, sentiment)"
                " VALUES (1, ?, ?, 'a', 'ko', 'neutral')",
                span,
            )
        execute(
            "INSERT INTO minute_score (session_id, minute_index, facial, vad, text, combined, model_version, source, frame_count,"
            " audio_count, stt_count) VALUES (1, 0, 0.5, 0.5, 0.5, 0.5, 'v', 'server', 0, 0, 0)"
        )
    migrate(empty_settings)
    right = {}
    for part in (coverage.of_frames(frames), coverage.of_audio(spans), coverage.of_snippets(snippets)):
        for minute, (seen, heard, data) in part.items():
            before = right.get(minute, (0, 0, 0))
            right[minute] = before[0] | seen, before[1] | heard, max(before[2], data * known)
    with read():
        rows = execute("SELECT minute_index, frame_seconds, audio_seconds, data_revision FROM minute_coverage").fetchall()
        row = execute("SELECT minute_count, byte_count, last_frame_ms, last_audio_ms, last_stt_ms, demo FROM session").fetchone()
        scored = execute("SELECT data_revision FROM minute_score").fetchall()
    assert {minute: tuple(rest) for minute, *rest in rows} == right
    assert row == (1, 0, 10**11, 10**11 + 9, week_ms + 1, 0) and scored == [(known,)]


def test_the_people_of_older_demonstrations_are_found_and_forgotten(empty_settings):
    migrate(empty_settings, upto="m0013_session_summary")
    with write_transaction():
        execute(
            "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, demo)"
            " VALUES (?, 'sess_1_aaaaaaaaaaaaaaaa', 'minji', 'c', 'paused', 1, 1)", (session_key("sess_1_aaaaaaaaaaaaaaaa"),),
        )
    migrate(empty_settings)
    with read():
        people = sorted(execute("SELECT scope, status, sessions FROM tally").fetchall())
    assert people == [("counselor:c", "demo", 1), ("user:minji", "demo", 1)]
    assert [row.user_id for row in search.find(5, "minj")] == ["minji"] and session.tally() == {}
    session.erase(unrestricted("sess_1_aaaaaaaaaaaaaaaa"))
    assert not any(rows for table, rows in stored().items() if table not in NOT_OF_SESSIONS)


def test_two_processes_that_start_at_once_bring_an_older_database_forward_once(empty_settings, tmp_path):
    first, *later = names()
    migrate(empty_settings, upto=first)
    fill(first)
    before = stored()
    env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "DATABASE_URL": empty_settings.database_url}
    command, pipe = [sys.executable, "-m", "bemore", "migrate"], subprocess.PIPE
    with ExitStack() as stack:
        # Both wait for this one, so that neither is done before the other begins.
        with write_transaction():
            if empty_settings.database_url.startswith("postgresql"):
                execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
            members = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=env, cwd=tmp_path) for _ in range(2)]
            for member in members:
                stack.enter_context(member)
                stack.callback(member.kill)
            if empty_settings.database_url.startswith("postgresql"):
                wait_for(lambda: execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone() == (2,))
        printed = [member.communicate(timeout=20)[0].splitlines() for member in members]
    assert sorted(printed, key=len) == [["The database is up to date."], later] and [member.returncode for member in members] == [0, 0]
    assert restricted(stored(), before) == with_new_keys(before)


def test_a_migration_that_fails_changes_nothing(empty_settings):
    migrate(empty_settings, upto=names()[0])
    with write_transaction():
        execute("CREATE TABLE idempotency_key (wrong INTEGER)")
    with pytest.raises((DatabaseUnavailable, peewee.ProgrammingError)):
        migrate(empty_settings)
    with read():
        assert [name for (name,) in execute("SELECT name FROM migration").fetchall()] == names()[:1]


def test_the_models_have_the_columns_and_keys_that_the_migrations_made(database_url):
    connections.connect(Settings.from_env({"DATABASE_URL": database_url}))
    with read():
        check_models()
    connections.close()


def check_models():
    made = {table for table in database.get_tables() if table != "migration"}
    assert made == {model._meta.table_name for model in TABLES}
    for model in TABLES:
        meta = model._meta
        columns = {each.name: each for each in database.get_columns(meta.table_name)}
        # PostgreSQL adds columns at the end.
        assert sorted(columns) == sorted(each.column_name for each in meta.sorted_fields)
        for each in meta.sorted_fields:
            assert columns[each.column_name].null == each.null, f"{meta.table_name}.{each.column_name}"
        key = meta.primary_key
        fields = [meta.fields[name] for name in getattr(key, "field_names", [key.name])]
        wanted = [each.column_name for each in fields]
        if database.obj.dialect == "postgres" and meta.table_name in ("note", "feedback"):
            wanted = ["session_id", *wanted]  # migration 12
        assert database.get_primary_keys(meta.table_name) == wanted
        indexed = [each.columns for each in database.get_indexes(meta.table_name)]
        for each in meta.fields_to_index():
            wanted = [expression.column_name if hasattr(expression, "column_name") else str(expression) for expression in each._expressions]
            assert wanted in indexed, f"{meta.table_name} has no index on {wanted}"


def test_sqlite_runs_as_the_service_promises(tmp_path):
    settings = Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    migrate(settings)
    pragmas = {name: execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    connections.close()


def test_a_writer_on_sqlite_takes_the_lock_at_once(tmp_path):
    settings = Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    migrate(settings)
    with write_transaction():
        other = sqlite3.connect(tmp_path / "x.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    connections.close()


#: A row of each table of telemetry, of the session with that integer key.
TELEMETRY_BY_HAND = (
    "INSERT INTO frame (session_id, ts_ms, quality) VALUES (?, 5, 0.5)",
    "INSERT INTO audio_chunk (session_id, ts_start_ms, ts_end_ms, vad, rms) VALUES (?, 5, 6, 1, 0.5)",
    "INSERT INTO stt_snippet (session_id, ts_start_ms, ts_end_ms, text, lang, sentiment) VALUES (?, 5, 6, 'x', 'ko', 'neutral')",
    "INSERT INTO minute_score (session_id, minute_index, facial, vad, text, combined, model_version, source, frame_count, audio_count,"
    " stt_count) VALUES (?, 0, 0, 0, 0, 0, 'v', 'server', 0, 0, 0)",
    "INSERT INTO minute_coverage VALUES (?, 0, 1, 1, 1)",
)

SESSION_BY_HAND = (
    "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms) VALUES (7, 'x', 'u', 'c', 'active', 1) RETURNING id"
)


def telemetry_rows():
    with read():
        return [execute(f"SELECT count(*) FROM {model._meta.table_name}").fetchone()[0] for model in TELEMETRY]


@pytest.fixture
def connected(database_url):
    connections.connect(Settings.from_env({"DATABASE_URL": database_url}))
    yield
    connections.close()


def test_a_deleted_session_takes_its_rows_along_on_its_own(connected):
    """The tables see to it, even where somebody deletes by hand."""
    with write_transaction():
        kept, gone = (execute(SESSION_BY_HAND.replace("7, 'x'", name)).fetchone()[0] for name in ("7, 'x'", "8, 'y'"))
        for statement in TELEMETRY_BY_HAND:
            execute(statement, (kept,))
            execute(statement, (gone,))
        execute("DELETE FROM session WHERE id = ?", (gone,))
    assert telemetry_rows() == [1] * len(TELEMETRY)


@pytest.mark.parametrize("statement", TELEMETRY_BY_HAND, ids=[model._meta.table_name for model in TELEMETRY])
def test_no_row_is_stored_without_its_session(connected, statement):
    with write_transaction():
        (key,) = execute(SESSION_BY_HAND).fetchone()
    with pytest.raises(peewee.IntegrityError), write_transaction():
        execute(statement, (key,))
        execute(statement, (key + 1,))
    assert telemetry_rows() == [0] * len(TELEMETRY)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("statement", TELEMETRY_BY_HAND, ids=[model._meta.table_name for model in TELEMETRY])
@pytest.mark.parametrize("deleted_first", [True, False])
def test_a_row_and_the_deletion_of_its_session_wait_for_each_other(connected, database_url, statement, deleted_first):
    """Whichever comes first: in the end neither is there."""
    with write_transaction():
        (key,) = execute(SESSION_BY_HAND).fetchone()
    insert, delete = statement.replace("?", str(key)), f"DELETE FROM session WHERE id = {key}"
    first, second = (delete, insert) if deleted_first else (insert, delete)

    def run_second():
        with psycopg.connect(database_url) as connection:
            connection.execute(second)

    with psycopg.connect(database_url) as connection, ThreadPoolExecutor(1) as pool:
        connection.execute(first)
        doing = pool.submit(run_second)
        try:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            wait_for(lambda: doing.done() or connection.execute(waiting).fetchone() == (1,), what="the second to wait for the first")
            assert not doing.done()
        finally:
            connection.commit()
        if deleted_first:
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                doing.result()
        else:
            doing.result()
    assert telemetry_rows() == [0] * len(TELEMETRY)
    with read():
        assert execute("SELECT count(*) FROM session").fetchone() == (0,)


def test_psycopg_3_is_the_driver(postgres):
    connections.connect(Settings.from_env({"DATABASE_URL": postgres.url("postgres")}))
    with read():
        assert isinstance(database.connection(), psycopg.Connection)
    connections.close()
