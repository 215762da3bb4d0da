"""Whose turn it is to write to an SQLite file.

SQLite has one writer; the others ask again after 1, 2, 5, 10 … 100 ms, which wastes the time of a commit many times over and
lets some wait for long. Here they queue: threads of a process on a lock, processes on two record locks of a file beside the
database. Correctness does not hang on it, SQLite's own lock does that.
"""

import fcntl
import os
import threading
import time

#: Bytes of the file: who comes next, who writes. A process that has written must pass the first one again, so that another
#: one that waits there for the second one gets it.
_NEXT, _WRITE = 0, 1

#: How often a process looks whether the other one is done; a commit takes some 300 µs.
_LOOK_S = 0.00005


class Gate:
    """Lets one writer through at a time; with ``path``, one of all processes that give the same."""

    def __init__(self, path=None):
        self._threads = threading.Lock()
        self._path = path
        self._file = None

    def enter(self, seconds):
        """Wait for the turn, at most so long; whether it came."""
        deadline = time.monotonic() + seconds
        if not self._threads.acquire(timeout=seconds):
            return False
        came = False
        try:
            came = self._path is None or self._pass_the_others(deadline)
        finally:
            if not came:  # also where the file cannot be opened: the other threads must not wait for ever
                self._threads.release()
        return came

    def _pass_the_others(self, deadline):
        if not self._lock(_NEXT, deadline):
            return False
        try:
            return self._lock(_WRITE, deadline)
        finally:
            self._unlock(_NEXT)

    def leave(self):
        """Let the next one through."""
        if self._path is not None:
            self._unlock(_WRITE)
        self._threads.release()

    def _lock(self, byte, deadline):
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
                return True
            except (BlockingIOError, PermissionError):
                if time.monotonic() > deadline:
                    return False
                time.sleep(_LOOK_S)

    def _unlock(self, byte):
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
