"""SQLite in a file: opened so that it is never made twice, and watched so that nothing is written into a file that is gone.

The system lets a file be deleted or replaced while it is open: SQLite would go on and store rows in a file without a name, until
the last connection closes. After each commit, and before anybody is told of it, one ``stat`` sees to that.
"""

import logging
import os
import sqlite3
import stat
import threading
import time
from urllib.parse import quote

import peewee

_log = logging.getLogger("bemore.database")

#: How long emptying the log may wait for those who read of it, in milliseconds; nobody can write meanwhile.
EMPTY_MS = 100

#: Pages that a connection keeps, in KB. The main thread writes most and finds its own again; those of another thread are out of date
#: whenever somebody has written since, and there are eight of them.
MAIN_CACHE_KB, THREAD_CACHE_KB = 512, 64

#: The mode of a file that holds sessions: it is its owner's alone.
PRIVATE = 0o600

#: What SQLITE_ERROR, the code of a statement that is wrong in itself, is about, for Python 3.10 that does not give codes.
_MISTAKES = ("no such column", "no such function", "has no column named", "syntax error", "wrong number of arguments")


class Sqlite(peewee.SqliteDatabase):
    """The database in the file ``path``, in WAL mode, so that readers and the one writer do not wait for each other.

    ``gate`` gives its writers their turns. With ``create`` the file is made where it is missing, but not after it was opened once.
    A file that is made is its owner's alone (0600), and so are ``-wal`` and ``-shm``, to which SQLite gives the same mode.
    """

    dialect = "sqlite"
    begin_write = "BEGIN IMMEDIATE"
    begin_read = "BEGIN"

    def __init__(self, path, synchronous, busy_seconds, gate, create):
        self.path = os.path.abspath(path)
        self.gate = gate
        self._busy_seconds = busy_seconds
        self._create = create
        self._opened = threading.local()
        self._known = {}
        pragmas = {
            "journal_mode": "wal",
            "synchronous": synchronous,
            "foreign_keys": 1,
            # What is deleted or replaced is overwritten. Debian's SQLite is built that way, others are not.
            "secure_delete": 1,
            # In KB, of each connection; the system's cache holds the rest of the file.
            "cache_size": -MAIN_CACHE_KB,
            "temp_store": "memory",
        }
        super().__init__(f"file:{quote(self.path)}?mode=rw", pragmas=pragmas, timeout=busy_seconds, uri=True)

    def _connect(self):
        self._set_aside()
        if self._create:
            _make(self.path)
        self._check_writable()
        # Only the first connection of all turns the file to WAL. While one of several processes that start at once does so,
        # SQLite refuses the others without waiting as it does for everything else.
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                connection = super()._connect()
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._create = False
        if threading.current_thread() is not threading.main_thread():
            connection.execute(f"PRAGMA cache_size = -{THREAD_CACHE_KB}")
        self._known = self._opened.files = {name: _identity(name) for name in (self.path, *self._companions())}
        return connection

    def _companions(self):
        return f"{self.path}-wal", f"{self.path}-shm"

    def ready(self):
        """See to an open connection of this thread."""
        if self.is_closed():
            self.connect()

    def committed(self):
        """Raise OperationalError unless the file this thread has open is still the one at its path; asked after each commit."""
        if _identity(self.path) != self._opened.files[self.path]:
            raise peewee.OperationalError("the database file was deleted or replaced while it was open")

    def _set_aside(self):
        """Take the log of a file that was replaced away from the new one, into which SQLite would mix it."""
        now = _identity(self.path)
        if not self._known or now in (None, self._known[self.path]):
            return
        for name in self._companions():
            if self._known[name] is not None and _identity(name) == self._known[name]:
                os.replace(name, f"{name}.lost")
                _log.warning("log of a database file that was replaced set aside", extra={"file": f"{os.path.basename(name)}.lost"})

    def _check_writable(self):
        """Raise sqlite3.OperationalError for files that SQLite would open to read only.

        As long as any thread has its index (-shm) open like that, all of the process read only, also when the files can be
        written again.
        """
        for name in (self.path, *self._companions()):
            if os.path.exists(name) and not os.access(name, os.W_OK):
                raise sqlite3.OperationalError("attempt to open a readonly database")

    def execute_sql(self, sql, params=None):
        try:
            return super().execute_sql(sql, params)
        except peewee.OperationalError as error:
            if _is_mistake(error):
                raise peewee.ProgrammingError(*error.args) from error
            raise

    def is_damage(self, error):
        """Whether an error that is neither an OperationalError nor an InterfaceError tells of a damaged file."""
        # SQLITE_CORRUPT and SQLITE_NOTADB come as plain DatabaseError, other mistakes of a statement as its subclasses.
        return type(error) in (peewee.DatabaseError, sqlite3.DatabaseError) or isinstance(
            error, (sqlite3.OperationalError, sqlite3.InterfaceError)
        )

    def enter(self):
        """Wait for the writer's turn. Raises OperationalError if it does not come in time or cannot be asked for."""
        if not self.enter_within(self._busy_seconds):
            raise writers_took_too_long()

    def enter_within(self, seconds):
        """Wait so long for the writer's turn; whether it came. Raises OperationalError if it cannot be asked for."""
        try:
            return self.gate.enter(seconds)
        except OSError as error:
            raise peewee.OperationalError(f"the file of the writers' turns cannot be used: {error.strerror}") from error

    def begin_within(self, seconds):
        """Begin to write, unless another program keeps the file for longer than that; whether it has begun.

        This thread's connection waits no longer for anything from then on.
        """
        if not getattr(self._opened, "hurries", False):
            self.execute_sql(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
            self._opened.hurries = True
        try:
            self.execute_sql(self.begin_write)
        except peewee.OperationalError as error:
            if "locked" in str(error):
                return False
            raise
        return True

    def leave(self):
        self.gate.leave()

    def empty_log(self):
        """Bring what is in the log into the file and cut the log off; whether readers let it be done."""
        # The most of it first, as others can write meanwhile.
        self.execute_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self.execute_sql(f"PRAGMA busy_timeout = {EMPTY_MS}")
        try:
            busy, *_ = self.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self.execute_sql(f"PRAGMA busy_timeout = {int(self.timeout * 1000)}")
        return not busy

    def vacuum(self, tables):
        """The statements that write all tables anew."""
        # The new file is made beside the old one: it may be larger than the memory.
        return "PRAGMA temp_store = FILE", "VACUUM", "PRAGMA temp_store = MEMORY"


def writers_took_too_long():
    """What SQLite would say of a database whose writers give nobody a turn."""
    return peewee.OperationalError("database is locked: other writers took too long")


def _make(path):
    """Make an empty file, which is a database without a table, that only its owner may read; tell of one that everybody may.

    Raises sqlite3.OperationalError where it cannot be made.
    """
    try:
        if not os.path.exists(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, PRIVATE))
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to make the database file: {error.strerror}") from error
    if mode & stat.S_IROTH:
        # Its mode may be meant, so it is left as it is.
        _log.warning("every account of this machine can read the database file", extra={"mode": f"{mode:04o}", "better": "0600"})


def _identity(path):
    """Device and number of a file, None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_mistake(error):
    """Whether a statement is wrong, whatever the state of the database: a bug, as PostgreSQL's ProgrammingErrors are.

    A missing table is none of these: it says that this is not the database it should be.
    """
    return any(each in str(error) for each in _MISTAKES)
