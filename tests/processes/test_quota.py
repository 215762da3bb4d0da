"""The quotas over real processes: in the one process, or shared by several through Redis.

Which process answers is not left to chance: ``lines_to`` opens a kept connection to each worker.
"""

import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.support.databases import empty_database
from tests.support.running import READ, WRITE, Line, lines_to, quota, statuses, untold
from tests.support.servers import Service, wait_for

# -- The services, each shared by the tests of this module: every test comes from an address of its own ---------------------


_numbers = itertools.count(2)


@pytest.fixture
def address():
    """An address of the loopback whose quota nobody has touched."""
    number = next(_numbers)
    return f"127.1.{number // 250}.{number % 250 + 1}"


@pytest.fixture(scope="module")
def start(request, tmp_path_factory, redis_server):
    """``start(processes, NAME=value, …)``: a service with quotas; more than one process share Redis."""
    with ExitStack() as stack:

        def run(processes, **env):
            home = tmp_path_factory.mktemp("quota")
            shared = {"REDIS_URL": redis_server.url, "WEB_CONCURRENCY": processes} if processes > 1 else {}
            url = stack.enter_context(empty_database(request, "postgres" if processes > 1 else "sqlite", home))
            running = Service(home, DATABASE_URL=url, RATE_LIMIT_ENABLED="true", **shared, **env)
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
    """A service with a small quota: one process that counts alone, or two that share Redis."""
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


def test_headers_tell_the_limit_that_is_nearest_to_full(small, address):
    with lines_to(small, address) as lines:
        requested = [READ] * 14 + [WRITE, WRITE, READ, WRITE, READ, READ]
        reported = [quota(line.ask(*request)[1]) for line, request in zip(itertools.cycle(lines), requested)]
        expected = [(20, 19 - used) for used in range(14)] + [(4, 3), (4, 2), (20, 3), (4, 1), (20, 1), (20, 0)]
        assert [each[:2] for each in reported] == expected
        assert all(3590 < each[2] <= 3600 for each in reported if each[0] == 20)
        assert all(50 < each[2] <= 60 for each in reported if each[0] == 4)
        status, headers, _ = lines[0].ask(*WRITE)
        # The write quota has room for one, the other has none: that one is told.
        assert status == 429 and quota(headers)[:2] == (20, 0)


def test_every_limited_answer_tells_good_or_bad(small, address):
    start = "/api/session/start"
    good = b'{"userId": "u", "counselorId": "c"}'
    requested = [
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
    reported = []
    for status, *request in requested:
        # A connection each: one that saw a body too large may be closed.
        with closing(Line(small, address)) as line:
            result, headers, _ = line.ask(*request)
            assert result == status
            reported.append(quota(headers)[:2])
    assert reported == [(20, 19 - used) for used in range(5)] + [(4, left) for left in (3, 2, 1, 0, 0)]


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
        ("GET", "/ws/session/1", {}),
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
    assert all(answered[later] - sent[later - 10] >= 0.998 for later in range(10, len(passed)))
    assert answered[11] - sent[0] >= 1.6
