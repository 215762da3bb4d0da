"""Many rows of one session in as few statements as the database can do with, their text made once.

On SQLite: the session's row, the rows, the session's total. On PostgreSQL a single statement, hence a single round trip and a
transaction of its own, does all of it.
"""

import logging
from itertools import chain, repeat
from operator import sub

import peewee

from bemore.clock import EPOCH_FROM_MS
from bemore.db.proxy import database
from bemore.models import session
from bemore.db.connections import execute

_log = logging.getLogger("peewee")  # where peewee logs the statements it runs itself

#: Rows of one SQLite statement, most first. The driver gives the interpreter lock away at every execution, and with other threads
#: at work gets it back late: 100 executions of one row take 1.9 ms there, 4 of 25 rows 0.4. Larger ones would keep more memory.
_PIECES = (25, 5, 1)

_NUMBERS, _NOTHING = {int, float}, {type(None)}

_POSTGRES_TYPES = {"BIGINT": "bigint", "INT": "int", "SMALLINT": "smallint", "DOUBLE": "float8", "TEXT": "text"}


class Writer:
    """Stores rows of a model; a row whose key is there already replaces the old one, the last one of a batch the others.

    The model has a composite primary key that starts with its session. ``columns`` names what a row is made of: the rest
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
        self._optional = [index for index, each in enumerate(given) if each.null]
        self._insert, self._constants = into, tuple(constants.values())
        self._on_conflict = {True: f"ON CONFLICT ({keys}) DO {replace}", False: f"ON CONFLICT ({keys}) DO NOTHING"}
        self._prepared = {}
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

    def store(self, session_id, columns):
        """Store rows inside the caller's transaction, or by ``together``; answer the session's total where it is counted.

        ``columns`` are sequences of the same length, one or more, in the order of ``self.columns``. Raises SessionNotFound.
        """
        if database.obj.dialect == "postgres":
            return session.one(self._statement(columns), session_id, *map(_array, columns))[0]
        found, count = session.touch(session_id), len(columns[0])
        columns = self._relative(columns, found.started_ms)
        # A NULL in the statement's text costs nothing, one that is handed over several times as much as a number.
        absent = tuple(index for index in self._optional if _is_absent(columns[index]))
        rows = zip(repeat(found.key, count), *(each for index, each in enumerate(columns) if index not in absent))
        values = list(chain.from_iterable(rows))
        if self._counter is None:
            self._execute_many(self._pieces(absent, replace=True), values, count)
            return None
        new = self._execute_many(self._pieces(absent, replace=False), values, count)
        if new < count:
            self._execute_many(self._pieces(absent, replace=True), values, count)
        if new:
            execute(self._count, (new, found.key))
        return getattr(found, self._counter) + new

    def _pieces(self, absent, replace):
        """Numbers of rows and SQLite's statements for so many, largest first; the columns ``absent`` are null in all rows."""
        pieces = self._prepared.get((absent, replace))
        if pieces is None:
            given = ("NULL" if index in absent else "?" for index in range(len(self.columns)))
            row = f"({', '.join(('?', *given, *self._constants))})"
            pieces = [(size, f"{self._insert} VALUES {', '.join([row] * size)} {self._on_conflict[replace]}") for size in _PIECES]
            self._prepared[absent, replace] = pieces
        return pieces

    def _statement(self, columns):
        """The statement that PostgreSQL takes these columns with."""
        first, count = columns[0], len(columns[0])
        keys = first if self._key_columns == 1 else zip(*columns[: self._key_columns])
        # Two times that are told apart here may be one there, if one of them is relative to the session's start and the other is not.
        if len(set(keys)) < count or (self._times and min(first) < EPOCH_FROM_MS <= max(first)):
            return self._whole
        return self._whole_distinct

    def _relative(self, columns, started_ms):
        if not self._times or max(columns[0]) < EPOCH_FROM_MS:
            return columns
        # The first time tells for both: the schema lets no row mix the two kinds.
        offsets = [started_ms if each >= EPOCH_FROM_MS else 0 for each in columns[0]]
        return [*(list(map(sub, column, offsets)) for column in columns[: self._times]), *columns[self._times :]]

    def _execute_many(self, pieces, values, count):
        """Run the statements of ``pieces`` for ``count`` rows, whose ``values`` come one after the other; answer how many rows changed."""
        connection, changed, done, width = database.connection(), 0, 0, len(values) // count
        with peewee.__exception_wrapper__:
            for size, sql in pieces:
                upto = count - (count - done) % size
                if upto > done:
                    parameters = [values[at : at + size * width] for at in range(done * width, upto * width, size * width)]
                    _log.debug((sql, parameters))
                    changed += connection.executemany(sql, parameters).rowcount
                    done = upto
        return changed


def _is_absent(column):
    return column[0] is None and column.count(None) == len(column)


def _array(column):
    """A column as PostgreSQL writes arrays. psycopg does so too, in three times the time."""
    kinds = set(map(type, column))
    if kinds <= _NUMBERS:
        return f"{{{','.join(map(repr, column))}}}"
    if kinds == _NOTHING:
        return f"{{{','.join(('NULL',) * len(column))}}}"
    return f"{{{','.join(map(_element, column))}}}"


def _element(value):
    if value is None:
        return "NULL"
    if type(value) is str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"') if "\\" in value or '"' in value else value
        return f'"{escaped}"'
    return repr(value)
