"""The files in which several worker processes count together (prometheus_client's multiprocess mode).

prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is first imported, so ``make`` comes before the import of the application.
"""

import os
import shutil
import tempfile

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def make(workers):
    """Make a new directory if there are several ``workers``. A single process counts in its memory."""
    os.environ.pop(_VARIABLE, None)  # inherited from the old process at SIGUSR2
    if workers > 1:
        os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="bemore-metrics-")


def worker_exited(pid):
    """Note that a process is not a running worker any more. What it has counted stays."""
    if _VARIABLE in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)


def remove():
    """Remove the directory."""
    if _VARIABLE in os.environ:
        shutil.rmtree(os.environ.pop(_VARIABLE), ignore_errors=True)
