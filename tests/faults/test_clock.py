"""The clock of the machine jumps back an hour, and forward again, under a service that runs."""

import os
import struct
import time
from pathlib import Path

import pytest

from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.answers import check_envelope
from tests.support.figures import LONG, record
from tests.support.load import Load
from tests.support.servers import Service, raw_request, wait_for

HOUR_S = 3600

#: How often the clock jumps under load.
JUMPS = 60 if LONG else 6

LIMITED = "/api/session/stats/summary"


class MovedService(Service):
    """A service whose clock can be moved while it runs."""

    def __init__(self, directory, **env):
        super().__init__(directory, **env)
        self._offset = self.directory / f"clock-{self.port}"
        self.move(0)
        self.env["BEMORE_TEST_CLOCK"] = str(self._offset)
        self.env["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent / "moved_clock"), self.env["PYTHONPATH"]])

    def move(self, seconds):
        """Set all its processes' clocks so many seconds from the real one; 0 is the real one."""
        # In place: they have the file mapped.
        with self._offset.open("r+b" if self._offset.exists() else "wb") as file:
            file.write(struct.pack("d", seconds))


@pytest.fixture
def moved(environ, tmp_path):
    """``moved(NAME=value, …)`` starts such a service on the test's database."""
    started = []

    def start(**env):
        started.append(MovedService(tmp_path, **{**environ, **env}))
        return started[-1].start()

    yield start
    for each in started:
        each.close()
        print(each.log[-5000:])


def data(http, service, path):
    answer = http.get(f"{service.url}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def post(http, service, path, body=None, **headers):
    answer = http.post(f"{service.url}/api/session/{path}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["data"]


def durations(value, name=""):
    """Every number in an answer that tells how long something took."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from durations(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from durations(each, name)
    elif "duration" in name.lower() and isinstance(value, int | float):
        yield value


def server_now_ms(http, service):
    return http.get(f"{service.url}{LIMITED}").json()["serverTs"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hook_moves_the_clock_of_a_running_service(moved, http):
    running = moved()
    for seconds in (0, -HOUR_S, HOUR_S, 0):
        running.move(seconds)
        assert abs(server_now_ms(http, running) / 1000 - time.time() - seconds) < 60


def test_nothing_lasts_less_than_no_time(moved, http):
    running = moved()
    kept, ended = (start_session(http, base=running.url) for _ in range(2))
    now_ms = server_now_ms(http, running)
    for session_id in (kept, ended):
        # With times as clocks tell them: they lie in the service's future once its own has jumped.
        post(http, running, f"{session_id}/frames", {"items": frames(20, now_ms)})
        post(http, running, f"{session_id}/audio", {"items": audio(20, now_ms)})
    running.move(-HOUR_S)
    for session_id in (kept, ended):
        post(http, running, f"{session_id}/stt", {"items": stt(5, now_ms - HOUR_S * 1000)})
        assert post(http, running, f"{session_id}/tick", {})["minuteIndex"] == 0
        post(http, running, "batch-tick", {"sessionId": session_id, "items": scores(3, durationMs=100)})
        post(http, running, f"{session_id}/pause")
        post(http, running, f"{session_id}/resume")
        post(http, running, f"{session_id}/feedback", {"rating": 5})
    session = post(http, running, f"{ended}/end")
    assert session["duration"] >= 0 and session == post(http, running, f"{ended}/end"), "the first end is kept"
    paths = [LIMITED, "/api/session/user/user-1"]
    paths += [
        f"/api/session/{each}{rest}"
        for each in (kept, ended)
        for rest in ("", "/inferences", "/report", "/summary", "/vad-analysis")
    ]
    for seconds in (-HOUR_S, 0):
        running.move(seconds)
        for path in paths:
            lengths = list(durations(data(http, running, path)))
            assert all(each >= 0 for each in lengths), (path, lengths)
    assert data(http, running, LIMITED)["ended"] == 1


def test_no_id_is_given_twice_and_keys_are_kept(moved, http):
    running = moved()
    ids, answers = [], []
    for seconds in (0, -HOUR_S, 0, -HOUR_S):
        running.move(seconds)
        ids += [start_session(http, base=running.url) for _ in range(20)]
        body = {"userId": "user-1", "counselorId": "counselor-1"}
        answers.append(post(http, running, "start", body, **{"Idempotency-Key": "the same"})["sessionId"])
    assert len(set(ids)) == len(ids)
    assert len(set(answers)) == 1
    assert data(http, running, LIMITED)["total"] == len(ids) + 1


def test_load_goes_on_while_the_clock_jumps(moved, database_url):
    running = moved(LOG_LEVEL="warning")
    with Load(running.port, patient=True) as load:
        for turn in range(JUMPS):
            running.move(-HOUR_S if turn % 2 == 0 else 0)
            before = len(load.attempts)
            wait_for(lambda least=before: load.failed() or len(load.attempts) > least + 30)
    differences = load.ledger.differences(database_url)
    name = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"clock jumps by an hour ({name})", JUMPS, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    assert set(load.statuses()) <= {200, 201}


# -- Quotas --------------------------------------------------------------------------------------------------------------


def ask(service):
    """(status, requests that remain, seconds until there is room, Retry-After) of one request that counts."""
    sent = f"GET {LIMITED} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status, headers, body = raw_request(service.url, sent.encode())
    check_envelope("GET", LIMITED, status, headers, body)
    return status, int(headers["RateLimit-Remaining"]), int(headers["RateLimit-Reset"]), int(headers["Retry-After"] or 0)


QUOTA = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_ALL": "6 per hour"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seconds", [-HOUR_S, 2 * HOUR_S])
def test_quota_of_a_process_is_not_moved_by_the_clock(moved, seconds):
    running = moved(**QUOTA)
    assert [ask(running)[1] for _ in range(3)] == [5, 4, 3]
    running.move(seconds)
    assert [ask(running)[1] for _ in range(3)] == [2, 1, 0]
    status, remaining, reset_s, retry_s = ask(running)
    assert (status, remaining) == (429, 0)
    # Whoever set the clock forward got nothing by it, and who set it back keeps nobody out for longer.
    assert HOUR_S - 60 < reset_s <= HOUR_S and HOUR_S - 60 < retry_s <= HOUR_S


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_quota_in_redis_keeps_nobody_out_for_longer_than_a_window(moved, redis_url):
    """Times in Redis are those of the service's clock; set back, it finds them in its future. How long they are kept, Redis decides."""
    running = moved(**{**QUOTA, "RATE_LIMIT_ALL": "6 per 3 seconds"}, REDIS_URL=redis_url)
    assert ask(running)[:2] == (200, 5)
    running.move(-HOUR_S)
    wait_for(lambda: ask(running)[0] == 429, what="the end of the quota")
    status, remaining, reset_s, retry_s = ask(running)
    assert (status, remaining) == (429, 0) and 1 <= retry_s <= 3 and reset_s <= 3
    wait_for(lambda: ask(running)[0] == 200, what="room")
