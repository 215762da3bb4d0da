"""Which version a database is at."""

from bemore.errors import BeMoreError
from bemore.db.proxy import database
from bemore.db.connections import execute, read
from bemore.db.migrate import names


class WrongVersion(BeMoreError):
    """A database or a backup is not at a version that can be worked with; the text says what to do."""


def applied():
    """The names of the migrations that the database has; none of an empty one."""
    with read():
        if not database.table_exists("migration"):
            return set()
        return {name for (name,) in execute("SELECT name FROM migration").fetchall()}


def check_newest():
    """Raise WrongVersion unless the database is at the version of this program."""
    versions = applied()
    check_known(versions, "the database")
    if versions != set(names()):
        raise WrongVersion("the database is not at the newest version: run `bemore migrate` first")


def check_known(versions, what):
    """Raise WrongVersion if ``versions``, the names of migrations that ``what`` has, include one that this program lacks."""
    unknown = sorted(set(versions) - set(names()))
    if unknown:
        raise WrongVersion(f"{what} was made by a newer version of BeMore: it has {unknown[-1]}, which this one does not know")
