"""``Idempotency-Key`` at two processes at once, and over the death of the process that stored the answer; what nginx repeats then."""

import json
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.support.samples import frames, start_session
from tests.support.figures import LONG, on_postgres_in_short, record
from tests.support.ledger import rows
from tests.support.servers import NginxServer, Service, wait_for

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
    """``requests_of(running)``: path, body and table of the requests that take a key; but for the start, of a session made here."""

    def each_of(running):
        session_id = start_session(http, base=running.url)
        yield "/api/session/start", {"userId": "u", "counselorId": "c"}, "session"
        yield f"/api/session/{session_id}/feedback", {"rating": 4, "note": "once"}, "feedback"
        yield f"/api/session/{session_id}/notes", {"tStart": 0, "kind": "note", "text": "once"}, "note"

    return each_of


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_same_key_at_two_processes_at_once_is_done_once(service, redis_url, database_url, requests_of):
    running = service(WEB_CONCURRENCY=2, REDIS_URL=redis_url, LOG_LEVEL="warning", **QUOTAS)
    with lines_to(running) as lines, ThreadPoolExecutor(2) as pool:
        assert len(lines) == 2
        for path, body, table in requests_of(running):
            before = _count(database_url, table)
            for _ in range(KEYS):
                key, together = uuid.uuid4().hex, threading.Barrier(2)
                requested = [pool.submit(_ask, line, path, json.dumps(body), key, together) for line in lines]
                answers = [each.result() for each in requested]
                assert {answer.status for answer in answers} == {200 if table == "session" else 201}
                assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", "true"]
                assert _without_trace(answers[0]) == _without_trace(answers[1])
            assert _count(database_url, table) == before + KEYS


class Dying(Service):
    """A service whose worker dies where a request asks it to."""

    def _command(self):
        return [sys.executable, Path(__file__).parents[1] / "support" / "dying.py", self.directory]


@pytest.fixture
def dying(environ, tmp_path):
    with Dying(tmp_path, **environ, LOG_LEVEL="warning", TRUSTED_PROXIES=1) as running:
        yield running
        running.kill()
        print(running.log)


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_death_around_the_commit_and_a_retry_store_once(dying, database_url, tmp_path, http, requests_of, where):
    for path, body, table in requests_of(dying):
        before = _count(database_url, table)
        for turn in range(DEATHS):
            marker = tmp_path / f"die-{table}-{turn}"
            marker.touch()
            headers = {"Idempotency-Key": marker.name, "X-Die": f"{where} {marker.name}"}
            with pytest.raises(requests.ConnectionError):
                http.post(f"{dying.url}{path}", json=body, headers=headers)
            assert not marker.exists()
            assert _count(database_url, table) == before + turn + (where == "after commit")
            # The client did not hear of it, and asks again: another process answers.
            first = http.post(f"{dying.url}{path}", json=body, headers=headers)
            assert first.headers.get("Idempotent-Replayed") == ("true" if where == "after commit" else None)
            again = http.post(f"{dying.url}{path}", json=body, headers=headers)
            assert again.headers["Idempotent-Replayed"] == "true"
            assert first.json()["data"] == again.json()["data"]
            assert _count(database_url, table) == before + turn + 1
    database = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"kill -9 {where} of a request with a key ({database})", 2 * DEATHS, 2 * DEATHS, 0, 0.0)


# -- Behind nginx --------------------------------------------------------------------------------------------------------


@pytest.fixture
def front(dying, tmp_path):
    with NginxServer(tmp_path, dying) as nginx:
        yield nginx


def _send(http, front, method, path, body=None, **headers):
    """Send a request whose first carrying out ends with the death of the process, after its commit."""
    marker = front.directory / f"die-{uuid.uuid4()}"
    marker.touch()
    # A kept connection, as most are. nginx repeats what meets the end of a new one only where there are several services.
    assert http.get(f"{front.url}/health/live").status_code == 200
    answer = http.request(method, f"{front.url}{path}", json=body, headers={**headers, "X-Die": f"after commit {marker.name}"})
    assert not marker.exists()
    return answer


@on_postgres_in_short
def test_nginx_repeats_what_is_stored_once(front, http, database_url):
    session_id = start_session(http, base=front.url)
    path = f"/api/session/{session_id}"
    uploaded = _send(http, front, "POST", f"{path}/frames", {"items": frames(10)})
    assert (uploaded.status_code, uploaded.json()["data"]) == (201, {"frameCount": 10, "totalFramesInSession": 10})
    assert _send(http, front, "POST", f"{path}/pause").json()["data"]["status"] == "paused"
    ended = _send(http, front, "POST", f"{path}/end").json()["data"]
    assert (ended["status"], ended["stats"]["totalFrames"]) == ("ended", 10)
    for place, body, table in (
        ("/api/session/start", {"userId": "u", "counselorId": "c"}, "session"),
        (f"{path}/feedback", {"rating": 5}, "feedback"),
    ):
        before = _count(database_url, table)
        answer = _send(http, front, "POST", place, body, **{"Idempotency-Key": uuid.uuid4().hex})
        assert answer.status_code in (200, 201) and answer.headers["Idempotent-Replayed"] == "true"
        assert _count(database_url, table) == before + 1
    assert _count(database_url, "frame") == 10


@on_postgres_in_short
def test_nginx_does_not_repeat_what_would_be_done_twice(front, http, requests_of, database_url):
    for path, body, table in requests_of(front):
        for spelling in (path, f"{path}?x=/api", path.replace("/api/", "//api/./"), path.replace("session/", "session%2F")):
            before = _count(database_url, table)
            assert _send(http, front, "POST", spelling, body).status_code == 503
            assert _count(database_url, table) - before in (0, 1)
            # The client learns that it does not know, and may look.
            wait_for(lambda: http.get(f"{front.url}/health/live").status_code == 200, what="another process")
        assert _count(database_url, table) > 0
