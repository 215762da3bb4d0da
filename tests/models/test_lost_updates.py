"""Whatever reads and then writes keeps others from changing in between what it has read.

In each case one caller is stopped between its reading and its writing while another one begins. With the lock that the models take the
other waits (on SQLite for its turn in the write queue), and the outcome is that of one after the other. The same cases run on
PostgreSQL without the lock, to prove that they would notice.
"""

import pytest

from tests.support import storing
from tests.support.overtaking import Case, overlapping
from tests.support.samples import start_session
from tests.support.stocked import DAY_MS, NOBODY, NOW_MS, recounted, shown, started, stocked, tallied, unrestricted

from bemore.db.connections import execute, read, write, write_transaction
from bemore.errors import SessionNotFound, SessionStateConflict
from bemore.lifecycle import purge
from bemore.models import audit, feedback, idempotency, minute, note, session

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

LONG_AGO = NOW_MS - 100 * DAY_MS
CUTOFF = NOW_MS - 90 * DAY_MS


def rows(table):
    with read():
        return execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def frames(scope, *times):
    return storing.store_frames(scope, [(ms, 1.0, None, None) for ms in times])


def tick(scope):
    return storing.tick(scope, 0, NOW_MS)


def totals_agree():
    assert tallied() == recounted()


# -- Scores and states ---------------------------------------------------------------------------------------------------


def ticks_at_once(app):
    """The slower of two ticks has read less than the faster one."""
    scope = unrestricted(started(NOW_MS).public_id)
    frames(scope, 1)

    def upload_and_tick():
        frames(scope, 2)
        return tick(scope)

    def check(first, second):
        (stored,) = storing.minutes(scope)
        assert stored.frame_count == 2

    return Case(lambda: tick(scope), upload_and_tick, "INSERT INTO minute_score", check)


def tick_and_scores_of_the_browser(app):
    scope = unrestricted(started(NOW_MS).public_id)
    item = (0, 0.1, 0.2, 0.3, 0.4, None, None, None, None, None)

    def check(first, second):
        (stored,) = storing.minutes(scope)
        assert (stored.source, stored.combined) == ("client", 0.4), "the last write wins"

    return Case(lambda: tick(scope), lambda: minute.store(scope, [item], "v"), "INSERT INTO minute_score", check)


def pause_and_end(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert shown(scope.public_id).status == "ended" and second.paused_ms == NOW_MS + 5
        totals_agree()

    return Case(
        lambda: session.pause(scope, NOW_MS + 5), lambda: storing.end(scope, NOW_MS + 9), "UPDATE session SET status", check
    )  # fmt: skip


def resume_and_end(app):
    scope = unrestricted(started(NOW_MS).public_id)
    session.pause(scope, NOW_MS + 1)

    def check(first, second):
        assert shown(scope.public_id).status == "ended" and second.resumed_ms == NOW_MS + 5
        totals_agree()

    return Case(
        lambda: session.resume(scope, NOW_MS + 5), lambda: storing.end(scope, NOW_MS + 9), "UPDATE session SET status", check
    )  # fmt: skip


def end_and_pause(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert isinstance(second, SessionStateConflict) and shown(scope.public_id) == first
        totals_agree()

    return Case(
        lambda: storing.end(scope, NOW_MS + 5), lambda: session.pause(scope, NOW_MS + 9), "UPDATE session SET status", check
    )  # fmt: skip


def two_ends(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert first.ended_ms == second.ended_ms == shown(scope.public_id).ended_ms == NOW_MS + 5
        totals_agree()

    return Case(
        lambda: storing.end(scope, NOW_MS + 5), lambda: storing.end(scope, NOW_MS + 9), "UPDATE session SET status", check
    )  # fmt: skip


def feedback_and_erase(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert isinstance(first, tuple) and second is None
        assert rows("feedback") == rows("session") == 0

    return Case(
        lambda: write(lambda: feedback.add(scope, 5, None, NOBODY, NOW_MS)), lambda: session.erase(scope), "INSERT INTO feedback", check
    )  # fmt: skip


def two_changes_of_a_note(app):
    scope = unrestricted(started(NOW_MS).public_id)
    reported = {"kind": "note", "t_start": 0, "t_end": None, "text": "a", "visibility": "private"}
    made, _, _ = write(lambda: note.add(scope, NOBODY, reported, NOW_MS))

    def change(**changes):
        return note.change(scope, made.public_id, NOBODY, changes, NOW_MS)

    def check(first, second):
        (left,) = note.of_session(scope, NOBODY)
        assert (left.text, left.visibility) == ("b", "shared")

    return Case(lambda: change(text="b"), lambda: change(visibility="shared"), "UPDATE note", check)


# -- Idle, too old, erased -----------------------------------------------------------------------------------------------


def close_idle_and_upload(app):
    scope = unrestricted(started(CUTOFF - 3_600_000).public_id)

    def upload():
        frames(scope, 7_200_000)
        return shown(scope.public_id).status

    def check(first, second):
        assert first == [scope.public_id] and second == "ended", "a session with new data was ended as idle"

    return Case(lambda: list(storing.close_idle(CUTOFF, NOW_MS)), upload, "UPDATE session SET status", check)


def close_idle_and_end(app):
    scope = unrestricted(started(LONG_AGO).public_id)
    frames(scope, 77)

    def check(first, second):
        assert first == [scope.public_id]
        assert second.ended_ms == shown(scope.public_id).ended_ms == LONG_AGO + 77
        totals_agree()

    return Case(
        lambda: list(storing.close_idle(CUTOFF, NOW_MS)), lambda: storing.end(scope, NOW_MS), "UPDATE session SET status", check
    )  # fmt: skip


def purge_and_upload(app):
    scope = unrestricted(started(LONG_AGO).public_id)

    def check(first, second):
        assert first.sessions == 1 and isinstance(second, SessionNotFound), "data was taken that is erased at once"
        assert rows("session") == rows("frame") == 0
        totals_agree()

    return Case(
        lambda: purge.purge(CUTOFF, NOW_MS, "cli:test"), lambda: frames(scope, NOW_MS - LONG_AGO - 1), "SET erasing = 1", check
    )  # fmt: skip


def erase_and_end(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert first is None and isinstance(second, SessionNotFound)
        assert tallied() == recounted() == {}

    return Case(lambda: session.erase(scope), lambda: storing.end(scope, NOW_MS + 5), "INSERT INTO tally", check)


def end_and_erase(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert first.status == "ended" and second is None
        assert tallied() == recounted() == {}

    return Case(lambda: storing.end(scope, NOW_MS + 5), lambda: session.erase(scope), "INSERT INTO tally", check)


def _erase_and_record(scope):
    session.erase(scope, lambda row: audit.record(row.public_id, audit.ERASE, "subject", "admin", "req-1", NOW_MS))


def two_erasures(app):
    scope = unrestricted(stocked(NOW_MS))

    def check(first, second):
        # The second one finishes the work of the first, or comes when that is done.
        assert first is None and (second is None or isinstance(second, SessionNotFound))
        assert [entry.action for entry in audit.entries()] == [audit.ERASE]
        assert tallied() == recounted() == {} and rows("session") == rows("frame") == 0

    return Case(lambda: _erase_and_record(scope), lambda: _erase_and_record(scope), "INSERT INTO tally", check)


def erasing_a_user_and_end(app):
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert first.sessions == 1 and isinstance(second, SessionNotFound)
        assert tallied() == recounted() == {}

    return Case(
        lambda: purge.erase_user("user-1", NOW_MS, "cli:test"), lambda: storing.end(scope, NOW_MS + 5), "INSERT INTO tally", check
    )  # fmt: skip


def erase_and_upload(app):
    scope = unrestricted(stocked(NOW_MS))

    def check(first, second):
        assert first is None and isinstance(second, SessionNotFound), "data was taken of a session that is being erased"
        assert rows("frame") == 0

    return Case(lambda: session.erase(scope), lambda: frames(scope, 5), "INSERT INTO tally", check)


# -- Totals, keys, preferences -------------------------------------------------------------------------------------------


def last_session_of_a_state_and_a_new_one(app):
    """The tally of a user's active sessions falls to nothing, and is about to be deleted, while another session starts."""
    scope = unrestricted(started(NOW_MS).public_id)

    def check(first, second):
        assert first.status == "ended" and second.status == "active"
        assert tallied() == recounted() and tallied()["all", "active"] == (1, 0)

    return Case(
        lambda: storing.end(scope, NOW_MS + 5), lambda: write(lambda: session.start("user-1", "counselor-1", NOW_MS)),
        "DELETE FROM tally", check,
    )  # fmt: skip


def requests_with_one_key(app):
    session_id = start_session(app.test_client())

    def give_feedback():
        return app.test_client().post(
            f"/api/session/{session_id}/feedback", json={"rating": 5}, headers={"Idempotency-Key": "key-1"}
        )  # fmt: skip

    def check(first, second):
        assert (first.status_code, second.status_code) == (201, 201), (first.text, second.text)
        assert "Idempotent-Replayed" not in first.headers and second.headers["Idempotent-Replayed"] == "true"
        assert first.json["data"] == second.json["data"] and rows("feedback") == 1

    return Case(give_feedback, give_feedback, "INSERT INTO feedback", check)


CASES = (
    ticks_at_once,
    tick_and_scores_of_the_browser,
    pause_and_end,
    resume_and_end,
    end_and_pause,
    two_ends,
    feedback_and_erase,
    two_changes_of_a_note,
    close_idle_and_upload,
    close_idle_and_end,
    purge_and_upload,
    erase_and_end,
    end_and_erase,
    two_erasures,
    erasing_a_user_and_end,
    erase_and_upload,
    last_session_of_a_state_and_a_new_one,
    requests_with_one_key,
)

by_name = {"ids": lambda make: make.__name__}


@pytest.mark.parametrize("make", CASES, **by_name)
def test_nothing_is_lost_between_reading_and_writing(app, database_url, make):
    case = make(app)
    first, second, waited = overlapping(case, database_url)
    case.check(first, second)
    assert waited, "there was nothing to wait for: the case proves nothing"


def test_two_that_erase_the_same_rows_do_no_harm(app, database_url):
    """On PostgreSQL neither waits for the other, nor must it."""
    row, other = shown(stocked(NOW_MS)), shown(stocked(NOW_MS + 1))
    with write_transaction():
        session.hide(unrestricted(row.public_id))

    def erase():
        session.erase_hidden(row.key)

    first, second, _ = overlapping(Case(erase, erase, "DELETE FROM frame", None), database_url)
    assert first is None and second is None
    assert rows("session") == 1 and rows("frame") == shown(other.public_id).frame_count == 10


# -- The same without the locks ------------------------------------------------------------------------------------------

#: Cases in which the row of the session, touched first, is the lock.
TOUCHING = (
    ticks_at_once,
    tick_and_scores_of_the_browser,
    pause_and_end,
    resume_and_end,
    end_and_pause,
    two_ends,
    feedback_and_erase,
    two_changes_of_a_note,
    close_idle_and_upload,
    close_idle_and_end,
    purge_and_upload,
)


def assert_lost(case, database_url):
    first, second, waited = overlapping(case, database_url)
    with pytest.raises(AssertionError):
        case.check(first, second)
    assert not waited


@on_postgres
@pytest.mark.parametrize("make", TOUCHING, **by_name)
def test_without_the_lock_of_the_session_it_would_be_lost(app, database_url, monkeypatch, make):
    case = make(app)
    monkeypatch.setattr(session, "touch", session.find)
    assert_lost(case, database_url)


@on_postgres
@pytest.mark.parametrize(
    ("make", "module", "lock", "nothing"),
    [
        (erase_and_upload, session, "FOR NO KEY UPDATE", ""),
        (requests_with_one_key, idempotency, "pg_advisory_xact_lock(hashtextextended(?, 0))", "?"),
    ],
    ids=["erase_and_upload", "requests_with_one_key"],
)
def test_without_the_lock_of_the_statement_it_would_be_lost(app, database_url, monkeypatch, make, module, lock, nothing):
    case = make(app)
    locked = []

    def without_lock(sql, params=()):
        locked.append(lock in sql)
        return execute(sql.replace(lock, nothing), params)

    monkeypatch.setattr(module, "execute", without_lock)
    first, second, _ = overlapping(case, database_url)
    assert any(locked)
    with pytest.raises(AssertionError):
        case.check(first, second)
