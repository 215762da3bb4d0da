"""The version of PostgreSQL's programs is read as every distribution prints it."""

import os

import pytest

from tests.support.samples import start_session
from tests.support.stocked import in_process


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("suffix", ["", " (Debian 18.1-1.pgdg12+1)", " (Ubuntu 18.1-1.pgdg24.04+1)"])
def test_programs_of_a_distribution_are_used(client, postgres, database_url, tmp_path, suffix):
    start_session(client)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        program = folder / name
        real = f"{postgres.programs}/{name}"
        program.write_text(f"""#!/bin/sh
if [ "$1" = --version ]; then echo "$({real} --version){suffix}"; else exec {real} "$@"; fi
""", "utf-8")
        program.chmod(0o755)
    env = {"PATH": f"{folder}{os.pathsep}{os.defpath}"}
    saved = in_process("backup", tmp_path / "saved", url=database_url, **env)
    assert saved.exit_code == 0, saved.output
    restored = in_process("restore", tmp_path / "saved", "--yes", url=database_url, **env)
    assert restored.exit_code == 0, restored.output
