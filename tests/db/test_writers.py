"""SQLite's writers: they queue, they share commits, and none pays for another's mistake. PostgreSQL's arrays."""

import logging
import multiprocessing
import threading
from functools import partial

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.errors import DatabaseUnavailable, SessionNotFound
from bemore.db.proxy import database
from bemore.db import connections
from bemore.db import write_queue as group
from bemore.models import session
from bemore.db.bulk import _array
from bemore.db.connections import execute, read, write_transaction
from bemore.db.gate import Gate
from bemore.db.write_queue import together
from bemore.rounds import Rounds
from bemore.settings import Settings
from tests.support.servers import wait_for

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class _Statements(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.found = []

    def emit(self, record):
        self.found.append(record.msg[0])


@pytest.fixture
def statements():
    """Every statement that runs, as a list that grows."""
    handler, logger = _Statements(), logging.getLogger("peewee")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.found
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def _keep(results, place, work):
    """Put the result of ``together(work)``, or its error, in its place."""
    try:
        results[place] = together(work)
    except Exception as error:
        results[place] = error


def at_once(*works):
    """Run ``together(work)`` for each in a thread of its own while the gate is closed, then open it; answer results or errors."""
    results = [None] * len(works)

    def run(place, work):
        _keep(results, place, work)
        connections.close()

    gate = database.obj.gate
    assert gate.enter(5)
    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(group._queue._waiting) == len(works), what="all writers wait")
    gate.leave()
    for thread in threads:
        thread.join(20)
    return results


def start(user_id):
    return lambda: session.start(user_id, "counselor", 1_000).user_id


def users():
    with read():
        return {user for (user,) in execute("SELECT user_id FROM session").fetchall()}


@on_sqlite
def test_what_waits_behind_a_writer_shares_its_commit(app, statements):
    assert at_once(*map(start, "abcdef")) == list("abcdef")
    assert statements.count("COMMIT") == 1
    assert users() == set("abcdef")


def in_a_round(*works):
    """Run ``together(work)`` for each side by side in this thread; results or errors. What has to wait is done at once, here too."""
    results = [None] * len(works)
    rounds = Rounds(lambda call, then: then(call()))
    rounds.run([partial(_keep, results, *each) for each in enumerate(works)])
    return results


@on_sqlite
def test_those_side_by_side_share_a_commit(app, statements):
    assert in_a_round(*map(start, "abcdef")) == list("abcdef")
    assert statements.count("COMMIT") == 1
    assert users() == set("abcdef")


@on_sqlite
def test_what_one_of_those_side_by_side_does_wrong_is_undone_alone(app):
    def wrong():
        session.start("wrong", "counselor", 1_000)
        raise SessionNotFound("x")

    first, error, last = in_a_round(start("a"), wrong, start("b"))
    assert (first, last) == ("a", "b") and isinstance(error, SessionNotFound)
    assert users() == {"a", "b"} and session.tally()["active"] == (2, 0)


@on_sqlite
def test_where_the_disk_is_slow_other_threads_wait_for_it(app, monkeypatch):
    monkeypatch.setattr(group, "_pace", group._Pace())
    monkeypatch.setattr(group, "LONG_S", 60)
    assert group._at_once([start("a")]) == ["a"]
    monkeypatch.setattr(group, "LONG_S", -60)
    assert group._at_once([start("b")]) == ["b"], "that took too long, as everything does now"
    assert group._at_once([start("c")]) is None
    assert in_a_round(start("c")) == ["c"]
    assert users() == set("abc")


@on_sqlite
def test_who_does_not_get_the_turn_soon_leaves_it_to_another_thread(app):
    assert database.obj.gate.enter(5)
    try:
        assert group._at_once([start("a")]) is None
    finally:
        database.obj.gate.leave()
    assert users() == set()


@on_sqlite
def test_what_one_does_wrong_is_undone_alone(app):
    def wrong():
        session.start("wrong", "counselor", 1_000)
        raise SessionNotFound("x")

    first, error, last = at_once(start("a"), wrong, start("b"))
    assert (first, last) == ("a", "b") and isinstance(error, SessionNotFound)
    assert users() == {"a", "b"}
    assert session.tally()["active"] == (2, 0)


@on_sqlite
def test_what_the_database_refuses_is_refused_to_all_and_nothing_is_stored(app):
    def full():
        raise peewee.OperationalError("database or disk is full")

    assert all(isinstance(each, DatabaseUnavailable) for each in at_once(start("a"), full, start("b")))
    assert users() == set()
    assert together(start("c")) == "c", "the next one is served"


@on_sqlite
def test_a_writer_that_gets_no_turn_is_refused_and_does_not_write_later(app, monkeypatch):
    monkeypatch.setattr(group, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(database.obj, "_busy_seconds", 0.05)
    assert database.obj.gate.enter(5)
    refused = []

    def run():
        with pytest.raises(DatabaseUnavailable):
            together(start("late"))
        refused.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    database.obj.gate.leave()
    assert refused and together(start("a")) == "a"
    assert users() == {"a"}


def _add(path, file, times):
    gate = Gate(path)
    for _ in range(times):
        assert gate.enter(20)
        number = int(file.read_text())
        file.write_text(str(number + 1))
        gate.leave()


def test_processes_go_through_the_gate_one_at_a_time(tmp_path):
    file = tmp_path / "number"
    file.write_text("0")
    context = multiprocessing.get_context("spawn")
    members = [context.Process(target=_add, args=(str(tmp_path / "gate"), file, 150)) for _ in range(3)]
    for member in members:
        member.start()
    for member in members:
        member.join(60)
    assert [member.exitcode for member in members] == [0, 0, 0]
    assert file.read_text() == "450"


def test_a_gate_whose_file_cannot_be_opened_keeps_no_thread_waiting(tmp_path):
    gate = Gate(str(tmp_path / "missing" / "gate"))
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            gate.enter(1)


@pytest.fixture(scope="module")
def connected(postgres):
    connections.connect(Settings.from_env({"DATABASE_URL": postgres.url("postgres")}))
    yield
    connections.close()


_TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")),
    st.sampled_from(["NULL", "", "{}", '"', "\\"]),
)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", _TEXTS),
        ("bigint", st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
        ("float8", st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))),
    ],
)
@given(data=st.data())
def test_postgres_reads_arrays_as_they_were_meant(connected, kind, values, data):
    column = tuple(data.draw(st.lists(values, min_size=1, max_size=5)))
    with write_transaction():
        rows = execute(f"SELECT * FROM unnest(?::{kind}[])", (_array(column),)).fetchall()
    assert tuple(value for (value,) in rows) == column
