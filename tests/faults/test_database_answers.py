"""What is an outage of PostgreSQL and what is not: a statement that waits, a standby, a single process of it that hangs."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.samples import frames, start_session
from tests.support.servers import wait_for

from bemore.db import connections, postgres
from bemore.db.connections import execute, read
from bemore.db.proxy import database
from bemore.errors import DatabaseUnavailable
from bemore.settings import Settings

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@on_postgres
def test_statement_that_waits_for_a_lock_is_no_outage(client, database_url):
    session_id = start_session(client)
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url, autocommit=True) as watcher:
        holder.execute("SELECT 1 FROM session WHERE public_id = %s FOR UPDATE", (session_id,))

        def release():
            wait_for(lambda: watcher.execute(WAITING).fetchone() == (1,), what="the upload at the lock")
            holder.rollback()

        with ThreadPoolExecutor(1) as pool:
            released = pool.submit(release)
            assert client.post(f"/api/session/{session_id}/frames", json={"items": frames()}).status_code == 201
            released.result()
    assert database.obj.outage.count == 0


@on_postgres
def test_statement_that_waits_in_vain_is_refused_alone(client, settings, database_url, monkeypatch):
    monkeypatch.setattr(connections, "BUSY_SECONDS", 1)
    connections.connect(settings)
    session_id = start_session(client)
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT 1 FROM session WHERE public_id = %s FOR UPDATE", (session_id,))
        refused = client.post(f"/api/session/{session_id}/frames", json={"items": frames()})
        assert (refused.status_code, refused.json["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert client.get(f"/api/session/{session_id}").status_code == 200
    assert database.obj.outage.count == 0


@on_postgres
def test_database_that_only_reads_is_unavailable_for_writes(client, database_url):
    """As a standby that was not promoted."""
    session_id = start_session(client)
    name = urlsplit(database_url).path[1:]
    with psycopg.connect(database_url, autocommit=True) as other:
        # Connections made from now on; those of before are ended.
        other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        try:
            refused = client.post("/api/session/start", json={"userId": "u", "counselorId": "c"})
            assert (refused.status_code, refused.json["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert client.post(f"/api/session/{session_id}/frames", json={"items": frames()}).status_code == 503
            assert client.get(f"/api/session/{session_id}").status_code == 200
        finally:
            other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@on_postgres
def test_one_process_of_the_server_that_hangs_is_given_up(client, database_url, monkeypatch):
    monkeypatch.setattr(postgres._BoundedConnection, "patience_s", 0.6)
    session_id = start_session(client)
    with psycopg.connect(database_url, autocommit=True) as other:
        (pid,) = other.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'bemore' AND datname = current_database()"
        ).fetchone()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert client.get(f"/api/session/{session_id}").status_code == 503
        # Another one serves the next request; the server itself was there all the time.
        wait_for(lambda: client.get(f"/api/session/{session_id}").status_code == 200, what="an answer of another process")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_server_that_greets_nobody_new_is_used_by_those_it_knows(own_postgres):
    """As one that has too much to do. While a new connection is tried in vain it counts as away, and then no more."""
    connections.connect(Settings.from_env({"DATABASE_URL": own_postgres.url(own_postgres.create_database())}))
    begun, ended = threading.Event(), threading.Event()

    def keep_the_known_one():
        with read():
            begun.set()
            assert ended.wait(60)

    def answered():
        try:
            with read():
                return execute("SELECT 1").fetchone() == (1,)
        except DatabaseUnavailable:
            return False

    try:
        with ThreadPoolExecutor(1) as pool:
            kept = pool.submit(keep_the_known_one)
            assert begun.wait(20)
            own_postgres.process.send_signal(signal.SIGSTOP)  # the process that makes one for every new connection
            assert not answered() and database.obj.outage.now
            ended.set()
            kept.result()
            wait_for(answered, what="an answer on the known connection")
        assert database.obj.outage.count == 1 and not database.obj.outage.now
    finally:
        ended.set()
        own_postgres.process.send_signal(signal.SIGCONT)
        connections.close()
