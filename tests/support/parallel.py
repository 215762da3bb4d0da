"""How the suite is run: in several processes at once, which tests have the machine for themselves, what is counted of all.

A plugin of ``conftest.py``. Nothing here counts on pytest-xdist being there, or being used.
"""

import fcntl
import gc
import importlib
import os
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.servers import DATABASES, REPOSITORY

#: A run takes no more processes than this, as each has a PostgreSQL, a Redis and a Chromium of its own.
MOST_PROCESSES = 5

#: Where the files of ``_Turns`` are, as the run tells its processes.
_PLACE = "bemore_turns"


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Run in one process more than there are cores, as tests wait for a third of their time; ``-n`` says another number.

    Only where whole directories are asked for: a few files are done before the processes have started. The long forms tell what
    they measured, which needs the machine for itself and this process's output.
    """
    # The processes of a run come by here as well.
    chosen = not config.pluginmanager.hasplugin("xdist") or config.option.numprocesses is not None or hasattr(config, "workerinput")
    alone = {"BEMORE_TEST_LONG", "BEMORE_FAULTS_OUT"} & set(os.environ) or config.option.usepdb
    if not chosen and not alone and all(Path(argument).is_dir() for argument in config.args):
        config.option.numprocesses = min(len(os.sched_getaffinity(0)) + 1, MOST_PROCESSES)
        # Neighbours stay together as long as they can, as they share what their module has started.
        config.option.dist = "worksteal"
        # What one process compiles is there for the others.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    """Load the modules of tests, each process of a run beginning elsewhere: pytest takes longer to compile them than to load them."""
    run = getattr(session.config, "workerinput", None)
    if run:
        modules = sorted(path for argument in session.config.args for path in Path(argument).rglob("test_*.py"))
        first = len(modules) * int(run["workerid"].removeprefix("gw")) // run["workercount"]
        for path in modules[first:] + modules[:first]:
            # The collection itself tells what cannot be loaded.
            with suppress(Exception, pytest.skip.Exception):
                importlib.import_module(".".join(path.resolve().relative_to(REPOSITORY).with_suffix("").parts))


def pytest_collection_finish():
    """All tests are there for the rest of the run: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Begin with the tests marked ``first``: left to the end, one process would be at them while the others have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


# -- Alone ---------------------------------------------------------------------------------------------------------------


def _is_alone(item):
    return item.get_closest_marker("alone") is not None


class _Turns:
    """Tests marked ``alone`` run while no other process of the run is in a test, its set-up or its tear-down."""

    def __init__(self, place):
        self._place = Path(place)
        self._kept, self._has_kept = ExitStack(), False

    @contextmanager
    def turn(self, alone):
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        with (self._place / "queue").open("a") as queue, (self._place / "running").open("a") as running:
            # Who waits to be alone stands in the queue until then, so that nobody else begins meanwhile.
            fcntl.flock(queue, kind)
            fcntl.flock(running, kind)
            fcntl.flock(queue, fcntl.LOCK_UN)
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if not _is_alone(item):
            with self.turn(False):
                return (yield)
        # Several in a row have one turn: for each the others would have to come to the end of a test.
        if not self._has_kept:
            self._kept.enter_context(self.turn(True))
            self._has_kept = True
        try:
            return (yield)
        finally:
            if nextitem is None or not _is_alone(nextitem):
                self._kept.close()
                self._has_kept = False


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Of pytest-xdist, before a process of the run is started."""
    if not hasattr(node.config, _PLACE):
        setattr(node.config, _PLACE, tempfile.mkdtemp(prefix="bemore-test-turns-"))
    node.workerinput[_PLACE] = getattr(node.config, _PLACE)


def pytest_unconfigure(config):
    if hasattr(config, _PLACE):
        shutil.rmtree(getattr(config, _PLACE), ignore_errors=True)


# -- What is counted -----------------------------------------------------------------------------------------------------


class _DatabaseCount:
    """Counts the tests that ran, by the database they ran on."""

    def __init__(self):
        self.ran = Counter()

    def pytest_runtest_setup(self, item):
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        item.user_properties.append(("database", parameters.get("database_url", "none")))

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.outcome != "skipped":
            self.ran[dict(report.user_properties).get("database", "none")] += 1

    def pytest_terminal_summary(self, terminalreporter):
        counts = ", ".join(f"{name} {self.ran[name]}" for name in (*DATABASES, "none"))
        terminalreporter.write_line(f"tests per database: {counts}")


def pytest_configure(config):
    config.pluginmanager.register(_DatabaseCount(), "tests-per-database")
    if _PLACE in getattr(config, "workerinput", {}):
        config.pluginmanager.register(_Turns(config.workerinput[_PLACE]), "turns")
