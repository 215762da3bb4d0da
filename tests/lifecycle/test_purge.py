"""What is older than it may be kept is erased: all of it, nothing else, while the service goes on."""

import os
import pty
import subprocess
import sys
import threading

import pytest

from tests.support import storing
from tests.support.answers import CheckingSession
from tests.support.samples import frames, start_session
from tests.support.servers import REPOSITORY, wait_for
from tests.support.stocked import (
    DAY_MS,
    HOUR_MS,
    NOW_MS,
    bemore,
    everything,
    in_process,
    raw,
    recounted,
    shown,
    started,
    stocked,
    tallied,
    unrestricted,
)

from bemore import clock as bemore_clock
from bemore.errors import SessionNotFound
from bemore.models import audit, preference, session
from bemore.lifecycle import purge
from bemore.db import connections
from bemore.db.connections import execute, read
from bemore.models.tables import TABLES

CUTOFF = NOW_MS - 90 * DAY_MS

_BY_THE_WAY = {"tally", "audit"}


def rows_of_sessions():
    with read():
        tables = [model._meta.table_name for model in TABLES]
        return sum(execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables if table not in _BY_THE_WAY)


def aged(days, ended_days=None, **people):
    """A stocked session that began so many days ago, and ended then."""
    public_id = stocked(NOW_MS - days * DAY_MS, **people)
    if ended_days is not None:
        storing.end(unrestricted(public_id), NOW_MS - ended_days * DAY_MS)
    return public_id


def test_old_sessions_go_with_all_their_rows_and_the_others_keep_all_of_theirs(app):
    kept = [aged(100, 89), aged(89), aged(80, 79, user="user-2")]
    before = rows_of_sessions()
    gone = [aged(100, 91), aged(91), aged(1000, 999, user="user-3", counselor="counselor-3")]
    paused = started(NOW_MS - 91 * DAY_MS).public_id
    session.pause(unrestricted(paused), NOW_MS - 91 * DAY_MS + 5)
    amount = purge.survey(CUTOFF, NOW_MS)
    assert amount == (4, 30, 33, 30, 0, 0)
    batches = []
    assert purge.purge(CUTOFF, NOW_MS, "cli:test", batches.append) == amount
    assert sum(batches) == amount.rows + 3 * 3  # and two minutes each, and the coverage of one
    assert rows_of_sessions() == before - 2, "but for answers under keys, which were out of date"
    for public_id in (*gone, paused):
        with read(), pytest.raises(SessionNotFound):
            session.find(unrestricted(public_id))
    assert [shown(public_id).frame_count for public_id in kept] == [10, 10, 10]
    assert tallied() == recounted() and ("user:user-3", "ended") not in tallied()
    erased = {entry.session_id for entry in audit.entries(actions=[audit.PURGE])}
    assert erased == {*gone, paused}
    assert purge.purge(CUTOFF, NOW_MS, "cli:test") == purge.Amount()


def test_a_session_that_nobody_ended_lives_as_long_as_data_comes(app):
    public_id = started(NOW_MS - 100 * DAY_MS).public_id
    storing.store_frames(unrestricted(public_id), [(10 * DAY_MS + 1, 0.5, None, None)])
    assert purge.purge(CUTOFF, NOW_MS, "cli:test") == purge.Amount()
    assert purge.purge(CUTOFF + 1, NOW_MS, "cli:test") == purge.Amount(1, 1)


def test_what_comes_while_others_are_erased_spares_a_session(app):
    first, second = (started(NOW_MS - 200 * DAY_MS + number).public_id for number in range(2))

    def upload(rows):
        with read():
            gone = execute("SELECT 1 FROM session WHERE public_id = ? AND erasing = 1", (first,)).fetchone()
        assert gone is not None
        storing.store_frames(unrestricted(second), [(199 * DAY_MS, 0.5, None, None)])

    assert purge.purge(CUTOFF, NOW_MS, "cli:test", upload).sessions == 1
    assert shown(second).frame_count == 1


def test_a_purge_that_was_killed_is_finished_by_the_next(app, monkeypatch):
    monkeypatch.setattr(session, "ERASE_BATCH", 4)
    public_id = aged(100, 99)

    def crash(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge.purge(CUTOFF, NOW_MS, "cli:test", crash)
    assert 0 < rows_of_sessions() < 42 and tallied() == recounted() == {}
    assert purge.purge(CUTOFF, NOW_MS, "cli:test") == purge.Amount()
    assert rows_of_sessions() == 0
    assert [entry.session_id for entry in audit.entries()] == [public_id]


def test_preferences_that_nobody_has_used_for_as_long_go_too_and_those_in_use_stay(app, monkeypatch):
    monkeypatch.setattr(preference, "FORGET_BATCH", 2)
    old = NOW_MS - 100 * DAY_MS
    for name in ("gone-1", "gone-2", "gone-3", "read", "chosen"):
        preference.merge(f"sub:{name}", {"font_scale": "xl"}, old)
    preference.merge("device:gone-4", {"font_scale": "xl"}, old)
    assert preference.get("sub:read", CUTOFF + DAY_MS) == {"font_scale": "xl"}
    preference.merge("sub:chosen", {"language": "en"}, CUTOFF + 1)
    gone = aged(100, 91, user="chosen")
    assert purge.survey(CUTOFF, NOW_MS) == purge.Amount(1, 10, 11, 10, preferences=4)
    assert purge.purge(CUTOFF, NOW_MS, "cli:test") == purge.Amount(1, 10, 11, 10, preferences=4)
    with read():
        assert execute("SELECT owner FROM preference ORDER BY owner").fetchall() == [("sub:chosen",), ("sub:read",)]
        assert execute("SELECT count(*) FROM session WHERE public_id = ?", (gone,)).fetchone() == (0,)
    # They are the person's, not the session's.
    assert preference.get("sub:chosen", NOW_MS) == {"font_scale": "xl", "language": "en"}


def test_reading_preferences_is_noted_once_a_day(app):
    def used():
        with read():
            return execute("SELECT used_ms FROM preference").fetchone()[0]

    preference.merge("sub:1", {"font_scale": "xl"}, NOW_MS)
    preference.get("sub:1", NOW_MS + DAY_MS - 1)
    assert used() == NOW_MS
    preference.get("sub:1", NOW_MS + DAY_MS)
    preference.get("sub:2", NOW_MS + DAY_MS)
    assert used() == NOW_MS + DAY_MS


def test_answers_under_a_key_that_are_out_of_date_go_whatever_their_session(app):
    kept = stocked(NOW_MS - DAY_MS - 62_000)
    with read():
        assert execute("SELECT count(*) FROM idempotency_key").fetchone() == (2,)
    assert purge.purge(CUTOFF, NOW_MS - 1, "cli:test") == purge.Amount()
    with read():
        assert execute("SELECT count(*) FROM idempotency_key").fetchone() == (2,)
    purge.purge(CUTOFF, NOW_MS + 1000, "cli:test")
    with read():
        assert execute("SELECT count(*) FROM idempotency_key").fetchone() == (0,)
    assert shown(kept).frame_count == 10


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_of_the_words_stays_in_the_file(app, database_url, tmp_path):
    public_id = started(bemore_clock.now_ms() - 100 * DAY_MS).public_id
    storing.store_stt(unrestricted(public_id), [(ms, ms, f"비밀 {ms} " * 300, "ko", "neutral", None) for ms in range(200)])
    connections.close()
    path = tmp_path / "test.db"
    assert "비밀 150".encode() in path.read_bytes()
    assert in_process("purge", "--older-than", "90d", "--yes", url=database_url).exit_code == 0
    assert not (tmp_path / "test.db-wal").exists()
    assert "비밀".encode() not in path.read_bytes()


def on_a_terminal(answer, url, cwd):
    """``bemore purge`` with a terminal to ask on: its status and what it printed."""
    ours, theirs = pty.openpty()
    env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "DATABASE_URL": url}
    command = [sys.executable, "-m", "bemore", "purge", "--older-than", "90d"]
    process = subprocess.Popen(command, env=env, cwd=cwd, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.write(ours, answer)
    said, _ = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_the_command_tells_asks_and_erases(app, database_url, tmp_path):
    old = stocked(bemore_clock.now_ms() - 91 * DAY_MS)
    connections.close()
    before = everything(database_url)
    dry = in_process("purge", "--older-than", "90d", "--dry-run", url=database_url)
    assert dry.exit_code == 0 and dry.output.startswith(
        "would erase 1 session, 10 frames, 11 audio chunks, 10 snippets, 0 preference sets from before 20"
    )
    refused = in_process("purge", "--older-than", "90d", url=database_url)
    assert refused.exit_code == 1 and "--yes" in refused.output
    status, said = on_a_terminal(b"n\n", database_url, tmp_path)
    assert status == 1 and "Erase 1 session, 10 frames" in said and "Aborted" in said
    assert everything(database_url) == before
    status, said = on_a_terminal(b"y\n", database_url, tmp_path)
    assert status == 0 and "erased 1 session, 10 frames, 11 audio chunks, 10 snippets, 0 preference sets" in said
    left = everything(database_url)
    (entry,) = left.pop("audit")
    assert entry[4:6] == ("session.purge", old)
    assert [table for table, rows in left.items() if rows] == ["migration"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_retention_days_say_what_is_old(app, database_url):
    now = bemore_clock.now_ms()
    stocked(now - 8 * DAY_MS)
    stocked(now - 6 * DAY_MS)
    nothing = in_process("purge", "--yes", url=database_url)
    assert nothing.exit_code == 2 and "RETENTION_DAYS" in nothing.output
    both = in_process("purge", "--yes", "--dry-run", url=database_url, RETENTION_DAYS="7")
    assert both.exit_code == 2 and "--dry-run" in both.output
    assert "erased 1 session," in in_process("purge", "--yes", url=database_url, RETENTION_DAYS="7").output
    assert "erased 1 session," in in_process("purge", "--yes", "--older-than", "5d", url=database_url, RETENTION_DAYS="7").output


def test_the_service_takes_writes_while_old_sessions_are_erased(app, service, http, database_url, tmp_path):
    now = bemore_clock.now_ms()
    old = [started(now - 100 * DAY_MS + number * HOUR_MS).public_id for number in range(4)]
    for public_id in old:
        storing.store_frames(unrestricted(public_id), [(ms, 0.5, "x" * 500, None) for ms in range(2000)])
    connections.close()
    url = service().url
    stop, sent, slowest = threading.Event(), [], []

    def upload(number):
        with CheckingSession() as own:
            public_id, count = start_session(own, base=url), 0
            while not stop.wait(0.02):
                answer = own.post(f"{url}/api/session/{public_id}/frames", json={"items": frames(20, count * 10_000)})
                assert answer.status_code == 201, answer.text
                slowest.append(answer.elapsed.total_seconds())
                count += 1
            sent.append((public_id, count * 20))

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    try:
        wait_for(lambda: len(slowest) > 10)
        done = bemore("purge", "--older-than", "90d", "--yes", url=database_url, cwd=tmp_path)
        so_far = len(slowest)
        wait_for(lambda: len(slowest) > so_far + 10)
    finally:
        stop.set()
        for each in threads:
            each.join()
    assert done.returncode == 0, done.stderr
    assert done.stdout == "erased 4 sessions, 8,000 frames, 0 audio chunks, 0 snippets, 0 preference sets\n"
    assert len(sent) == 3 and max(slowest) < 3
    for public_id, count in sent:
        assert http.get(f"{url}/api/session/{public_id}").json()["data"]["stats"]["totalFrames"] == count
    assert [http.get(f"{url}/api/session/{public_id}").status_code for public_id in old] == [404] * 4
    left = everything(database_url)
    assert len(left["session"]) == 3 and len(left["frame"]) == sum(count for _, count in sent)
    print(f"slowest upload {max(slowest):.3f} s of {len(slowest)}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_is_not_there_or_not_migrated_is_told_and_not_made(database_url, tmp_path):
    command = ("purge", "--older-than", "90d", "--yes")
    raw(database_url, "DELETE FROM migration WHERE name > 'm0003'")
    behind = in_process(*command, url=database_url)
    assert behind.exit_code == 1 and "bemore migrate" in behind.output
    raw(database_url, "INSERT INTO migration VALUES ('m9999_later', 1)")
    ahead = in_process(*command, url=database_url)
    assert ahead.exit_code == 1 and "m9999_later" in ahead.output
    missing = in_process(*command, url=f"sqlite:///{tmp_path}/none.db")
    assert missing.exit_code == 1 and "none.db" in missing.output and not (tmp_path / "none.db").exists()
