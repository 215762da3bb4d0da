"""The quotas while Redis is away, when it is back, and where there never was one."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.databases import empty_database
from tests.support.figures import LONG
from tests.support.running import READ, lines_to, log_lines, quota, statuses, untold
from tests.support.servers import REPOSITORY, ServerFailed, Service, free_port, wait_for


#: No request waits longer than this for Redis, says the contract.
REDIS_WAIT_S = 0.25

#: What else a request may take on a busy machine; the slowest request that never asks Redis comes on top of it.
MARGIN_S = 0.25


# -- Redis away and back -------------------------------------------------------------------------------------------------


@pytest.fixture
def service(request, tmp_path, own_redis):
    """``service(processes, NAME=value, …)``: a service with quotas in a Redis that is the test's own."""
    with ExitStack() as stack:

        def run(processes=1, **env):
            url = stack.enter_context(empty_database(request, "postgres" if processes > 1 else "sqlite", tmp_path))
            settings = {"DATABASE_URL": url, "REDIS_URL": own_redis.url, "LOG_FORMAT": "json", "WEB_CONCURRENCY": processes}
            running = Service(tmp_path, RATE_LIMIT_ENABLED="true", **settings, **env)
            stack.callback(lambda: print(running.log))
            return stack.enter_context(running)

        yield run


def lines_with(service, words):
    """The lines of a JSON log whose message holds all the words."""
    return [line for line in log_lines(service) if all(word in line["message"].lower() for word in words)]


def away(service):
    return lines_with(service, ["redis", "away"])


def back(service):
    return lines_with(service, ["redis", "back"])


def ask_watching_the_time(line, request, count):
    """Statuses of ``count`` requests, none of which waited for Redis longer than the contract allows.

    The bound is the contract's 250 ms and a margin for the machine: a quarter of a second, and the slowest of as many
    ``/health/live``, which never ask Redis, sent in turn with them over the same connection.
    """
    took_s, free_s, codes = [], [], []
    for _ in range(count):
        free_s.append(line.ask("GET", "/health/live")[2])
        status, _, seconds = line.ask(*request)
        codes.append(status)
        took_s.append(seconds)
    assert max(took_s) <= REDIS_WAIT_S + MARGIN_S + max(free_s)
    return codes


@pytest.mark.parametrize(("go", "come"), [("suspend", "resume"), *([("stop", "start")] if LONG else [])])
def test_redis_away_and_back(service, own_redis, go, come):
    running = service(2, RATE_LIMIT_ALL="20 per hour")
    with lines_to(running) as lines, ThreadPoolExecutor(2) as pool:
        assert [statuses(line, READ, 5) for line in lines] == [[200] * 5] * 2
        assert not away(running)

        getattr(own_redis, go)()
        # Each process goes on with a count of its own: a quarter of the quota passes at each, the rest is refused as ever.
        codes = list(pool.map(lambda line: ask_watching_the_time(line, READ, 12), lines))
        assert codes == [[200] * 5 + [429] * 7] * 2
        status, headers, _ = lines[0].ask(*READ)
        assert status == 429 and quota(headers)[:2] == (5, 0) and 3500 < int(headers["Retry-After"]) <= 3600
        # Beyond the second after which Redis is asked again: still away, still said once by each process.
        until = time.monotonic() + 1.2
        wait_for(lambda: time.monotonic() > until, what="the second")
        assert list(pool.map(lambda line: ask_watching_the_time(line, READ, 5), lines)) == [[429] * 5] * 2
        assert len(away(running)) == 2 and not back(running)
        assert {line["level"] for line in away(running)} == {"warning"}
        status, _, seconds = lines[0].ask("GET", "/health/ready")
        assert status == 200

        getattr(own_redis, come)()
        for line in lines:
            # In Redis ten were counted, or nothing after its restart: a request passes again once it is asked.
            wait_for(lambda line=line: line.ask(*READ)[0] == 200, what="the use of Redis")
        assert len(back(running)) == 2
        assert own_redis.execute("FLUSHALL") == "+OK"
        assert statuses(lines[0], READ, 12) + statuses(lines[1], READ, 12) == [200] * 20 + [429] * 4
        assert len(away(running)) == len(back(running)) == 2
        # Nothing else of it is logged: no traceback, no client's address.
        assert not [line for line in log_lines(running) if line["logger"] == "flask-limiter"]


def ask_until_back(running, outages, ask, codes):
    """Add what ``ask()`` answers to ``found`` until Redis has come back so many times."""

    def is_back():
        codes.extend(ask())
        return len(back(running)) == outages

    wait_for(is_back, what="the use of Redis")


def test_however_often_redis_goes_away_at_most_half_a_quota_more_passes(service, own_redis):
    running = service(2, RATE_LIMIT_ALL="20 per hour")
    codes = []
    with lines_to(running) as lines:
        for outages in (1, 2, 3):
            own_redis.suspend()
            codes += [status for line in lines for status in statuses(line, READ, 8)]
            assert len(away(running)) == 2 * outages
            own_redis.resume()
            ask_until_back(running, 2 * outages, lambda: [line.ask(*READ)[0] for line in lines], codes)
            codes += [status for line in lines for status in statuses(line, READ, 8)]
    # Half of it passes in the processes, all of it in Redis, less the requests that Redis read late and nobody waited for any more.
    assert set(codes) == {200, 429} and 10 + 20 - 2 * 3 <= codes.count(200) <= 30


def test_many_at_once_get_no_more_when_redis_goes_away_again_and_again(service, own_redis):
    running = service(WEB_THREADS=8, RATE_LIMIT_ALL="20 per hour")
    with lines_to(running, each=8) as lines, ThreadPoolExecutor(8) as pool:

        def ask_all():
            answers = list(pool.map(lambda line: line.ask(*READ), lines))
            # Whichever thread finds first that Redis is away, all of the requests are counted and have the headers.
            assert all(headers["RateLimit-Limit"] for _, headers, _ in answers)
            return [status for status, _, _ in answers]

        codes = ask_all()
        for outages in (1, 2, 3):
            own_redis.suspend()
            codes += ask_all() + ask_all()
            own_redis.resume()
            ask_until_back(running, outages, ask_all, codes)
    # The first eight, and half of the quota in the process at least.
    assert set(codes) == {200, 429} and 8 + 10 <= codes.count(200) <= 30


def test_many_at_once_do_not_wait_for_one_another_while_redis_hangs(service, own_redis):
    running = service(WEB_THREADS=8)
    with lines_to(running, each=8) as lines, ThreadPoolExecutor(8) as pool:
        assert [line.ask(*READ)[0] for line in lines] == [200] * 8
        own_redis.suspend()
        codes = list(pool.map(lambda line: ask_watching_the_time(line, READ, 10), lines))
        assert codes == [[200] * 10] * 8
    assert len(away(running)) == 1
    assert not [line for line in log_lines(running) if line["level"] == "error"]


def test_readiness_tells_whether_redis_is_there(service, own_redis, http):
    running = service()

    def ready():
        answer = http.get(f"{running.url}/health/ready")
        # Requests are served without Redis, so a load balancer must go on sending them.
        assert answer.status_code == 200
        return answer.json()["redis"]

    assert ready() == "up"
    own_redis.stop()
    assert ready() == "down"
    own_redis.start()
    assert wait_for(lambda: ready() == "up", what="redis up")


def test_redis_that_is_not_there_at_the_start_is_used_once_it_comes(service, own_redis):
    own_redis.stop()
    running = service(2, RATE_LIMIT_ALL="1000 per hour")
    with lines_to(running) as lines:
        assert [ask_watching_the_time(line, READ, 3) for line in lines] == [[200] * 3] * 2
        own_redis.start()
        # All of the thousand that were asked in the process are gone; Redis counts from the first it is asked.
        wait_for(lambda: lines[0].ask(*READ)[0] == 200 and own_redis.execute("DBSIZE") == ":1", what="the use of Redis")


# -- Several processes without Redis -------------------------------------------------------------------------------------


@pytest.fixture
def quotas_off(request, tmp_path):
    """Settings of a service without quotas, on PostgreSQL."""
    with empty_database(request, "postgres", tmp_path) as url:
        yield {"DATABASE_URL": url, "RATE_LIMIT_ENABLED": "false"}


def test_several_processes_without_redis_are_refused(quotas_off, tmp_path):
    env = {**quotas_off, "RATE_LIMIT_ENABLED": "true", "WEB_CONCURRENCY": 2}
    with pytest.raises(ServerFailed, match=r"WEB_CONCURRENCY=2 needs REDIS_URL.*Set REDIS_URL="):
        Service(tmp_path, **env).start()


class Gunicorn(Service):
    """``gunicorn -w 2 wsgi:app``, called in the repository's directory."""

    def _command(self):
        return ["sh", "-c", 'cd "$0" && exec "$1" -m gunicorn -w 2 wsgi:app', REPOSITORY, sys.executable]


def test_gunicorn_called_by_hand_is_refused_as_well(quotas_off, tmp_path):
    with pytest.raises(ServerFailed, match=r"WEB_CONCURRENCY=2 needs REDIS_URL.*Set REDIS_URL=") as refusal:
        Gunicorn(tmp_path, **{**quotas_off, "RATE_LIMIT_ENABLED": "true"}).start()
    assert "Traceback" not in str(refusal.value)


def test_gunicorn_called_by_hand_serves_with_the_quotas_off(quotas_off, tmp_path):
    with Gunicorn(tmp_path, **quotas_off) as running:
        wait_for(lambda: len(running.workers) == 2, what="two workers")
        with lines_to(running) as lines:
            assert [statuses(line, READ, 1) for line in lines] == [[200], [200]]


def test_quotas_switched_off_allow_several_processes_limit_nothing_and_tell_nothing(quotas_off, tmp_path):
    with Service(tmp_path, **quotas_off, WEB_CONCURRENCY=2, RATE_LIMIT_ALL="1 per hour") as running, lines_to(running) as lines:
        assert len(lines) == 2
        for line in lines * 3:
            status, headers, _ = line.ask(*READ)
            assert status == 200 and untold(headers)


def test_refusal_ends_the_command_at_once(quotas_off, tmp_path):
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), "PORT": str(free_port()), **quotas_off}
    env.update(RATE_LIMIT_ENABLED="true", WEB_CONCURRENCY="3")
    ended = subprocess.run([sys.executable, "-m", "bemore", "serve"], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=20)
    assert ended.returncode != 0
    (sentence,) = (ended.stdout + ended.stderr).strip().splitlines()
    assert "WEB_CONCURRENCY=3" in sentence and "RATE_LIMIT_ENABLED=false" in sentence
