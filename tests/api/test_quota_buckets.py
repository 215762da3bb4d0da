"""Both kinds of buckets give exactly the quota in every window, whatever the order and the gaps of the requests."""

import itertools
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from hypothesis import example, given, settings
from hypothesis import strategies as st
from limits import parse

from bemore.buckets import ProcessBuckets, RedisBuckets

#: A whole second at which the injected clocks begin, in ms.
BEGIN_MS = 1_737_250_800_000

ALL, WRITES = parse("5 per 3 seconds"), parse("3 per 2 seconds")
READ, WRITE = [ALL], [ALL, WRITES]

#: Names of clients that no other example of this run has used.
_names = (f"client-{number}" for number in itertools.count())


class Clock:
    """A clock in seconds that stands still until it is moved."""

    def __init__(self):
        self.ms = BEGIN_MS

    def __call__(self):
        return self.ms / 1000


class HeldRedis:
    """A Redis whose scripts read the time from ``clock`` in place of Redis's own."""

    ASKED = "redis.call('TIME')"

    def __init__(self, connection, clock):
        self.connection, self.clock = connection, clock

    def register_script(self, text):
        assert text.count(self.ASKED) == 1
        script = self.connection.register_script(text.replace(self.ASKED, "{ARGV[#ARGV - 1], ARGV[#ARGV]}"))
        return lambda keys, arguments: script(keys, [*arguments, self.clock.ms // 1000, self.clock.ms % 1000 * 1000])


class Model:
    """The rule itself, without a thought for speed: a request passes if each limit has room in the time just gone."""

    def __init__(self):
        self.passed = []

    def take(self, now_ms, who, limits):
        """(allowed, [(used before it, ms until the oldest leaves) per limit])"""
        found = []
        for index, limit in enumerate(limits):
            window = limit.get_expiry() * 1000
            counted = [at for at, client, indices in self.passed if client == who and index in indices and at > now_ms - window]
            found.append((len(counted), counted[0] + window - now_ms if counted else window))
        allowed = all(used < limit.amount for (used, _), limit in zip(found, limits, strict=True))
        if allowed:
            self.passed.append((now_ms, who, range(len(limits))))
        return allowed, found


@pytest.fixture(scope="module")
def connection(redis_server):
    with redis.Redis.from_url(redis_server.url) as made:
        yield made


@pytest.fixture(params=["process", "redis"])
def held(request):
    """(clock, buckets): each kind of buckets, on a clock of the test."""
    clock = Clock()
    if request.param == "process":
        return clock, ProcessBuckets(clock)
    return clock, RedisBuckets(HeldRedis(request.getfixturevalue("connection"), clock))


# -- The rule, on both ---------------------------------------------------------------------------------------------------


def test_exactly_the_quota_passes_and_what_is_left_is_told(held):
    clock, buckets = held
    who = next(_names)
    answers = [buckets.take(who, READ) for _ in range(8)]
    assert [each.allowed for each in answers] == [True] * 5 + [False] * 3
    assert [each.remaining for each in answers] == [4, 3, 2, 1, 0, 0, 0, 0]
    assert {each.limit for each in answers} == {5}
    assert {each.reset_s for each in answers} == {3}


def test_room_comes_back_one_by_one_as_the_window_moves(held):
    clock, buckets = held
    who = next(_names)
    for _ in range(5):
        assert buckets.take(who, READ).allowed
        clock.ms += 100
    clock.ms = BEGIN_MS + 2999
    refused = buckets.take(who, READ)
    assert not refused.allowed and refused.reset_s == pytest.approx(0.001, abs=1e-6)
    clock.ms = BEGIN_MS + 3000
    assert buckets.take(who, READ).allowed
    assert not buckets.take(who, READ).allowed
    clock.ms = BEGIN_MS + 3100
    assert buckets.take(who, READ).allowed


def test_twice_the_quota_cannot_pass_across_an_edge(held):
    """A fixed window of 3 s lets 10 pass within moments of any multiple of 3 s; this one lets 5."""
    clock, buckets = held
    who = next(_names)
    clock.ms = BEGIN_MS // 3000 * 3000 + 2990
    before = sum(buckets.take(who, READ).allowed for _ in range(5))
    clock.ms += 20
    after = sum(buckets.take(who, READ).allowed for _ in range(5))
    assert (before, after) == (5, 0)


def test_a_refused_request_is_counted_in_no_bucket(held):
    clock, buckets = held
    who = next(_names)
    writes = [buckets.take(who, WRITE).allowed for _ in range(10)]
    assert writes == [True] * 3 + [False] * 7
    # The seven refused writes have not used up what is left for reads.
    assert [buckets.take(who, READ).allowed for _ in range(3)] == [True, True, False]


def test_a_client_that_goes_on_while_refused_is_let_in_on_time(held):
    clock, buckets = held
    who = next(_names)
    passed_ms = []
    for _ in range(60):
        if buckets.take(who, WRITE).allowed:
            passed_ms.append(clock.ms - BEGIN_MS)
        clock.ms += 100
    assert passed_ms == [0, 100, 200, 2000, 2100, 3000, 4000, 4100, 5000]


def test_reads_do_not_use_up_the_write_quota(held):
    clock, buckets = held
    who = next(_names)
    for _ in range(2):
        assert buckets.take(who, READ).allowed
    assert [buckets.take(who, WRITE).allowed for _ in range(4)] == [True, True, True, False]


def test_the_fuller_bucket_is_told(held):
    clock, buckets = held
    who = next(_names)
    assert buckets.take(who, WRITE)[:3] == (True, 3, 2)
    for left in (3, 2):
        assert buckets.take(who, READ)[:3] == (True, 5, left)
    # One is left of both: the five take longer to make room again.
    assert buckets.take(who, WRITE) == (True, 5, 1, 3)
    clock.ms += 2500
    assert buckets.take(who, WRITE)[:3] == (True, 5, 0)


def test_of_two_full_buckets_the_one_that_refuses_longer_is_told(held):
    clock, buckets = held
    who = next(_names)
    for limits in (READ, READ, WRITE, WRITE, WRITE):
        assert buckets.take(who, limits).allowed
    assert buckets.take(who, WRITE) == (False, 5, 0, 3)


def test_clients_do_not_share_a_bucket(held):
    clock, buckets = held
    one, other = next(_names), next(_names)
    assert [buckets.take(one, WRITE).allowed for _ in range(4)] == [True, True, True, False]
    assert buckets.take(other, WRITE)[:3] == (True, 3, 2)


_steps = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, 0, 1, 999, 1000, 1999, 2000, 2999, 3000, 3001]), st.integers(0, 4000)),
        st.sampled_from("ab"),
        st.sampled_from([READ, WRITE]),
    ),
    max_size=40,
)


@pytest.mark.parametrize("kind", ["process", "redis"])
@settings(max_examples=60)
@given(steps=_steps)
@example(steps=[(0, "a", WRITE)] * 5 + [(2000, "a", WRITE)] * 4)
def test_any_sequence_is_answered_as_the_rule_says(kind, request, steps):
    """Both kinds against the same model, hence also against each other."""
    clock, model, prefix = Clock(), Model(), next(_names)
    if kind == "process":
        buckets = ProcessBuckets(clock)
    else:
        buckets = RedisBuckets(HeldRedis(request.getfixturevalue("connection"), clock))
    for gap_ms, who, limits in steps:
        clock.ms += gap_ms
        allowed, found = model.take(clock.ms, who, limits)
        taken = buckets.take(f"{prefix}-{who}", limits)
        assert taken.allowed is allowed
        told = [
            (limit.amount, limit.amount - used - allowed, reset_ms)
            for limit, (used, reset_ms) in zip(limits, found, strict=True)
        ]
        least = min(remaining for _, remaining, _ in told)
        limit, remaining, reset_ms = max((each for each in told if each[1] == least), key=lambda each: each[2])
        assert (taken.limit, taken.remaining) == (limit, remaining)
        assert taken.reset_s == pytest.approx(reset_ms / 1000, abs=0.001)


# -- In the process ------------------------------------------------------------------------------------------------------


def test_the_process_forgets_clients_that_have_gone():
    clock = Clock()
    buckets = ProcessBuckets(clock)
    most = 0
    for number in range(20_000):
        buckets.take(f"10.0.{number >> 8}.{number & 255}", WRITE)
        clock.ms += 10
        most = max(most, len(buckets))
    # 300 clients are heard of within 3 s; what has left may stay a moment longer.
    assert most <= 300 + 10
    clock.ms += 10_000
    for _ in range(most):
        buckets.take("10.0.0.1", READ)
    assert len(buckets) == 1


def test_one_clients_bucket_does_not_grow_beyond_its_quota():
    clock = Clock()
    buckets = ProcessBuckets(clock)
    allowed = 0
    for _ in range(10_000):
        allowed += buckets.take("a", WRITE).allowed
        clock.ms += 1
    assert allowed == 3 * 5
    assert all(len(log.entries) <= 5 for log in buckets._logs.values())


@pytest.mark.parametrize("days", [1, 20, 400])
def test_clients_that_stay_for_weeks_are_counted_as_at_first(days):
    """Times are kept in 30 bits, 12 days, where a window is shorter: the model knows nothing of that."""
    clock, model = Clock(), Model()
    buckets, limits = ProcessBuckets(clock), [parse(f"3 per {days} days"), parse("2 per 5 days")]
    chance = random.Random(days)
    for _ in range(400):
        clock.ms += chance.choice((1, 3_600_000, days * 86_400_000 // 3, days * 86_400_000 - 1))
        asked = limits[: chance.choice((1, 2))]
        allowed, found = model.take(clock.ms, "a", asked)
        taken = buckets.take("a", asked)
        assert taken.allowed is allowed
        assert taken.remaining == min(limit.amount - used - allowed for limit, (used, _) in zip(asked, found))


def test_a_client_takes_few_bytes_for_each_request():
    clock = Clock()
    buckets, limits = ProcessBuckets(clock), [parse("600 per 10 minutes"), parse("300 per 10 minutes")]
    for number in range(450):
        assert buckets.take("a", limits[: 1 + number % 3 % 2]).allowed
        clock.ms += 1000
    (log,) = buckets._logs.values()
    assert sys.getsizeof(log.entries) < 450 * 5 + 100


def test_threads_of_a_process_share_its_buckets_exactly():
    buckets, limit = ProcessBuckets(), parse("500 per hour")
    together = threading.Barrier(8)

    def run(_):
        together.wait()
        return sum(buckets.take("a", [limit]).allowed for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 500


# -- In Redis ------------------------------------------------------------------------------------------------------------


def test_processes_share_the_buckets_in_redis_exactly(redis_server):
    who, limits = next(_names), [parse("100 per hour"), parse("80 per hour")]

    def run(_):
        with redis.Redis.from_url(redis_server.url) as own:
            buckets = RedisBuckets(own)
            return sum(buckets.take(who, limits).allowed for _ in range(40))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 80


def test_what_is_told_is_never_longer_than_the_window(connection):
    """Rounded up to whole seconds it would be a second too many. Any clock may have any fraction of a second."""
    limit = parse("5 per hour")
    for kind in (ProcessBuckets(lambda: 4711.1), ProcessBuckets(lambda: 1e6 + 1 / 3), RedisBuckets(connection)):
        who = next(_names)
        assert all(kind.take(who, [limit]).reset_s <= 3600 for _ in range(6))


def test_redis_counts_by_its_own_clock(connection):
    buckets, who, limits = RedisBuckets(connection), next(_names), [parse("2 per 1 second")]
    began = time.monotonic()
    asked, answered = [], []
    while len(answered) < 4:
        asking = time.monotonic()
        assert asking < began + 10, "who waits as long as told is let in again"
        if (taken := buckets.take(who, limits)).allowed:
            asked.append(asking)
            answered.append(time.monotonic())
        else:
            # As a client would: it waits for as long as it was told.
            time.sleep(max(0.001, taken.reset_s))
    # Redis counts whole milliseconds, so a window may seem one too short from here.
    assert answered[2] - asked[0] >= 0.998 and answered[3] - asked[1] >= 0.998


def test_redis_forgets_clients_that_have_gone(connection):
    buckets, who = RedisBuckets(connection), next(_names)
    for _ in range(20):
        buckets.take(who, WRITE)
    keys = sorted(connection.scan_iter(match=f"*{who}*"))
    assert len(keys) == 2
    assert [connection.llen(key) for key in keys] == [3, 3]
    for key, limit in zip(keys, WRITE, strict=True):
        assert 0 < connection.pttl(key) <= limit.get_expiry() * 1000


def test_redis_whose_clock_is_set_back_shuts_nobody_out(connection):
    clock = Clock()
    buckets, who = RedisBuckets(HeldRedis(connection, clock)), next(_names)
    assert [buckets.take(who, WRITE).allowed for _ in range(4)] == [True, True, True, False]
    clock.ms -= 3_600_000
    answers = [buckets.take(who, WRITE) for _ in range(4)]
    assert [each.allowed for each in answers] == [True, True, True, False]
    assert answers[-1].reset_s == 2


def test_redis_that_lost_its_scripts_is_told_them_again(connection):
    buckets, who = RedisBuckets(connection), next(_names)
    assert buckets.take(who, READ).remaining == 4
    connection.script_flush()
    assert buckets.take(who, READ).remaining == 3


def test_redis_that_is_away_is_an_error_of_redis(own_redis):
    own_redis.stop()
    with redis.Redis.from_url(own_redis.url) as gone, pytest.raises(redis.ConnectionError):
        RedisBuckets(gone).take("a", READ)
