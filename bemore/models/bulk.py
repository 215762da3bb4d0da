"""Many rows of one session in as few statements as the database can do with, their text made once.

On SQLite: the session's row, the rows, the session's total. On PostgreSQL a single statement, hence a single round trip and a
transaction of its own, does all of it.
"""

import logging
from itertools import chain

import peewee

from bemore.clock import EPOCH_FROM_MS
from bemore.extensions import database
from bemore.models import session
from bemore.models.database import execute

_log = logging.getLogger("peewee")  # where peewee logs the statements it runs itself

#: Rows of one SQLite statement, most first. The driver gives the interpreter lock away at every execution, and with other threads
#: at work gets it back late: 100 executions of one row take 1.9 ms there, 4 of 25 rows 0.4. Larger ones would keep more memory.
_PIECES = (25, 5, 1)

_POSTGRES_TYPES = {"BIGINT": "bigint", "INT": "int", "SMALLINT": "smallint", "DOUBLE": "float8", "TEXT": "text"}


class Writer:
    """Stores rows of a model; a row whose key is there already replaces the old one, the last one of a batch the others.

    The model has a composite primary key that starts with its session. Rows are tuples of the values of ``columns``: the rest
    of the key, then the other fields in the model's order, without those of ``constants`` (SQL by field). The first
    ``times`` columns are times of clients, which are stored relative to the session's start. ``counter`` names the
    session's column that counts the rows.
    """

    def __init__(self, model, times=0, counter=None, constants=None):
        meta = model._meta
        constants = constants or {}
        key = [meta.fields[name] for name in meta.primary_key.field_names]
        # By name: peewee's fields answer == with an SQL expression.
        rest = [each for each in meta.sorted_fields if each.name not in meta.primary_key.field_names]
        given = [each for each in (*key[1:], *rest) if each.name not in constants]
        self.columns = [each.name for each in given]
        self._times, self._counter = times, counter
        names = ", ".join((key[0].column_name, *(each.column_name for each in given), *constants))
        keys = ", ".join(each.column_name for each in key)
        into = f"INSERT INTO {meta.table_name} ({names})"
        replace = "UPDATE SET " + ", ".join(f"{each.column_name} = excluded.{each.column_name}" for each in rest)
        row = f"({', '.join(('?', *('?' for _ in given), *constants.values()))})"
        pieces = [(size, f"{into} VALUES {', '.join([row] * size)} ON CONFLICT ({keys}) DO") for size in _PIECES]
        self._add = [(size, f"{text} NOTHING") for size, text in pieces]
        self._replace = [(size, f"{text} {replace}") for size, text in pieces]
        self._count = counter and f"UPDATE session SET {counter} = {counter} + ? WHERE id = ?"
        typed = [f"CAST({sql} AS {_POSTGRES_TYPES[meta.fields[name].field_type]}) AS {name}" for name, sql in constants.items()]
        self._key_columns = len(key) - 1
        self._whole, self._whole_distinct = (
            self._postgres(keys, given, typed, f"{into} SELECT {names}", replace, distinct) for distinct in (False, True)
        )

    def _postgres(self, keys, given, constants, insert, replace, distinct):
        """The statement for rows that may have the same key, or where they are known to be ``distinct`` one that need not sort them."""
        columns = [each.column_name for each in given]
        arrays = ", ".join(f"?::{_POSTGRES_TYPES[each.field_type]}[]" for each in given)
        relative = [
            f"CASE WHEN given.{name} >= {EPOCH_FROM_MS} THEN given.{name} - s.started_ms ELSE given.{name} END AS {name}"
            for name in columns[: self._times]
        ]
        # + 0 makes -0.0 what it is on SQLite: 0.0.
        plain = [f"given.{each.column_name}{' + 0' * (each.field_type == 'DOUBLE')} AS {each.column_name}" for each in given[self._times :]]
        values = [*relative, *plain, *constants]
        rows, newest = "each", ""
        if not distinct:
            rows, newest = "newest", f"newest AS (SELECT DISTINCT ON ({keys}) * FROM each ORDER BY {keys}, position DESC),\n"
        stored = f"{insert} FROM {rows} ON CONFLICT ({keys}) DO {replace}"
        change, found = "UPDATE session SET revision = revision + 1", f"WHERE {session.NAMED} AND erasing = 0"
        if self._counter is None:
            first, last = f"{change} {found} RETURNING id, started_ms", "SELECT id FROM s"
        else:
            # The total is known at the end only, and no statement changes a row twice.
            first = f"SELECT id, started_ms FROM session {found} FOR NO KEY UPDATE"
            # xmax is 0 in a row version that no transaction has replaced or locked: it was inserted, not updated.
            stored += " RETURNING xmax = 0 AS is_new"
            total = f"{self._counter} = {self._counter} + (SELECT count(*) FILTER (WHERE is_new) FROM stored)"
            last = f"{change}, {total} FROM s WHERE session.id = s.id RETURNING {self._counter}"
        return f"""
WITH s AS ({first}),
each AS (
    SELECT s.id AS session_id, {", ".join(values)}, given.position
    FROM s, unnest({arrays}) WITH ORDINALITY AS given ({", ".join(columns)}, position)
),
{newest}stored AS ({stored})
{last}"""

    def store(self, session_id, rows):
        """Store a list of rows inside the caller's transaction, or by ``together``; answer the session's total where it is counted.

        Raises SessionNotFound.
        """
        if database.obj.dialect == "postgres":
            columns = list(zip(*rows))
            return session.one(self._statement(columns), session_id, *map(_array, columns))[0]
        found = session.touch(session_id)
        rows = [(found.key, *row) for row in self._relative(rows, found.started_ms)]
        if self._counter is None:
            self._execute_many(self._replace, rows)
            return None
        new = self._execute_many(self._add, rows)
        if new < len(rows):
            self._execute_many(self._replace, rows)
        if new:
            execute(self._count, (new, found.key))
        return getattr(found, self._counter) + new

    def _statement(self, columns):
        """The statement that PostgreSQL takes these columns with."""
        first, count = columns[0], len(columns[0])
        keys = first if self._key_columns == 1 else zip(*columns[: self._key_columns])
        # Two times that are told apart here may be one there, if one of them is relative to the session's start and the other is not.
        if len(set(keys)) < count or (self._times and min(first) < EPOCH_FROM_MS <= max(first)):
            return self._whole
        return self._whole_distinct

    def _relative(self, rows, started_ms):
        # The first time tells for both: the schema lets no row mix the two kinds.
        if self._times == 1:
            return [(row[0] - started_ms, *row[1:]) if row[0] >= EPOCH_FROM_MS else row for row in rows]
        if self._times == 2:
            return [(row[0] - started_ms, row[1] - started_ms, *row[2:]) if row[0] >= EPOCH_FROM_MS else row for row in rows]
        return rows

    def _execute_many(self, pieces, rows):
        connection, changed, done = database.connection(), 0, 0
        with peewee.__exception_wrapper__:
            for size, sql in pieces:
                upto = len(rows) - (len(rows) - done) % size
                if upto > done:
                    parameters = [list(chain.from_iterable(rows[at : at + size])) for at in range(done, upto, size)]
                    _log.debug((sql, parameters))
                    changed += connection.executemany(sql, parameters).rowcount
                    done = upto
        return changed


def _array(column):
    """A column as PostgreSQL writes arrays. psycopg does so too, in three times the time."""
    if all(type(value) is float or type(value) is int for value in column):
        return f"{{{','.join(map(repr, column))}}}"
    return f"{{{','.join(map(_element, column))}}}"


def _element(value):
    if value is None:
        return "NULL"
    if type(value) is str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"') if "\\" in value or '"' in value else value
        return f'"{escaped}"'
    return repr(value)
