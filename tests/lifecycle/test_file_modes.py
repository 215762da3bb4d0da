"""Files that hold sessions are their owner's alone, whatever the umask of who starts the service or a command."""

import json
import os
import stat

import pytest

from tests.support.samples import frames, start_session
from tests.support.servers import Service
from tests.support.stocked import bemore, in_process


#: With it every account may read a file that does not say otherwise.
OPEN_UMASK = 0o022


@pytest.fixture(autouse=True)
def open_umask():
    before = os.umask(OPEN_UMASK)
    yield
    os.umask(before)


def modes(directory):
    """``{name: mode}`` of the files in a directory whose names begin as the database's."""
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir() if each.name.startswith("x.db")}


def warnings(service):
    lines = [json.loads(line) for line in service.log.splitlines()]
    return [line for line in lines if line["level"] == "warning" and line["logger"] == "bemore.database"]


def test_a_new_database_and_all_files_beside_it_can_be_read_by_nobody_else(tmp_path, http):
    url = f"sqlite:///{tmp_path}/x.db"
    with Service(tmp_path, DATABASE_URL=url, LOG_FORMAT="json") as running:
        session_id = start_session(http, base=running.url)
        http.post(f"{running.url}/api/session/{session_id}/frames", json={"items": frames(2)})
        assert modes(tmp_path) == dict.fromkeys(("x.db", "x.db-wal", "x.db-shm"), 0o600)
        assert not warnings(running)
        for command in (("backup", "x.db-copy"), ("export", session_id, "-o", "x.db-export")):
            done = bemore(*command, url=url, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert bemore("restore", "x.db-copy", url=f"sqlite:///{elsewhere}/x.db", cwd=tmp_path).returncode == 0
    made = {**modes(tmp_path), **modes(elsewhere)}
    assert {"x.db", "x.db-copy", "x.db-export"} <= made.keys() and set(made.values()) == {0o600}


def test_a_file_that_everybody_can_read_keeps_its_mode_and_is_told_of_once(tmp_path, http):
    path = tmp_path / "x.db"
    path.touch()
    with Service(tmp_path, DATABASE_URL=f"sqlite:///{path}", LOG_FORMAT="json") as running:
        start_session(http, base=running.url)
        (reported,) = warnings(running)
        assert (reported["mode"], reported["better"]) == ("0644", "0600") and str(tmp_path) not in str(reported)
        assert modes(tmp_path)["x.db"] == 0o644


def test_a_database_cannot_be_made_where_there_is_no_directory(tmp_path):
    done = in_process("migrate", url=f"sqlite:///{tmp_path}/none/x.db")
    assert done.exit_code == 1
    assert "unable to create the database file: No such file or directory" in done.stderr
