"""``bemore serve`` as a fork of a process that has loaded its code, which takes a third of the CPU time of a start by the command."""

import gc
import multiprocessing
import os
import subprocess
import sys
import time

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__, "bemore.app", "bemore.cli.main", "bemore.server.config", "gunicorn.workers.gthread"])


def _serve(env, directory, log_path):
    """What the fork does: the environment, the directory and the output of a new process, then the command."""
    gc.freeze()  # what the fork has loaded is looked at no more, nor copied for that
    os.setsid()
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    log = os.open(log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for output in (1, 2):
        os.dup2(log, output)
    os.close(log)
    sys.argv[:] = ["bemore", "serve"]

    from bemore.cli.main import main

    main()


class Fork:
    """The running fork, with what tests use of a Popen."""

    def __init__(self, env, directory, log_path):
        self._process = _context.Process(target=_serve, args=(env, directory, log_path), daemon=True)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    poll = returncode.fget

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("bemore serve", timeout)
        return self.returncode

    def send_signal(self, number):
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self):
        self._process.terminate()
