"""PostgreSQL stopped, killed, restarted and hung under load: clients are refused, and served by themselves when it is back."""

import time

import pytest

from tests.support.figures import LONG, record
from tests.support.load import Load
from tests.support.servers import Service, wait_for

#: Clients, how often each is done, for how long PostgreSQL is away at least, and how long each client waits between two requests, in
#: seconds.
CLIENTS, ROUNDS, AWAY_S, PAUSE_S = (12, 3, 10.0, 0) if LONG else (6, 1, 0.5, 0.03)

#: What a request may take, and how long after PostgreSQL's return a client may wait for service, in seconds. Without bounds of its
#: own the service would wait for as long as PostgreSQL hangs.
ANSWER_S, BACK_S = 20, 20


@pytest.fixture
def database_url(own_postgres):
    return own_postgres.url(own_postgres.create_database())


@pytest.fixture
def running(tmp_path, database_url):
    with Service(
        tmp_path, DATABASE_URL=database_url, RATE_LIMIT_ENABLED="false", WEB_CONCURRENCY=2, LOG_FORMAT="json", LOG_LEVEL="warning"
    ) as each:
        yield each
        each.kill()
        print(each.log)


FAULTS = (
    ("restarted", "stop", "start", 0),
    (f"stopped for {AWAY_S:g} s", "stop", "start", AWAY_S),
    (f"killed, back after {AWAY_S:g} s", "kill", "start", AWAY_S),
    ("hung" if not LONG else f"hung for {AWAY_S:g} s", "suspend", "resume", AWAY_S),
)


def test_requests_are_refused_while_postgres_is_away_and_served_when_it_is_back(running, own_postgres, database_url):
    workers, before = set(running.workers), frozenset()
    for fault in FAULTS:
        with Load(running.port, clients=CLIENTS, pause_s=PAUSE_S) as load:
            for _ in range(ROUNDS):
                _away_and_back(load, own_postgres, *fault[1:])
        before = _assert_refused_and_kept(load, database_url, fault[0], before)
        # No worker hung and was replaced.
        assert set(running.workers) == workers


def _away_and_back(load, postgres, go, come, away_s):
    """Do it, and wait until clients are served again."""
    wait_for(lambda: load.failed() or _served_since(load, 0) > 100, 60, "the clients at work")
    getattr(postgres, go)()
    gone_s = time.monotonic()
    if away_s:
        # All of them are refused, and refused again at once: nobody waits for it any more.
        wait_for(lambda: load.failed() or _refused_since(load, gone_s) > 4 * CLIENTS, 60, "refusals")
        time.sleep(max(0, gone_s + away_s - time.monotonic()))
    getattr(postgres, come)()
    came_s = time.monotonic()
    # By itself, by all processes.
    wait_for(lambda: load.failed() or _all_served_since(load, came_s), BACK_S, "service")


def _assert_refused_and_kept(load, database_url, fault, before):
    """The sessions that the database holds now; ``before`` are those of earlier loads."""
    load.ledger.others = before
    differences = load.ledger.differences(database_url)
    record(f"PostgreSQL {fault}", ROUNDS, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    # No 500, no connection broken.
    assert set(load.statuses()) <= {200, 201, 404, 503}
    assert max(each.took_s for each in load.attempts) < ANSWER_S, fault
    assert all(each.retry_after.isdecimal() and int(each.retry_after) >= 1 for each in load.of_status(503))
    return load.ledger.sessions_in(database_url)


def _served_since(load, since_s):
    return len([each for each in load.of_status(200, 201) if each.began_s + each.took_s > since_s])


def _all_served_since(load, since_s):
    last = [each for each in list(load.attempts)[-5 * CLIENTS :] if each.began_s > since_s and each.status != 503]
    return len(last) == 5 * CLIENTS


def _refused_since(load, since_s):
    return len([each for each in load.of_status(503) if each.began_s + each.took_s > since_s])
