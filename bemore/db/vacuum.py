"""What erasing leaves below the tables, and how it goes: copies in SQLite's log, in gaps of its pages, PostgreSQL's dead rows.

Every connection to SQLite overwrites what it deletes (``secure_delete``). Two kinds of copies are not its business. The log (``-wal``)
keeps the pages as they were until it is used again; ``empty_log`` sees to those. And when a page is split, SQLite leaves copies of
rows that move in the gap of the old page; where that page holds rows of other sessions as well it stays. Only ``vacuum``, which
writes all pages anew, takes those away.
"""

import logging
import time

from bemore.errors import DatabaseUnavailable
from bemore.db.proxy import database
from bemore.db.connections import execute, translated_errors, turn
from bemore.models.tables import TABLES

#: How often SQLite's log is tried to be emptied, and how long others have it in between, in seconds.
TRIES, PAUSE_S = 5, 0.05

_log = logging.getLogger("bemore.database")


def empty_log():
    """Empty SQLite's log, after something was erased; whether that was done.

    It is not where others go on reading what was there before. Nothing is raised: the rows are gone already.
    """
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_S)
        try:
            with turn(), translated_errors(ready=True):
                if database.obj.empty_log():
                    return True
        except DatabaseUnavailable:
            break
    _log.warning("the log of SQLite could not be emptied; it keeps copies of what was erased until it is used again")
    return False


def vacuum():
    """Write all tables anew, so that nothing that was erased is left in their files. Raises DatabaseUnavailable.

    Writers wait meanwhile, on PostgreSQL readers of the table in question as well. It takes as much room on the disk as the database has.
    """
    with turn(), translated_errors(ready=True):
        for statement in database.obj.vacuum([model._meta.table_name for model in TABLES]):
            execute(statement)
    empty_log()
