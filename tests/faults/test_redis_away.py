"""Redis stopped, killed and hung under load: clients notice nothing."""

import time

import pytest

from tests.support.figures import LONG, record
from tests.support.load import Load
from tests.support.servers import wait_for

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

#: How often each is done, for how long Redis is away, and how long each client waits between two requests, in seconds.
ROUNDS, AWAY_S, PAUSE_S = (3, 5.0, 0) if LONG else (1, 0.7, 0.04)

#: What a request may wait for Redis, says the contract, and what else it may take on a busy machine.
REDIS_WAIT_S, MARGIN_S = 0.25, 0.75


@on_postgres
def test_redis_away_is_no_error_to_anybody(service, own_redis, database_url):
    quotas = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_ALL": "1000000 per hour", "RATE_LIMIT_WRITE": "1000000 per hour"}
    running = service(WEB_CONCURRENCY=2, REDIS_URL=own_redis.url, LOG_LEVEL="warning", **quotas)
    others = frozenset()
    for fault, go, come in (("stopped", "stop", "start"), ("killed", "kill", "start"), ("hung", "suspend", "resume")):
        with Load(running.port, clients=6, patient=True, pause_s=PAUSE_S) as load:
            load.ledger.others = others
            for _ in range(ROUNDS):
                for what, seconds in ((go, AWAY_S), (come, 0.7)):
                    getattr(own_redis, what)()
                    done = len(load.attempts)
                    time.sleep(seconds)
                    # All of them go on, however busy the machine is.
                    assert len(load.attempts) > done + 2 * 6
            # It is used again, and quotas are shared: Flask-Limiter tries after 32 s at the latest.
            wait_for(lambda: load.failed() or own_redis.execute("DBSIZE") != ":0", 45, "the use of Redis")
        differences = load.ledger.differences(database_url)
        record(f"Redis {fault} for {AWAY_S:g} s", ROUNDS, load.ledger.acknowledged, len(differences), load.longest_outage_s)
        assert not differences, "\n".join(differences[:20])
        assert set(load.statuses()) <= {200, 201}
        slowest = max(each.took_s for each in load.attempts)
        assert slowest < REDIS_WAIT_S + MARGIN_S, fault
        others = load.ledger.sessions_in(database_url)
