"""SQLite's write queue: what waits together shares a commit, and no write pays for another's mistake."""

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager

import peewee
import pytest

from tests.support import storing
from tests.support.overtaking import outcome
from tests.support.servers import REPOSITORY, wait_for
from tests.support.statements import recorded
from tests.support.stocked import started, unrestricted

from bemore.errors import DatabaseUnavailable, SessionNotFound, SessionStateConflict
from bemore.db import connections, write_queue
from bemore.db.connections import execute, read, write
from bemore.db.proxy import database
from bemore.models import session

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FRAME = [(5, 0.5, None, None)]


@pytest.fixture
def impatient(app, settings, monkeypatch):
    """Writes wait 50 ms for their turn instead of 5 s."""
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.05)
    connections.connect(settings)


@contextmanager
def busy_writer():
    """The writer thread is in a write, whose result the block is given as a future, until the block's ``release()`` or its end."""
    begun, ended = threading.Event(), threading.Event()

    def hold():
        begun.set()
        assert ended.wait(20)
        return "held"

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(write, hold)
        try:
            assert begun.wait(10)
            yield holding, ended.set
        finally:
            ended.set()


def in_one_group(*calls):
    """Run calls that write, each in a thread of its own and in one group; return their results or errors, and the group's statements."""
    with ThreadPoolExecutor(len(calls)) as pool, busy_writer() as (holding, release):
        futures = []
        for call in calls:
            futures.append(pool.submit(call))
            wait_for(lambda: database.obj.queue.waiting == len(futures), what="the write waits")
        with recorded() as statements:
            release()
            outcomes = [outcome(each) for each in futures]
    texts = [sql for sql, _ in statements]
    return outcomes, texts[texts.index("COMMIT") + 1 :]


def starting(user_id, runs=None, error=None):
    """A call that writes: it starts a session of the user, notes the run in ``runs`` and raises ``error``, if there is one."""

    def work():
        session.start(user_id, "counselor", 1_000)
        if runs is not None:
            runs.append(user_id)
        if error is not None:
            raise error
        return user_id

    return lambda: write(work)


def users():
    with read():
        return {user for (user,) in execute("SELECT user_id FROM session").fetchall()}


def test_writes_that_wait_together_share_a_commit(app):
    outcomes, statements = in_one_group(*map(starting, "abcdef"))
    assert outcomes == list("abcdef") and users() == set("abcdef")
    assert statements.count("COMMIT") == statements.count("BEGIN IMMEDIATE") == 1


def test_a_group_has_a_largest_size_and_keeps_the_order(app, monkeypatch):
    monkeypatch.setattr(write_queue, "MAX_GROUP", 3)
    runs = []
    outcomes, statements = in_one_group(*(starting(name, runs) for name in "abcdefg"))
    assert outcomes == runs == list("abcdefg")
    assert statements.count("COMMIT") == 3


@pytest.mark.parametrize("error", [SessionStateConflict("no"), KeyError("a mistake in the program")])
def test_a_write_that_raises_is_undone_alone_and_every_write_runs_once(app, error):
    runs = []
    (first, failed, last), statements = in_one_group(starting("a", runs), starting("wrong", runs, error), starting("b", runs))
    assert (first, failed, last) == ("a", error, "b")
    assert runs == ["a", "wrong", "b"] and statements.count("COMMIT") == 1
    assert users() == {"a", "b"} and session.tally()["active"] == (2, 0)


def test_a_row_that_the_database_refuses_is_undone_alone_and_every_write_runs_once(app):
    row, runs = started(1_000, user="there"), []

    def twice_the_same_id():
        runs.append("wrong")
        session.start("wrong", "counselor", 1_000)
        execute(
            "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms) VALUES (?, 'wrong', 'wrong', 'c', 'active', 1)",
            (row.key,),
        )

    calls = starting("a", runs), lambda: write(twice_the_same_id), starting("b", runs)
    (first, refused, last), statements = in_one_group(*calls)
    assert (first, last) == ("a", "b") and isinstance(refused, peewee.IntegrityError)
    assert runs == ["a", "wrong", "b"] and statements.count("COMMIT") == 1
    assert users() == {"there", "a", "b"} and session.tally()["active"] == (3, 0)


def test_an_unknown_session_costs_the_others_of_its_group_nothing(app):
    scopes = [unrestricted(started(number).public_id) for number in range(7)]
    scopes.insert(3, unrestricted(started(9).public_id))
    session.erase(scopes[3])
    outcomes, statements = in_one_group(*(lambda scope=scope: storing.store_frames(scope, FRAME) for scope in scopes))
    assert isinstance(outcomes.pop(3), SessionNotFound) and outcomes == [1] * 7
    # Each write: its session's row, and where there is one, the frame, its minute and the total.
    assert sum(sql.startswith("UPDATE session SET revision") for sql in statements) == 8
    assert sum(sql.startswith("INSERT INTO frame") for sql in statements) == 7
    assert len(statements) == 2 + 8 * 2 + 1 + 8 + 7 * 3


def test_a_write_whose_turn_does_not_come_in_time_is_refused_and_never_run(impatient):
    runs = []
    with busy_writer() as (holding, release):
        with pytest.raises(DatabaseUnavailable):
            starting("late", runs)()
        release()
        assert holding.result(10) == "held", "it took longer than others wait, and is waited for to its end"
    assert starting("a", runs)() == "a"
    assert runs == ["a"] and users() == {"a"}


def test_a_lock_of_another_process_is_refused_to_all_and_the_next_write_is_served(impatient, database_url):
    runs = []
    starting("before")()
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as other, ThreadPoolExecutor(3) as pool:
        other.execute("BEGIN IMMEDIATE")
        futures = [pool.submit(starting(name, runs)) for name in "abc"]
        assert [type(outcome(each)) for each in futures] == [DatabaseUnavailable] * 3
        other.execute("ROLLBACK")
    assert starting("after", runs)() == "after"
    assert runs == ["after"] and users() == {"before", "after"}


def test_a_full_disk_is_refused_to_all_of_a_group_and_the_next_write_is_served(app):
    def limit_the_file():
        (pages,) = execute("PRAGMA page_count").fetchone()
        execute(f"PRAGMA max_page_count = {pages + 1}").fetchone()

    write(limit_the_file)
    outcomes, statements = in_one_group(starting("a"), starting("x" * 50_000), starting("b"))
    assert [type(each) for each in outcomes] == [DatabaseUnavailable] * 3
    assert "COMMIT" not in statements and users() == set()
    assert starting("c")() == "c" and users() == {"c"}, "the connection with the limit was replaced"


def test_readers_do_not_wait_for_a_writer(app):
    started(1_000, user="there")
    begun, ended = threading.Event(), threading.Event()

    def start_slowly():
        session.start("slow", "counselor", 1_000)
        begun.set()
        assert ended.wait(10)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write, start_slowly)
        try:
            assert begun.wait(10)
            assert users() == {"there"} and not writing.done()
        finally:
            ended.set()
        writing.result(10)
    assert users() == {"there", "slow"}


def test_stopping_finishes_what_waits(app, settings):
    with ThreadPoolExecutor(4) as pool, busy_writer() as (holding, release):
        futures = [pool.submit(starting(name)) for name in "abc"]
        queue = database.obj.queue
        wait_for(lambda: queue.waiting == 3, what="the writes wait")
        stopping = pool.submit(connections.close)
        wait_for(lambda: queue.waiting == 4, what="the end waits behind them")
        assert not stopping.done()
        release()
        stopping.result(10)
        assert all(each.done() for each in futures)
        assert [outcome(each) for each in futures] == list("abc")
    assert users() == set("abc")
    assert starting("d")() == "d", "the next write starts the thread again"


def test_a_write_that_comes_while_the_queue_stops_is_served(impatient):
    with ThreadPoolExecutor(2) as pool, busy_writer() as (holding, release):
        stopping = pool.submit(database.obj.queue.stop)
        # The end of the queue is behind the write that runs.
        wait_for(lambda: database.obj.queue.waiting == 1, what="the end waits")
        late = pool.submit(write, lambda: "late")
        assert not wait([late], timeout=0.1).done, "it is not refused after its 50 ms"
        release()
        stopping.result(10)
        assert (holding.result(10), late.result(10)) == ("held", "late")


def test_a_write_inside_of_a_write_is_refused_at_once(app):
    with pytest.raises(RuntimeError, match="inside"):
        write(lambda: write(lambda: None))
    assert starting("a")() == "a"


_FORKING = """
import os, sys
from bemore.db import connections
from bemore.db.connections import write
from bemore.models import session
from bemore.settings import Settings

def start(name):
    write(lambda: session.start(name, "counselor", 1_000))

connections.connect(Settings.from_env())
start("before")
if sys.argv[1] == "closed":
    connections.close()
child = os.fork()
if child == 0:
    try:
        connections.close()
        start("child")
        connections.close()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
start("parent")
connections.close()
"""


@pytest.mark.parametrize("before", ["closed", "open"])
def test_a_queue_works_before_a_fork_and_after_it_on_both_sides(app, database_url, tmp_path, before):
    env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "DATABASE_URL": database_url}
    command = [sys.executable, "-c", _FORKING, before]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert users() == {"before", "child", "parent"}
