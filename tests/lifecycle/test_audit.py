"""The audit log: what is in it, and that nobody takes anything out of it."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.support.stocked import DAY_MS, NOW_MS, everything, in_process, raw, started, unrestricted

from bemore.models import audit, session
from bemore.db import connections
from bemore.db.connections import write

ID = "sess_1_aaaaaaaaaaaaaaaa"


def record(number=0, **changed):
    entry = {
        "session_id": ID,
        "action": audit.READ_REPORT,
        "actor": "subject-1",
        "role": "counselor",
        "request_id": f"req-{number}",
    }
    audit.record_alone(**{**entry, **changed}, now_ms=NOW_MS + number)


def test_an_entry_says_who_did_what_to_which_session_and_when(app):
    record()
    (entry,) = audit.entries()
    assert entry[1:] == (NOW_MS, "subject-1", "counselor", "report.read", ID, "req-0")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody else'",
        "UPDATE audit SET at_ms = at_ms WHERE id = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE at_ms < 5000000000000",
        "TRUNCATE audit",
        "INSERT OR REPLACE INTO audit (id, at_ms, actor, action) VALUES (1, 1, 'x', 'y')",
        "REPLACE INTO audit (id, at_ms, actor, action) VALUES (1, 1, 'x', 'y')",
        "INSERT INTO audit (id, at_ms, actor, action) VALUES (1, 1, 'x', 'y') ON CONFLICT (id) DO UPDATE SET actor = 'x'",
        "INSERT INTO audit (id, at_ms, actor, action) VALUES (1, 1, 'x', 'y')",
    ],
)
def test_no_statement_changes_what_is_recorded(app, database_url, statement):
    record()
    connections.close()
    before = everything(database_url)["audit"]
    assert len(before) == 1
    with pytest.raises((psycopg.Error, sqlite3.DatabaseError)):
        raw(database_url, statement)
    assert everything(database_url)["audit"] == before


def test_a_deletion_and_its_record_are_stored_together_or_not_at_all(app):
    public_id = started(NOW_MS).public_id

    def crash(row):
        audit.record(row.public_id, audit.ERASE, "subject-1", "admin", "req-1", NOW_MS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.erase(unrestricted(public_id), crash)
    assert list(audit.entries()) == [] and [row.public_id for row in session.newest(5)] == [public_id]
    session.erase(unrestricted(public_id), lambda row: audit.record(row.public_id, audit.ERASE, "subject-1", "admin", "req-1", NOW_MS))
    assert [entry.session_id for entry in audit.entries(public_id)] == [public_id]
    assert session.newest(5) == []


def test_entries_of_many_at_once_are_all_there(app):
    def one(number):
        record(number)
        connections.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(80)))
    assert {entry.request_id for entry in audit.entries()} == {f"req-{number}" for number in range(80)}


def test_entries_are_found_by_session_time_and_action_beyond_a_batch(app, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 3)
    for number in range(10):
        record(number, session_id=ID if number % 2 else None, action=audit.ERASE if number < 4 else audit.READ_REPORT)
    assert [entry.at_ms - NOW_MS for entry in audit.entries()] == list(range(10))
    assert [entry.at_ms - NOW_MS for entry in audit.entries(ID)] == [1, 3, 5, 7, 9]
    assert [entry.at_ms - NOW_MS for entry in audit.entries(ID, NOW_MS + 5)] == [5, 7, 9]
    assert [entry.at_ms - NOW_MS for entry in audit.entries(actions=audit.ERASING)] == [0, 1, 2, 3]


def test_the_command_prints_it(app, database_url):
    record(1)
    record(2, session_id=None, role=None, request_id=None, actor="a\x1b[2J\nb 상담", action=audit.BACKUP)
    connections.close()

    def run(*arguments):
        ended = in_process("audit", *arguments, url=database_url)
        assert ended.exit_code == 0, ended.output
        return ended.output.splitlines()

    assert run() == [
        f"2026-11-18T11:06:40.124Z  subject-1  counselor  report.read  {ID}  req-1",
        "2026-11-18T11:06:40.125Z  a?[2J?b?상담  -  database.backup  -  -",
    ]
    first, second = map(json.loads, run("--json"))
    assert first == {
        "type": "audit", "id": 1, "at": NOW_MS + 1, "actor": "subject-1", "role": "counselor", "action": "report.read",
        "sessionId": ID, "requestId": "req-1",
    }  # fmt: skip
    assert second["actor"] == "a\x1b[2J\nb 상담" and second["sessionId"] is None
    assert len(run("--session", ID)) == 1 and run("--session", "sess_2_b") == []
    assert len(run("--since", "2026-11-18T11:06:40.125Z")) == 1 and len(run("--since", "2026-11-18")) == 2
    assert run("--since", "2026-11-18T20:06:40.126+09:00") == []
    assert len(run("--since", "36500d")) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_time_that_is_none_is_refused(database_url):
    ended = in_process("audit", "--since", "yesterday", url=database_url)
    assert ended.exit_code == 2 and "2026-05-01" in ended.output


def test_a_connection_of_the_service_cannot_change_it_either(app):
    record()
    with pytest.raises(Exception, match="only ever added to"):
        write(lambda: connections.execute("DELETE FROM audit"))
    assert len(list(audit.entries(since_ms=NOW_MS - DAY_MS))) == 1
