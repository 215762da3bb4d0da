"""Many rows of one parent in few statements: an upsert whose text is made once.

On SQLite the rows are bound as parameters. On PostgreSQL they travel as one JSON parameter: psycopg takes ten times as long to write the
same rows as arrays (559 us against 57 us for 100 frames).
"""

from itertools import chain

import msgspec

from bemore.db.connections import execute

#: Rows of one SQLite statement, most first: few statements, and few different ones for the driver to keep prepared.
SQLITE_PIECES = (25, 5, 1)

#: The column of tables that are partitioned on PostgreSQL which says whether a row has replaced another one.
RESENT = "resent"

_encode = msgspec.json.Encoder().encode

_POSTGRES_TYPES = {"BIGINT": "bigint", "INT": "int", "SMALLINT": "smallint", "DOUBLE": "float8", "TEXT": "text"}


class BulkUpsert:
    """Inserts rows of a model with a composite primary key that begins with its parent's integer key.

    A row whose key is stored already replaces the stored one. ``columns`` are the names of a row's values: the rest of the primary key,
    then the other fields in the model's order, without RESENT and those of ``constants`` (SQL by field name).
    """

    def __init__(self, model, constants=None):
        meta, constants = model._meta, constants or {}
        key = [meta.fields[name] for name in meta.primary_key.field_names]
        # By name: comparing peewee's fields makes an SQL expression.
        rest = [each for each in meta.sorted_fields if each.name not in (*meta.primary_key.field_names, RESENT)]
        self._columns = [each for each in (*key[1:], *rest) if each.name not in constants]
        self.columns = [each.name for each in self._columns]
        self._key = ", ".join(each.column_name for each in key)
        self._parent, self._table = key[0].column_name, meta.table_name
        self._names = ", ".join((self._parent, *(each.column_name for each in self._columns), *constants))
        self._replace = "DO UPDATE SET " + ", ".join(f"{each.column_name} = excluded.{each.column_name}" for each in rest)
        self._is_new = "xmax = 0"
        if RESENT in meta.fields:
            # A partitioned table has no system columns to return.
            self._replace, self._is_new = f"{self._replace}, {RESENT} = 1", f"{RESENT} = 0"
        self._constants = {name: f"CAST({sql} AS {_POSTGRES_TYPES[meta.fields[name].field_type]})" for name, sql in constants.items()}
        one_row = f"({', '.join(('?', *('?' for _ in self._columns), *constants.values()))})"
        self._values = {
            replace: [(size, f"INSERT INTO {self._table} ({self._names}) VALUES {', '.join([one_row] * size)} {conflict}")
                      for size in SQLITE_PIECES]
            for replace, conflict in (
                (True, f"ON CONFLICT ({self._key}) {self._replace}"),
                (False, f"ON CONFLICT ({self._key}) DO NOTHING"),
            )
        }  # fmt: skip

    def insert(self, parent_key, rows, replace):
        """Insert a list of rows inside the caller's transaction, replacing stored ones or leaving them; return how many rows changed."""
        changed = done = 0
        for size, sql in self._values[replace]:
            while len(rows) - done >= size:
                values = chain.from_iterable((parent_key, *row) for row in rows[done : done + size])
                changed += execute(sql, list(values)).rowcount
                done += size
        return changed

    def postgres_parts(self, parent):
        """The parts ``items`` and ``stored`` of a WITH clause, which upsert the rows that a parameter holds as JSON.

        ``parent`` is an earlier part that selects the parent's ``id``. ``stored`` has a row ``is_new`` for every row.
        """
        values = []
        for place, field in enumerate(self._columns):
            # -0.0 becomes 0.0, as on SQLite: jsonb knows none.
            values.append(f"(items.item->>{place})::{_POSTGRES_TYPES[field.field_type]} AS {field.column_name}")
        constants = [f"{sql} AS {name}" for name, sql in self._constants.items()]
        return f"""items AS (
    SELECT DISTINCT ON ({self._key}) * FROM (
        SELECT parent.id AS {self._parent}, {", ".join((*values, *constants))}, items.position
        FROM {parent} AS parent, jsonb_array_elements(?::jsonb) WITH ORDINALITY AS items (item, position)
    ) AS items ORDER BY {self._key}, position DESC
),
stored AS (
    INSERT INTO {self._table} ({self._names}) SELECT {self._names} FROM items ON CONFLICT ({self._key}) {self._replace}
    RETURNING {self._is_new} AS is_new
)"""


def as_json(rows):
    """Rows as the JSON parameter of ``postgres_parts``."""
    return _encode(rows).decode()
