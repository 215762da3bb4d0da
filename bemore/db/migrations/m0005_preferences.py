"""The settings of the page, by who chose them; null where nobody chose."""

from bemore.db.migrations.m0001_sessions import _TYPES

_TABLE = """
CREATE TABLE preference (
    owner TEXT NOT NULL PRIMARY KEY,
    font_scale TEXT,
    layout_density TEXT,
    language TEXT,
    notifications_opt_in {smallint},
    changed_ms {bigint} NOT NULL
) {clustered}
"""


def up(dialect):
    return (_TABLE.format_map(_TYPES[dialect]),)
