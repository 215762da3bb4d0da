"""Many rows in one statement, its text made once per model and database."""

import logging

import peewee

from bemore.extensions import database

_log = logging.getLogger("peewee")  # where peewee logs the statements it runs itself


class Upsert:
    """Store many rows of one session; a row whose key is there already replaces the old one.

    ``model`` has a composite primary key that starts with its session; rows are tuples of the values of ``columns``
    (attribute names, in the model's order, without the session), with the rest of the key first.
    """

    def __init__(self, model):
        meta = model._meta
        key = [meta.fields[name] for name in meta.primary_key.field_names]
        # By name: peewee's fields answer == with an SQL expression.
        rest = [each for each in meta.sorted_fields if each.name not in meta.primary_key.field_names]
        self.key_length = len(key) - 1
        self.fields = [*key[1:], *rest]
        self.columns = [each.name for each in self.fields]
        names = [each.column_name for each in (key[0], *self.fields)]
        self._into = f"INSERT INTO {meta.table_name} ({', '.join(names)})"
        self._conflict = f"ON CONFLICT ({', '.join(each.column_name for each in key)}) DO"
        self._set = "UPDATE SET " + ", ".join(f"{each.column_name} = excluded.{each.column_name}" for each in rest)
        marks = ", ".join("?" * len(names))
        self._sqlite_new = f"{self._into} VALUES ({marks}) {self._conflict} NOTHING"
        self._sqlite_all = f"{self._into} VALUES ({marks}) {self._conflict} {self._set}"
        arrays = ", ".join(f"%s::{_postgres_type(each)}[]" for each in self.fields)
        self._postgres = (
            f"WITH stored AS ({self._into} SELECT %s, given.* FROM unnest({arrays}) AS given"
            # xmax is 0 in a row version that no transaction has replaced or locked: it was inserted, not updated.
            f" {self._conflict} {self._set} RETURNING xmax = 0 AS is_new)"
            " SELECT count(*) FILTER (WHERE is_new) FROM stored"
        )

    def store(self, session_key, rows):
        """Store ``rows`` under the session's key, the last one of equal keys; answer how many were not there before.

        Runs inside the caller's transaction. Rows go in by the order of their keys, so that two writers of the same
        rows wait for each other and never in a circle.
        """
        key_length = self.key_length
        unique = {row[:key_length]: row for row in rows}
        ordered = [unique[key] for key in sorted(unique)]
        if database.obj.dialect == "postgres":
            columns = [list(column) for column in zip(*ordered)]
            return database.execute_sql(self._postgres, (session_key, *columns)).fetchone()[0]
        connection = database.connection()
        full = [(session_key, *row) for row in ordered]
        with peewee.__exception_wrapper__:
            _log.debug((self._sqlite_new, full))
            new = connection.executemany(self._sqlite_new, full).rowcount
            if new < len(full):
                _log.debug((self._sqlite_all, full))
                connection.executemany(self._sqlite_all, full)
        return new


def _postgres_type(field):
    return {"BIGINT": "bigint", "INT": "int", "SMALLINT": "smallint", "DOUBLE": "float8", "TEXT": "text"}[field.field_type]
