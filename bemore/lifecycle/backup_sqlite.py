"""Backups of an SQLite file, by SQLite's own means: whoever else has it open sees nothing, one state, or the other."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bemore.errors import BackupFailed
from bemore.db.sqlite import PRIVATE

#: Pages copied between two looks at the progress.
_PAGES = 1024

_MAGIC = b"SQLite format 3\0"


def path_of(settings):
    """The path of the database file."""
    return settings.database_url.removeprefix("sqlite:///")


def _open(path, mode, **options):
    return closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, **options))


def save(settings, path, progress):
    """Copy the database to the empty file ``path``, as of the moment it begins; writers go on."""
    try:
        with _open(path_of(settings), "rw") as source, _open(path, "rw") as target:
            # As long as this transaction lasts, what others write is not seen; without it each write would begin the copy anew.
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
            _copy(source, target, progress)
            source.execute("COMMIT")
            # A file that is whole by itself, and that can be read where nobody may write.
            target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupFailed(f"SQLite could not write the backup: {error}") from error


def _copy(source, target, progress):
    source.backup(target, pages=_PAGES, progress=lambda status, left, total: progress(total - left, total))


def inspect(settings, path):
    """The names of the migrations in a backup, which is read through for damage."""
    with open(path, "rb") as file:
        start = file.read(len(_MAGIC))
    if start != _MAGIC:
        raise BackupFailed(f"{path} is no SQLite database, and DATABASE_URL names one")
    try:
        with _open(path, "ro") as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise BackupFailed(f"{path} is damaged: {verdict}")
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migration'").fetchone():
                return set()
            return {name for (name,) in connection.execute("SELECT name FROM migration").fetchall()}
    except sqlite3.Error as error:
        raise BackupFailed(f"{path} cannot be read: {error}") from error


def others(settings):
    """A hint where another connection to the file is open, else an empty text.

    Each one holds a shared lock for as long as it is open in WAL mode, and SQLite leaves that mode for the last one only. A service that
    has had no request since its start has none; nothing is lost by that, as its first connection opens what was restored.
    """
    path = path_of(settings)
    if not os.path.exists(path):
        return ""
    try:
        with _open(path, "rw", timeout=0) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if "locked" not in str(error):
            raise BackupFailed(
                f"{path} cannot be read ({error}): move it away, with its -wal and -shm, and restore again"
            ) from error
        return f" ({path} is open elsewhere)"
    return ""


def load(settings, path, progress):
    """Copy the backup over the database in one transaction of SQLite: after a crash it is the old one or the new one."""
    os.close(os.open(path_of(settings), os.O_RDWR | os.O_CREAT, PRIVATE))
    try:
        with _open(path, "ro") as source, _open(path_of(settings), "rw", timeout=0) as target:
            _copy(source, target, progress)
    except sqlite3.Error as error:
        raise BackupFailed(f"SQLite could not restore {path}: {error}; the database is as it was") from error
