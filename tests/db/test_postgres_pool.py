"""PostgreSQL's connections: as many as DATABASE_POOL_SIZE says, one for a transaction, and none that the server has closed."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from tests.support import storing
from tests.support.servers import PostgresServer, wait_for
from tests.support.stocked import started, unrestricted

from bemore.db import connections, postgres
from bemore.db.connections import execute, read, write, write_statement, write_transaction
from bemore.db.migrate import migrate
from bemore.db.proxy import database
from bemore.errors import DatabaseUnavailable
from bemore.models import session
from bemore.settings import Settings

FRAME = [(5, 0.5, None, None)]

_OURS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bemore'"

run_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def ours():
    """How many connections of the service the database has; inside a transaction of one of them."""
    return execute(_OURS).fetchone()[0]


@contextmanager
def pool_of(settings, size):
    """The models use a pool of that size."""
    connections.connect(replace(settings, database_pool_size=size))
    yield database.obj
    connections.close()


@run_postgres
def test_more_threads_than_connections_share_them_and_all_are_served(app, settings, database_url):
    scope, begun, most = unrestricted(started(1_000).public_id), threading.Semaphore(0), []

    def work(number):
        begun.release()
        for step in range(10):
            storing.store_frames(scope, [(number * 10 + step, 0.5, None, None)])
            most.append(write(ours))
            with read():
                assert session.find(scope).frame_count > 0
        return number

    with pool_of(settings, 2), psycopg.connect(database_url) as other, ThreadPoolExecutor(8) as pool:
        other.execute("SELECT 1 FROM session FOR UPDATE")
        threads = [pool.submit(work, number) for number in range(8)]
        for _ in range(8):
            assert begun.acquire(timeout=10)
        with psycopg.connect(database_url, autocommit=True) as watcher:
            waiting = f"{_OURS} AND wait_event_type = 'Lock'"
            wait_for(lambda: watcher.execute(waiting).fetchone() == (2,), what="two threads wait for the row, six for a connection")
            assert watcher.execute(_OURS).fetchone() == (2,)
        other.rollback()
        assert [each.result(30) for each in threads] == list(range(8))
    assert len(most) == 80 and max(most) == 2
    with read():
        assert session.find(scope).frame_count == 80


@run_postgres
def test_who_gets_no_connection_in_time_is_refused_and_the_next_one_is_served(app, settings, monkeypatch):
    monkeypatch.setattr(connections, "BUSY_SECONDS", 1)
    with pool_of(settings, 1), ThreadPoolExecutor(1) as pool, write_transaction():
        execute("SELECT 1")
        assert isinstance(pool.submit(write, lambda: None).exception(20), DatabaseUnavailable)
    with pool_of(settings, 1):
        assert write(ours) == 1


@run_postgres
def test_a_connection_is_lent_for_one_transaction(app, settings):
    with pool_of(settings, 3):
        for _ in range(3):
            write(lambda: execute("SELECT 1"))
            with read():
                execute("SELECT 1")
            assert write_statement(ours) == 1
            assert database.is_closed()


@run_postgres
def test_a_transaction_inside_of_a_transaction_is_refused_at_once(app):
    with pytest.raises(RuntimeError, match="inside"):
        write(lambda: write(lambda: None))
    assert write(lambda: "the next one") == "the next one"


@run_postgres
def test_time_limits_that_were_lifted_end_with_the_transaction(app):
    def limits():
        (statement,), (lock,) = execute("SHOW statement_timeout").fetchone(), execute("SHOW lock_timeout").fetchone()
        return statement, lock, database.connection().patience_s < 60

    def lifted():
        database.obj.lift_time_limits()
        return limits()

    usual = write(limits)
    assert usual == ("5s", "5s", True)
    assert write(lifted) == ("0", "0", False)
    assert write(limits) == usual


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that the tests of this file may stop, as long as they start it again."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as own:
        yield own


@pytest.fixture
def own_server(server):
    """That server; the models use a pool of four connections to a new database of it."""
    settings = Settings.from_env({"DATABASE_URL": server.url(server.create_database())})
    migrate(settings)
    with pool_of(settings, 4):
        yield server


def test_the_server_is_sent_the_statements_of_the_work_and_no_others(own_server):
    """None to see whether a connection still works, and no BEGIN and COMMIT around a single statement."""
    scope = unrestricted(started(1_000).public_id)
    write(lambda: execute("SET log_statement = 'all'"))  # of the one connection, which is used again and again

    def sent(work):
        before = len(own_server.log)
        work()
        return re.findall(r"LOG:  (?:statement|execute [^:]*): (\w+)", own_server.log[before:])

    assert sent(lambda: storing.store_frames(scope, FRAME)) == ["WITH"]
    assert sent(lambda: write(lambda: execute("SELECT 1"))) == ["BEGIN", "SELECT", "COMMIT"]


def all_at_once(count):
    """Use so many connections at the same time, so that as many are idle afterwards."""
    together = threading.Barrier(count)

    def use():
        execute("SELECT 1")
        together.wait(20)
        return ours()

    with ThreadPoolExecutor(count) as pool:
        return [each.result(20) for each in [pool.submit(write, use) for _ in range(count)]]


def stored_again(scope):
    """Upload until it is stored; return the session's total."""

    def stored():
        try:
            return storing.store_frames(scope, FRAME)
        except DatabaseUnavailable:
            return False

    return wait_for(stored, what="an upload is stored")


@pytest.mark.parametrize("first", ["a write", "a statement alone", "a read"])
def test_a_server_that_was_restarted_costs_no_request(own_server, first):
    assert max(all_at_once(4)) == 4
    own_server.stop()
    own_server.start()
    scope = None
    if first == "a write":
        scope = unrestricted(started(1_000).public_id)
    elif first == "a statement alone":
        assert write_statement(lambda: execute("SELECT 1").fetchone()) == (1,)
    else:
        with read():
            assert execute("SELECT 1").fetchone() == (1,)
    assert max(all_at_once(4)) == 4 and database.obj.outage.count == 0
    assert scope is None or storing.store_frames(scope, FRAME) == 1


def test_an_outage_ends_with_the_first_upload_that_is_stored(own_server):
    scope = unrestricted(started(1_000).public_id)
    own_server.stop()
    with pytest.raises(DatabaseUnavailable):
        storing.store_frames(scope, FRAME)
    assert database.obj.outage.now and database.obj.outage.count == 1
    own_server.start()
    assert stored_again(scope) == 1
    assert not database.obj.outage.now and database.obj.outage.count == 1
    assert max(all_at_once(4)) == 4


def test_a_server_that_hangs_is_given_up_and_used_again(own_server, monkeypatch):
    monkeypatch.setattr(postgres._BoundedConnection, "patience_s", 0.5)
    scope = unrestricted(started(1_000).public_id)
    assert max(all_at_once(4)) == 4
    own_server.suspend()
    with pytest.raises(DatabaseUnavailable):
        storing.store_frames(scope, FRAME)
    assert database.obj.outage.now and database.obj.outage.count == 1
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(DatabaseUnavailable), read():
            raise AssertionError("the server is suspended")
    assert time.monotonic() - began < 60, "most are refused without waiting; 100 that wait for a connection take 200 s"
    own_server.resume()
    assert stored_again(scope) == 1
    assert not database.obj.outage.now and database.obj.outage.count == 1
    assert max(all_at_once(4)) == 4
