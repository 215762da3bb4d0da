"""``demo/demo.sh`` against the running service, on both databases, and starting one itself."""

import os
import re
import socket
import subprocess
import sys

import pytest

from tests.support.figures import on_postgres_in_short
from tests.support.servers import REPOSITORY, need

DEMO = REPOSITORY / "demo" / "demo.sh"


def run_demo(tmp_path, *options, **env):
    """The demo run to its end in a directory of the test."""
    need("curl")
    env = {"PATH": os.environ.get("PATH", os.defpath), "TMPDIR": str(tmp_path), **env}
    return subprocess.run([DEMO, *options], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)


def check_output(ended):
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "every answer as expected" in ended.stdout
    # The table: three minutes and the one begun by the server, two by the client, every score in 0..1.
    rows = re.findall(r"^ +(\d+) +(\d\.\d{3}) +(\d\.\d{3}) +(\d\.\d{3}) +(\d\.\d{3})  (server|client)$", ended.stdout, re.MULTILINE)
    assert [(int(row[0]), row[5]) for row in rows] == [*((minute, "server") for minute in range(4)), (4, "client"), (6, "client")]
    assert all(0 <= float(score) <= 1 for row in rows for score in row[1:5])
    assert '"errors":[{' in ended.stdout
    assert "453 frames" in ended.stdout


@on_postgres_in_short
def test_demo_passes_against_the_running_service(service, tmp_path):
    """With the quotas on as they are by default: a session must not run into them."""
    running = service(RATE_LIMIT_ENABLED="true")
    ended = run_demo(tmp_path, "--short", BASE_URL=running.url)
    check_output(ended)
    assert not re.search(r"\b429\b", ended.stdout)


def test_demo_starts_a_service_itself_and_stops_it(tmp_path):
    # The command as an installation makes it; one in the repository's .venv goes before it.
    command = tmp_path / "bin" / "bemore"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m bemore "$@"\n', "utf-8")
    command.chmod(0o755)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = f"{command.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    ended = run_demo(scratch, "--short", "--serve", PATH=path)
    check_output(ended)
    (port,) = set(re.findall(r"http://127\.0\.0\.1:(\d+)", ended.stdout))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_demo_stops_at_the_first_answer_that_is_not_as_expected(service, tmp_path):
    """A service that takes no more than a kilobyte refuses the first batch of frames."""
    running = service(MAX_BODY_BYTES=1024)
    ended = run_demo(tmp_path, "--short", BASE_URL=running.url)
    assert ended.returncode == 1
    assert "FAILED" in ended.stderr and "413" in ended.stderr
    assert "every answer as expected" not in ended.stdout
