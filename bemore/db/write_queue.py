"""SQLite's write queue: one thread that commits together what waits together (group commit).

SQLite has one writer at a time, and a durable commit waits for the disk. Threads of requests hand their writes to this queue. The writer
thread takes all that wait, runs them in one transaction, each under a savepoint of its own if there are several, and hands out the results
after the commit. A write that fails is undone alone; what the database refuses (a full disk, a locked file) is refused to all of them.
"""

import queue
import threading
from concurrent import futures

import peewee

#: Most writes in one transaction, so that the first of them does not wait for long.
MAX_GROUP = 64


class WriteQueue:
    """Runs writes for all threads of the process. ``transaction()`` is a context manager that commits or undoes a transaction of the
    calling thread, ``execute(sql)`` runs a statement in it, and ``close()`` closes that thread's connection. A write waits for its turn at
    most ``timeout_s``.

    The thread starts with the first write, so that a queue made before a fork works after it.
    """

    def __init__(self, transaction, execute, close, timeout_s):
        self._transaction, self._execute, self._close, self._timeout_s = transaction, execute, close, timeout_s
        self._items = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread = None

    @property
    def waiting(self):
        """How many writes wait for the writer thread."""
        return self._items.qsize()

    def run(self, write):
        """Return what ``write()`` returns, once it is committed.

        Raises what it raises, and peewee's OperationalError if its turn does not come in time. Only waiting is bounded: a write that has
        begun is waited for to its end.
        """
        if self._thread is threading.current_thread():
            raise RuntimeError("a write inside of a write")
        done = futures.Future()
        with self._lock:  # what is put after the end of the thread would wait for nobody
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="sqlite-writer", daemon=True)
                self._thread.start()
            self._items.put((write, done))
        try:
            return done.result(self._timeout_s)
        except futures.TimeoutError:  # the built-in one only from Python 3.11 on
            if done.cancel():
                raise peewee.OperationalError("database is locked: other writers took too long") from None
            return done.result()

    def stop(self):
        """Finish what waits, and end the thread. Writes that come meanwhile wait for the next thread."""
        with self._lock:
            if self._thread is None:
                return
            if self._thread.is_alive():
                self._items.put(None)
                self._thread.join()
            else:
                # After a fork the thread is the parent's, and so is what waits.
                self._items = queue.SimpleQueue()
            self._thread = None

    def _loop(self):
        while group := self._next_group():
            self._commit(group)
        self._close()

    def _next_group(self):
        """The writes that wait, at least one; an empty list when the queue is stopped."""
        group = []
        while len(group) < MAX_GROUP:
            try:
                item = self._items.get(block=not group)
            except queue.Empty:
                break
            if item is None:
                if group:
                    self._items.put(None)  # first what was taken, then the end
                break
            write, done = item
            if done.set_running_or_notify_cancel():
                group.append((write, done))
        return group

    def _commit(self, group):
        outcomes = []
        try:
            with self._transaction():
                if len(group) == 1:
                    outcomes.append((group[0][0](), None))
                else:
                    outcomes.extend(self._run_alone(write) for write, _ in group)
        except BaseException as error:  # noqa: B036 (each of the group raises it)
            outcomes = [(None, error)] * len(group)
        for (_, done), (result, error) in zip(group, outcomes, strict=True):
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

    def _run_alone(self, write):
        """(result, error) of a write; one that fails is undone. Raises what the database itself refuses."""
        self._execute("SAVEPOINT one_write")
        try:
            outcome = write(), None
        except (peewee.OperationalError, peewee.InterfaceError):
            raise  # SQLite may have rolled back the whole transaction
        except Exception as error:
            outcome = None, error
            self._execute("ROLLBACK TO one_write")
        self._execute("RELEASE one_write")
        return outcome
