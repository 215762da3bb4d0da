"""``Idempotency-Key`` at two processes at once, and over the death of the process that stored the answer."""

import json
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.support.samples import start_session
from tests.support.figures import LONG, record
from tests.support.ledger import rows
from tests.support.servers import Service

from tests.support.running import lines_to

#: How many keys are used by two at once, and how often a process dies.
KEYS, DEATHS = (200, 20) if LONG else (25, 2)

QUOTAS = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_ALL": "1000000 per hour", "RATE_LIMIT_WRITE": "1000000 per hour"}


def _count(database_url, table):
    return rows(database_url, f"SELECT count(*) FROM {table}")[0][0]


def _ask(line, path, body, key, together):
    together.wait(10)
    return line.answer("POST", path, {"Content-Type": "application/json", "Idempotency-Key": key}, body)


def _without_trace(answer):
    """An answer's body without requestId and serverTs, the last but one fields."""
    return answer.body.partition(b'"requestId"')[0]


@pytest.fixture
def requests_of(http):
    """``requests_of(running)``: path, body and table of the two requests that take a key; feedback is on a session made here."""

    def both(running):
        session_id = start_session(http, base=running.url)
        yield "/api/session/start", {"userId": "u", "counselorId": "c"}, "session"
        yield f"/api/session/{session_id}/feedback", {"rating": 4, "note": "once"}, "feedback"

    return both


def test_same_key_at_two_processes_at_once_is_done_once(service, redis_url, database_url, requests_of):
    running = service(WEB_CONCURRENCY=2, REDIS_URL=redis_url, LOG_LEVEL="warning", **QUOTAS)
    with lines_to(running) as lines, ThreadPoolExecutor(2) as pool:
        assert len(lines) == 2
        for path, body, table in requests_of(running):
            before = _count(database_url, table)
            for _ in range(KEYS):
                key, together = uuid.uuid4().hex, threading.Barrier(2)
                asked = [pool.submit(_ask, line, path, json.dumps(body), key, together) for line in lines]
                answers = [each.result() for each in asked]
                assert {answer.status for answer in answers} == {200 if table == "session" else 201}
                assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", "true"]
                assert _without_trace(answers[0]) == _without_trace(answers[1])
            assert _count(database_url, table) == before + KEYS


class Dying(Service):
    """A service whose worker dies where a request asks it to."""

    def _command(self):
        return [sys.executable, Path(__file__).parents[1] / "support" / "dying.py", self.directory]


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_death_around_the_commit_and_a_retry_store_once(environ, database_url, tmp_path, http, requests_of, where):
    with Dying(tmp_path, **environ, LOG_LEVEL="warning") as running:
        for path, body, table in requests_of(running):
            before = _count(database_url, table)
            for turn in range(DEATHS):
                marker = tmp_path / f"die-{table}-{turn}"
                marker.touch()
                headers = {"Idempotency-Key": marker.name, "X-Die": f"{where} {marker.name}"}
                with pytest.raises(requests.ConnectionError):
                    http.post(f"{running.url}{path}", json=body, headers=headers)
                assert not marker.exists()
                assert _count(database_url, table) == before + turn + (where == "after commit")
                # The client did not hear of it, and asks again: another process answers.
                first = http.post(f"{running.url}{path}", json=body, headers=headers)
                assert first.headers.get("Idempotent-Replayed") == ("true" if where == "after commit" else None)
                again = http.post(f"{running.url}{path}", json=body, headers=headers)
                assert again.headers["Idempotent-Replayed"] == "true"
                assert first.json()["data"] == again.json()["data"]
                assert _count(database_url, table) == before + turn + 1
        print(running.log)
    database = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"kill -9 {where} of a request with a key ({database})", 2 * DEATHS, 2 * DEATHS, 0, 0.0)
