"""What erasing leaves below the tables, and how it goes: copies in SQLite's log, in gaps of its pages, PostgreSQL's dead rows.

Every SQLite connection overwrites what it deletes (``secure_delete``). Two kinds of copies remain. The log (``-wal``) keeps the old pages
until it is reused; ``truncate_log`` removes those. And when a page is split, SQLite leaves copies of the rows that move in the gap of the
old page; if that page also holds rows of other sessions, the copies stay. Only ``vacuum``, which rewrites all pages, removes them.
"""

import logging
import time

from bemore.db.connections import errors_translated, execute
from bemore.db.proxy import database
from bemore.errors import DatabaseUnavailable

#: How often truncating SQLite's log is tried, and the pause between two tries in seconds.
TRIES, PAUSE_S = 5, 0.05

_log = logging.getLogger("bemore.database")


def truncate_log():
    """Truncate SQLite's log after something was erased; whether that was done.

    It is not while others go on reading what was there before. Nothing is raised: the rows are gone already.
    """
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S)
        try:
            with errors_translated():
                if database.obj.truncate_log():
                    return True
        except DatabaseUnavailable:
            break
    _log.warning("the log of SQLite could not be truncated; it keeps copies of what was erased until it is reused")
    return False


def vacuum(tables):
    """Rewrite ``tables``, so that nothing that was erased is left in their files. Raises DatabaseUnavailable.

    Writers wait meanwhile, on PostgreSQL readers of the table in question too. It needs as much free disk space as the database takes.
    """
    with errors_translated(), database.obj.connection_for_transaction(None):
        for statement in database.obj.vacuum_statements(tables):
            execute(statement)
    truncate_log()
