"""Group commit: several writes in one transaction, so that they share its wait for the disk.

Writes of requests that are handled side by side in one thread come together (``bemore/rounds.py``). Those of threads gather: who
comes while nobody writes leads: it does the work of all that wait by the time it has the writer's turn together with its
own, commits, and hands the lead to the first of those that came meanwhile. Each is answered after the commit. Should one of them
go wrong, all is undone and done again with a savepoint for each, so that only its own work is undone; what the database refuses is
refused to all.
"""

import threading
import time

import peewee

from bemore.errors import DatabaseUnavailable
from bemore.db.connections import BUSY_SECONDS, database, execute, transaction, translated_errors, turn, write
from bemore.db.sqlite import writers_took_too_long
from bemore.rounds import Shared

#: Most writes in one transaction: what waits is bounded by the threads anyway.
MOST = 32

#: How long a thread that looks after all connections waits for its turn to write, and how long a transaction of one write
#: and each further one may take it before the next ones are left to other threads for SLOW_S, in seconds.
SOON_S, LONG_S, LONGER_S, SLOW_S = 0.02, 0.01, 0.002, 1.0


class _Write:
    """A piece of work, and in the end its result or its error."""

    def __init__(self, work):
        self._work = work
        self._wake = threading.Lock()
        self._wake.acquire()
        self.leads = False
        self.result = self.error = None

    def run(self):
        self.result = self._work()

    def run_apart(self):
        """Run; on an error keep it and undo what this write did, and nothing else."""
        execute("SAVEPOINT one")
        try:
            self.result = self._work()
        except (peewee.OperationalError, peewee.InterfaceError):
            raise  # of the database, not of this work: SQLite may have rolled back everything
        except Exception as error:
            self.error = error
            execute("ROLLBACK TO one")
        execute("RELEASE one")

    def wait(self, seconds):
        """Wait until somebody has done this write or hands it the lead; whether that came in time."""
        return self._wake.acquire(timeout=seconds)

    def wake(self):
        self._wake.release()


class _Queue:
    """The writes that wait for a transaction, the one that leads among them."""

    def __init__(self):
        self._mutex = threading.Lock()
        self._waiting = []
        self._led = False

    def add(self, write):
        with self._mutex:
            self._waiting.append(write)
            if not self._led:
                self._led = write.leads = True

    def take(self):
        """All that wait, at most MOST of them, in the order in which they came."""
        with self._mutex:
            group = self._waiting[:MOST]
            del self._waiting[:MOST]
        return group

    def withdraw(self, write):
        """Whether ``write`` has been taken out: nobody does it, and it does not lead."""
        with self._mutex:
            if write.leads or write not in self._waiting:
                return False
            self._waiting.remove(write)
            return True

    def hand_on(self, leader):
        """Give the lead to the next one that waits, if there is one; ``leader`` waits no more, whatever became of it."""
        with self._mutex:
            if leader in self._waiting:
                self._waiting.remove(leader)
            self._led = bool(self._waiting)
            following = self._waiting[0] if self._led else None
            if following is not None:
                following.leads = True
        if following is not None:
            following.wake()


_queue = _Queue()


def together(work):
    """What ``work()`` answers, once it is committed; it may only touch the models, and may be run a second time.

    On PostgreSQL, where writers do not wait for each other, ``work`` must be a single statement: a transaction by itself.
    Raises what ``work`` raises, and DatabaseUnavailable.
    """
    if database.obj.dialect == "postgres":
        with translated_errors(ready=True):
            return work()
    return _shared(work)


def in_turn(work):
    """As ``together``, for work of several statements: on PostgreSQL it has a transaction of its own."""
    if database.obj.dialect == "postgres":
        with write():
            return work()
    return _shared(work)


def _among_threads(work):
    mine = _Write(work)
    _queue.add(mine)
    if not mine.leads and not mine.wait(BUSY_SECONDS):
        if _queue.withdraw(mine):
            with translated_errors():
                raise writers_took_too_long()
        mine.wait(-1)  # it is being done, or has just been given the lead
    if mine.leads:
        _lead(mine, database.obj.begin_write)
    if mine.error is not None:
        raise mine.error
    return mine.result


def _lead(write, begin):
    group = [write]
    try:
        with turn():
            group = _queue.take()
            _do(group, begin)
    except BaseException as error:
        for each in group:
            each.error = error
    finally:
        _queue.hand_on(write)
        for each in group:
            if each is not write:
                each.wake()


def _do(group, begin):
    try:
        with transaction(begin):
            for each in group:
                each.run()
    except DatabaseUnavailable:
        raise
    except Exception:
        if len(group) == 1:
            raise
        with transaction(begin):
            for each in group:
                each.run_apart()


class _Pace:
    """Whether transactions are short enough at the moment for a thread that others wait for."""

    def __init__(self):
        self._slow_until = 0.0

    def is_slow(self):
        return time.monotonic() < self._slow_until

    def took(self, seconds, writes):
        if seconds > LONG_S + LONGER_S * writes:
            self._slow_until = time.monotonic() + SLOW_S


_pace = _Pace()


def _at_once(works):
    """As Shared wants it; None where the turn does not come soon, the disk is slow, or a work goes wrong and all are to be done again."""
    if _pace.is_slow():
        return None
    bound = database.obj
    with translated_errors(ready=True):
        if not bound.enter_within(SOON_S):
            return None
    began = time.monotonic()
    try:
        with translated_errors():
            if not bound.begin_within(SOON_S):
                return None
        with transaction(None):
            return [work() for work in works]
    except DatabaseUnavailable:
        raise
    except Exception:
        return None
    finally:
        bound.leave()
        _pace.took(time.monotonic() - began, len(works))


def _patiently(works):
    group = [_Write(work) for work in works]
    with turn():
        _do(group, database.obj.begin_write)
    return [each.result if each.error is None else each.error for each in group]


_shared = Shared(_among_threads, _at_once, _patiently)
