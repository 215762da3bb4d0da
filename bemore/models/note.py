"""Notes on a session's timeline. Private ones are for their author alone, not even for administrators."""

import re
import secrets

from bemore.clock import EPOCH_FROM_MS
from bemore.db.connections import execute, read, write
from bemore.errors import Forbidden, InvalidInput, NoteNotFound
from bemore.models import session
from bemore.models.keys import new_row_key
from bemore.models.session_data import PLAUSIBLE_MS
from bemore.reports.report_input import Note

#: Notes of a session, at most: what lists and reports show must have a bound.
MAX_NOTES = 5_000

#: What every id looks like; anything else is nobody's and is not looked up.
_ID = re.compile(r"note_[0-9]{1,12}_[0-9a-f]{16}")


_COLUMNS = ", ".join(Note._fields)
_OF_SESSION = f"SELECT id, {_COLUMNS} FROM note WHERE session_id = ?"
#: The note of a session that an id names.
_NAMED = "session_id = ? AND public_id = ?"
_FIND = f"SELECT id, {_COLUMNS} FROM note WHERE {_NAMED}"
_IN_ORDER = " ORDER BY start_ms, created_ms, id"
_INSERT = f"INSERT INTO note (id, session_id, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_UPDATE = "UPDATE note SET kind = ?, start_ms = ?, end_ms = ?, text = ?, visibility = ?, edited_ms = ? WHERE session_id = ? AND id = ?"

_OF_AUTHOR = (
    "FROM note JOIN session ON session.id = note.session_id WHERE note.author = ? AND session.user_id <> ? AND session.erasing = 0"
)


def add(scope, author, values, now_ms):
    """Store a note of a Reader inside the caller's transaction; return the Note, its key and the SessionRow.

    ``values`` are kind, t_start, t_end, text and visibility; times are as in uploads. Raises SessionNotFound, InvalidInput.
    """
    row = session.touch(scope)
    if execute("SELECT count(*) FROM note WHERE session_id = ?", (row.key,)).fetchone()[0] >= MAX_NOTES:
        raise _invalid("notes", f"must be at most {MAX_NOTES} of a session")
    public_id = f"note_{now_ms // 1000}_{secrets.token_hex(8)}"
    note = Note(public_id, *author, values["kind"], 0, None, values["text"], values["visibility"], now_ms, None)
    note = _with_times(row, note, values, now_ms)
    _check(note)
    key = new_row_key(now_ms)
    execute(_INSERT, (key, row.key, *note))
    return note, key, row


def of_session(scope, reader):
    """The notes that a Reader may see, by their start. Raises SessionNotFound."""
    with read():
        row = session.find(scope)
        rows = execute(_OF_SESSION + _IN_ORDER, (row.key,)).fetchall()
    return [note for note in map(Note._make, (values for _, *values in rows)) if _is_seen_by(note, reader)]


def shared(row):
    """The shared notes of a session (its SessionRow), by their start, inside the caller's transaction."""
    rows = execute(f"{_OF_SESSION} AND visibility = 'shared'{_IN_ORDER}", (row.key,)).fetchall()
    return [Note._make(values) for _, *values in rows]


def change(scope, note_id, reader, changes, now_ms):
    """Change a note as its author, durably; return it. ``changes`` are as the values of ``add``, None for what stays.

    Raises SessionNotFound, NoteNotFound, Forbidden, InvalidInput.
    """
    changes = {name: value for name, value in changes.items() if value is not None}

    def work():
        row = session.touch(scope) if changes else session.find(scope)
        key, note = _find(row, note_id, reader)
        if not _is_of(note, reader):
            raise Forbidden
        new = note._replace(**{name: changes[name] for name in ("kind", "text", "visibility") if name in changes})
        new = _with_times(row, new, changes, now_ms)
        _check(new)
        if new == note:
            return note
        new = new._replace(edited_ms=now_ms)
        execute(_UPDATE, (new.kind, new.start_ms, new.end_ms, new.text, new.visibility, new.edited_ms, row.key, key))
        return new

    return write(work)


def delete(scope, note_id, reader, also):
    """Delete a note and the stored responses that contain it, durably. ``also(row)`` runs in the same transaction.

    Raises SessionNotFound, NoteNotFound, Forbidden.
    """

    def work():
        row = session.touch(scope)
        key, note = _find(row, note_id, reader)
        if not (_is_of(note, reader) or reader.may_delete_all):
            raise Forbidden
        _delete(row, [key])
        also(row)

    write(work)


def count_of_author(author):
    """How many notes somebody has written in the sessions of others."""
    with read():
        return execute(f"SELECT count(*) {_OF_AUTHOR}", (author, author)).fetchone()[0]


def sessions_of_author(author, limit):
    """The public ids of sessions, at most ``limit``, in which somebody has written notes."""
    with read():
        rows = execute(f"SELECT DISTINCT session.public_id {_OF_AUTHOR} LIMIT ?", (author, author, limit)).fetchall()
    return [public_id for (public_id,) in rows]


def erase_of_author(scope, author):
    """Delete what somebody has written in a session, inside the caller's transaction; return how many notes. Raises SessionNotFound."""
    row = session.touch(scope)
    keys = [key for (key,) in execute("SELECT id FROM note WHERE author = ? AND session_id = ?", (author, row.key)).fetchall()]
    _delete(row, keys)
    return len(keys)


def _delete(row, keys):
    """Delete notes of a session (its SessionRow) and the stored responses that contain them, inside the caller's transaction."""
    for key in keys:
        # By themselves, as they need not have a foreign key: deploy/citus.sql.
        execute("DELETE FROM idempotency_key WHERE session_id = ? AND note_id = ?", (row.key, key))
        execute("DELETE FROM note WHERE session_id = ? AND id = ?", (row.key, key))


def _find(row, note_id, reader):
    """(key, Note) of a session (its SessionRow) that the Reader may see, inside the caller's transaction. Raises NoteNotFound."""
    values = execute(_FIND, (row.key, note_id)).fetchone() if _ID.fullmatch(note_id) else None
    if values is None or not _is_seen_by(note := Note._make(values[1:]), reader):
        raise NoteNotFound(note_id)
    return values[0], note


def _is_of(note, reader):
    """Whether the Reader is the note's author; without authentication everybody is."""
    return reader.sees_all or note.author == reader.subject


def _is_seen_by(note, reader):
    return note.visibility == "shared" or _is_of(note, reader)


def _with_times(row, note, values, now_ms):
    """The note with the times among ``values``, counted from the start of its session (a SessionRow)."""
    latest_ms = row.duration_ms(now_ms) + PLAUSIBLE_MS
    for name, column, field in (("t_start", "start_ms", "tStart"), ("t_end", "end_ms", "tEnd")):
        time_ms = values.get(name)
        if time_ms is None:
            continue
        if time_ms >= EPOCH_FROM_MS:
            time_ms = max(0, time_ms - row.started_ms)
        if time_ms > latest_ms:
            raise _invalid(field, "must not be more than 24 hours after the session; it counts milliseconds")
        note = note._replace(**{column: time_ms})
    return note


def _check(note):
    if note.end_ms is not None and note.end_ms < note.start_ms:
        raise _invalid("tEnd", "must not be before tStart")
    if note.kind == "note" and note.text is None:
        raise _invalid("text", "is required in a note")


def _invalid(field, refusal):
    return InvalidInput([{"field": field, "message": f"{field} {refusal}"}])
