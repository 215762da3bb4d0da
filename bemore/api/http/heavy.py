"""Work that costs a lot of CPU or memory: little of it at once in a process, so that threads and memory are left for everybody else."""

import contextlib
import threading

from bemore.errors import ServiceBusy

#: How many pieces of such work run at once, how many more may wait, and for how long, in seconds. The others are refused at once.
#: One at a time loses nothing: they would share one interpreter.
MAX_AT_ONCE, MAX_WAITING, MAX_WAIT_S = 1, 3, 5

_running, _admitted = threading.BoundedSemaphore(MAX_AT_ONCE), threading.BoundedSemaphore(MAX_AT_ONCE + MAX_WAITING)


@contextlib.contextmanager
def turn(heavy):
    """``with turn(heavy):`` do some work; if it is ``heavy``, wait for a turn. Raises ServiceBusy."""
    if not heavy:
        yield
        return
    if not _admitted.acquire(blocking=False):
        raise ServiceBusy
    try:
        if not _running.acquire(timeout=MAX_WAIT_S):
            raise ServiceBusy
        try:
            yield
        finally:
            _running.release()
    finally:
        _admitted.release()
