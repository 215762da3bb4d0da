"""``kill -9`` of workers and of the first process at random moments, while clients write: nothing acknowledged is lost."""

import contextlib
import random
import signal
import time

import psutil
import pytest

from tests.support.figures import LONG, record
from tests.support.load import BROKEN, REFUSED, Load
from tests.support.servers import wait_for

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


def _kill_while_used(running, database_url, fault, times, kill):
    """``kill(chance)`` so often at random moments (it tells whether it did) while clients work: nothing of theirs is lost."""
    chance, killed = random.Random(), 0
    with Load(running.port) as load:
        while killed < times and not load.failed():
            time.sleep(chance.random() * APART_S)
            killed += kill(chance)
        # However slow the machine: the clients go on until there was enough that could have been lost.
        wait_for(lambda: load.failed() or load.ledger.acknowledged > 10 * times, 60, "answers after the last kill")
    differences = load.ledger.differences(database_url)
    database = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"{fault} ({database})", killed, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    assert killed == times
    assert set(load.statuses()) <= {BROKEN, REFUSED, 200, 201, 404, 503}


def test_workers_killed_at_random_lose_nothing(running, database_url):
    _kill_while_used(running, database_url, "kill -9 of a worker", WORKERS, lambda chance: _kill_a_worker(running, chance))
    wait_for(lambda: _has_two_workers(running), what="two workers again")
    # Nobody ends the first process because of its workers.
    assert running.running


def test_first_process_killed_at_random_loses_nothing(running, database_url):
    def kill(_):
        orphans = _kill_the_first(running)
        # Its workers notice, finish what they had begun, and end.
        wait_for(lambda: not any(map(psutil.Process.is_running, orphans)), 5, "the end of the orphans")
        return True

    _kill_while_used(running, database_url, "kill -9 of the first process", MASTERS, kill)


def test_all_processes_killed_at_once_lose_nothing(running, database_url):
    """As a power cut does to processes."""

    def kill(_):
        running.kill()
        running.start()
        return True

    _kill_while_used(running, database_url, "kill -9 of all processes", MASTERS // 2, kill)
