"""When preferences were last used, so that those that nobody uses any more can be deleted."""

from bemore import clock


def up(dialect):
    integer = {"sqlite": "INTEGER", "postgres": "BIGINT"}[dialect]
    return (
        f"ALTER TABLE preference ADD COLUMN used_ms {integer} NOT NULL DEFAULT 0",
        # Nobody knows of those that are there: they count as used today, and none is forgotten too early.
        f"UPDATE preference SET used_ms = {clock.now_ms()}",
    )
