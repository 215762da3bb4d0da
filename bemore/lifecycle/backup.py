"""A whole database into a file and back: what both databases have in common.

``backup_sqlite`` and ``backup_postgres`` each give ``save(settings, path, progress)``, ``inspect(settings, path)`` (the names of the
migrations that the file has), ``others(settings)`` and ``load(settings, path, progress)``. ``progress(done, total)`` is called now and
then; ``total`` is None where it is not known.
"""

from bemore import clock
from bemore.errors import BackupFailed, SessionNotFound
from bemore.db.proxy import database
from bemore.models import audit, session
from bemore.models.scope import SessionScope
from bemore.db import connections
from bemore.db.connections import execute, read
from bemore.lifecycle.files import replacing
from bemore.lifecycle.upgrade import upgrade
from bemore.models.tables import TABLES
from bemore.db.version import applied, check_known


def _kind(settings):
    if settings.uses_sqlite:
        from bemore.lifecycle import backup_sqlite as kind
    else:
        from bemore.lifecycle import backup_postgres as kind
    return kind


def save(settings, path, actor, progress):
    """Write the database, as of one moment, to a file that only its owner may read, while others go on writing.

    The file is checked before it gets its name. Raises BackupFailed, OSError.
    """
    audit.record_alone(None, audit.BACKUP, actor, None, None, clock.now_ms())
    connections.close()
    with replacing(path) as part:
        _kind(settings).save(settings, part, progress)
        check_known(_kind(settings).inspect(settings, part), "the database")


def check(settings, path):
    """Raise BackupFailed or WrongVersion unless ``path`` is a whole backup for this kind of database that this program can read.

    Raise BackupFailed also while somebody else is connected to the database.
    """
    versions = _kind(settings).inspect(settings, path)
    if not versions:
        raise BackupFailed(f"{path} is no backup of BeMore")
    check_known(versions, str(path))
    others = _kind(settings).others(settings)
    if others:
        raise BackupFailed(f"the database is in use{others}: stop the service first")


def is_empty():
    """Whether the database has no row of anything."""
    known = applied()
    check_known(known, "the database")
    if not known:
        return True
    with read():
        made = [model._meta.table_name for model in TABLES if database.table_exists(model._meta.table_name)]
        return not any(execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in made)


def load(settings, path, actor, progress):
    """Put a checked backup in the place of the database, all of it or nothing, and bring it to the newest version."""
    connections.close()
    _kind(settings).load(settings, path, progress)
    upgrade(settings)
    audit.record_alone(None, audit.RESTORE, actor, None, None, clock.now_ms())


def erase_again(session_ids, actor):
    """Erase those of the sessions that exist, as a restored backup brings back what was erased after it; return how many."""
    count = 0
    for session_id in session_ids:
        try:
            session.erase(
                SessionScope.unrestricted(session_id),
                lambda row: audit.record(row.public_id, audit.ERASE, actor, None, None, clock.now_ms()),
            )
            count += 1
        except SessionNotFound:
            continue
    return count
