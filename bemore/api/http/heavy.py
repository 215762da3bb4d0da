"""Work that costs a lot of CPU or memory: little of it at once in a process, so that threads and memory are left for everybody else."""

import contextlib
import threading

from bemore.errors import ServiceBusy

#: How many pieces of such work run at once, how many more may wait, and for how long, in seconds. The others are refused at once.
#: One at a time loses nothing: they would share one interpreter.
MAX_AT_ONCE, MAX_WAITING, MAX_WAIT_S = 1, 3, 5


class Turns:
    """Turns of one kind of work, of which MAX_AT_ONCE runs and ``waiting`` pieces more may wait."""

    def __init__(self, waiting=MAX_WAITING):
        self._running = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._admitted = threading.BoundedSemaphore(MAX_AT_ONCE + waiting)

    @contextlib.contextmanager
    def turn(self, heavy=True):
        """``with turns.turn(heavy):`` do some work; if it is ``heavy``, wait for a turn. Raises ServiceBusy."""
        if not heavy:
            yield
            return
        if not self._admitted.acquire(blocking=False):
            raise ServiceBusy
        try:
            if not self._running.acquire(timeout=MAX_WAIT_S):
                raise ServiceBusy
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()


turn = Turns().turn

#: Exports have turns of their own: they last as long as their reader takes, and reports do not wait for that.
exporting = Turns().turn

#: Exports of small sessions, too, which are done in a moment: a whole list of them may be asked for at once.
exporting_small = Turns(waiting=32).turn
