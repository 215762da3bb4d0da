"""Ending, renewing and replacing the service behind nginx, under load: clients see no failed request.

``SIGHUP`` renews the workers. ``SIGUSR2`` starts the version that is installed now beside the running one, which then is ended. Where
systemd keeps the port (here: the test), a plain restart is enough, and so it is where another machine goes on meanwhile (``tests/stack``).
A service that is alone and lets go of its port is away for a moment.
"""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import bemore
from tests.support.figures import LONG, record
from tests.support.load import Load
from tests.support.running import HOST, install
from tests.support.samples import frames, start_session
from tests.support.servers import REPOSITORY, NginxServer, Service, booted, need, raw_request, wait_for

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: On SQLite one process, on PostgreSQL two.
_BOTH = ("database_url", "processes"), [("sqlite", 1), ("postgres", 2)]
on_both = pytest.mark.parametrize(*_BOTH, indirect=["database_url"])

#: The short form does with two processes only what replaces them one by one.
on_one_process = on_both if LONG else pytest.mark.parametrize(_BOTH[0], _BOTH[1][:1], indirect=["database_url"])
on_two_processes = on_both if LONG else pytest.mark.parametrize(_BOTH[0], _BOTH[1][1:], indirect=["database_url"])

#: How often each is done, how long clients work in between, and how long each waits between two requests, in seconds.
ROUNDS, BETWEEN_S, PAUSE_S = (10, 0.5, 0) if LONG else (1, 0.3, 0.06)


@contextmanager
def _load(service):
    """Clients at work behind an nginx of their own."""
    with NginxServer(service.directory, service) as nginx, Load(nginx.port, clients=8, patient=True, pause_s=PAUSE_S) as load:
        yield load


def _work(load, seconds=BETWEEN_S):
    """Let the clients work, and see that they are served."""
    done = len(load.of_status(200, 201))
    time.sleep(seconds)
    wait_for(lambda: load.failed() or len(load.of_status(200, 201)) > done, 60, "an answer")


def _assert_nothing_failed(load, database_url, fault, tried, allowed=()):
    differences = load.ledger.differences(database_url)
    database = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    record(f"{fault} ({database})", tried, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    assert set(load.statuses()) - set(allowed) <= {200, 201}, [each for each in load.attempts if each.status not in (200, 201)][:9]


@pytest.fixture
def settings_behind(environ, request):
    """Settings of a service behind nginx."""
    processes = request.node.callspec.params.get("processes", 1)
    return {**environ, "TRUSTED_PROXIES": 1, "WEB_CONCURRENCY": processes, "LOG_LEVEL": "warning"}


# -- Restarts ------------------------------------------------------------------------------------------------------------


@on_sqlite
def test_service_that_lets_go_of_its_port_is_away_for_a_moment(settings_behind, database_url, tmp_path):
    """Clients are told so by 503, and break off in the middle of nothing."""
    with Service(tmp_path, **settings_behind) as running, _load(running) as load:
        for _ in range(ROUNDS):
            _work(load)
            running.stop()
            running.start()
        _work(load)
    _assert_nothing_failed(load, database_url, "SIGTERM and a new start", ROUNDS, {503})
    assert all(each.retry_after == "1" for each in load.of_status(503))


class Activated(Service):
    """A service whose port is kept by somebody else, as systemd does with a socket unit."""

    def __init__(self, directory, **env):
        super().__init__(directory, **env)
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)

    def _user(self):
        return {"pass_fds": (self.listener.fileno(),)}

    def _command(self):
        return [sys.executable, "-c", _AS_SYSTEMD, self.listener.fileno()]


#: The first descriptor that systemd passes on is number 3.
_AS_SYSTEMD = """
import os, resource, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
if "OPEN_FILES" in os.environ:
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(os.environ["OPEN_FILES"]),) * 2)
os.execv(sys.executable, [sys.executable, "-m", "bemore", "serve"])
"""


@on_one_process
def test_restart_under_a_kept_port_brings_a_new_version_without_a_failed_request(
    settings_behind, database_url, tmp_path, http, code, processes
):
    running = Activated(tmp_path, **settings_behind)
    running.env["PYTHONPATH"] = str(code)
    with running.listener, running, _load(running) as load:
        for turn in range(ROUNDS):
            _work(load)
            install(code, f"9.{turn}")
            running.stop()
            running.start()
            assert _version(http, running) == f"9.{turn}"
        _work(load)
    _assert_nothing_failed(load, database_url, "restart with a socket unit", ROUNDS)


@on_sqlite
def test_more_requests_than_open_files_outlast_a_restart(settings_behind, tmp_path, http):
    """All of them are in the service's hands, as far as nginx knows, when the signal comes."""
    running = Activated(tmp_path, **settings_behind, OPEN_FILES=256)
    # Idle connections of nginx count among those that a worker can have: 32 for each of its processes, here one.
    with running.listener, running, NginxServer(tmp_path, running, changes={"worker_processes auto;": ""}) as nginx:
        session_id = start_session(http, base=nginx.url)
        (worker,) = running.workers
        worker.suspend()

        def upload(number):
            body = json.dumps({"items": frames(5, number * 1000)})
            head = f"POST /api/session/{session_id}/frames HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\n\r\n"
            return raw_request(nginx.url, (head + body).encode(), timeout_s=60).status

        with ThreadPoolExecutor(300) as pool:
            uploads = [pool.submit(upload, number) for number in range(300)]
            wait_for(lambda: _sent_by(nginx, running.port) >= 300, 20, "the requests at the service")
            running.process.terminate()
            worker.resume()
            running.process.wait(30)
            assert running.process.returncode == 0
            running.start()
            assert [each.result() for each in uploads] == [201] * 300
        stats = http.get(f"{nginx.url}/api/session/{session_id}").json()["data"]["stats"]
    assert stats["totalFrames"] == 1500


def _sent_by(server, port):
    """How many connections to a port a server has."""
    open_ones = [each for process in server.processes for each in process.net_connections("tcp") if each.raddr]
    return sum(each.raddr.port == port for each in open_ones)


def test_systemd_understands_the_units_and_all_name_one_address(tmp_path):
    texts = {name: (REPOSITORY / "deploy" / name).read_text("utf-8") for name in ("bemore.service", "bemore.socket", "nginx.conf")}
    for name in ("bemore.service", "bemore.socket"):
        (tmp_path / name).write_text(texts[name].replace("/opt/bemore/bin/bemore", sys.executable), "utf-8")
    command = [need("systemd-analyze"), "verify", "--man=no", tmp_path / "bemore.service", tmp_path / "bemore.socket"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Of other units on the machine it may complain as well.
    assert [line for line in (done.stdout + done.stderr).splitlines() if "bemore" in line] == [] and done.returncode == 0
    host, port = re.search(r"^ListenStream=(.+):(.+)$", texts["bemore.socket"], re.MULTILINE).groups()
    assert f"HOST={host} PORT={port} " in texts["bemore.service"] and f"server {host}:{port};" in texts["nginx.conf"]


@pytest.mark.parametrize("unit", ["bemore.service", "bemore-retention.service"])
def test_units_expose_little(unit):
    """``systemd-analyze security`` rates both 1.1 of 10; operations.rst says so. Other versions of systemd rate a little differently."""
    command = [need("systemd-analyze"), "security", "--offline=true", "--no-pager", "--threshold=13", REPOSITORY / "deploy" / unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# -- Without a restart ---------------------------------------------------------------------------------------------------


@on_both
def test_sighup_renews_the_workers_without_a_failed_request(settings_behind, database_url, tmp_path, processes):
    with Service(tmp_path, **settings_behind) as running, _load(running) as load:
        for _ in range(ROUNDS):
            _work(load)
            before = set(running.workers)
            running.process.send_signal(signal.SIGHUP)
            wait_for(lambda old=before: not any(map(psutil.Process.is_running, old)), 20, "the end of the old workers")
        _work(load)
        assert len(running.workers) == processes
    _assert_nothing_failed(load, database_url, "SIGHUP", ROUNDS)


@pytest.fixture
def code(tmp_path):
    """A copy of the package, in which a test installs another version."""
    copy = tmp_path / "code"
    shutil.copytree(Path(bemore.__file__).parent, copy / "bemore")
    return copy


def _version(http, running):
    return http.get(f"{running.url}/health/live", headers={"Connection": "close"}).json()["version"]


@on_sqlite
def test_sighup_keeps_the_version_that_was_started(settings_behind, tmp_path, http, code):
    """The first process has it loaded, and its workers are copies of that."""
    running = Service(tmp_path, **settings_behind)
    running.env["PYTHONPATH"] = str(code)
    with running:
        before, version = set(running.workers), _version(http, running)
        install(code, "9.9")
        running.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not any(map(psutil.Process.is_running, before)), 20, "the end of the old worker")
        assert _version(http, running) == version


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
        wait_for(lambda: _serves(self.successor), 20, "the successor's workers")
        old.terminate()
        old.wait(35)

    def close(self):
        if self.successor is not None and self.successor.is_running():
            for each in (*self.successor.children(), self.successor):
                each.kill()
        super().close()


def _serves(process):
    try:
        workers = process.children()
        return len(workers) > 0 and all(map(booted, workers))
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


@on_two_processes
def test_sigusr2_brings_a_new_version_without_a_failed_request(settings_behind, database_url, tmp_path, http, code, processes):
    running = Replaced(tmp_path, **settings_behind)
    running.env["PYTHONPATH"] = str(code)
    with running:
        with _load(running) as load:
            for turn in range(ROUNDS):
                _work(load)
                install(code, f"9.{turn}")
                running.replace()
                assert _version(http, running) == f"9.{turn}"
            _work(load)
        print(running.log)
        running.successor.terminate()
        wait_for(lambda: not running.successor.is_running(), 35, "the end of the last one")
    _assert_nothing_failed(load, database_url, "new version by SIGUSR2", ROUNDS)
