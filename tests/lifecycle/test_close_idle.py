"""Sessions that nobody ended: when their last data came, and that they end as of then."""

import sqlite3

import pytest
from click.testing import CliRunner

from tests.support import storing
from tests.support.samples import frames
from tests.support.stocked import DAY_MS, HOUR_MS, NOBODY, NOW_MS, in_process, recounted, shown, started, stocked, tallied, unrestricted

from bemore import clock as bemore_clock
from bemore.cli.main import main
from bemore.cli.common import Duration
from bemore.models import audit, feedback, minute, note, session, summary
from bemore.lifecycle import idle
from bemore.db import connections
from bemore.db.connections import read, write_transaction

LONG_AGO = NOW_MS - 3 * DAY_MS
CUTOFF = NOW_MS - 12 * HOUR_MS


def close(cutoff_ms=CUTOFF, now_ms=NOW_MS):
    return list(storing.close_idle(cutoff_ms, now_ms))


def give_feedback(scope, at_ms):
    with write_transaction():
        feedback.add(scope, 5, None, NOBODY, at_ms)


def write_note(scope, at_ms):
    told = {"kind": "bookmark", "t_start": 0, "t_end": None, "text": None, "visibility": "private"}
    with write_transaction():
        note.add(scope, NOBODY, told, at_ms)


#: What is done to a session that started at LONG_AGO, and the time of its last data after that.
LAST = {
    "nothing": (lambda scope: None, 0),
    "a pause": (lambda scope: session.pause(scope, LONG_AGO + 5000), 5000),
    "a resumption": (lambda scope: (session.pause(scope, LONG_AGO + 5), session.resume(scope, LONG_AGO + 7000)), 7000),
    "frames": (lambda scope: storing.store_frames(scope, [(ms, 0.5, None, None) for ms in (9000, 100, 3000)]), 9000),
    "frames by the epoch": (lambda scope: storing.store_frames(scope, [(LONG_AGO + 4321, 0.5, None, None)]), 4321),
    "audio": (lambda scope: storing.store_audio(scope, [(8000, 9500, 1.0, 0.5, None), (0, 900, 1.0, 0.5, None)]), 9500),
    "a snippet": (lambda scope: storing.store_stt(scope, [(60_000, 63_000, "말", "ko", "neutral", None)]), 63_000),
    "a score": (lambda scope: minute.store(scope, [(4, *[0.5] * 4, None, None, None, None, None)], "v"), 300_000),
    "feedback": (lambda scope: give_feedback(scope, LONG_AGO + 77_000), 77_000),
    "a note": (lambda scope: write_note(scope, LONG_AGO + 88_000), 88_000),
    "data before the start": (lambda scope: storing.store_frames(scope, [(-900, 0.5, None, None)]), 0),
}


@pytest.mark.parametrize("what", LAST)
def test_a_session_ends_with_the_last_that_came_for_it(app, what):
    public_id = started(LONG_AGO).public_id
    happens, after_ms = LAST[what]
    happens(unrestricted(public_id))
    assert close() == [public_id]
    row = shown(public_id)
    with read():
        assert [*summary.kept([row])] == [row.key], "its summary is up to date"
    assert (shown(public_id).status, shown(public_id).ended_ms) == ("ended", LONG_AGO + after_ms)
    assert tallied() == recounted()


#: Data of a client whose clock is wrong: a year ahead, or just past now.
AHEAD = {
    "frame": lambda scope, ms: storing.store_frames(scope, [(ms, 0.5, None, None)]),
    "audio": lambda scope, ms: storing.store_audio(scope, [(ms, ms + 1000, 1.0, 0.5, None)]),
    "snippet": lambda scope, ms: storing.store_stt(scope, [(ms, ms + 1000, "말", "ko", "neutral", None)]),
    "score": lambda scope, ms: minute.store(scope, [(min(ms // 60_000, 100_000), *[0.5] * 4, *[None] * 5)], "v"),
}


@pytest.mark.parametrize("ahead_ms", [365 * DAY_MS, 3 * DAY_MS + 1])
@pytest.mark.parametrize("kind", AHEAD)
def test_what_lies_in_the_future_neither_keeps_a_session_open_nor_sets_its_end(app, kind, ahead_ms):
    public_id = started(LONG_AGO).public_id
    storing.store_frames(unrestricted(public_id), [(5000, 0.5, None, None)])
    AHEAD[kind](unrestricted(public_id), ahead_ms)
    assert close() == [public_id]
    assert shown(public_id).ended_ms == LONG_AGO + 5000


def test_a_chunk_that_ends_in_the_future_counts_by_its_beginning(app):
    public_id = started(LONG_AGO).public_id
    storing.store_audio(unrestricted(public_id), [(5000, 900 * DAY_MS, 1.0, 0.5, None)])
    assert close() == [public_id]
    assert shown(public_id).ended_ms == LONG_AGO + 5000


def test_a_session_of_a_clock_that_was_set_back_has_no_negative_duration(app):
    public_id = started(NOW_MS).public_id
    session.pause(unrestricted(public_id), NOW_MS + 1000)
    assert close(NOW_MS + HOUR_MS, NOW_MS - DAY_MS) == [public_id]
    assert shown(public_id).ended_ms == NOW_MS
    assert tallied() == recounted()


def test_only_what_is_idle_is_ended_and_only_once(app):
    idle_one = stocked(LONG_AGO)
    busy = started(LONG_AGO).public_id
    storing.store_frames(unrestricted(busy), [(CUTOFF - LONG_AGO + 1, 0.5, None, None)])
    young = started(NOW_MS - HOUR_MS).public_id
    ended = started(LONG_AGO, user="user-2").public_id
    storing.end(unrestricted(ended), LONG_AGO + 5)
    assert close() == [idle_one]
    assert [shown(each).status for each in (busy, young, ended)] == ["active", "active", "ended"]
    assert shown(ended).ended_ms == LONG_AGO + 5
    assert tallied() == recounted()
    before = shown(idle_one)
    assert close() == []
    assert shown(idle_one) == before
    assert [(entry.action, entry.session_id, entry.actor) for entry in audit.entries()] == [
        ("session.close-idle", idle_one, "cli:test")
    ]


def test_what_comes_while_others_are_ended_keeps_a_session_open(app):
    first, second, third = (started(LONG_AGO + number).public_id for number in range(3))
    running = storing.close_idle(CUTOFF, NOW_MS)
    assert next(running) == first
    storing.store_frames(unrestricted(second), [(NOW_MS - LONG_AGO - 5, 0.5, None, None)])
    session.erase(unrestricted(third))
    assert list(running) == []
    assert shown(second).status == "active"


def test_more_sessions_than_a_batch_are_all_ended(app, monkeypatch):
    monkeypatch.setattr(idle, "BATCH", 3)
    rows = [started(LONG_AGO + number // 2) for number in range(10)]
    assert close() == [row.public_id for row in sorted(rows, key=lambda row: (row.started_ms, row.key))]
    assert tallied() == recounted()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_scanned_for_the_last_data(app, settings):
    connections.close()
    connection = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    for sql in (*idle._LAST, idle._LAST_MINUTE, idle._LAST_FEEDBACK, idle._NOT_ENDED, idle._ALL):
        (step,) = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * sql.count("?"))]
        assert step.startswith("SEARCH"), f"{step}: {sql}"
    assert "session_not_ended" in connection.execute(f"EXPLAIN QUERY PLAN {idle._NOT_ENDED}", [1] * 4).fetchone()[-1]
    connection.close()


def test_the_command_ends_them_while_the_service_runs(app, service, http, database_url):
    now = bemore_clock.now_ms()
    forgotten, live = stocked(now - DAY_MS), started(now - DAY_MS).public_id
    connections.close()
    url = service().url
    assert http.post(f"{url}/api/session/{live}/frames", json={"items": frames(start_ms=now)}).status_code == 201
    done = [in_process("close-idle", "--after", "12h", url=database_url) for _ in range(2)]
    assert [(each.exit_code, each.stdout) for each in done] == [(0, "ended 1 session\n"), (0, "ended 0 sessions\n")]
    told = http.get(f"{url}/api/session/{forgotten}").json()["data"]
    assert (told["status"], told["endedAt"]) == ("ended", now - DAY_MS + 120_000)
    assert http.get(f"{url}/api/session/{live}").json()["data"]["status"] == "active"
    assert http.post(f"{url}/api/session/{forgotten}/end").json()["data"]["endedAt"] == told["endedAt"]


@pytest.mark.parametrize("duration", ["0d", "12", "h", "-1d", "1.5h", "90 d", "9999999d", "1w", "12H"])
def test_a_wrong_duration_is_refused_with_an_example(duration):
    ended = CliRunner().invoke(main, ["close-idle", f"--after={duration}"])
    assert ended.exit_code == 2 and "12h" in ended.output


@pytest.mark.parametrize(
    ("text", "ms"), [("30m", 30 * 60_000), ("12h", 12 * HOUR_MS), ("90d", 90 * DAY_MS), ("36500d", 36500 * DAY_MS)]
)
def test_a_duration_is_read_as_milliseconds(text, ms):
    assert Duration().convert(text, None, None) == ms
