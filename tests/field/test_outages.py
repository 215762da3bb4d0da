"""What others need is away, slow, or drips: waits are bounded, every connection that is opened again has its limits."""

import contextlib
import os
import socket
import threading
import time

import pytest
from redis import Redis

from tests.support.samples import frames, start_session
from tests.support.servers import wait_for
from tests.support.signing import rsa_key, token

from bemore.auth.tokens import RemoteKeys
from bemore.db.connections import execute, read, write
from bemore.errors import KeysUnavailable
from bemore.ratelimit.redis_storage import NameCheck, redis_pool, REDIS_TIMEOUT_S

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sqlite_limits():
    names = ("busy_timeout", "foreign_keys", "synchronous", "secure_delete", "cache_size", "temp_store", "journal_mode")
    return {name: execute(f"PRAGMA {name}").fetchone()[0] for name in names}


def postgres_limits():
    names = ("statement_timeout", "lock_timeout", "TimeZone")
    return {name: execute(f"SHOW {name}").fetchone()[0] for name in names}


def limits(ask):
    """The limits of the connection that reads and of the one that writes."""
    with read():
        reading = ask()
    return reading, write(ask)


@on_sqlite
def test_a_file_that_was_away_twice_is_opened_with_all_limits_again(client, database_url):
    path = database_url.removeprefix("sqlite:///")
    session_id = start_session(client)
    before = limits(sqlite_limits)
    assert before[0]["busy_timeout"] == before[1]["busy_timeout"] == 5000

    def upload(first):
        return client.post(f"/api/session/{session_id}/frames", json={"items": frames(3, first)}).status_code

    for outage in (1, 2):
        for name in ("", "-wal", "-shm"):
            os.rename(f"{path}{name}", f"{path}{name}.away")
        assert upload(outage * 10_000) == 503 and client.get(f"/api/session/{session_id}").status_code == 503
        for name in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(f"{path}{name}")
            os.rename(f"{path}{name}.away", f"{path}{name}")
        wait_for(lambda outage=outage: upload(outage * 10_000 + 5000) == 201, what="the file is used again")
        assert limits(sqlite_limits) == before, f"after outage {outage}"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_server_that_was_away_twice_is_connected_to_with_all_limits_again(app, database_url):
    before = limits(postgres_limits)
    assert before[0] == {"statement_timeout": "5s", "lock_timeout": "5s", "TimeZone": "UTC"}
    for _ in range(2):
        with read():
            execute("SELECT 1").fetchone()
        import psycopg

        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert limits(postgres_limits) == before


class Dripping:
    """A web server that sends a byte of its answer every 50 ms, and never ends; ``asked`` counts the connections."""

    def __init__(self, head):
        self.asked, self._head = 0, head
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/keys"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.asked += 1
                threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.sendall(self._head)
            while not self._done.wait(0.05):
                connection.sendall(b"x")

    def close(self):
        self._done.set()
        self._listener.close()


@on_sqlite
@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX-Header: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"], ids=["head", "body"]
)
def test_a_key_set_that_drips_is_given_up_and_the_old_keys_stay_good(app, monkeypatch, head):
    monkeypatch.setattr(RemoteKeys, "WHOLE_S", 0.3)
    source, now = Dripping(head), [1000.0]
    key = rsa_key()
    with contextlib.closing(source):
        keys = RemoteKeys(source.url, clock=lambda: now[0])
        began = time.monotonic()
        with pytest.raises(KeysUnavailable):
            keys.find(token(key=key, algorithm="RS256", headers={"kid": "a"}))
        assert time.monotonic() - began < 20, "it would wait for ever"
        # With keys that it had before, those are used; it tries again now and then, and does not gather threads.
        keys._keys, keys._fetched = {"a": (key.public_key(), "RS256")}, now[0]
        for _ in range(8):
            now[0] += keys.FRESH_S + 1
            assert keys.find(token(key=key, algorithm="RS256", headers={"kid": "a"})) == (key.public_key(), "RS256")
        assert 1 <= source.asked <= keys.MAX_GIVEN_UP


def test_slow_names_are_out_of_the_requests_way(monkeypatch):
    asked, go_on = [], threading.Event()

    def slow(host, *rest, **more):
        asked.append(host)
        assert go_on.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    names = NameCheck("redis.internal")
    assert [names.resolves(REDIS_TIMEOUT_S) for _ in range(5)] == [False] * 5
    assert asked == ["redis.internal"], "one look-up at a time"
    go_on.set()
    wait_for(lambda: names.resolves(REDIS_TIMEOUT_S), what="the name is resolved")
    assert NameCheck("127.0.0.1").resolves(0) and NameCheck("::1").resolves(0)


def test_a_name_is_looked_up_for_a_connection_not_for_a_command(redis_url, monkeypatch):
    looked_up, resolve = [], socket.getaddrinfo

    def counted(host, *rest, **more):
        looked_up.append(threading.current_thread().name)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    with Redis(connection_pool=redis_pool(redis_url.replace("127.0.0.1", "localhost"))) as client:
        for _ in range(10):
            assert client.ping()
        assert looked_up.count("redis-name") == 1
        client.connection_pool.disconnect()
        assert client.ping()
    assert looked_up.count("redis-name") == 2


@on_sqlite
@pytest.mark.settings(RATE_LIMIT_ENABLED="true", REDIS_URL="redis://redis.internal:6379/0")
def test_requests_go_on_while_the_name_of_redis_is_looked_up(app, monkeypatch):
    go_on = threading.Event()
    resolve = socket.getaddrinfo

    def slow(host, *rest, **more):
        if host == "redis.internal":
            go_on.wait(60)
            raise socket.gaierror("no such name")
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        began = time.monotonic()
        for _ in range(3):
            answer = app.test_client().get("/api/session/stats/summary")
            assert (answer.status_code, "RateLimit-Remaining" in answer.headers) == (200, True)
        assert time.monotonic() - began < 30, "the look-up takes 60 s"
    finally:
        go_on.set()
