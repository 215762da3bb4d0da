"""Databases beside the one of the ``database_url`` fixture."""

from contextlib import contextmanager


@contextmanager
def empty_database(request, kind, directory):
    """The DATABASE_URL of one more database of that kind, without a table; gone afterwards, but for an SQLite file in ``directory``."""
    if kind == "sqlite":
        yield f"sqlite:///{directory}/empty.db"
        return
    server = request.getfixturevalue("postgres")
    name = server.take_empty()
    yield server.url(name)
    server.give_back_empty(name)
