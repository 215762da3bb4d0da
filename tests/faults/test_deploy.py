"""Ending, renewing and replacing the service under load: no request that it has taken fails.

``SIGTERM`` ends it. ``SIGHUP`` renews the workers. ``SIGUSR2`` starts the version that is installed now beside the running one,
which then is ended; and where systemd (here: the test) keeps the port, a plain restart is enough.
"""

import re
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import bemore
import psutil
import pytest

from tests.support.figures import LONG, record
from tests.support.load import BROKEN, REFUSED, Load
from tests.support.servers import Service, _booted, wait_for

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: How often each is done, and how long clients work in between, in seconds.
ROUNDS, BETWEEN_S = (10, 0.5) if LONG else (1, 0.3)


def _work(load, seconds=BETWEEN_S):
    """Let the clients work, and see that they are served."""
    done = len(load.of_status(200, 201))
    time.sleep(seconds)
    wait_for(lambda: load.failed() or len(load.of_status(200, 201)) > done, what="an answer")


def _assert_nothing_failed(load, database_url, fault, tried, allowed=()):
    differences = load.ledger.differences(database_url)
    database = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"{fault} ({database})", tried, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    assert set(load.statuses()) - set(allowed) <= {200, 201}, [each for each in load.attempts if each.status not in (200, 201)][:9]


# -- SIGTERM and SIGHUP --------------------------------------------------------------------------------------------------


@on_sqlite
def test_sigterm_breaks_no_request_that_was_taken(service, database_url):
    running = service(WEB_CONCURRENCY=2, LOG_LEVEL="warning")
    with Load(running.port, clients=8, patient=True) as load:
        for _ in range(ROUNDS):
            _work(load)
            told_s = time.monotonic()
            running.stop()
            # Nobody was turned away before.
            assert all(each.began_s + each.took_s > told_s for each in load.of_status(REFUSED)[-8:])
            running.start()
    assert not load.of_status(BROKEN)
    _assert_nothing_failed(load, database_url, "SIGTERM and a new start", ROUNDS, {REFUSED})


def test_sighup_renews_the_workers_without_a_failed_request(service, database_url):
    running = service(WEB_CONCURRENCY=2, LOG_LEVEL="warning")
    with Load(running.port, clients=4, patient=True) as load:
        for _ in range(ROUNDS):
            _work(load)
            before = set(running.workers)
            running.process.send_signal(signal.SIGHUP)
            wait_for(lambda old=before: not any(map(psutil.Process.is_running, old)), what="the end of the old workers")
        _work(load)
    _assert_nothing_failed(load, database_url, "SIGHUP", ROUNDS)


# -- A new version -------------------------------------------------------------------------------------------------------


@pytest.fixture
def code(tmp_path):
    """A copy of the package, in which a test installs another version."""
    copy = tmp_path / "code"
    shutil.copytree(Path(bemore.__file__).parent, copy / "bemore")
    return copy


def _install(code, version):
    path = code / "bemore" / "__init__.py"
    path.write_text(re.sub('__version__ = ".*"', f'__version__ = "{version}"', path.read_text("utf-8")), "utf-8")


def _version(http, running):
    return http.get(f"{running.url}/health/live", headers={"Connection": "close"}).json()["version"]


class Replaced(Service):
    """A service whose first process another one succeeds."""

    successor = None

    def replace(self):
        """``kill -USR2`` of the first process, and ``kill -TERM`` once its successor's workers serve."""
        old = psutil.Process((self.successor or self.process).pid)
        workers = set(old.children())
        # gunicorn takes a second to see that its own predecessor is gone; until then it does not listen to this.
        wait_for(lambda: old.send_signal(signal.SIGUSR2) or set(old.children()) - workers, what="the successor")
        (self.successor,) = set(old.children()) - workers
        wait_for(lambda: _serves(self.successor), what="the successor's workers")
        old.terminate()
        old.wait(15)

    def close(self):
        if self.successor is not None and self.successor.is_running():
            for each in (*self.successor.children(), self.successor):
                each.kill()
        super().close()


def _serves(process):
    try:
        workers = process.children()
        return len(workers) > 0 and all(map(_booted, workers))
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


@pytest.mark.parametrize(("database_url", "processes"), [("sqlite", 1), ("postgres", 2)], indirect=["database_url"])
def test_sigusr2_brings_a_new_version_without_a_failed_request(environ, database_url, tmp_path, http, code, processes):
    running = Replaced(tmp_path, **environ, WEB_CONCURRENCY=processes, LOG_LEVEL="warning")
    running.env["PYTHONPATH"] = str(code)
    with running:
        with Load(running.port, clients=4, patient=True) as load:
            for turn in range(ROUNDS):
                _work(load)
                _install(code, f"9.{turn}")
                running.replace()
                assert _version(http, running) == f"9.{turn}"
            _work(load)
        print(running.log)
        running.successor.terminate()
        wait_for(lambda: not running.successor.is_running(), what="the end of the last one")
    _assert_nothing_failed(load, database_url, "new version by SIGUSR2", ROUNDS)


class Activated(Service):
    """A service whose port is kept by somebody else, as systemd does with a socket unit."""

    def __init__(self, directory, **env):
        super().__init__(directory, **env)
        self.listener = socket.create_server(("127.0.0.1", self.port))

    def _user(self):
        return {"pass_fds": (self.listener.fileno(),)}

    def _command(self):
        return [sys.executable, "-c", _AS_SYSTEMD, self.listener.fileno()]


#: The first descriptor that systemd passes on is number 3.
_AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "bemore", "serve"])
"""


@on_sqlite
def test_restart_under_a_kept_port_brings_a_new_version_without_a_failed_request(environ, database_url, tmp_path, http, code):
    running = Activated(tmp_path, **environ, WEB_CONCURRENCY=2, LOG_LEVEL="warning")
    running.env["PYTHONPATH"] = str(code)
    with running.listener, running:
        with Load(running.port, clients=4, patient=True) as load:
            for turn in range(ROUNDS):
                _work(load)
                _install(code, f"9.{turn}")
                running.stop()
                running.start()
                assert _version(http, running) == f"9.{turn}"
            _work(load)
        print(running.log)
    _assert_nothing_failed(load, database_url, "restart with a socket unit", ROUNDS)
