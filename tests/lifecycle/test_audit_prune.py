"""``bemore audit prune``: old entries of the audit log go, by this command and by nothing else."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.support.statements import stopped_before
from tests.support.stocked import DAY_MS, NOW_MS, everything, in_process, raw, stocked, unrestricted

from bemore import clock as bemore_clock
from bemore.db import connections
from bemore.db.connections import read, write
from bemore.models import audit, session

CUTOFF = NOW_MS - 730 * DAY_MS


def record(at_ms, **changed):
    entry = {"session_id": None, "action": audit.BACKUP, "actor": "subject-1", "role": None, "request_id": None, **changed}
    audit.record_alone(**entry, now_ms=at_ms)


def times():
    return [entry.at_ms for entry in audit.entries()]


def refused(database_url):
    """Whether the database refuses to delete, change and replace entries, past the service."""
    before = everything(database_url)["audit"]
    assert before
    again = f"INSERT INTO audit SELECT * FROM audit WHERE id = {before[0][0]}"
    for statement in ("DELETE FROM audit", "UPDATE audit SET at_ms = at_ms", again):
        with pytest.raises((psycopg.Error, sqlite3.DatabaseError)):
            raw(database_url, statement)
    return everything(database_url)["audit"] == before


def test_old_entries_go_in_batches_and_that_is_recorded(app, database_url, monkeypatch):
    monkeypatch.setattr(audit, "PRUNE_BATCH", 3)
    for number in range(-7, 3):
        record(CUTOFF + number)
    assert audit.count_until(CUTOFF) == 8
    batches = []
    assert audit.prune(CUTOFF, "cli:test", NOW_MS, batches.append) == 8 and batches == [3, 3, 2]
    assert times() == [CUTOFF + 1, CUTOFF + 2, NOW_MS]
    *_, last = audit.entries()
    assert last[2:] == ("cli:test", None, "audit.prune", None, None)
    assert audit.count_until(CUTOFF) == 0
    assert audit.prune(CUTOFF, "cli:test", NOW_MS) == 0
    assert len(times()) == 3, "where nothing goes there is nothing to record"
    connections.close()
    assert refused(database_url)


def test_one_that_was_killed_leaves_the_log_protected_and_is_recorded(app, database_url, monkeypatch):
    monkeypatch.setattr(audit, "PRUNE_BATCH", 3)
    for number in range(5):
        record(CUTOFF - number)

    def crash(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit.prune(CUTOFF, "cli:test", NOW_MS, crash)
    assert len(times()) == 3 and times()[-1] == NOW_MS
    connections.close()
    assert refused(database_url)


def test_one_that_fails_inside_a_batch_changes_nothing(app, database_url, monkeypatch):
    record(CUTOFF)

    def fail(*arguments):
        raise KeyError("a mistake in the program")

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(KeyError):
        audit.prune(CUTOFF, "cli:test", NOW_MS)
    monkeypatch.undo()
    assert times() == [CUTOFF]
    connections.close()
    assert refused(database_url)


def test_meanwhile_nobody_else_can_delete_and_everybody_can_record(app, database_url):
    """Another connection, while the transaction that deletes is under way."""
    record(CUTOFF)
    record(NOW_MS)
    with ThreadPoolExecutor(2) as pool, stopped_before("INSERT INTO audit") as stop:
        pruning = pool.submit(audit.prune, CUTOFF, "cli:test", NOW_MS + 1)
        assert stop.reached.wait(10)
        with pytest.raises((psycopg.Error, sqlite3.DatabaseError)):
            raw_without_waiting(database_url, f"DELETE FROM audit WHERE at_ms = {NOW_MS}")
        recording = pool.submit(record, NOW_MS + 2)
        stop.go_on.set()
        assert pruning.result(10) == 1 and recording.result(10) is None
    assert sorted(times()) == [NOW_MS, NOW_MS + 1, NOW_MS + 2]


def raw_without_waiting(url, statement):
    if url.startswith("postgresql"):
        raw(url, statement)
    else:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0)
        try:
            connection.execute(statement)
        finally:
            connection.close()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_the_setting_lets_old_entries_go_in_its_transaction_alone(app, database_url):
    record(CUTOFF)
    record(NOW_MS)

    def delete_all():
        connections.execute("SELECT set_config('bemore.audit_prune_ms', ?, true)", (str(CUTOFF),))
        connections.execute("DELETE FROM audit")

    with pytest.raises(Exception, match="only ever added to"):
        write(delete_all)
    assert audit.prune(CUTOFF, "cli:test", NOW_MS) == 1
    record(CUTOFF)
    with pytest.raises(Exception, match="only ever added to"):
        write(lambda: connections.execute("DELETE FROM audit WHERE at_ms = ?", (CUTOFF,)))  # on the same connection of the pool
    assert times() == [NOW_MS, NOW_MS, CUTOFF]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_trigger_is_the_same_afterwards(app):
    def triggers():
        with read():
            return connections.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name").fetchall()

    before = triggers()
    record(CUTOFF)
    audit.prune(CUTOFF, "cli:test", NOW_MS)
    assert triggers() == before and "audit_no_delete" in dict(before)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_of_the_entries_stays_in_the_file(app, tmp_path):
    record(CUTOFF, actor="mark-7c1f")
    connections.close()
    assert b"mark-7c1f" in (tmp_path / "test.db").read_bytes()
    audit.prune(CUTOFF, "cli:test", NOW_MS)
    connections.close()
    assert b"mark-7c1f" not in (tmp_path / "test.db").read_bytes()


def test_the_command_prints_asks_and_erases(app, database_url):
    now = bemore_clock.now_ms()
    for days in (800, 731, 729):
        record(now - days * DAY_MS)
    connections.close()
    before = everything(database_url)
    dry = in_process("audit", "prune", "--older-than", "730d", "--dry-run", url=database_url)
    assert dry.exit_code == 0 and dry.output.startswith("would erase 2 audit entries from before 20")
    unconfirmed = in_process("audit", "prune", "--older-than", "730d", url=database_url)
    assert unconfirmed.exit_code == 1 and "--yes" in unconfirmed.output
    both = in_process("audit", "prune", "--older-than", "730d", "--dry-run", "--yes", url=database_url)
    assert both.exit_code == 2 and "--dry-run" in both.output
    assert everything(database_url) == before
    done = in_process("audit", "prune", "--older-than", "730d", "--yes", url=database_url)
    assert done.exit_code == 0 and done.output.endswith("erased 2 audit entries\n")
    lines = in_process("audit", url=database_url).output.splitlines()
    assert len(lines) == 2 and "audit.prune" in lines[1] and "cli:" in lines[1]
    again = in_process("audit", "prune", "--older-than", "730d", "--yes", url=database_url)
    assert again.exit_code == 0 and again.output.endswith("erased 0 audit entries\n")
    one = in_process("audit", "prune", "--older-than", "729d", "--dry-run", url=database_url)
    assert one.output.startswith("would erase 1 audit entry from before 20")
    connections.close()
    assert refused(database_url)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_age_is_required_and_options_of_printing_are_refused(database_url):
    missing = in_process("audit", "prune", "--yes", url=database_url)
    assert missing.exit_code == 2 and "--older-than" in missing.output
    for option in (("--session", "x"), ("--since", "7d"), ("--json",)):
        mixed = in_process("audit", *option, "prune", "--older-than", "1d", "--yes", url=database_url)
        assert mixed.exit_code == 2 and "subcommand" in mixed.output


def test_sessions_are_left_alone_and_what_was_erased_since_a_backup_is_still_known(app):
    kept, erased = stocked(NOW_MS), stocked(NOW_MS)
    session.erase(unrestricted(erased), lambda row: audit.record(row.public_id, audit.ERASE, "subject", "admin", "req-1", NOW_MS))
    record(CUTOFF)
    assert audit.prune(CUTOFF, "cli:test", NOW_MS) == 1
    assert [entry.session_id for entry in audit.entries(actions=audit.ERASING)] == [erased]
    assert [row.public_id for row in session.newest(5)] == [kept]


def test_what_is_recorded_while_old_entries_go_stays(app, monkeypatch):
    monkeypatch.setattr(audit, "PRUNE_BATCH", 5)
    for number in range(40):
        record(CUTOFF - number)
    stop, recorded = threading.Event(), []

    def go_on_recording():
        while not stop.is_set():
            record(NOW_MS, request_id=f"req-{len(recorded)}")
            recorded.append(f"req-{len(recorded)}")

    with ThreadPoolExecutor(1) as pool:
        recording = pool.submit(go_on_recording)
        try:
            assert audit.prune(CUTOFF, "cli:test", NOW_MS) == 40
        finally:
            stop.set()
        recording.result(20)
    assert [entry.request_id for entry in audit.entries(actions=[audit.BACKUP])] == recorded
