"""A user who wants to be forgotten is: every row of theirs goes, nobody else's, while the service goes on."""

import pytest

from tests.support import storing
from tests.support.samples import frames
from tests.support.stocked import NOW_MS, bemore, everything, in_process, recounted, started, stocked, tallied, unrestricted

from bemore.models import audit, preference, session
from bemore.lifecycle import purge
from bemore.db import connections
from bemore.db.connections import write


def in_every_state(user):
    """The ids of three stocked sessions of a user: active, paused and ended."""
    active, paused, ended = (stocked(NOW_MS + number, user=user, counselor=f"counselor-{number}") for number in range(3))
    session.pause(unrestricted(paused), NOW_MS + 5)
    storing.end(unrestricted(ended), NOW_MS + 90_000)
    return active, paused, ended


def test_all_of_the_user_goes_and_all_of_others_stays(app, database_url):
    in_every_state("user-2")
    preference.merge("sub:user-2", {"language": "en"}, NOW_MS)
    preference.merge("device:user-1", {"language": "en"}, NOW_MS)
    others = {**everything(database_url), "audit": []}
    gone = in_every_state("user-1")
    preference.merge("sub:user-1", {"font_scale": "xl"}, NOW_MS)
    amount = purge.survey_user("user-1")
    assert amount == (3, 30, 33, 30, 1, 0)
    batches = []
    assert purge.erase_user("user-1", NOW_MS, "cli:test", batches.append) == amount
    assert sum(batches) == amount.rows + 3 * 3  # and two minutes each, and the coverage of one
    assert {**everything(database_url), "audit": []} == others
    assert tallied() == recounted()
    assert sorted(entry.session_id for entry in audit.entries(actions=[audit.ERASE])) == sorted(gone)
    assert purge.erase_user("user-1", NOW_MS, "cli:test") == purge.Amount()


def test_more_sessions_than_are_looked_up_at_once_and_new_ones_meanwhile(app, monkeypatch):
    monkeypatch.setattr(purge, "_PAGE", 2)
    for number in range(4):
        stocked(NOW_MS + number)
    kept = started(NOW_MS, user="user-2")
    begun = []

    def another(rows):
        if not begun:
            begun.append(started(NOW_MS + 99).public_id)

    assert purge.survey_user("user-1").sessions == 4
    assert purge.erase_user("user-1", NOW_MS, "cli:test", another).sessions == 5
    assert session.newest(9) == [kept]


def test_one_that_was_killed_is_finished_by_the_next(app, database_url, monkeypatch):
    monkeypatch.setattr(session, "ERASE_BATCH", 4)
    stocked(NOW_MS)
    stocked(NOW_MS + 1)

    def crash(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge.erase_user("user-1", NOW_MS, "cli:test", crash)
    assert len(everything(database_url)["session"]) == 2
    assert purge.erase_user("user-1", NOW_MS, "cli:test").sessions == 1, "the other one was out of sight already"
    assert [table for table, rows in everything(database_url).items() if rows] == ["audit", "migration"]


def write_transaction_hides(public_id):
    """Somebody has begun to erase a session, and was interrupted."""
    write(lambda: session.hide(unrestricted(public_id)))


def test_the_command_tells_asks_and_erases(app, database_url):
    (kept, public_id) = stocked(NOW_MS, user="user-2"), stocked(NOW_MS)
    connections.close()
    before = everything(database_url)
    dry = in_process("erase", "user-1", "--dry-run", url=database_url)
    reported = "1 session, 10 frames, 11 audio chunks, 10 snippets, 0 preference sets"
    assert (dry.exit_code, dry.output) == (0, f"would erase {reported} of that user\n")
    refused = in_process("erase", "user-1", url=database_url)
    assert refused.exit_code == 1 and "--yes" in refused.output
    both = in_process("erase", "user-1", "--yes", "--dry-run", url=database_url)
    assert both.exit_code == 2 and "--dry-run" in both.output
    assert everything(database_url) == before
    done = in_process("erase", "user-1", "--yes", url=database_url)
    assert done.exit_code == 0 and f"erased {reported}\n" in done.output
    left = everything(database_url)
    (entry,) = left["audit"]
    assert entry[4:6] == ("session.erase", public_id)
    assert [row[1] for row in left["session"]] == [kept]
    for options in (("--yes",), ("--dry-run",), ()):
        again = in_process("erase", "user-1", *options, url=database_url)
        assert (again.exit_code, again.output.splitlines()[-1]) == (1, "Error: Nothing is stored of that user.")
    write_transaction_hides(kept)
    hidden = in_process("erase", "user-1", "--yes", url=database_url)
    assert hidden.exit_code == 0 and "finished an erasure that was interrupted" in hidden.output
    assert everything(database_url)["session"] == []


def test_beside_a_running_service(service, http, database_url, tmp_path):
    base = service().url
    body = {"userId": "user-1", "counselorId": "counselor-1"}
    ids = [http.post(f"{base}/api/session/start", json=body).json()["data"]["sessionId"] for _ in range(2)]
    other = http.post(f"{base}/api/session/start", json={**body, "userId": "user-2"}).json()["data"]["sessionId"]
    for public_id in (*ids, other):
        assert http.post(f"{base}/api/session/{public_id}/frames", json={"items": frames(5)}).status_code == 201
    done = bemore("erase", "user-1", "--yes", url=database_url, cwd=tmp_path)
    assert done.returncode == 0 and "erased 2 sessions, 10 frames" in done.stdout, done.stderr
    assert [http.get(f"{base}/api/session/{public_id}").status_code for public_id in (*ids, other)] == [404, 404, 200]
    assert http.post(f"{base}/api/session/{ids[0]}/frames", json={"items": frames(5)}).status_code == 404
