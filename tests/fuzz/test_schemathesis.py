"""schemathesis asks a running service all that its OpenAPI document allows, and much that it does not; all checks are on.

The short form uses the same seed every time. BEMORE_TEST_LONG=1 takes a new one, makes sixty times as many requests of
each operation and prints seed and figures; ``FUZZ_SEED`` repeats such a run.
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests.support.figures import LONG
from tests.support.signing import HS256, token

pytestmark = pytest.mark.first

HERE = Path(__file__).resolve().parent

#: Requests that schemathesis makes up for each operation and phase; its coverage phase makes as many as it finds cases.
EXAMPLES = 120 if LONG else 2
SEED = int(os.environ.get("FUZZ_SEED") or (random.SystemRandom().randrange(2**31) if LONG else 20250119))
TIMEOUT_S = 1200


def document_of(service):
    """A service's OpenAPI document."""
    return requests.get(f"{service.url}/api/openapi.json", timeout=10).json()


def operations(document):
    """The operations of a document by their names, ``GET /path``."""
    return {
        f"{method.upper()} {path}": operation
        for path, of_path in document["paths"].items()
        for method, operation in of_path.items()
        if method != "parameters"
    }


def run_schemathesis(service, document, directory, phases, *options):
    """Run phases of it against a Service: (its report, {operation: {status: how often}}). AssertionError if it found anything."""
    report, statuses, described = (directory / f"{name}.json" for name in ("report", "statuses", "openapi"))
    # As a file: of a document that it fetches itself it leaves out the operation that gives it.
    described.write_text(json.dumps(document), "utf-8")
    # A process of its own: its hooks and its settings of hypothesis are for all of a process.
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run", described]
    command += ["--url", service.url, "--checks", "all", "--phases", ",".join(phases), "--seed", SEED]
    command += [
        "--max-examples",
        EXAMPLES,
        "--report-json-path",
        report,
        *([] if LONG else ["--generation-deterministic"]),
        *options,
    ]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": HERE, "FUZZ_STATUSES": statuses}
    done = subprocess.run(
        [str(part) for part in command], cwd=directory, env={name: str(value) for name, value in environment.items()},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "unexpected error" not in service.log
    return json.loads(report.read_text("utf-8")), json.loads(statuses.read_text("utf-8"))


def tell(capsys, name, report, statuses):
    """Print the figures of a long run."""
    if LONG:
        total = sum((Counter(each) for each in statuses.values()), Counter())
        reported = ", ".join(f"{status}: {count}" for status, count in sorted(total.items()))
        cases, seconds = report["test_cases"]["generated"], report["running_time"]
        with capsys.disabled():
            print(f"\nschemathesis, {name}: seed {SEED}, {cases} cases in {seconds:.0f} s, 0 failures; answers {reported}")


def test_schemathesis_finds_no_failure(service, tmp_path, request, capsys):
    running, database = service(), request.node.callspec.params["database_url"]
    document = document_of(running)
    # The short form does each phase once: the coverage phase is about the reading of requests, which no database has a part in.
    all_phases = ("examples", "coverage", "fuzzing", "stateful")
    phases = all_phases if LONG else all_phases[:2] if database == "sqlite" else (all_phases[0], *all_phases[2:])
    report, statuses = run_schemathesis(running, document, tmp_path, phases)
    known = operations(document)
    assert report["operations"]["tested"] == len(known)
    assert report["test_cases"]["generated"] > EXAMPLES * len(known) and report["test_cases"]["unique_failures"] == 0
    assert {name for name, phase in report["phases"].items() if phase["status"] == "success"} >= set(phases)
    tell(capsys, database, report, statuses)
    if "stateful" not in phases:
        return
    # It got beyond the 404s and the 400s: each operation did its work, or could not for the session's state.
    done = {name for name, of_operation in statuses.items() if any(status[0] == "2" or status == "409" for status in of_operation)}
    assert set(known) - done == {"GET /"}, "these never did"  # which only leads browsers away


@pytest.mark.skipif(not LONG, reason="BEMORE_TEST_LONG=1 runs it; without, tests/api/test_openapi.py asks each operation once")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="1 per 10 minutes")
def test_schemathesis_finds_no_failure_where_the_quota_is_used_up(service, tmp_path, capsys):
    running = service()
    document = document_of(running)  # which uses it up
    report, statuses = run_schemathesis(running, document, tmp_path, ("examples", "fuzzing", "stateful"))
    refused = {name for name, of_operation in statuses.items() if "429" in of_operation}
    assert refused == {name for name, operation in operations(document).items() if "429" in operation["responses"]}
    tell(capsys, "sqlite with quotas", report, statuses)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.settings(**HS256)
def test_schemathesis_finds_no_failure_where_a_token_is_asked_for(service, tmp_path, capsys):
    running = service()
    document, good = document_of(running), token("admin-1", "admin")
    # Among the checks: the same request without its token, or with a wrong one, must be refused.
    phases = ("examples", *(("coverage", "fuzzing", "stateful") if LONG else ()))
    report, statuses = run_schemathesis(running, document, tmp_path, phases, "--header", f"Authorization: Bearer {good}")
    assert " status=401 " in running.log and " status=200 " in running.log
    tell(capsys, "sqlite with authentication", report, statuses)
