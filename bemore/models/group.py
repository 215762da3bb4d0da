"""Group commit: writes of several threads in one transaction, so that they share its wait for the disk.

Who comes first leads: by the time it has the writer's turn, others wait behind it, and it does their work with its own. Each
is answered after the commit. What one does wrong is undone alone, by a savepoint; what the database refuses is refused to all.
"""

import threading

import peewee

from bemore.models.database import BUSY_SECONDS, database, execute, transaction, translated_errors

#: Most writes in one transaction: what waits is bounded by the threads anyway.
MOST = 32

_mutex = threading.Lock()
_waiting = []


class _Write:
    """A piece of work, and in the end its result or its error."""

    def __init__(self, work):
        self._work = work
        self.done = False
        self.result = self.error = None

    def run(self, shared):
        if not shared:
            self.result = self._work()
            return
        execute("SAVEPOINT one")
        try:
            self.result = self._work()
        except (peewee.OperationalError, peewee.InterfaceError):
            raise  # of the database, not of this work: SQLite may have rolled back everything
        except Exception as error:
            self.error = error
            execute("ROLLBACK TO one")
        execute("RELEASE one")


def together(work):
    """What ``work()`` answers, once it is committed; it may only touch the models.

    On PostgreSQL, where writers do not wait for each other, ``work`` must be a single statement: a transaction by itself.
    Raises what ``work`` raises, and DatabaseUnavailable.
    """
    bound = database.obj
    if bound.dialect == "postgres":
        with translated_errors(ready=True):
            return work()
    write = _Write(work)
    with _mutex:
        _waiting.append(write)
    _wait(bound, write)
    if write.error is not None:
        raise write.error
    return write.result


def _wait(bound, write):
    while not write.done:
        with translated_errors():
            turn = bound.gate.enter(BUSY_SECONDS, unless=lambda: write.done)
            if turn is False:
                _withdraw(write)
                raise peewee.OperationalError("database is locked: other writers took too long")
        if turn:
            try:
                _lead(bound)
            finally:
                bound.gate.leave()


def _withdraw(write):
    with _mutex:
        if write in _waiting:
            _waiting.remove(write)


def _lead(bound):
    with _mutex:
        group = _waiting[:MOST]
        del _waiting[:MOST]
    try:
        with transaction(bound.begin_write):
            for write in group:
                write.run(shared=len(group) > 1)
    except BaseException as error:
        for write in group:
            write.error = error
        if not isinstance(error, Exception):
            raise
    finally:
        for write in group:
            write.done = True
