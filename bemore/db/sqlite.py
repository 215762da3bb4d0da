"""SQLite in one file: created for its owner alone, opened in WAL mode, written by one thread.

The operating system lets a file be deleted or replaced while it is open: SQLite would go on and store rows in a file without a name.
One ``stat`` after each commit, before its result is returned, notices that.
"""

import logging
import os
import sqlite3
import stat
import threading
import time
from contextlib import contextmanager
from urllib.parse import quote

import peewee

_log = logging.getLogger("bemore.database")

#: How long truncating the log may wait for its readers, in ms; nobody can write meanwhile.
TRUNCATE_MS = 100

#: Pages that each connection caches, in KB; the operating system caches the rest of the file.
CACHE_KB = 512

#: The mode of a file that holds sessions.
PRIVATE = 0o600

#: What SQLITE_ERROR, the code of a statement that is wrong in itself, is about, for Python 3.10, which gives no codes.
_MISTAKES = ("no such column", "no such function", "has no column named", "syntax error", "wrong number of arguments")


class Sqlite(peewee.SqliteDatabase):
    """The database in the file ``path``. ``create``: create it if it is missing, but not after it was opened once.

    Its writes go through ``queue``, the WriteQueue of this process, which is set by bemore.db.connections.
    ``-wal`` and ``-shm`` get the mode of the file. Every thread keeps its connection; readers do not wait for the writer.
    """

    dialect = "sqlite"
    begin_write = "BEGIN IMMEDIATE"
    begin_read = "BEGIN"

    def __init__(self, path, synchronous, busy_seconds, create):
        self.path = os.path.abspath(path)
        self._busy_seconds, self._create = busy_seconds, create
        self._opened = threading.local()
        self._known = {}
        pragmas = {
            "journal_mode": "wal",
            "synchronous": synchronous,
            "foreign_keys": 1,
            # Overwrite what is deleted or replaced. Debian's SQLite does so by default, others do not.
            "secure_delete": 1,
            "cache_size": -CACHE_KB,
            "temp_store": "memory",
        }
        super().__init__(f"file:{quote(self.path)}?mode=rw", pragmas=pragmas, timeout=busy_seconds, uri=True)

    # -- Connections ---------------------------------------------------------------------------------------------------------

    def stop(self):
        """Finish the writes that wait."""
        self.queue.stop()

    @contextmanager
    def connection_for_transaction(self, begin):
        """This thread has a connection inside the block, and a transaction has begun, unless ``begin`` is None."""
        if not self.is_closed() and self._opened.files[self.path] != self._known[self.path]:
            self.close()  # another thread has noticed that the file was replaced
        if self.is_closed():
            self.open()
        if begin is not None:
            self.execute_sql(begin)
        yield

    def open(self):
        """Open this thread's connection."""
        self._set_log_aside()
        if self._create:
            _make(self.path)
        self._check_writable()
        # Only the very first connection turns the file to WAL; meanwhile SQLite refuses the others without waiting.
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                self.connect()
                break
            except peewee.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._create = False
        self._known = self._opened.files = {name: _identity(name) for name in (self.path, *self._companions())}

    manual_close = peewee.SqliteDatabase.close  # as the pool of PostgreSQL calls it

    def _companions(self):
        return f"{self.path}-wal", f"{self.path}-shm"

    def check_committed(self):
        """Raise OperationalError unless the file that this thread has open is still the one at its path."""
        if _identity(self.path) != self._opened.files[self.path]:
            raise peewee.OperationalError("the database file was deleted or replaced while it was open")

    def _set_log_aside(self):
        """Rename the log of a file that was replaced: SQLite would mix it into the new one."""
        now = _identity(self.path)
        if not self._known or now in (None, self._known[self.path]):
            return
        for name in self._companions():
            if self._known[name] is not None and _identity(name) == self._known[name]:
                os.replace(name, f"{name}.lost")
                _log.warning("log of a replaced database file set aside", extra={"file": f"{os.path.basename(name)}.lost"})

    def _check_writable(self):
        """Raise OperationalError for files that SQLite would open read-only.

        As long as any thread has the index (-shm) open like that, all threads can only read, even when the files are writable again.
        """
        for name in (self.path, *self._companions()):
            if os.path.exists(name) and not os.access(name, os.W_OK):
                raise peewee.OperationalError("attempt to open a readonly database")

    # -- Statements ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def translate(sql):
        """``sql`` with this database's parameter marks."""
        return sql

    def execute_sql(self, sql, params=None):
        try:
            return super().execute_sql(sql, params)
        except peewee.OperationalError as error:
            # A wrong statement is a bug, as PostgreSQL's ProgrammingErrors are. A missing table is none: it says that this is
            # not the database it should be.
            if any(each in str(error) for each in _MISTAKES):
                raise peewee.ProgrammingError(*error.args) from error
            raise

    def is_damage(self, error):
        """Whether an error that is neither an OperationalError nor an InterfaceError means a damaged file."""
        # SQLITE_CORRUPT and SQLITE_NOTADB come as DatabaseError itself, other mistakes of a statement as its subclasses.
        return type(error) in (peewee.DatabaseError, sqlite3.DatabaseError) or isinstance(
            error, (sqlite3.OperationalError, sqlite3.InterfaceError)
        )

    def truncate_log(self):
        """Bring the log's content into the file and truncate the log; whether readers allowed it."""
        if self.is_closed():
            self.open()
        # First most of it, while others can write.
        self.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self.execute_sql(f"PRAGMA busy_timeout = {TRUNCATE_MS}")
        try:
            busy, *_ = self.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self.execute_sql(f"PRAGMA busy_timeout = {int(self.timeout * 1000)}")
        return not busy

    def vacuum_statements(self, tables):
        """The statements that rewrite all tables."""
        # The new file is made on the disk: it may be larger than the memory.
        return "PRAGMA temp_store = FILE", "VACUUM", "PRAGMA temp_store = MEMORY"


def _make(path):
    """Create an empty file that only its owner may read; warn of an existing one that everybody may."""
    try:
        if not os.path.exists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, PRIVATE))
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError as error:
        raise peewee.OperationalError(f"unable to create the database file: {error.strerror}") from error
    if mode & stat.S_IROTH:
        # Its mode may be deliberate, so it is left as it is.
        _log.warning("every account of this machine can read the database file", extra={"mode": f"{mode:04o}", "better": "0600"})


def _identity(path):
    """Device and inode of a file, None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
