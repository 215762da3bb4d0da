"""``kill -9`` of workers and of the first process at random moments, while clients write: nothing acknowledged is lost.

Clients reach the service straight, and see it break. What nginx repeats is ``test_idempotency_faults.py``'s.
"""

import contextlib
import random
import signal
import time

import psutil
import pytest

from tests.support.figures import LONG, record
from tests.support.load import BROKEN, REFUSED, Load
from tests.support.servers import alive, wait_for

#: How many workers are killed, how many first processes, how far apart, and how long each client waits between two requests, in seconds.
WORKERS, MASTERS, APART_S, PAUSE_S = (160, 40, 0.6, 0) if LONG else (5, 2, 0.25, 0.01)


@pytest.fixture
def running(service, database_url):
    return service(WEB_CONCURRENCY=1 if database_url.startswith("sqlite") else 2, LOG_LEVEL="warning")


def _kill_a_worker(running, chance):
    """Whether one was killed; another takes its place."""
    # One that was killed before may still be there, or vanish while it is looked at.
    with contextlib.suppress(psutil.NoSuchProcess, IndexError):
        chance.choice(running.workers).send_signal(signal.SIGKILL)
        return True
    return False


def _kill_the_first(running, chance):
    """Kill the process that keeps the workers; a little later the workers, and start the service again, as systemd does."""
    orphans = running.workers
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    # They go on serving until then.
    time.sleep(chance.random() * APART_S)
    for each in orphans:
        each.kill()
    wait_for(lambda: not any(map(alive, orphans)), what="the end of the workers")
    running.start()
    return True


def _has_its_workers(running):
    with contextlib.suppress(psutil.NoSuchProcess):
        return len(running.workers) == int(running.env["WEB_CONCURRENCY"])
    return False


def _kill_while_used(running, database_url, fault, times, kill):
    """``kill(chance)`` so often at random moments (it tells whether it did) while clients work: nothing of theirs is lost."""
    chance, killed = random.Random(), 0
    with Load(running.port, pause_s=PAUSE_S) as load:
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
    wait_for(lambda: _has_its_workers(running), what="as many workers as before")
    # Nobody ends the first process because of its workers.
    assert running.running


def test_first_process_killed_at_random_loses_nothing(running, database_url):
    _kill_while_used(running, database_url, "kill -9 of the first process", MASTERS, lambda chance: _kill_the_first(running, chance))


def test_all_processes_killed_at_once_lose_nothing(running, database_url):
    """As a power cut does to processes."""

    def kill(_):
        running.kill()
        running.start()
        return True

    _kill_while_used(running, database_url, "kill -9 of all processes", MASTERS // 2, kill)
