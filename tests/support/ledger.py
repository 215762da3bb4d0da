"""What clients were told is stored, and whether the database holds just that.

A ledger is filled by the clients of ``load.py`` and compared with the database itself, past the service.
"""

import threading
from dataclasses import dataclass, field

from tests.support.servers import straight

#: Rows of a session by the kind of upload: their table, their columns after the session's key, and how many are its key.
TABLES = {
    "frames": ("frame", "ts_ms, quality", 1),
    "audio": ("audio_chunk", "ts_start_ms, ts_end_ms, rms", 2),
    "stt": ("stt_snippet", "ts_start_ms, ts_end_ms, text", 2),
    "minutes": ("minute_score", "minute_index, source, facial, vad, text, combined", 1),
    "feedback": ("feedback", "public_id, rating, note", 1),
}

_COUNTED = {"frames": "frame_count", "audio": "audio_count", "stt": "stt_count"}

#: Minutes of ended sessions whose telemetry is newer than their score.
_UNSCORED = (
    "SELECT s.public_id, c.minute_index FROM minute_coverage c JOIN session s ON s.id = c.session_id"
    " LEFT JOIN minute_score m ON m.session_id = c.session_id AND m.minute_index = c.minute_index"
    " WHERE s.status = 'ended' AND s.erasing = 0 AND c.data_revision > 0"
    " AND (m.minute_index IS NULL OR (m.source = 'server' AND m.data_revision < c.data_revision))"
)


def rows(database_url, statement):
    """What a statement finds in the database, past the service."""
    with straight(database_url) as connection:
        return connection.execute(statement).fetchall()


@dataclass
class Book:
    """What was acknowledged of one session, and by ``given_up`` what a client sent and never heard of.

    ``stored`` maps a kind of ``TABLES`` to ``{key: rest of the row}``; ``given_up`` is a list of (kind, rows in the same form).
    """

    status: str = "active"
    ended_ms: int | None = None
    erased: bool = False
    stored: dict = field(default_factory=lambda: {kind: {} for kind in TABLES})
    given_up: list = field(default_factory=list)

    def minutes_with_telemetry(self):
        """The minutes in which something begins that was sent, acknowledged or not."""
        sent = [self.stored[kind] for kind in _COUNTED] + [items for kind, items in self.given_up if kind in _COUNTED]
        return {key[0] // 60_000 for items in sent for key in items}


class Ledger:
    """The books of all sessions. ``acknowledged`` counts the writes that a client was told are stored.

    ``others`` are the ids of sessions of which it has no book.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self.books = {}
        self.others = frozenset()
        self.acknowledged = 0

    def started(self, session_id):
        with self._lock:
            self.acknowledged += 1
            # Twice the same id is the same start answered twice, which no client of ours asks for.
            assert session_id not in self.books, "an id was given twice"
            self.books[session_id] = Book()

    def changed(self, session_id, **state):
        with self._lock:
            self.acknowledged += 1
            for name, value in state.items():
                setattr(self.books[session_id], name, value)

    def stored(self, session_id, kind, items):
        with self._lock:
            self.acknowledged += 1
            self.books[session_id].stored[kind].update(items)

    def gave_up(self, session_id, kind, items):
        with self._lock:
            self.books[session_id].given_up.append((kind, items))

    def differences(self, database_url):
        """Sentences about whatever the database does not hold as it was acknowledged, or holds beyond it."""
        result = list(self._sessions(database_url))
        for kind in TABLES:
            result += self._rows_of(database_url, kind)
        return result + list(_inner_contradictions(database_url))

    @staticmethod
    def sessions_in(database_url):
        """The ids of all sessions in the database."""
        return {public_id for (public_id,) in rows(database_url, "SELECT public_id FROM session")}

    def _sessions(self, database_url):
        held = {
            public_id: tuple(rest)
            for public_id, *rest in rows(database_url, "SELECT public_id, status, ended_ms FROM session WHERE erasing = 0")
            if public_id not in self.others
        }
        expected = {public_id: (book.status, book.ended_ms) for public_id, book in self.books.items() if not book.erased}
        for public_id in expected.keys() | held.keys():
            if expected.get(public_id) != held.get(public_id):
                yield f"session {public_id}: acknowledged {expected.get(public_id)}, stored {held.get(public_id)}"

    def _rows_of(self, database_url, kind):
        table, columns, width = TABLES[kind]
        held = {public_id: {} for public_id in self.books}
        prefixed = ", ".join(f"t.{name.strip()}" for name in columns.split(","))
        for public_id, *row in rows(
            database_url, f"SELECT s.public_id, {prefixed} FROM {table} t JOIN session s ON s.id = t.session_id"
        ):
            held.setdefault(public_id, {})[tuple(row[:width])] = tuple(row[width:])
        for public_id, book in self.books.items():
            for given_kind, items in book.given_up:
                if given_kind == kind:
                    there = {key: held[public_id].pop(key) for key in items if key in held[public_id]}
                    if there and there != items:
                        yield f"{kind} of {public_id}: {len(there)} of the {len(items)} rows of one request are stored"
            expected = {} if book.erased else book.stored[kind]
            if kind == "minutes" and book.status == "ended":
                # The end scores the minutes with telemetry, whatever a tick said of them before; _inner_contradictions checks that.
                covered = book.minutes_with_telemetry()
                scored = {key for key, (source, *_) in held[public_id].items() if source == "server" and key[0] in covered}
                expected = {key: row for key, row in expected.items() if key not in scored}
                held[public_id] = {key: row for key, row in held[public_id].items() if key not in scored}
            if held[public_id] != expected:
                missing = [key for key in expected if key not in held[public_id]]
                extra = [key for key in held[public_id] if key not in expected]
                other = [key for key in expected if key in held[public_id] and expected[key] != held[public_id][key]]
                yield f"{kind} of {public_id}: {len(missing)} rows missing, {len(extra)} too many, {len(other)} with other values"


def _inner_contradictions(database_url):
    """Whatever the database says twice and not in the same way."""
    for kind, column in _COUNTED.items():
        table = TABLES[kind][0]
        for public_id, reported, counted in rows(
            database_url,
            f"SELECT public_id, {column}, (SELECT count(*) FROM {table} WHERE session_id = session.id) FROM session",
        ):
            if reported != counted:
                yield f"{public_id}: {column} is {reported}, its rows are {counted}"
    for public_id, minute in rows(database_url, _UNSCORED):
        yield f"{public_id}: minute {minute} is not scored as of the session's end"
    reported = dict(rows(database_url, "SELECT status, sessions FROM tally WHERE scope = 'all' AND sessions <> 0"))
    counted = dict(rows(database_url, "SELECT status, count(*) FROM session WHERE erasing = 0 GROUP BY status"))
    if reported != counted:
        yield f"the tally is {reported}, the sessions are {counted}"
    for table, _, _ in TABLES.values():
        ((orphans,),) = rows(database_url, f"SELECT count(*) FROM {table} WHERE session_id NOT IN (SELECT id FROM session)")
        if orphans:
            yield f"{table}: {orphans} rows of no session"
    if database_url.startswith("sqlite") and (said := rows(database_url, "PRAGMA integrity_check")) != [("ok",)]:
        yield f"integrity_check: {said[:3]}"
