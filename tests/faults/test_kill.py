"""``kill -9`` of workers and of the first process at random moments, while clients write: nothing acknowledged is lost."""

import contextlib
import random
import signal
import time

import psutil
import pytest
from figures import LONG, record
from load import BROKEN, REFUSED, Load
from servers import wait_for

#: How many workers are killed, how many first processes, and how far apart, in seconds.
WORKERS, MASTERS, APART_S = (160, 40, 0.6) if LONG else (5, 2, 0.25)


@pytest.fixture
def running(service):
    return service(WEB_CONCURRENCY=2, LOG_LEVEL="warning")


def _kill_a_worker(running, chance):
    """Whether one was killed; another takes its place."""
    # One that was killed before may still be there, or vanish while it is looked at.
    with contextlib.suppress(psutil.NoSuchProcess, IndexError):
        chance.choice(running.workers).send_signal(signal.SIGKILL)
        return True
    return False


def _kill_the_first(running):
    """Kill the process that keeps the workers, and start the service again as systemd would."""
    orphans = running.workers
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    running.start()
    return orphans


def _has_two_workers(running):
    try:
        return len(running.workers) == 2
    except psutil.NoSuchProcess:
        return False


def _assert_nothing_lost(load, database_url, fault, tried):
    differences = load.ledger.differences(database_url)
    database = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"{fault} ({database})", tried, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    assert load.ledger.acknowledged > 10 * tried
    assert set(load.statuses()) <= {BROKEN, REFUSED, 200, 201, 404, 503}


def test_workers_killed_at_random_lose_nothing(running, database_url):
    chance, killed = random.Random(), 0
    with Load(running.port) as load:
        while killed < WORKERS and not load.failed():
            time.sleep(chance.random() * APART_S)
            killed += _kill_a_worker(running, chance)
        wait_for(lambda: _has_two_workers(running), what="two workers again")
    _assert_nothing_lost(load, database_url, "kill -9 of a worker", killed)
    assert killed == WORKERS
    # Nobody ends the first process because of its workers.
    assert running.running


def test_first_process_killed_at_random_loses_nothing(running, database_url):
    chance, killed = random.Random(), 0
    with Load(running.port) as load:
        while killed < MASTERS and not load.failed():
            time.sleep(chance.random() * APART_S)
            orphans = _kill_the_first(running)
            killed += 1
            # Its workers notice, finish what they had begun, and end.
            wait_for(lambda left=orphans: not any(map(psutil.Process.is_running, left)), 5, "the end of the orphans")
    _assert_nothing_lost(load, database_url, "kill -9 of the first process", killed)


def test_all_processes_killed_at_once_lose_nothing(running, database_url):
    """As a power cut does to processes."""
    chance, killed = random.Random(), 0
    with Load(running.port) as load:
        while killed < MASTERS // 2 and not load.failed():
            time.sleep(chance.random() * APART_S)
            running.kill()
            running.start()
            killed += 1
    _assert_nothing_lost(load, database_url, "kill -9 of all processes", killed)
