"""The quotas over real processes: shared through Redis, without it, while it is away, and when it is back.

Which process answers is not left to chance: ``lines_to`` opens a kept connection to each worker.
"""

import http.client
import itertools
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import pytest
from conftest import check_envelope
from servers import REPOSITORY, RawAnswer, ServerFailed, Service, free_port, wait_for

#: No request waits longer than this for Redis, says the contract.
REDIS_WAIT_S = 0.25

#: What else a request may take on a busy machine; the slowest request that never asks Redis comes on top of it.
MARGIN_S = 0.25

NAMES = ("Limit", "Remaining", "Reset")
READ = ("GET", "/api/session/stats/summary")
#: A write that is refused for its body costs no time, and counts as any other.
WRITE = ("POST", "/api/session/start")


class Line:
    """A kept connection; it fails a test where the server closes it, as the next one might go to another process."""

    def __init__(self, service, address="127.0.0.1"):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10, source_address=(address, 0))
        self.connection.connect()
        self.connection.auto_open = 0

    def ask(self, method, path, headers=None, body=None):
        """The answer as (status, headers, seconds it took); its envelope is checked."""
        began = time.monotonic()
        answer = self.answer(method, path, headers, body)
        return answer.status, answer.headers, time.monotonic() - began

    def answer(self, method, path, headers=None, body=None):
        """The whole answer; its envelope is checked."""
        self.connection.request(method, path, body, headers or {})
        with self.connection.getresponse() as answer:
            whole = RawAnswer(answer.status, answer.headers, answer.read())
        check_envelope(method, path, *whole)
        return whole

    def close(self):
        self.connection.close()


@contextmanager
def lines_to(service, address="127.0.0.1", each=1):
    """Connections from a client's address to the workers of a service: ``each`` to the first, then ``each`` to the second …"""
    workers = service.workers
    with ExitStack() as stack:
        lines = []
        for worker in workers:
            # Only the one that is not asleep can take the connection; its first answer is the proof.
            for other in workers:
                if other != worker:
                    other.suspend()
            try:
                for _ in range(each):
                    line = stack.enter_context(closing(Line(service, address)))
                    assert line.ask("GET", "/health/live")[0] == 200
                    lines.append(line)
            finally:
                for other in workers:
                    other.resume()
        yield lines


def statuses(line, request, count):
    return [line.ask(*request)[0] for _ in range(count)]


def quota(headers):
    """The three numbers of an answer, (limit, remaining, reset); both spellings must say the same."""
    told = [headers[f"RateLimit-{name}"] for name in NAMES]
    assert told == [headers[f"X-RateLimit-{name}"] for name in NAMES]
    assert all(re.fullmatch("[0-9]+", each) for each in told), told
    return tuple(map(int, told))


def untold(headers):
    return not any("ratelimit" in name.lower() for name in headers)


# -- The services, each shared by the tests of this module: every test comes from an address of its own ---------------------


@pytest.fixture
def address(_addresses=itertools.count(2)):
    """An address of the loopback whose quota nobody has touched."""
    number = next(_addresses)
    return f"127.1.{number // 250}.{number % 250 + 1}"


@pytest.fixture(scope="module")
def start(tmp_path_factory, redis_server):
    """``start(processes, NAME=value, …)``: a service with quotas; more than one process share Redis."""
    home = tmp_path_factory.mktemp("quota")
    with ExitStack() as stack:

        def run(processes, **env):
            shared = {"REDIS_URL": redis_server.url, "WEB_CONCURRENCY": processes} if processes > 1 else {}
            number = len(list(home.glob("*.db")))
            running = Service(home, DATABASE_URL=f"sqlite:///{home}/{number}.db", RATE_LIMIT_ENABLED="true", **shared, **env)
            stack.callback(lambda: print(running.log))
            return stack.enter_context(running)

        yield run


SMALL = {"RATE_LIMIT_ALL": "20 per hour", "RATE_LIMIT_WRITE": "4 per minute", "MAX_BODY_BYTES": 1024}
SHORT = {"RATE_LIMIT_ALL": "10 per 1 second"}


@pytest.fixture(scope="module")
def small_one(start):
    return start(1, **SMALL)


@pytest.fixture(scope="module")
def small_two(start):
    return start(2, **SMALL)


@pytest.fixture(scope="module")
def short_one(start):
    return start(1, **SHORT)


@pytest.fixture(scope="module")
def short_two(start):
    return start(2, **SHORT)


@pytest.fixture(params=["one", "two"], ids=["process", "redis"])
def small(request):
    """A service with a small quota: one process with its own buckets, or two that share Redis."""
    return request.getfixturevalue(f"small_{request.param}")


@pytest.fixture(params=["one", "two"], ids=["process", "redis"])
def short(request):
    """A service with a short window, either way."""
    return request.getfixturevalue(f"short_{request.param}")


# -- Shared by the processes ---------------------------------------------------------------------------------------------


def test_default_quota_holds_exactly_over_two_processes(start, address):
    """600 of any kind and of those 300 writes, over four connections at once, two to each process."""
    with lines_to(start(2), address, each=2) as lines, ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda line: statuses(line, WRITE, 90), lines))
        flat = sum(written, [])
        assert (flat.count(400), flat.count(429), len(flat)) == (300, 60, 360)
        # Both processes had their share in it.
        assert all(each.count(400) for each in (written[0] + written[1], written[2] + written[3]))

        flat = sum(pool.map(lambda line: statuses(line, READ, 80), lines), [])
        assert (flat.count(200), flat.count(429), len(flat)) == (300, 20, 320)

        for line in lines:
            status, headers, _ = line.ask(*READ)
            assert status == 429
            limit, remaining, reset = quota(headers)
            assert (limit, remaining) == (600, 0)
            assert 500 < reset <= 600
            assert int(headers["Retry-After"]) == reset


def test_quota_is_one_however_requests_spread(small_two, address):
    with lines_to(small_two, address) as (one, other):
        assert statuses(one, WRITE, 3) == [400] * 3
        assert statuses(other, WRITE, 2) == [400, 429]
        assert statuses(one, WRITE, 1) == [429]
        assert statuses(other, READ, 1) + statuses(one, READ, 15) == [200] * 16
        assert statuses(other, READ, 1) + statuses(one, READ, 1) == [429] * 2


def test_reads_do_not_use_up_the_write_quota(small, address):
    with lines_to(small, address) as lines:
        assert statuses(lines[0], READ, 16) == [200] * 16
        assert statuses(lines[-1], WRITE, 5) == [400] * 4 + [429]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_each_method_that_writes_counts_as_a_write(small_one, address, method):
    path = "/api/session/sess_1_0123456789abcdef"
    with lines_to(small_one, address) as (line,):
        assert set(statuses(line, (method, path), 4)) <= {404, 405}
        assert statuses(line, (method, path), 1) == [429]
        assert statuses(line, ("GET", path), 1) == [404]


# -- What is told --------------------------------------------------------------------------------------------------------


def test_headers_tell_the_bucket_that_is_nearest_to_full(small, address):
    with lines_to(small, address) as lines:
        asked = [READ] * 14 + [WRITE, WRITE, READ, WRITE, READ, READ]
        told = [quota(line.ask(*request)[1]) for line, request in zip(itertools.cycle(lines), asked)]
        expected = [(20, 19 - used) for used in range(14)] + [(4, 3), (4, 2), (20, 3), (4, 1), (20, 1), (20, 0)]
        assert [each[:2] for each in told] == expected
        assert all(3590 < each[2] <= 3600 for each in told if each[0] == 20)
        assert all(50 < each[2] <= 60 for each in told if each[0] == 4)
        status, headers, _ = lines[0].ask(*WRITE)
        # The write quota has room for one, the other has none: that one is told.
        assert status == 429 and quota(headers)[:2] == (20, 0)


def test_every_limited_answer_tells_good_or_bad(small, address):
    start = "/api/session/start"
    good = b'{"userId": "u", "counselorId": "c"}'
    asked = [
        (200, *READ),
        (404, "GET", "/no/such/address"),
        (404, "GET", "/api/session/sess_1_0123456789abcdef"),
        (405, "GET", start),
        (200, "GET", "/api/openapi.json"),
        (400, "POST", start, {}, b"{}"),
        (413, "POST", start, {}, b"x" * 2000),
        (415, "POST", start, {"Content-Type": "application/xml"}, b"<a/>"),
        (200, "POST", start, {}, good),
        (429, "POST", start, {}, good),
    ]
    told = []
    for status, *request in asked:
        # A connection each: one that saw a body too large may be closed.
        with closing(Line(small, address)) as line:
            found, headers, _ = line.ask(*request)
            assert found == status
            told.append(quota(headers)[:2])
    assert told == [(20, 19 - used) for used in range(5)] + [(4, left) for left in (3, 2, 1, 0, 0)]


def test_refusal_says_when_to_come_back_and_it_is_true(short, address):
    with lines_to(short, address) as lines:
        assert statuses(lines[0], READ, 10) == [200] * 10
        answer = lines[-1].answer(*READ, {"Origin": "http://localhost:5173"})
        heard = time.monotonic()
        assert answer.status == 429
        error = json.loads(answer.body)["error"]
        assert (error["code"], error["message"]) == ("RATE_LIMIT", "Too many requests")
        assert quota(answer.headers) == (10, 0, 1) and answer.headers["Retry-After"] == "1"
        # A page may read all of it.
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
        exposed = {each.strip().lower() for each in answer.headers["Access-Control-Expose-Headers"].split(",")}
        assert {"retry-after", "ratelimit-remaining", "x-ratelimit-remaining", "x-request-id"} <= exposed
        wait_for(lambda: time.monotonic() >= heard + 1, what="the time of Retry-After")
        assert statuses(lines[-1], READ, 1) == [200]


def test_preflights_health_and_metrics_cost_nothing_and_tell_nothing(small, address):
    preflight = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST"}
    free = [
        ("OPTIONS", "/api/session/start", preflight),
        ("OPTIONS", "/api/session/start", {}),
        ("GET", "/health", {}),
        ("GET", "/health/live", {}),
        ("GET", "/health/ready", {}),
        ("GET", "/metrics", {}),
    ]
    with lines_to(small, address) as (line, *_):

        def none_is_limited():
            for request in free * 5:
                status, headers, _ = line.ask(*request)
                assert status != 429 and untold(headers), request

        none_is_limited()
        assert statuses(line, READ, 21) == [200] * 20 + [429]
        # Neither when the quota is used up.
        none_is_limited()


# -- The window ----------------------------------------------------------------------------------------------------------


def test_quota_cannot_be_doubled_across_an_edge(short_two, address):
    """One request opens the window, nine come late in it: were it to start anew after its second, ten more would pass.

    Asked without a pause over two processes. Whatever moment within a request it is counted at, one that passed and the
    tenth after it must lie a second apart: from the sending of the one to the answer to the other.
    """
    passed = []

    def ask(line):
        sent = time.monotonic()
        if line.ask(*READ)[0] == 200:
            passed.append((sent, time.monotonic()))
            return True
        return False

    with lines_to(short_two, address) as (one, other):
        assert ask(one)
        began = passed[0][1]
        wait_for(lambda: time.monotonic() > began + 0.7, what="the late part of the window")
        assert all(ask(line) for line in (one, other) * 4 + (one,))
        # The first one's place is free again after 1 s, the places of the nine only after 1.7 s.
        wait_for(lambda: ask(one) + ask(other) and len(passed) > 15, what="room for five after the first")
    sent, answered = zip(*passed, strict=True)
    # Redis counts whole milliseconds.
    assert all(answered[later] - sent[later - 10] >= 0.998 for later in range(10, len(passed)))
    assert answered[11] - sent[0] >= 1.6


# -- Redis away and back -------------------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path, own_redis):
    """``service(NAME=value, …)``: a service with quotas in a Redis that is the test's own."""
    with ExitStack() as stack:

        def run(**env):
            settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "REDIS_URL": own_redis.url, "LOG_FORMAT": "json"}
            running = Service(tmp_path, RATE_LIMIT_ENABLED="true", **settings, **env)
            stack.callback(lambda: print(running.log))
            return stack.enter_context(running)

        yield run


def told(service, words):
    """The lines of a JSON log whose message holds all the words."""
    lines = (json.loads(line) for line in service.log.splitlines())
    return [line for line in lines if all(word in line["message"].lower() for word in words)]


def away(service):
    return told(service, ["redis", "away"])


def back(service):
    return told(service, ["redis", "back"])


def ask_watching_the_time(line, request, count):
    """Statuses of ``count`` requests, none of which waited for Redis longer than the contract allows.

    The bound is the contract's 250 ms and a margin for the machine: a quarter of a second, and the slowest of as many
    ``/health/live``, which never ask Redis, sent in turn with them over the same connection.
    """
    took_s, free_s, found = [], [], []
    for _ in range(count):
        free_s.append(line.ask("GET", "/health/live")[2])
        status, _, seconds = line.ask(*request)
        found.append(status)
        took_s.append(seconds)
    assert max(took_s) <= REDIS_WAIT_S + MARGIN_S + max(free_s)
    return found


@pytest.mark.parametrize(("go", "come"), [("stop", "start"), ("suspend", "resume")])
def test_redis_away_and_back(service, own_redis, go, come):
    running = service(WEB_CONCURRENCY=2, RATE_LIMIT_ALL="20 per hour")
    with lines_to(running) as lines, ThreadPoolExecutor(2) as pool:
        assert [statuses(line, READ, 5) for line in lines] == [[200] * 5] * 2
        assert not away(running)

        getattr(own_redis, go)()
        # Each process goes on with buckets of its own, which are empty; all 20 pass, the rest is refused as ever.
        found = list(pool.map(lambda line: ask_watching_the_time(line, READ, 24), lines))
        assert found == [[200] * 20 + [429] * 4] * 2
        status, headers, _ = lines[0].ask(*READ)
        assert status == 429 and quota(headers)[:2] == (20, 0) and 3500 < int(headers["Retry-After"]) <= 3600
        # Beyond the second after which Redis is asked again: still away, still said once by each process.
        began = time.monotonic()
        while time.monotonic() < began + 1.2:
            assert set(pool.map(lambda line: ask_watching_the_time(line, READ, 5)[-1], lines)) == {429}
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


def test_many_at_once_do_not_wait_for_one_another_while_redis_hangs(service, own_redis):
    running = service(WEB_CONCURRENCY=1, WEB_THREADS=8)
    with lines_to(running, each=8) as lines, ThreadPoolExecutor(8) as pool:
        assert [line.ask(*READ)[0] for line in lines] == [200] * 8
        own_redis.suspend()
        found = list(pool.map(lambda line: ask_watching_the_time(line, READ, 10), lines))
        assert found == [[200] * 10] * 8
    assert len(away(running)) == 1


def test_readiness_tells_whether_redis_is_there(service, own_redis, http):
    running = service(WEB_CONCURRENCY=1)

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
    running = service(WEB_CONCURRENCY=2, RATE_LIMIT_ALL="1000 per hour")
    with lines_to(running) as lines:
        assert [ask_watching_the_time(line, READ, 3) for line in lines] == [[200] * 3] * 2
        own_redis.start()
        # All of the thousand that were asked in the process are gone; Redis counts from the first it is asked.
        wait_for(lambda: lines[0].ask(*READ)[0] == 200 and own_redis.execute("DBSIZE") == ":1", what="the use of Redis")


# -- Several processes without Redis -------------------------------------------------------------------------------------


@pytest.fixture
def quotas_off(tmp_path):
    """Settings of a service without quotas."""
    return {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "RATE_LIMIT_ENABLED": "false"}


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
