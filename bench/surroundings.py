"""Where a run was made: without it no figure means anything."""

import importlib.metadata
import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.stage import REPOSITORY

_PACKAGES = (
    "bemore", "flask", "flask-limiter", "gunicorn", "msgspec", "marshmallow", "peewee", "psycopg", "redis", "hiredis", "fastapi", "limits",
    "pydantic", "sqlalchemy", "uvicorn",
)  # fmt: skip


def surroundings(directory=None):
    """Machine, versions, commit, the load that others put on the machine, and what a durable write costs in ``directory``."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": _commit(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: _version(name) for name in _PACKAGES},
        "fsync_ms": {kind: round(cost, 3) for kind, cost in zip(("overwrite", "append"), _fsync_ms(directory))},
    }


def sentence(values):
    """The most important of it in one line."""
    sync = values["fsync_ms"]
    machine = f"{values['cores']} cores ({values['cpu']}), load before {values['load_before']}"
    software = f"Python {values['python']}, commit {values['commit']}"
    return f"{machine}, {software}, fsync {sync['overwrite']} ms overwriting, {sync['append']} ms appending"


def _commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=REPOSITORY, capture_output=True, text=True)
    return done.stdout.strip() or "none"


def _cpu():
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _fsync_ms(directory):
    """Median cost of making 4 KiB durable, in ms: overwritten in place, and appended."""
    block = os.urandom(4096)
    with tempfile.TemporaryFile(dir=directory) as file:
        # The first pass makes the file grow, the second writes over it.
        append, overwrite = (median(_write_durably(file.fileno(), 4096 * each, block) for each in range(50)) for _ in range(2))
    return overwrite, append


def _write_durably(descriptor, offset, block):
    began = time.perf_counter()
    os.pwrite(descriptor, block, offset)
    os.fdatasync(descriptor)
    return (time.perf_counter() - began) * 1000
