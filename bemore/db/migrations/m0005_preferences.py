"""The settings of the page, by who chose them; null where nobody chose."""

_TYPES = {
    "sqlite": {"bigint": "INTEGER", "smallint": "INTEGER", "clustered": "WITHOUT ROWID"},
    "postgres": {"bigint": "BIGINT", "smallint": "SMALLINT", "clustered": ""},
}

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
