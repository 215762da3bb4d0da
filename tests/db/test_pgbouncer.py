"""PostgreSQL through PgBouncer in transaction mode: another server connection for each transaction."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bemore.db import connections
from bemore.db.connections import execute, read, write
from bemore.db.proxy import database
from bemore.settings import Settings
from tests.support.stack import PgBouncer
from tests.support.stocked import in_process

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture(scope="module")
def bouncer(tmp_path_factory, postgres):
    with PgBouncer(tmp_path_factory.mktemp("pgbouncer"), postgres) as server:
        yield server


@pytest.fixture
def environ(bouncer, database_url):
    return {"DATABASE_URL": bouncer.url(database_url.rpartition("/")[2]), "DATABASE_PGBOUNCER": "true"}


@pytest.fixture
def bound(environ):
    connections.connect(Settings.from_env(environ))
    yield
    connections.close()


def test_clients_share_a_server_connection_without_its_prepared_statements(bound):
    def ask(_):
        with read():
            return execute("SELECT count(*), pg_backend_pid() FROM session WHERE status = ?", ("active",)).fetchone()

    # More often than the driver waits until it prepares a statement; each thread has a connection of its own to PgBouncer.
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        found = [pool.submit(ask, None).result() for _ in range(10) for pool in (one, other)]
    assert len(set(found)) == 1 and found[0][0] == 0


def test_time_limits_hold_and_are_lifted_for_one_transaction_only(bound):
    def limits():
        return [execute(f"SHOW {name}_timeout").fetchone()[0] for name in ("statement", "lock")]

    def lifted():
        database.obj.lift_time_limits()
        return limits()

    assert write(limits) == ["5s", "5s"]
    assert write(lifted) == ["0", "0"]
    assert write(limits) == ["5s", "5s"]


@pytest.mark.parametrize("command", [["backup", "a.backup"], ["restore", __file__], ["vacuum"]], ids=lambda command: command[0])
def test_command_that_changes_its_session_does_not_go_through_it(environ, command):
    ended = in_process(*command, url=environ["DATABASE_URL"], DATABASE_PGBOUNCER="true")
    assert ended.exit_code == 1 and "PgBouncer" in ended.output
