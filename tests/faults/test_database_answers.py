"""What is an outage of PostgreSQL and what is not: a statement that waits, a standby, a single process of it that hangs."""

import os
import signal
import threading
import time
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.samples import frames, start_session

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@pytest.fixture
def postgres_models(database_url):
    from bemore.db import postgres

    return postgres


def test_statement_that_waits_for_a_lock_is_no_outage(client, database_url, postgres_models):
    session_id = start_session(client)
    longer_s = postgres_models.ASK_AFTER_S + postgres_models.SIGN_S + 0.4
    with psycopg.connect(database_url) as other:
        other.execute("SELECT 1 FROM session WHERE public_id = %s FOR UPDATE", (session_id,))
        release = threading.Timer(longer_s, other.rollback)
        release.start()
        began = time.monotonic()
        assert client.post(f"/api/session/{session_id}/frames", json={"items": frames()}).status_code == 201
        assert time.monotonic() - began >= longer_s - 0.1
        release.join()


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


def test_one_process_of_the_server_that_hangs_is_given_up(client, database_url, postgres_models, monkeypatch):
    monkeypatch.setattr(postgres_models._Connection, "patience_s", 0.6)
    session_id = start_session(client)
    with psycopg.connect(database_url, autocommit=True) as other:
        (pid,) = other.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'bemore' AND datname = current_database()"
        ).fetchone()
    os.kill(pid, signal.SIGSTOP)
    try:
        assert client.get(f"/api/session/{session_id}").status_code == 503
        # Another one serves the next request; the server itself was there all the time.
        assert client.get(f"/api/session/{session_id}").status_code == 200
    finally:
        os.kill(pid, signal.SIGCONT)
