"""The statements that the code under test runs, in whichever thread."""

import logging
import threading
from contextlib import contextmanager


#: What begins and ends transactions and savepoints.
_OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class _Recorder(logging.Handler):
    def __init__(self, statements, transactions):
        super().__init__(logging.DEBUG)
        self._statements, self._transactions = statements, transactions

    def emit(self, record):
        # The connection pool logs to a child of peewee's logger.
        if record.name == "peewee" and (self._transactions or record.msg[0].split()[0] not in _OF_TRANSACTIONS):
            self._statements.append(record.msg)


@contextmanager
def recorded(transactions=True):
    """A list that grows by ``(sql, parameters)`` with each statement that runs within, those of ``transactions`` too or not."""
    statements, logger = [], logging.getLogger("peewee")
    recorder = _Recorder(statements, transactions)
    logger.addHandler(recorder)
    logger.setLevel(logging.DEBUG)
    try:
        yield statements
    finally:
        logger.removeHandler(recorder)
        logger.setLevel(logging.NOTSET)


class Stop:
    """A thread has ``reached`` the statement, and waits there until it may ``go_on``; both are events."""

    def __init__(self):
        self.reached, self.go_on = threading.Event(), threading.Event()


@contextmanager
def stopped_before(text):
    """A Stop of the first thread that is about to run a statement with ``text`` in it; it goes on at the end of the block at the latest."""
    stop, free, logger = Stop(), threading.Lock(), logging.getLogger("peewee")

    def wait(record):
        """A filter of the log of statements, as a filter holds no lock that other threads would wait for."""
        if record.name == "peewee" and text in record.msg[0] and free.acquire(blocking=False):
            stop.reached.set()
            assert stop.go_on.wait(20)
        return True

    logger.addFilter(wait)
    logger.setLevel(logging.DEBUG)
    try:
        yield stop
    finally:
        stop.go_on.set()
        logger.removeFilter(wait)
        logger.setLevel(logging.NOTSET)
