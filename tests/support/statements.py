"""The statements that the code under test runs, in whichever thread."""

import logging
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
