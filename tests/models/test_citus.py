"""What ``deploy/citus.sql`` needs, on plain PostgreSQL: tables are cut into hash partitions by the session's key, as Citus cuts them."""

import re

import psycopg
import pytest

from tests.models.test_query_plans import drive
from tests.support.samples import start_session
from tests.support.servers import REPOSITORY
from tests.support.statements import recorded

from bemore.db import connections
from bemore.db.migrate import migrate
from bemore.models import outbox
from bemore.settings import Settings

SHARDS = 8

#: Stand-ins for Citus's functions: a hash partitioned table asks the same of its unique and foreign keys.
_STANDINS = f"""
CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('COMMENT ON TABLE %I IS ''reference''', name);
END $$;
CREATE FUNCTION create_distributed_table(name text, key text, colocate_with text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I RENAME TO old', name);
    EXECUTE format('CREATE TABLE %I (LIKE old INCLUDING ALL) PARTITION BY HASH (%I)', name, key);
    FOR shard IN 0 .. {SHARDS - 1} LOOP
        EXECUTE format('CREATE TABLE telemetry.%s_shard_%s PARTITION OF %I FOR VALUES WITH (MODULUS {SHARDS}, REMAINDER %s)',
            name, shard, name, shard);
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT * FROM old', name);
    DROP TABLE old;
END $$;
"""

_SHARD = re.compile(r"\b\w+_shard_(\d+)\b")

#: Lists, which are of many sessions: they only read, and join nothing across sessions.
_LISTS = re.compile(r"^SELECT .* FROM (session WHERE (erasing = 0|user_id)|outbox WHERE receiver)|session_id IN \(", re.DOTALL)


#: Of no session, and written by no request but to add a line: they stay on the coordinator.
_LOCAL = {"audit", "migration"}

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture(scope="module")
def spread(postgres):
    """A connection to a database that ``deploy/citus.sql`` has spread; it writes parameters into the statements."""
    name = postgres.create_database()
    migrate(Settings.from_env({"DATABASE_URL": postgres.url(name)}))
    connections.close()
    with psycopg.connect(postgres.url(name), cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_STANDINS)
        connection.execute((REPOSITORY / "deploy" / "citus.sql").read_text("utf-8"))
        yield connection
    postgres.drop_database(name)


def test_every_table_has_its_place_and_no_key_comes_from_a_sequence(spread, database_url):
    tables = {
        name: "local" if kind == "r" and comment is None else comment or "spread"
        for name, kind, comment in spread.execute(
            "SELECT relname, relkind::text, obj_description(oid) FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    }
    assert {name for name, place in tables.items() if place == "local"} == _LOCAL
    assert {name for name, place in tables.items() if place == "reference"} == {"tally", "preference", "idempotency_key"}
    assert sorted(spread.execute("SELECT sequencename FROM pg_sequences").fetchall()) == [("audit_id_seq",)]


def test_a_request_touches_the_rows_of_one_session_and_tables_that_are_everywhere(client, spread, monkeypatch):
    monkeypatch.setattr(connections.database.obj, "receivers", ("a", "b"))
    with recorded(transactions=False) as statements:
        for _ in range(2):
            drive(client)
        at = f"/api/session/{start_session(client)}"
        told = {"tStart": 0, "kind": "note", "text": "x"}
        note = client.post(f"{at}/notes", json=told, headers={"Idempotency-Key": "n"}).json["data"]["noteId"]
        assert client.put(f"{at}/notes/{note}", json={"text": "y"}).status_code == 200
        for path in ("/notes", "/report", "/summary", "/vad-analysis", "/report/csv?kind=vad", "/transcript/text"):
            assert client.get(at + path).status_code == 200
        assert client.delete(f"{at}/notes/{note}").status_code == client.delete(at).status_code == 200
        outbox.delivered(outbox.claim("a", outbox.clock.now_ms(), 1000), 0)
        outbox.failed(outbox.claim("b", outbox.clock.now_ms(), 1000), None, "status 500")
    checked = 0
    for sql, params in statements:
        if _LISTS.search(sql):
            continue
        plan = "\n".join(line for (line,) in spread.execute(f"EXPLAIN {sql}", params).fetchall())
        assert len(set(_SHARD.findall(plan))) <= 1, f"{sql}\n{plan}"
        checked += bool(_SHARD.search(plan))
    assert checked > 50
