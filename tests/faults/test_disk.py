"""An SQLite file on a disk that is full, or that is read-only, deleted, replaced, or damaged, while clients write.

Whatever it is: 503 with Retry-After, a line in the log that says what it is, no 500, nothing lost that was acknowledged, and
service again without a restart when the file is as it should be.
"""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import peewee
import psutil
import pytest

from tests.support.samples import START_MS, start_session
from tests.support.figures import LONG, record
from tests.support.load import Load
from tests.support.servers import Service, need, raw_request, wait_for

from bemore.db import connections as database
from bemore.models.session import new_id

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: How often each fault is done, and how long it lasts once it is seen, in seconds.
ROUNDS, LASTS_S = (40, 0.5) if LONG else (2, 0.2)

#: How many writes are acknowledged before each fault, at least.
WRITES = 40

#: Most time from the end of a fault to the first write that is acknowledged again.
BACK_WITHIN_S = 10

ALIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

#: How the line begins that says why a database cannot be used.
BEGINNING = "database unavailable"


@pytest.fixture
def path(database_url):
    """The database's file."""
    return Path(database_url.removeprefix("sqlite:///"))


def reasons(service):
    """What the log says of a database that cannot be used."""
    return "\n".join(line for line in service.log.splitlines() if BEGINNING in line)


def booted(service):
    """Whether there is a worker that answers."""
    with contextlib.suppress(psutil.NoSuchProcess, OSError):
        return bool(service.workers) and raw_request(service.url, ALIVE).status == 200


def refused(load):
    """How many attempts were answered 503 so far."""
    return len(load.of_status(503))


def in_turns(load, begin, end, rounds=ROUNDS):
    """Do ``begin``, wait until clients feel it, do ``end``, wait until they write again; all that ``rounds`` times."""
    for _ in range(rounds):
        began, before = time.monotonic(), refused(load)
        wait_for(
            lambda moment=began: load.failed() or len(acknowledged_since(load, moment)) > WRITES, what="writes before the fault"
        )
        begin()
        wait_for(lambda count=before: load.failed() or refused(load) > count + 4, what="a client that is refused")
        time.sleep(LASTS_S)  # how long the fault lasts
        end()
        ended = time.monotonic()
        wait_for(lambda moment=ended: load.failed() or acknowledged_since(load, moment), what="a write after the fault")
        assert load.failed() or acknowledged_since(load, ended)[0].began_s - ended < BACK_WITHIN_S


def acknowledged_since(load, moment):
    """Writes that began at or after a moment and were acknowledged."""
    return [each for each in list(load.attempts) if each.began_s >= moment and 200 <= each.status < 300]


def assert_nothing_lost(load, database_url, fault, rounds=ROUNDS, broken=()):
    """Compare and record. Attempts that broke off (0) are for tests that restart workers."""
    differences = load.ledger.differences(database_url)
    record(f"{fault} (SQLite)", rounds, load.ledger.acknowledged, len(differences), load.longest_outage_s)
    assert not differences, "\n".join(differences[:20])
    assert set(load.statuses()) <= {200, 201, 404, 503, *broken}
    assert all(each.retry_after == "1" for each in load.of_status(503))


# -- Full ----------------------------------------------------------------------------------------------------------------


def limit_files(service, size):
    """Let the processes make no file larger, as a quota would; None: as large as they like."""
    for process in service.processes:
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if size is None else size, resource.RLIM_INFINITY))


def test_file_that_may_not_grow_refuses_writes_and_takes_them_again(service, database_url, http):
    running = service(LOG_LEVEL="warning")

    def quota_is_used_up():
        # The log of the service, which must be written on, is a small file; SQLite's grows to 4 MB before it begins again.
        limit_files(running, 256 * 1024)

    def there_is_room():
        assert http.get(f"{running.url}/api/session/stats/summary").status_code == 200, "what is stored can still be read"
        limit_files(running, None)

    with Load(running.port, patient=True) as load:
        in_turns(load, quota_is_used_up, there_is_room)
    assert_nothing_lost(load, database_url, "disk full: quota")
    assert "disk I/O error" in reasons(running) or "full" in reasons(running)


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a file system of 4 MB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_full_file_system_refuses_writes_and_takes_them_again(small_disk, path, tmp_path):
    moved = small_disk / path.name
    shutil.copyfile(path, moved)
    url = f"sqlite:///{moved}"
    filler = small_disk / "filler"

    def fill():
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass

    with Service(tmp_path, DATABASE_URL=url, RATE_LIMIT_ENABLED="false", LOG_LEVEL="warning") as running:
        with Load(running.port, clients=2, patient=True) as load:
            in_turns(load, fill, filler.unlink, rounds=2)
        said = reasons(running)
    assert_nothing_lost(load, url, "disk full: file system", rounds=2)
    assert "database or disk is full" in said


# -- Read-only -----------------------------------------------------------------------------------------------------------


class Bound(Service):
    """A service that permissions bind even where the tests run as root."""

    def _command(self):
        if os.geteuid() != 0:
            return super()._command()
        return [need("setpriv"), "--bounding-set=-dac_override,-dac_read_search", *super()._command()]


def test_read_only_file_refuses_writes_and_takes_them_again(path, database_url, tmp_path):
    """New workers find it so; those who opened it before may go on, that is how files are."""
    env = {"DATABASE_URL": database_url, "RATE_LIMIT_ENABLED": "false", "LOG_LEVEL": "warning"}
    home = tmp_path / "home"
    home.mkdir()

    def permit(files, directory):
        for each in path.parent.glob(f"{path.name}*"):
            each.chmod(files)
        path.parent.chmod(directory)

    with Bound(home, **env) as running:

        def take_away():
            permit(0o444, 0o555)
            running.process.send_signal(signal.SIGHUP)

        try:
            with Load(running.port, patient=True) as load:
                in_turns(load, take_away, lambda: permit(0o644, 0o755), rounds=1)
        finally:
            permit(0o644, 0o755)
            print(running.log)
        said = reasons(running)
    assert_nothing_lost(load, database_url, "file read-only", rounds=1, broken=(0,))
    assert "readonly database" in said


# -- Gone ----------------------------------------------------------------------------------------------------------------


def test_file_that_is_moved_away_and_back_loses_nothing(service, database_url, path):
    running, away = service(LOG_LEVEL="warning"), path.with_name("away")
    gone = []

    def move_away():
        path.rename(away)
        gone.append([time.monotonic(), None])

    def move_back():
        gone[-1][1] = time.monotonic()
        away.rename(path)

    with Load(running.port, patient=True) as load:
        in_turns(load, move_away, move_back)
    assert_nothing_lost(load, database_url, "file moved away")
    # SQLite would have gone on, and told everybody that all is well.
    for began_s, ended_s in gone:
        assert not [each for each in acknowledged_since(load, began_s) if each.began_s + each.took_s < ended_s]
    assert "deleted or replaced" in reasons(running)


@pytest.mark.parametrize("what", ["deleted", "replaced at once"])
def test_deleted_file_is_noticed_and_a_copy_of_it_taken_up(service, http, path, what):
    running = service(LOG_LEVEL="warning")
    kept = start_session(http, base=running.url)
    copy = path.with_name("copy")
    with contextlib.closing(sqlite3.connect(path)) as connection, contextlib.closing(sqlite3.connect(copy)) as into:
        connection.backup(into)
    lost = start_session(http, base=running.url)
    tried, acknowledged = 20, 0
    if what == "deleted":
        path.unlink()
        for number in range(tried):
            answer = http.post(f"{running.url}/api/session/start", json={"userId": f"user-{number}", "counselorId": "c"})
            acknowledged += answer.status_code != 503
            assert http.get(f"{running.url}/api/session/{lost}").status_code == 503
        assert http.get(f"{running.url}/health/ready").status_code == 503
        assert not path.exists(), "an empty database in its place would be taken for the real one"
    copy.replace(path)

    def start():
        answer = http.post(f"{running.url}/api/session/start", json={"userId": "user", "counselorId": "c"})
        assert answer.status_code in (200, 503)
        return answer.status_code == 200 and answer.json()["data"]["sessionId"]

    stored = wait_for(start, BACK_WITHIN_S)
    assert http.get(f"{running.url}/api/session/{kept}").status_code == 200
    assert http.get(f"{running.url}/api/session/{lost}").status_code == 404, "the log of the deleted file was mixed into the copy"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = connection.execute("SELECT count(*) FROM session WHERE public_id = ?", (stored,)).fetchone()
    record(f"file {what} (SQLite)", 1, 1, 1 - found[0], 0)
    assert (found[0], acknowledged) == (1, 0)
    assert "deleted or replaced" in reasons(running) and "set aside" in running.log


# -- Damaged -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", ["all but the first", "the first"])
def test_damaged_file_is_told_and_used_again_when_it_is_mended(service, http, database_url, path, pages):
    running = service(LOG_LEVEL="warning")
    with Load(running.port, clients=2, patient=True) as load:
        wait_for(lambda: load.failed() or len(load.attempts) > 60)
    # What stands in the log would be read from there.
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    whole = path.read_bytes()
    begin, end = (4096, len(whole)) if pages == "all but the first" else (0, 4096)
    with path.open("r+b") as file:
        file.seek(begin)
        file.write(b"\xa5" * (end - begin))
    if pages == "the first":
        # Whoever has the file open keeps what the first page said.
        for worker in running.workers:
            worker.kill()
        wait_for(lambda: booted(running), what="another worker")
    session_id = next(iter(load.ledger.books))
    began = time.monotonic()
    for _ in range(10):
        assert http.get(f"{running.url}/api/session/{session_id}").status_code == 503
        answer = http.post(f"{running.url}/api/session/start", json={"userId": "user", "counselorId": "c"})
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "1"
    assert http.get(f"{running.url}/health/ready").status_code == 503
    with path.open("r+b") as file:
        file.write(whole)
    wait_for(lambda: http.get(f"{running.url}/api/session/stats/summary").status_code == 200, BACK_WITHIN_S)
    load.longest_outage_s = time.monotonic() - began
    assert_nothing_lost(load, database_url, f"file damaged: {pages} of its pages", rounds=1)
    load.ledger.started(start_session(http, base=running.url))
    assert not load.ledger.differences(database_url)
    assert ("malformed" if pages == "all but the first" else "not a database") in reasons(running)


# -- What is none of these -----------------------------------------------------------------------------------------------


def test_mistake_in_a_statement_is_not_an_outage(settings):
    database.connect(settings)
    try:
        for statement in ("SELECT no_such_column FROM session", "SELEC 1", "SELECT no_such_function(1)"):
            with pytest.raises(peewee.ProgrammingError), database.read():
                database.execute(statement)
        with database.write_transaction():
            database.execute(
                "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms) VALUES (1, ?, 'u', 'c', 'active', ?)",
                (new_id(START_MS), START_MS),
            )
    finally:
        database.close()
