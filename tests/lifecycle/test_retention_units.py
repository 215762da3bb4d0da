"""The systemd units for the nightly run and for webhooks: systemd understands them, and the command understands what they run."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.support.servers import REPOSITORY, need

from bemore.cli.main import main

UNITS = ("bemore-retention.service", "bemore-retention.timer", "bemore-deliver.service")
SERVICES = {"bemore-retention.service": ["close-idle", "purge"], "bemore-deliver.service": ["deliver"]}


def test_systemd_understands_the_units(tmp_path):
    for name in UNITS:
        text = (REPOSITORY / "deploy" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/opt/bemore/bin/bemore", sys.executable), "utf-8")
    command = [need("systemd-analyze"), "verify", "--man=no", *(tmp_path / name for name in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Of other units on the machine it may complain as well.
    said = [line for line in (done.stdout + done.stderr).splitlines() if "bemore-" in line]
    assert said == [] and done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", SERVICES)
def test_the_commands_of_the_unit_exist(unit):
    text = (REPOSITORY / "deploy" / unit).read_text("utf-8")
    commands = [line.split() for line in re.findall(r"^ExecStart=/opt/bemore/bin/bemore (.+)$", text, re.MULTILINE)]
    assert [command[0] for command in commands] == SERVICES[unit]
    for command in commands:
        assert CliRunner().invoke(main, [*command, "--help"]).exit_code == 0


@pytest.mark.parametrize("unit", SERVICES)
def test_the_units_share_the_settings_of_the_service(unit):
    shared = {}
    for name in ("bemore.service", unit):
        text = (REPOSITORY / "deploy" / name).read_text("utf-8")
        shared[name] = set(
            re.findall(r"^(User=.*|Group=.*|EnvironmentFile=.*|Environment=DATABASE_URL=.*|StateDirectory.*)$", text, re.MULTILINE)
        )
    assert shared["bemore.service"] == shared[unit] and len(shared[unit]) == 6
