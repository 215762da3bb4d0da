"""``bemore backup`` and ``bemore restore``: what is restored is what was saved, and nothing is replaced by mistake."""

import os
import stat
import threading
from pathlib import Path

import pytest

from tests.support import storing
from tests.support.answers import CheckingSession
from tests.support.figures import on_sqlite_in_short
from tests.support.samples import audio, frames, start_session
from tests.support.databases import empty_database
from tests.support.servers import wait_for
from tests.support.stocked import NOW_MS, bemore, everything, in_process, raw, recounted, stocked, tallied, unrestricted

from bemore.models import audit, session
from bemore.lifecycle import backup
from bemore.db import connections
from bemore.db.connections import execute, write_transaction
from bemore.db.migrate import migrate, names
from bemore.settings import Settings


@pytest.fixture
def programs(request, database_url):
    """The environment in which the programs of the tests' PostgreSQL are found."""
    if database_url.startswith("sqlite"):
        return {}
    server = request.getfixturevalue("postgres")
    return {"PATH": f"{server.programs}{os.pathsep}{os.defpath}"}


@pytest.fixture
def empty_url(request, database_url, tmp_path):
    """The DATABASE_URL of a second database, of the same kind as ``database_url``, without a table."""
    with empty_database(request, database_url.partition(":")[0], tmp_path) as url:
        yield url


@pytest.fixture
def run(programs):
    """``run("backup", path, url=…)``: what the command printed; it must end with ``status``."""

    def run(*arguments, url, status=0):
        done = in_process(*arguments, url=url, **programs)
        assert done.exit_code == status, done.output
        return done.output

    return run


@pytest.fixture
def saved(app, database_url, run, tmp_path):
    """The path of a backup of a database that has rows in every table, and those rows."""
    kept, ended = stocked(NOW_MS), stocked(NOW_MS + 5, user="user-2")
    storing.end(unrestricted(ended), NOW_MS + 99_000)
    connections.close()
    raw(database_url, "INSERT INTO preference (owner, font_scale, changed_ms) VALUES ('shared', 'lg', 5)")
    event = "'msg_1', 'receiver', 'sess_1_aaaaaaaaaaaaaaaa', 'session.erased', 3, 5"
    raw(database_url, f"INSERT INTO outbox (session_key, event_id, receiver, session_id, type, revision, created_ms) VALUES (1, {event})")
    run("backup", tmp_path / "saved", url=database_url)
    rows = everything(database_url)
    assert all(rows.values()), rows.keys()
    return tmp_path / "saved", rows, kept


def without_the_last_entry(rows):
    """The rows, and the action of the newest entry of the audit log, which is taken out."""
    log = sorted(rows["audit"])
    return {**rows, "audit": sorted(log[:-1], key=repr)}, log[-1][4]


def test_an_empty_database_gets_every_row_of_every_table(saved, empty_url, run, tmp_path):
    path, rows, kept = saved
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    run("restore", path, url=empty_url)
    restored, action = without_the_last_entry(everything(empty_url))
    assert restored == rows and action == "database.restore"
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name or "jsonl" in each.name] == []
    # It is alive: what is new gets new keys.
    connections.connect(Settings.from_env({"DATABASE_URL": empty_url}))
    stocked(NOW_MS)
    session.erase(unrestricted(kept))
    assert tallied() == recounted() and len(session.newest(9)) == 2
    with pytest.raises(Exception, match="only ever added to"):
        raw(empty_url, "DELETE FROM audit")


def test_what_is_there_is_replaced_only_when_told_to(saved, database_url, run, tmp_path):
    path, rows, kept = saved
    session.erase(unrestricted(kept), lambda row: audit.record(kept, audit.ERASE, "subject", "admin", "req-1", NOW_MS))
    stocked(NOW_MS + 7, user="user-9")
    connections.close()
    before = everything(database_url)
    refused = run("restore", path, url=database_url, status=1)
    assert "--yes" in refused and everything(database_url) == before
    done = run("restore", path, "--yes", url=database_url)
    assert "erased 1 session again" in done
    after = everything(database_url)
    # The session that was erased since the backup does not come back, and the log of that is kept.
    assert [row[1] for row in after["session"]] == [row[1] for row in rows["session"] if row[1] != kept]
    assert [row[4] for row in sorted(after["audit"])] == ["database.backup", "database.restore", "session.erase"]
    (log,) = tmp_path.glob("saved.audit-*.jsonl")
    assert kept in log.read_text() and stat.S_IMODE(log.stat().st_mode) == 0o600
    connections.close()
    assert tallied() == recounted()


@pytest.fixture
def older_backup(programs, empty_url, tmp_path, monkeypatch):
    """The path of a backup of the first version, as that version's program would have made it; the database is as it was."""
    monkeypatch.setenv("PATH", programs.get("PATH", os.defpath))
    settings = Settings.from_env({"DATABASE_URL": empty_url})
    migrate(settings, upto=names()[0])
    with write_transaction():
        execute(
            "INSERT INTO session (public_id, user_id, counselor_id, status, started_ms, frame_count)"
            " VALUES ('sess_1_aaaaaaaaaaaaaaaa', 'u', 'c', 'active', 1, 1)"
        )
        execute("INSERT INTO frame (session_id, ts_ms, quality) SELECT id, 5, 0.5 FROM session")
    connections.close()
    path = tmp_path / "older"
    path.touch()
    backup._kind(settings).save(settings, str(path), lambda done, total: None)
    return path


def test_a_backup_of_an_older_version_is_brought_forward(saved, older_backup, database_url, run):
    """Over a newer database, too, whose tables the backup does not know."""
    run("restore", older_backup, "--yes", url=database_url)
    after = everything(database_url)
    assert [name for name, _ in sorted(after["migration"])] == names()
    assert [row[1] for row in after["session"]] == ["sess_1_aaaaaaaaaaaaaaaa"] and [
        {5, 0.5} <= set(row) for row in after["frame"]
    ] == [True]
    assert [row[4] for row in after["audit"]] == ["database.restore"] and after["feedback"] == []


def test_a_newer_version_is_refused(saved, run, empty_url, programs, monkeypatch):
    path, _, _ = saved
    run("restore", path, url=empty_url)
    raw(empty_url, "INSERT INTO migration VALUES ('m9999_later', 1)")
    before = everything(empty_url)
    settings = Settings.from_env({"DATABASE_URL": empty_url})
    monkeypatch.setenv("PATH", programs.get("PATH", os.defpath))
    connections.close()
    backup._kind(settings).save(settings, str(path), lambda done, total: None)
    for arguments in (("restore", path, "--yes"), ("backup", path)):
        assert "m9999_later" in run(*arguments, url=empty_url, status=1)
    assert everything(empty_url) == before


@pytest.mark.parametrize("content", [b"", b"{}", b"SQLite format 3\0 and then nothing of it", b"PGDMP and then nothing of it"])
def test_what_is_no_backup_is_refused(app, database_url, run, tmp_path, content):
    stocked(NOW_MS)
    connections.close()
    before = everything(database_url)
    (tmp_path / "wrong").write_bytes(content)
    refused = run("restore", tmp_path / "wrong", "--yes", url=database_url, status=1)
    assert "wrong" in refused or "pg_restore" in refused
    assert everything(database_url) == before


def test_a_damaged_backup_is_refused(saved, database_url, run, tmp_path):
    path, _, _ = saved
    before = everything(database_url)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    run("restore", path, "--yes", url=database_url, status=1)
    assert everything(database_url) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_without_tables_of_ours_is_no_backup(saved, database_url, run, tmp_path):
    raw(f"sqlite:///{tmp_path}/other.db", "CREATE TABLE migrations (name TEXT)")
    assert "no backup of BeMore" in run("restore", tmp_path / "other.db", "--yes", url=database_url, status=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_is_damaged_is_not_written_over(saved, database_url, run, tmp_path):
    path, _, _ = saved
    (tmp_path / "test.db").write_bytes(b"damaged" * 1000)
    assert "move it away" in run("restore", path, "--yes", url=database_url, status=1)
    (tmp_path / "test.db").rename(tmp_path / "test.db.damaged")
    run("restore", path, url=database_url)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_restore_that_fails_half_way_changes_nothing(saved, database_url, run, empty_url):
    path, _, _ = saved
    raw(database_url, "CREATE TABLE of_others (a int)")
    run("backup", path, url=database_url)
    before = everything(database_url)
    failed = run("restore", path, "--yes", url=database_url, status=1)
    assert "of_others" in failed and "as it was" in failed
    assert everything(database_url) == before
    raw(database_url, "DROP TABLE of_others")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_without_pg_dump_it_is_told_what_to_install(app, database_url, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = in_process("backup", tmp_path / "saved", url=database_url, PATH=str(empty))
    # Where Debian's is found it is of an older version than the tests' server.
    assert done.exit_code == 1 and "pg_dump is" in done.output and "postgresql-client-18" in done.output
    assert [each.name for each in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_password_is_not_seen_by_others(database_url):
    from bemore.lifecycle.backup_postgres import _connection_of

    settings = Settings.from_env({"DATABASE_URL": "postgresql://user:ge%3Ahe%5Cim@host:5433/name?sslmode=require"})
    with _connection_of(settings) as connection:
        assert "heim" not in connection and "ge:" not in connection and "sslmode=require" in connection
        path = connection.partition("passfile=")[2].split()[0]
        assert Path(path).read_text("utf-8") == "*:*:*:*:ge\\:he\\\\im\n"
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert not os.path.exists(path)


@on_sqlite_in_short
def test_a_running_service_is_noticed(saved, database_url, run, service, http):
    path, rows, _ = saved
    running = service()
    assert http.get(f"{running.url}/api/session/stats/summary").status_code == 200
    refused = run("restore", path, "--yes", url=database_url, status=1)
    assert "stop the service" in refused
    assert everything(database_url) == rows
    start_session(http, base=running.url)
    running.stop()
    run("restore", path, "--yes", url=database_url)
    assert without_the_last_entry(everything(database_url))[0] == rows


def test_a_backup_under_writes_is_of_one_moment_and_stops_nobody(app, database_url, service, run, programs, empty_url, tmp_path):
    for number in range(5):
        stocked(NOW_MS + number, rows=300)
    connections.close()
    url, stop = service().url, threading.Event()
    sent = [[] for _ in range(3)]

    def send(place):
        with CheckingSession() as own:
            public_id = start_session(own, f"user-{place}", base=url)
            while not stop.is_set():
                at_ms = len(sent[place]) * 10_000
                assert own.post(f"{url}/api/session/{public_id}/frames", json={"items": frames(20, at_ms)}).status_code == 201
                answer = own.post(f"{url}/api/session/{public_id}/audio", json={"items": audio(5, at_ms)})
                assert answer.status_code == 201
                sent[place].append((public_id, answer.elapsed.total_seconds()))

    threads = [threading.Thread(target=send, args=(place,)) for place in range(3)]
    for each in threads:
        each.start()
    try:
        wait_for(lambda: min(map(len, sent)) > 5)
        acknowledged = {of[-1][0]: len(of) for of in map(list, sent)}
        done = bemore("backup", "saved", url=database_url, cwd=tmp_path, **programs)
        assert (done.returncode, done.stdout) == (0, "wrote saved\n"), done.stderr
        so_far = sum(map(len, sent))
        wait_for(lambda: sum(map(len, sent)) > so_far + 5)
    finally:
        stop.set()
        for each in threads:
            each.join()
    assert max(seconds for of in sent for _, seconds in of) < 3
    run("restore", tmp_path / "saved", url=empty_url)
    rows = everything(empty_url)
    assert len(rows["session"]) == 8
    for table, column in (("frame", 9), ("audio_chunk", 10)):
        counted = {key: 0 for key, *_ in rows["session"]}
        for key, *_ in rows[table]:
            counted[key] += 1
        assert counted == {row[0]: row[column] for row in rows["session"]}
    for row in rows["session"]:
        if row[1] in acknowledged:
            assert row[9] >= 20 * acknowledged[row[1]] and row[10] >= 5 * acknowledged[row[1]]
    connections.connect(Settings.from_env({"DATABASE_URL": empty_url}))
    assert tallied() == recounted()
