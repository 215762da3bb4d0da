"""PostgreSQL stopped, killed, restarted and hung under load: clients are told so at once, and served by themselves when it is back."""

import time

import pytest

from tests.support.figures import LONG, record
from tests.support.load import Load, Pulse
from tests.support.servers import Service, wait_for

#: How often each is done, and for how long PostgreSQL is away, in seconds.
ROUNDS, AWAY_S = (3, 10.0) if LONG else (1, 1.5)

#: Whoever asks while the database is away is answered within this time, says the contract.
ANSWER_S = 1.0

#: After this the service must serve again, counted from the moment at which PostgreSQL does.
BACK_S = 2.0


@pytest.fixture
def database_url(own_postgres):
    return own_postgres.url(own_postgres.create_database())


@pytest.fixture
def running(tmp_path, database_url):
    with Service(
        tmp_path, DATABASE_URL=database_url, RATE_LIMIT_ENABLED="false", WEB_CONCURRENCY=2, LOG_FORMAT="json", LOG_LEVEL="warning"
    ) as each:
        yield each
        print(each.log)


FAULTS = (
    ("restarted", "stop", "start", 0),
    (f"stopped for {AWAY_S:g} s", "stop", "start", AWAY_S),
    (f"killed, back after {AWAY_S:g} s", "kill", "start", AWAY_S),
    (f"hung for {AWAY_S:g} s", "suspend", "resume", AWAY_S),
)


def test_postgres_away_is_told_within_a_second_and_used_again(running, own_postgres, database_url):
    workers, before = set(running.workers), frozenset()
    for fault in FAULTS:
        with Load(running.port, clients=12) as load, Pulse(running.port) as pulse:
            for _ in range(ROUNDS):
                back_s = _away_and_back(load, own_postgres, *fault[1:])
                assert back_s < BACK_S + pulse.longest_s, fault
        before = _assert_told_and_kept(load, pulse, database_url, fault[0], before)
        # No worker hung and was replaced.
        assert set(running.workers) == workers


def _away_and_back(load, postgres, go, come, away_s):
    """Do it, and answer how long after the database's return a client was served."""
    wait_for(lambda: load.failed() or _served_since(load, 0) > 100, what="the clients at work")
    getattr(postgres, go)()
    gone_s = time.monotonic()
    time.sleep(away_s)
    getattr(postgres, come)()
    came_s = time.monotonic()
    if away_s:
        assert len([each for each in load.of_status(503) if gone_s < each.began_s < came_s]) > 12 * away_s
    # By itself.
    wait_for(lambda: load.failed() or _served_since(load, came_s) > 50, what="service")
    return min(each.began_s + each.took_s for each in _served(load, came_s)) - came_s


def _assert_told_and_kept(load, pulse, database_url, fault, before):
    """The sessions that the database holds now; ``before`` are those of earlier loads."""
    load.ledger.others = before
    differences = load.ledger.differences(database_url)
    record(f"PostgreSQL {fault}", ROUNDS, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    # No 500, no connection broken.
    assert set(load.statuses()) <= {200, 201, 404, 503}
    slowest = max(each.took_s for each in load.attempts)
    assert slowest < ANSWER_S + pulse.longest_s, fault
    assert all(each.retry_after.isdecimal() and int(each.retry_after) >= 1 for each in load.of_status(503))
    return load.ledger.sessions_in(database_url)


def _served(load, since_s):
    return [each for each in load.of_status(200, 201) if each.began_s + each.took_s > since_s]


def _served_since(load, since_s):
    return len(_served(load, since_s))
