"""How long a cold process takes until its first answer.

Two ways: a new interpreter that imports the service, makes the application and answers one request without a socket; and
``bemore serve`` from its start to the first answer over HTTP. Both start a session, so the database is part of it.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import pictures
from bench.database import migrate_here
from bench.figures import table
from bench.http1 import Connection, request
from bench.progress import bar
from bench.stage import REPOSITORY, Service
from bench.surroundings import sentence, surroundings

GOAL_S = 1.0

#: A server that has not answered by then never will, in seconds.
_PATIENCE_S = 20

_BODY = {"userId": "client-1", "counselorId": "counselor-1"}

_IN_PROCESS = f"""
from bemore.app import create_app
from bemore.settings import Settings
answer = create_app(Settings.from_env()).test_client().post("/api/session/start", json={_BODY!r})
assert answer.status_code == 200, answer.text
"""

_IMPORT_SERVER = "import bemore.server.config"

#: How many imports are listed.
_SLOWEST = 12


class ColdService(Service):
    """The service, polled from its start until its first answer."""

    def _ready(self):
        with Connection(self.port) as connection:
            return connection.send_request(request("POST", "/api/session/start", _BODY)).status == 200


def run(results, times):
    """Measure ``times`` times each; write the results and return their text."""
    taken = {"imported and answered in a new interpreter": [], "bemore serve, first answer": [], "bemore serve, new database": []}
    surrounding = surroundings()
    with tempfile.TemporaryDirectory(prefix="bemore-bench-") as home, bar("cold start", 3 * times) as steps:
        ready = f"sqlite:///{home}/ready.db"
        migrate_here(ready)
        for turn in range(times):
            urls = (ready, f"sqlite:///{home}/new-{turn}.db")
            measured = (_in_process(ready), *(_served(home, url) for url in urls))
            for (label, seconds), value in zip(taken.items(), measured):
                seconds.append(value)
                steps.step(f"{label}: {value:.3f} s")
        imports = _slowest_imports()
    middles = {label: median(seconds) for label, seconds in taken.items()}
    rows = [(label, middles[label], min(seconds), max(seconds), f"≤ {GOAL_S}") for label, seconds in taken.items()]
    slow = table(("import", "ms with what it imports"), imports)
    text = "\n\n".join((sentence(surrounding), table(("seconds", "median", "least", "greatest", "goal"), rows), slow))
    pictures.bars(results.path("png"), "A cold process", "seconds to the first answer (median)", middles, GOAL_S)
    return results.write(text, {"surroundings": surrounding, "goal_s": GOAL_S, "seconds": taken, "imports_ms": dict(imports)})


def _environment(url):
    return {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(REPOSITORY), "DATABASE_URL": url}


def _in_process(url):
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IN_PROCESS], env=_environment(url), check=True, timeout=_PATIENCE_S, cwd=Path("/"))
    return time.perf_counter() - began


def _served(home, url):
    service = ColdService(home, DATABASE_URL=url)
    began = time.perf_counter()
    with service:
        return time.perf_counter() - began


def _slowest_imports():
    """``[(module, ms)]`` of the imports that cost most, with what they import themselves."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", _IMPORT_SERVER],
        env=_environment("sqlite:///unused.db"), check=True, timeout=_PATIENCE_S, capture_output=True, text=True, cwd=Path("/"),
    )  # fmt: skip
    lines = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if line.startswith("import time:")]
    costs = [(name.strip(), int(total) / 1000) for _, total, name in lines[1:]]
    return sorted(costs, key=lambda each: -each[1])[:_SLOWEST]
