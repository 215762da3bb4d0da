"""Group commit: writes of several threads in one transaction, so that they share its wait for the disk.

Who comes while nobody writes leads: it does the work of all that wait by the time it has the writer's turn together with its
own, commits, and hands the lead to the first of those that came meanwhile. Each is answered after the commit. Should one of them
go wrong, all is undone and done again with a savepoint for each, so that only its own work is undone; what the database refuses is
refused to all.
"""

import threading

import peewee

from bemore.errors import DatabaseUnavailable
from bemore.models.database import BUSY_SECONDS, database, execute, transaction, translated_errors, turn
from bemore.models.sqlite import writers_took_too_long

#: Most writes in one transaction: what waits is bounded by the threads anyway.
MOST = 32


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
    bound = database.obj
    if bound.dialect == "postgres":
        with translated_errors(ready=True):
            return work()
    write = _Write(work)
    _queue.add(write)
    if not write.leads and not write.wait(BUSY_SECONDS):
        if _queue.withdraw(write):
            with translated_errors():
                raise writers_took_too_long()
        write.wait(-1)  # it is being done, or has just been given the lead
    if write.leads:
        _lead(write, bound.begin_write)
    if write.error is not None:
        raise write.error
    return write.result


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
            for write in group:
                write.run()
    except DatabaseUnavailable:
        raise
    except Exception:
        if len(group) == 1:
            raise
        with transaction(begin):
            for write in group:
                write.run_apart()
