"""The files in which several worker processes count together (prometheus_client's multiprocess mode).

prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is first imported, so ``make`` comes before the import of the application.
"""

import os
import shutil
import tempfile

# Module state, because gunicorn reads its configuration again at SIGHUP and the directory stays the same.
_directory = None


def make(workers):
    """Make a new directory if there are several ``workers``. A single process counts in its memory."""
    global _directory
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # inherited from the old process at SIGUSR2
    if workers > 1:
        _directory = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="bemore-metrics-")


def worker_exited(pid):
    """Note that a process is not a running worker any more. What it has counted stays."""
    if _directory is not None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid, _directory)


def remove():
    """Remove the directory."""
    if _directory is not None:
        shutil.rmtree(_directory, ignore_errors=True)
