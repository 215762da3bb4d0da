"""Reports and lists from a real streaming replica: never older than what a client knows to be stored, else from the primary."""

import re
from dataclasses import replace

import psycopg
import pytest

from tests.support.answers import CheckingClient
from tests.support.samples import frames, start_session
from tests.support.servers import PostgresServer, free_port, wait_for
from tests.support.stack import PostgresReplica

from bemore.app import create_app
from bemore.db import connections, replica
from bemore.db.migrate import migrate
from bemore.observability.metrics import replica_requests
from bemore.lifecycle import check
from bemore.settings import Settings, SettingsError


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with PostgresServer(tmp_path_factory.mktemp("primary")) as primary:
        with PostgresReplica(tmp_path_factory.mktemp("standby"), primary) as standby:
            yield primary, standby


@pytest.fixture(scope="module")
def made(servers):
    primary, standby = servers
    name = primary.create_database()
    settings = Settings.from_env(
        {"DATABASE_URL": primary.url(name), "DATABASE_REPLICA_URL": standby.url(name), "RATE_LIMIT_ENABLED": "false"}
    )
    migrate(settings)
    connections.close()
    return settings, create_app(settings)


@pytest.fixture
def client(servers, made, monkeypatch):
    """A client of a service whose replica runs and has caught up."""
    settings, app = made
    _, standby = servers
    monkeypatch.setattr(replica, "REST_S", 0)
    if not standby.running:
        standby.start()
    standby.execute("SELECT pg_wal_replay_resume()")
    connections.connect(settings, create=False)
    app.test_client_class = CheckingClient
    client = app.test_client()
    wait_for(lambda: read_from(client, "/api/session") == "replica", what="a read from the replica")
    yield client
    connections.close()


def read_from(client, path):
    """What a GET was read from."""

    def counts():
        (metric,) = replica_requests.collect()
        return {sample.labels["source"]: sample.value for sample in metric.samples}

    before = counts()
    assert client.get(path).status_code == 200
    (source,) = [each for each, count in counts().items() if count > before.get(each, 0)]
    return source


def uploaded(client, session_id, number):
    """Upload one more frame; the number of frames that a report then tells of."""
    answer = client.post(f"/api/session/{session_id}/frames", json={"items": frames(1, number * 1000)})
    assert answer.json["data"]["totalFramesInSession"] == number
    return client.get(f"/api/session/{session_id}").json["data"]["stats"]["totalFrames"]


def test_reports_and_lists_come_from_the_replica_and_writes_do_not(client, servers):
    session_id = start_session(client)
    at = f"/api/session/{session_id}"
    own = "", "/report", "/report/html", "/inferences", "/transcript", "/transcript/text", "/notes", "/export"
    lists = "?overview=true", "?q=user", "/user/user-1", "/user/user-1/progress", "/stats/summary"
    paths = *(at + each for each in own), *(f"/api/session{each}" for each in lists), "/api/dashboard/summary"
    for path in paths:
        wait_for(lambda path=path: read_from(client, path) == "replica", what=f"{path} from the replica")
    _, standby = servers
    assert standby.execute("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'bemore'") == [(True,)]


def test_a_client_sees_its_own_writes_however_far_the_replica_is_behind(client, servers):
    _, standby = servers
    session_id = start_session(client)
    standby.execute("ALTER SYSTEM SET recovery_min_apply_delay = '30ms'")
    standby.execute("SELECT pg_reload_conf()")
    assert [uploaded(client, session_id, number) for number in range(1, 16)] == [*range(1, 16)]
    standby.execute("SELECT pg_wal_replay_pause()")
    assert [uploaded(client, session_id, number) for number in range(16, 19)] == [16, 17, 18]
    other = start_session(client)
    assert read_from(client, f"/api/session/{other}/report") == "primary"
    assert other in client.get("/api/session").text
    standby.execute("ALTER SYSTEM RESET recovery_min_apply_delay")
    standby.execute("SELECT pg_reload_conf()")
    standby.execute("SELECT pg_wal_replay_resume()")
    wait_for(lambda: read_from(client, f"/api/session/{other}/report") == "replica", what="a read from the replica")


def test_a_replica_that_is_away_costs_no_request(client, servers, monkeypatch):
    _, standby = servers
    session_id = start_session(client)
    path = f"/api/session/{session_id}/report"
    wait_for(lambda: read_from(client, path) == "replica")
    standby.kill()
    assert [read_from(client, path) for _ in range(3)] == ["primary"] * 3
    # Also where it goes between being found good and being read.
    monkeypatch.setattr(replica.Replica, "has", lambda self, lsn: True)
    assert [read_from(client, path) for _ in range(2)] == ["primary"] * 2
    monkeypatch.undo()
    standby.start()
    wait_for(lambda: read_from(client, path) == "replica", what="a read from the replica")


def test_check_tells_what_is_wrong_with_a_replica(client, made, servers, tmp_path):
    settings, _ = made
    primary, standby = servers

    def told(**changes):
        ((level, text),) = [each[::2] for each in check.environment(replace(settings, **changes), 1) if each.part == "replica"]
        return level, text

    wait_for(lambda: told()[0] == check.OK, what="a replica that is found good")
    other = primary.create_database()
    for url, level, words in (
        (standby.url("postgres"), check.ERROR, "no copy"),
        (settings.database_url, check.WARNING, "no standby"),
        (standby.url(other).replace(str(standby.port), str(free_port())), check.WARNING, "cannot be used"),
    ):
        found = told(database_replica_url=url)
        assert found[0] == level and words in found[1]
    standby.execute("SELECT pg_wal_replay_pause()")
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("INSERT INTO migration VALUES ('m9999_future', 0)")
    level, text = told()
    assert level == check.WARNING and re.search("[1-9][0-9,]* bytes of log behind and has other migrations", text)
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("DELETE FROM migration WHERE name = 'm9999_future'")
    standby.execute("SELECT pg_wal_replay_resume()")
    standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
    standby.execute("SELECT pg_reload_conf()")
    wait_for(lambda: "receives nothing" in told()[1], what="a replica that receives nothing")
    standby.execute("ALTER SYSTEM RESET primary_conninfo")
    standby.execute("SELECT pg_reload_conf()")


def test_a_replica_needs_postgres():
    with pytest.raises(SettingsError, match="DATABASE_REPLICA_URL needs PostgreSQL"):
        Settings.from_env({"DATABASE_REPLICA_URL": "postgresql://127.0.0.1/x"})
    with pytest.raises(SettingsError, match="DATABASE_REPLICA_URL must be postgresql"):
        Settings.from_env({"DATABASE_REPLICA_URL": "sqlite:///x.db"})
