"""The demo ends with the report's summary and saves the report in every format."""

import os
import re
import subprocess

import pytest

from bemore.reports.language import LANGUAGES
from tests.support.reported import data
from tests.support.servers import REPOSITORY, need


def undated(text):
    """A summary without the minute in which it was made: each request makes it again."""
    return re.sub("[0-9-]{10} [0-9:]{5} 작성", "작성", text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_demo_prints_the_summary_and_saves_the_files_of_the_report(service, client, tmp_path):
    need("curl")
    saved = tmp_path / "new" / "report of the demo"
    env = {"PATH": os.environ.get("PATH", os.defpath), "TMPDIR": str(tmp_path), "BASE_URL": service().url}
    command = [REPOSITORY / "demo" / "demo.sh", "--short", "--open", saved]
    ended = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    session_id = re.search(r"^Session (\S+) started$", ended.stdout, re.MULTILINE)[1]
    summary = undated(data(client, session_id, "report/summary")["summary"])
    _, _, printed = undated(ended.stdout).partition("\nReport summary:\n")
    lines = [line.removeprefix("  ") for line in printed.splitlines()]
    assert lines[: summary.count("\n") + 1] == summary.splitlines()
    assert undated((saved / "summary.txt").read_text("utf-8")) == summary + "\n"
    assert {path.name for path in saved.iterdir()} == {"summary.txt", "report.pdf", "report.html", "vad.csv", "emotion.csv"}
    assert (saved / "report.pdf").read_bytes().startswith(b"%PDF-")
    report = data(client, session_id)
    assert f"<b>{LANGUAGES['ko'].score(report['summary']['averageScore'])}</b>" in (saved / "report.html").read_text("utf-8")
    for name in ("vad.csv", "emotion.csv"):
        assert (saved / name).read_text("utf-8-sig").count("\n") == len(report["minutes"]) + 1
