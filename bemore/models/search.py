"""Finds sessions by a part of the id of their client or their counselor, at the cost of the people there are, not of the sessions.

Everybody who has a session is in the tally, so that is where the text is looked for. No index of its own, no extension of the database:
10,000 ids are read in a millisecond or two, whatever the length of the text.
"""

from bemore.db.bulk import as_json
from bemore.db.connections import execute, read
from bemore.db.proxy import database
from bemore.models import session
from bemore.models.session import COLUMNS, NEWEST_FIRST

#: So many of the newest sessions are looked through first: a text that many people share is found there.
WINDOW = 500

_KINDS = (("user_id", "user:"), ("counselor_id", "counselor:"))

#: Whether a text contains another one.
_HOLDS = {"sqlite": "instr({}, ?) > 0", "postgres": "strpos({}, ?) > 0"}

_AMONG_NEWEST = (
    f"SELECT {COLUMNS} FROM (SELECT {COLUMNS} FROM session WHERE {{condition}} {NEWEST_FIRST}) AS newest"
    f" WHERE {{holds}} {NEWEST_FIRST}"
)

#: The newest session of each person of a kind whose id contains the text.
_NEWEST_OF_PEOPLE = (
    "SELECT '{column}' AS kind, name,"
    " (SELECT id FROM session WHERE {column} = name AND {condition} ORDER BY started_ms DESC, id DESC LIMIT 1) AS newest"
    " FROM (SELECT DISTINCT substr(scope, {start}) AS name FROM tally WHERE scope LIKE '{prefix}%' AND {holds}) AS {column}_person"
)
_PEOPLE = (
    "SELECT person.kind, person.name, session.started_ms, session.id FROM ({newest_of_people}) AS person"
    f" JOIN session ON session.id = person.newest {NEWEST_FIRST}"
)

#: The newest sessions of each of some people of a kind, who are a JSON list.
_OF_PEOPLE = {
    "sqlite": (
        f"SELECT {COLUMNS} FROM session WHERE id IN (SELECT found.value FROM json_each(?) AS person, json_each((SELECT"
        " json_group_array(id) FROM (SELECT id FROM session WHERE {column} = person.value AND {condition}"
        " ORDER BY started_ms DESC, id DESC LIMIT ?))) AS found)"
    ),
    "postgres": (
        f"SELECT {COLUMNS} FROM json_array_elements_text(?::json) AS person (name), LATERAL"
        f" (SELECT {COLUMNS} FROM session WHERE {{column}} = person.name AND {{condition}} {NEWEST_FIRST}) AS of_person"
    ),
}


def find(limit, text, user_id=None, counselor_id=None, status=None, **filters):
    """The newest sessions whose client's or counselor's id contains ``text`` (1 character or more, as stored), newest first, at most
    ``limit``. The filters are those of ``session.conditions``.
    """
    condition, values = session.conditions(user_id=user_id, counselor_id=counselor_id, status=status, **filters)
    holds = _HOLDS[database.obj.dialect]
    either = f"({' OR '.join(holds.format(column) for column, _ in _KINDS)})"
    with read():
        if user_id is not None or counselor_id is not None or status in ("active", "paused"):
            # Those of one person, or the few that have not ended.
            return session.newest_of(limit, f"{condition} AND {either}", (*values, text, text))
        statement = _AMONG_NEWEST.format(condition=condition, holds=either)
        found = session.rows(statement, (*values, WINDOW, text, text, limit))
        return found if len(found) == limit else _of_people(limit, text, condition, values)


def _of_people(limit, text, condition, values):
    holds = _HOLDS[database.obj.dialect]
    newest_of_people = " UNION ALL ".join(
        _NEWEST_OF_PEOPLE.format(
            column=column, prefix=prefix, start=start, condition=condition, holds=holds.format(f"substr(scope, {start})")
        )
        for column, prefix, start in ((*kind, len(kind[1]) + 1) for kind in _KINDS)
    )
    statement = _PEOPLE.format(newest_of_people=newest_of_people)
    # The newest sessions are of the people with the newest ones; a session may be the newest of both its people.
    people = execute(statement, (*values, text, *values, text, 2 * limit)).fetchall()
    if not people:
        return []
    places = sorted({(started_ms, key) for _, _, started_ms, key in people}, reverse=True)
    since_ms = places[limit - 1][0] if len(places) >= limit else 0
    names = {column: as_json([name for kind, name, *_ in people if kind == column]) for column, _ in _KINDS}
    of_people = " UNION ".join(
        _OF_PEOPLE[database.obj.dialect].format(column=column, condition=f"{condition} AND started_ms >= ?") for column, _ in _KINDS
    )
    given = [value for column in names for value in (names[column], *values, since_ms, limit)]
    return session.rows(f"{of_people} {NEWEST_FIRST}", (*given, limit))
