"""What was erased cannot be read below the tables either: in the files of the database, and in SQLite's log."""

import random
import sqlite3
import time
from contextlib import closing

import pytest

from tests.support import storing
from tests.support.samples import frames, scores, start_session, stt
from tests.support.stocked import bemore, in_process, started, unrestricted

from bemore.db import connections
from bemore.models import minute, session
from bemore.db.connections import execute
from bemore.db.vacuum import PAUSE_S, TRIES, truncate_log

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MARK = b"marke-7c1f"


def upload(http, url, name, minutes=6):
    """A session with text, packed faces, points, words and a note that hold ``name``, as its id."""
    session_id = start_session(http, f"{name}-user", f"{name}-counselor", url)
    at = f"{url}/api/session/{session_id}"
    for number in range(minutes):
        start = number * 60_000
        for kind, items in (
            ("frames", frames(50, start, faceLandmarksCompressed=f"{name} packed {number}" * 40)),
            ("stt", stt(15, start, text=f"{name} said {number} 오늘은 " * 9)),
        ):
            assert http.post(f"{at}/{kind}", json={"items": items}).status_code == 201
    reported = {"sessionId": session_id, "items": scores(20, keywords=[f"{name} word"])}
    assert http.post(f"{url}/api/session/batch-tick", json=reported).status_code == 201
    key = {"Idempotency-Key": f"{name}-key"}
    assert http.post(f"{at}/feedback", json={"rating": 3, "note": f"{name} note"}, headers=key).status_code == 201
    return session_id


@only_sqlite
def test_after_a_delete_over_http_neither_the_file_nor_its_log_holds_a_word_of_the_session(service, http, database_url, tmp_path):
    running = service()
    path, log = tmp_path / "test.db", tmp_path / "test.db-wal"
    mark = MARK.decode()
    upload(http, running.url, "others-1")
    session_id = upload(http, running.url, mark)
    upload(http, running.url, "others-2")
    assert MARK in path.read_bytes() + log.read_bytes()
    assert http.delete(f"{running.url}/api/session/{session_id}").status_code == 200
    assert log.read_bytes() == b""
    content = path.read_bytes()
    assert MARK not in content and b"others-1 packed 5" in content and b"others-2 note" in content
    assert "could not be truncated" not in running.log


@only_sqlite
def test_who_reads_an_older_state_holds_up_no_erasing_and_the_log_is_truncated_later(app, tmp_path, caplog):
    row = started(1_000)
    storing.store_stt(unrestricted(row.public_id), [(0, 9, MARK.decode(), "ko", "neutral", None)])
    log = tmp_path / "test.db-wal"
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM stt_snippet").fetchone() == (1,)
        began = time.monotonic()
        session.erase(unrestricted(row.public_id))
        assert time.monotonic() - began < TRIES * (0.1 + PAUSE_S) + 2
        assert MARK in log.read_bytes() and "could not be truncated" in caplog.text
        # Others can write, and wait for each other as before.
        assert execute("PRAGMA busy_timeout").fetchone() == (connections.BUSY_SECONDS * 1000,)
        started(2_000)
        reader.execute("COMMIT")
    assert truncate_log() and log.read_bytes() == b"" and MARK not in (tmp_path / "test.db").read_bytes()


@only_sqlite
def test_what_is_written_over_is_gone_as_well(app, tmp_path):
    public_id = started(1_000).public_id
    for text in (MARK.decode(), "neu"):
        storing.store_stt(unrestricted(public_id), [(0, 9, text, "ko", "neutral", None)])
    assert execute("PRAGMA secure_delete").fetchone() == (1,)
    assert truncate_log() and MARK not in (tmp_path / "test.db").read_bytes()


def _side_by_side(sessions=16, minutes=30):
    """The ids of sessions whose rows came by turns, as of many that run at the same time; every other one is marked."""
    chance = random.Random(2)
    ids = [started(1_000 + number).public_id for number in range(sessions)]
    for number in range(minutes):
        for place, scope in enumerate(map(unrestricted, ids)):
            name, at = (MARK.decode() if place % 2 else "others"), number * 60_000
            said = [(at + ms, at + ms + 9, f"{name} {ms} " + "말" * chance.randrange(5, 60), "ko", "neutral", None) for ms in range(9)]
            storing.store_stt(scope, said)
            storing.store_frames(scope, [(at + ms, 0.5, name + "x" * chance.randrange(100, 900), None) for ms in range(20)])
            minute.store(scope, [(number, 0.1, 0.2, 0.3, 0.4, [name], None, None, None, None)], "v")
    return ids[1::2], ids[::2]


def _content(database_url, tmp_path, request):
    """All that the files of the database hold."""
    if database_url.startswith("sqlite"):
        return (tmp_path / "test.db").read_bytes()
    server, name = request.getfixturevalue("postgres"), database_url.rpartition("/")[2]
    server.execute("CHECKPOINT")
    ((number,),) = server.execute(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    return b"".join(each.read_bytes() for each in (server.home / "data" / "base" / str(number)).iterdir())


def test_vacuum_takes_away_what_erasing_leaves_in_gaps_and_dead_rows(app, database_url, tmp_path, request):
    marked, others = _side_by_side()
    for public_id in marked:
        session.erase(unrestricted(public_id))
    # What security.rst owns up to; should it be none one day, `bemore vacuum` is not needed any more.
    assert 0 < _content(database_url, tmp_path, request).count(MARK)
    connections.close()
    done = in_process("vacuum", url=database_url)
    assert (done.exit_code, done.output) == (0, "rewrote the database files\n")
    content = _content(database_url, tmp_path, request)
    assert MARK not in content and b"others" in content
    assert [row.public_id for row in session.newest(99)] == others[::-1]


@only_sqlite
def test_vacuum_goes_on_beside_a_service_that_reads_and_writes(service, http, database_url, tmp_path):
    running = service()
    session_id = upload(http, running.url, "others")
    done = bemore("vacuum", url=database_url, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "rewrote the database files\n"), done.stderr
    assert http.post(f"{running.url}/api/session/{session_id}/frames", json={"items": frames(3, 999_000)}).status_code == 201
    assert http.get(f"{running.url}/api/session/{session_id}").json()["data"]["stats"]["totalFrames"] == 303
