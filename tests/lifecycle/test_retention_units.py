"""The systemd units for the nightly run: systemd understands them, and the command understands what they run."""

import re
import subprocess
import sys

from click.testing import CliRunner

from tests.support.servers import REPOSITORY, need

from bemore.cli.main import main

UNITS = ("bemore-retention.service", "bemore-retention.timer")


def test_systemd_understands_the_units(tmp_path):
    for name in UNITS:
        text = (REPOSITORY / "deploy" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/opt/bemore/bin/bemore", sys.executable), "utf-8")
    command = [need("systemd-analyze"), "verify", "--man=no", *(tmp_path / name for name in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Of other units on the machine it may complain as well.
    said = [line for line in (done.stdout + done.stderr).splitlines() if "bemore-retention" in line]
    assert said == [] and done.returncode == 0, done.stderr


def test_the_commands_of_the_unit_exist():
    text = (REPOSITORY / "deploy" / UNITS[0]).read_text("utf-8")
    commands = [line.split() for line in re.findall(r"^ExecStart=/opt/bemore/bin/bemore (.+)$", text, re.MULTILINE)]
    assert [command[0] for command in commands] == ["close-idle", "purge"]
    for command in commands:
        assert CliRunner().invoke(main, [*command, "--help"]).exit_code == 0


def test_the_units_share_the_settings_of_the_service():
    shared = {}
    for name in ("bemore.service", UNITS[0]):
        text = (REPOSITORY / "deploy" / name).read_text("utf-8")
        shared[name] = set(
            re.findall(r"^(User=.*|Group=.*|EnvironmentFile=.*|Environment=DATABASE_URL=.*|StateDirectory.*)$", text, re.MULTILINE)
        )
    assert shared["bemore.service"] == shared[UNITS[0]] and len(shared[UNITS[0]]) == 6
