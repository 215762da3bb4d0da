"""PostgreSQL: telemetry in partitions, which are made ahead and dropped when all of their sessions have to go."""

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.support import storing
from tests.support.servers import PostgresServer
from tests.support.stocked import DAY_MS, NOW_MS, recounted, shown, started, stocked, tallied, unrestricted

from bemore.db import connections
from bemore.db.connections import execute, read, write_transaction
from bemore.db.migrate import migrate
from bemore.lifecycle import purge
from bemore.models import audit, outbox, partitions, session
from bemore.models.keys import session_key
from bemore.settings import Settings

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

#: 2026-11-18: the newest sessions that may be erased, and the days around it.
CUTOFF = NOW_MS - 90 * DAY_MS

DEBIANS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def partitioned(app, database_url):
    """Partitions of each day from 100 days ago on, and no others."""
    drop_all(database_url)  # a service may have made some
    for days in (100, 100 - partitions.AHEAD_DAYS):
        partitions.make_ahead(NOW_MS - days * DAY_MS, retention_days=90)
    yield
    connections.close()
    drop_all(database_url)


def drop_all(database_url):
    with psycopg.connect(database_url) as connection:
        for schema, table in connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'telemetry'").fetchall():
            if not table.endswith("_default"):
                connection.execute(f"DROP TABLE {schema}.{table}")


def spans():
    with read():
        return partitions.spans()


def span_of(public_id):
    """The Span of a session, None if it is in the default partition."""
    return next((each for each in spans() if each.first <= session_key(public_id) < each.end), None)


def rows(table):
    with read():
        return execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def aged(days, ended_days, **people):
    public_id = stocked(NOW_MS - days * DAY_MS, **people)
    storing.end(unrestricted(public_id), NOW_MS - ended_days * DAY_MS)
    return public_id


def test_partitions_are_made_ahead_without_gaps_and_once(partitioned):
    before = spans()
    assert len(before) == 2 * partitions.AHEAD_DAYS + 1
    partitions.make_ahead(NOW_MS - 100 * DAY_MS, retention_days=90)
    assert spans() == before
    # Those of a month begin where there are none of a day.
    for _ in range(2):
        partitions.make_ahead(NOW_MS - 70 * DAY_MS, retention_days=None)
    made = spans()
    assert made[: len(before)] == before and [each.suffix for each in made[len(before) :]] == ["20261001", "20261101"]
    assert all(one.end <= other.first for one, other in zip(made, made[1:]))


def test_what_lies_in_the_default_partition_stays_there_and_is_erased(app, partitioned):
    public_id = aged(70, 70)
    partitions.make_ahead(NOW_MS - 70 * DAY_MS, retention_days=90)
    assert span_of(public_id) is None and len(spans()) == 2 * partitions.AHEAD_DAYS + 1 + partitions.AHEAD_DAYS
    assert purge.purge(NOW_MS - 60 * DAY_MS, NOW_MS, "cli:test").sessions == 1
    assert rows("frame") == rows("session") == 0


def test_a_partition_is_dropped_when_all_of_its_sessions_have_to_go(partitioned):
    kept, gone = aged(91, 89, user="user-2"), [aged(95, 95), aged(95, 94, user="user-3"), started(NOW_MS - 95 * DAY_MS).public_id]
    late = aged(91, 91)
    with read():
        frames = execute("SELECT tableoid::regclass::text, count(*) FROM frame GROUP BY 1").fetchall()
    assert len(frames) == 2, "one partition a day"
    whole, mixed = span_of(gone[0]), span_of(kept)
    amount, batches = purge.survey(CUTOFF, NOW_MS), []
    assert amount == (4, 30, 33, 30, 0, 0)
    assert purge.purge(CUTOFF, NOW_MS, "cli:test", batches.append) == amount
    # Of the other one rows were deleted, as a session of it stays.
    assert whole not in spans() and mixed in spans() and sum(batches) < amount.rows
    assert shown(kept).frame_count == rows("frame") == 10 and rows("session") == 1 and rows("note") == rows("feedback") == 1
    assert tallied() == recounted() and ("user:user-3", "ended") not in tallied()
    assert sorted(each.session_id for each in audit.entries(actions=[audit.PURGE])) == sorted([*gone, late])


def test_whoever_only_had_demonstrations_is_forgotten_and_receivers_are_told_of_the_others(partitioned, monkeypatch):
    monkeypatch.setattr(connections.database.obj, "receivers", ("a", "b"))
    at_ms = NOW_MS - 95 * DAY_MS
    with write_transaction():
        demo = session.start("visitor", "guide", at_ms, demo=True)
    storing.end(unrestricted(demo.public_id), at_ms + 1)
    gone = aged(95, 95)
    assert ("user:visitor", "demo") in tallied()
    assert purge.purge(CUTOFF, NOW_MS, "cli:test").sessions == 2
    assert tallied() == {} and rows("session") == 0
    erased = [(each.receiver, each.session_id) for each in outbox.waiting() if each.type == outbox.ERASED]
    assert sorted(erased) == [("a", gone), ("b", gone)]


def test_a_partition_in_use_is_left_and_its_rows_are_deleted(partitioned, database_url, monkeypatch):
    monkeypatch.setattr(partitions, "TRIES", 1)
    public_id = aged(95, 95)
    span = span_of(public_id)
    with closing(psycopg.connect(database_url)) as reader:
        reader.execute("SELECT 1 FROM frame LIMIT 1")  # as a backup does, for as long as it takes
        assert purge.purge(CUTOFF, NOW_MS, "cli:test").sessions == 1
    assert rows("frame") == rows("session") == 0 and span in spans()


def test_erasing_that_was_interrupted_is_finished_with_the_partition(partitioned):
    span = span_of(aged(95, 95))
    with write_transaction():
        partitions.hide_ended(span, CUTOFF, NOW_MS, "cli:test", audit.PURGE)
    assert purge.finish_erasing() == 1
    assert span not in spans() and rows("session") == 0


def test_the_partition_of_today_is_never_dropped(partitioned):
    partitions.make_ahead(NOW_MS, retention_days=90)
    row = started(NOW_MS)
    with write_transaction():
        session.hide(unrestricted(row.public_id))
    assert partitions.erase_hidden(NOW_MS + 1) == 0 and span_of(row.public_id) is not None


def test_two_sessions_never_have_one_key(app, monkeypatch):
    made = iter(["sess_5_aaaaaaaaaaaaaaaa", "sess_5_aaaaaabbbbbbbbbb", "sess_5_ccccccbbbbbbbbbb"])
    monkeypatch.setattr(session, "new_id", lambda now_ms: next(made))
    assert [started(5000).public_id for _ in range(2)] == ["sess_5_aaaaaaaaaaaaaaaa", "sess_5_ccccccbbbbbbbbbb"]


def test_debians_postgres_does_the_same(tmp_path, database_url):
    if not DEBIANS.exists():
        pytest.skip("postgresql-15 is not installed (Debian: apt-get install postgresql)")

    class Debians(PostgresServer):
        def _reachable_programs(self):
            return DEBIANS

    with Debians(tmp_path) as server:
        settings = Settings.from_env({"DATABASE_URL": server.url(server.create_database())})
        migrate(settings)
        try:
            partitions.make_ahead(NOW_MS - 95 * DAY_MS, retention_days=90)
            span = span_of(aged(95, 95))
            kept = stocked(NOW_MS)
            assert storing.store_frames(unrestricted(kept), [(0, 0.5, None, None), (7, 0.5, None, None)]) == 11
            assert purge.purge(CUTOFF, NOW_MS, "cli:test") == (1, 10, 11, 10, 0, 0)
            assert span is not None and span not in spans() and rows("frame") == 11
        finally:
            connections.close()
