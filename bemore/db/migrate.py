"""Run the migrations forward, on an empty database or an older one.

peewee-migrate was tried and not taken: it needs Python 3.11, replays migrations that are done already under patches
of peewee itself, and two processes that start at once would both run them.
"""

import importlib
import logging
import pkgutil

from bemore import clock
from bemore.db import migrations
from bemore.db.proxy import database
from bemore.db import connections

_log = logging.getLogger("bemore.migrate")

#: Any number, the same for all processes: PostgreSQL's advisory lock that a migrating process holds.
_LOCK = 0x62656D6F7265


def names():
    """The names of all migrations, oldest first."""
    return sorted(each.name for each in pkgutil.iter_modules(migrations.__path__) if each.name.startswith("m0"))


def migrate(settings, upto=None):
    """Bring the database of ``settings`` to the newest version (or to ``upto``); return the names of the migrations that ran.

    All of it is one transaction that only one process at a time can have: started twice at once, it runs once.
    """
    connections.connect(settings)
    with connections.write_transaction():
        if database.obj.dialect == "postgres":
            database.obj.lift_time_limits()
            connections.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        connections.execute(
            "CREATE TABLE IF NOT EXISTS migration (name VARCHAR(200) NOT NULL PRIMARY KEY, applied_ms BIGINT NOT NULL)"
        )
        done = {row[0] for row in connections.execute("SELECT name FROM migration").fetchall()}
        todo = [name for name in names() if name not in done and (upto is None or name <= upto)]
        for name in todo:
            for statement in importlib.import_module(f"bemore.db.migrations.{name}").up(database.obj.dialect):
                connections.execute(statement)
            connections.execute("INSERT INTO migration VALUES (?, ?)", (name, clock.now_ms()))
    if todo:
        span = todo[0] if len(todo) == 1 else f"{todo[0]} to {todo[-1]}"
        _log.info("migrated", extra={"migrations": len(todo), "applied": span})
    return todo
