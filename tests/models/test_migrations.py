"""Migrations: on an empty database, on an older one, twice, and equal to what the models say."""

import sqlite3

import peewee
import psycopg
import pytest

from bemore.errors import DatabaseUnavailable
from bemore.extensions import database
from bemore.models import database as connections
from bemore.models.database import execute, read, write
from bemore.models.migrate import migrate, names
from bemore.models.tables import TABLES
from bemore.settings import Settings


@pytest.fixture(params=["sqlite", "postgres"])
def empty_settings(request, tmp_path):
    if request.param == "sqlite":
        yield Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/empty.db"})
        connections.close()
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.create_database()
    yield Settings.from_env({"DATABASE_URL": postgres.url(name)})
    connections.close()
    postgres.drop_database(name)


def test_an_empty_database_gets_every_migration_once(empty_settings):
    assert migrate(empty_settings) == names()
    assert migrate(empty_settings) == []


def test_an_older_database_is_brought_forward_and_keeps_its_rows(empty_settings):
    first, *later = names()
    assert migrate(empty_settings, upto=first) == [first]
    with write():
        execute(
            "INSERT INTO session (public_id, user_id, counselor_id, status, started_ms) VALUES (?, 'u', 'c', 'active', 1)",
            ("sess_1_aaaaaaaaaaaaaaaa",),
        )
        execute("INSERT INTO frame (session_id, ts_ms, quality) SELECT id, 5, 0.5 FROM session")
    assert migrate(empty_settings) == later
    with read():
        assert execute("SELECT public_id, frame_count, erasing FROM session").fetchall() == [("sess_1_aaaaaaaaaaaaaaaa", 0, 0)]
        assert execute("SELECT ts_ms, quality FROM frame").fetchall() == [(5, 0.5)]


def test_a_migration_that_fails_changes_nothing(empty_settings):
    migrate(empty_settings, upto=names()[0])
    with write():
        execute("CREATE TABLE idempotency_key (wrong INTEGER)")
    with pytest.raises((DatabaseUnavailable, peewee.ProgrammingError)):
        migrate(empty_settings)
    with read():
        assert [name for (name,) in execute("SELECT name FROM migration").fetchall()] == names()[:1]


def test_the_models_have_the_columns_and_keys_that_the_migrations_made(database_url):
    connections.connect(Settings.from_env({"DATABASE_URL": database_url}))
    connections._ready()
    made = {table for table in database.get_tables() if table != "migration"}
    assert made == {model._meta.table_name for model in TABLES}
    for model in TABLES:
        meta = model._meta
        columns = {each.name: each for each in database.get_columns(meta.table_name)}
        assert list(columns) == [each.column_name for each in meta.sorted_fields]
        for each in meta.sorted_fields:
            assert columns[each.column_name].null == each.null, f"{meta.table_name}.{each.column_name}"
        key = meta.primary_key
        fields = [meta.fields[name] for name in getattr(key, "field_names", [key.name])]
        assert database.get_primary_keys(meta.table_name) == [each.column_name for each in fields]
        indexed = [each.columns for each in database.get_indexes(meta.table_name)]
        for each in meta.fields_to_index():
            wanted = [expression.column_name if hasattr(expression, "column_name") else str(expression) for expression in each._expressions]
            assert wanted in indexed, f"{meta.table_name} has no index on {wanted}"
    connections.close()


def test_sqlite_runs_as_the_service_promises(tmp_path):
    settings = Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    migrate(settings)
    pragmas = {name: execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    connections.close()


def test_a_writer_on_sqlite_takes_the_lock_at_once(tmp_path):
    settings = Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    migrate(settings)
    with write():
        other = sqlite3.connect(tmp_path / "x.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    connections.close()


def test_a_deleted_session_takes_its_rows_along_on_its_own(database_url):
    """The foreign keys do so even where somebody deletes by hand."""
    connections.connect(Settings.from_env({"DATABASE_URL": database_url}))
    with write():
        (key,) = execute(
            "INSERT INTO session (public_id, user_id, counselor_id, status, started_ms) VALUES ('x', 'u', 'c', 'active', 1) RETURNING id"
        ).fetchone()
        execute("INSERT INTO frame (session_id, ts_ms, quality) VALUES (?, 5, 0.5)", (key,))
        execute("DELETE FROM session WHERE id = ?", (key,))
        assert execute("SELECT count(*) FROM frame").fetchone() == (0,)
    connections.close()


def test_psycopg_3_is_the_driver(postgres):
    connections.connect(Settings.from_env({"DATABASE_URL": postgres.url("postgres")}))
    with read():
        assert isinstance(database.connection(), psycopg.Connection)
    connections.close()
