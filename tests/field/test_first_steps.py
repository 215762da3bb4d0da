"""What a new user sees first: the start, the log, the help of the commands."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest
import requests
from click.testing import CliRunner

from tests.support.servers import REPOSITORY, Service
from tests.support.stocked import NOW_MS, in_process, stocked

from bemore.cli.main import main

pytestmark = pytest.mark.by_command

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def commands(command=main, path=()):
    yield path, command
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))


@on_sqlite
def test_the_log_of_a_start_names_the_console_and_the_docs(service):
    running = service(LOG_FORMAT="json")
    lines = [json.loads(line) for line in running.log.splitlines()]
    place = f"http://localhost:{running.port}"
    assert f"Console: {place}/console · API docs: {place}/api/docs" in [line["message"] for line in lines]
    for path in ("/console", "/api/docs"):
        assert requests.get(place.replace("localhost", "127.0.0.1") + path, timeout=20).status_code == 200


def test_all_migrations_are_one_line_of_the_log(tmp_path):
    running = Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    try:
        running.start()
        (line,) = [line for line in running.log.splitlines() if "bemore.migrate" in line]
        assert re.search(r"migrations=\d+ applied=m0001_sessions to m\d+_", line)
    finally:
        running.close()


def test_a_port_in_use_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
        command = [sys.executable, "-m", "bemore", "serve"]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(f"port {port} is in use; set PORT")
    assert "Traceback" not in done.stderr and "Retrying" not in done.stderr
    assert not (tmp_path / "x.db").exists(), "it is told before anything is done"


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_summary_fits_its_line_and_every_command_has_an_example(path):
    shown = CliRunner().invoke(main, [*path, "--help"], terminal_width=80)
    assert shown.exit_code == 0 and "..." not in shown.output.replace("[ARGS]...", "")
    if path:
        (example,) = re.findall(r"^  Examples?: (.*)", shown.output, re.MULTILINE)
        assert "bemore " + " ".join(path) in example
    assert all(len(line) <= 80 for line in shown.output.splitlines())


def test_the_help_says_how_to_erase_an_id_that_begins_with_a_hyphen():
    assert "bemore erase -- -42" in CliRunner().invoke(main, ["erase", "--help"], terminal_width=120).output


@on_sqlite
def test_an_id_that_begins_with_a_hyphen_can_be_erased(app, database_url):
    stocked(NOW_MS, user="-42")
    done = in_process("erase", "--yes", "--", "-42", url=database_url)
    assert done.exit_code == 0 and "erased 1 session" in done.output
