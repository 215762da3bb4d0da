"""Notes on a session's timeline: bookmarks and words at a moment, private or shared."""

from flask import Blueprint

from bemore import clock
from bemore.api.http.auditing import recorder
from bemore.api.http.operation import operation
from bemore.auth.access import Access, reader
from bemore.models import note
from bemore.models.audit import ERASE_NOTES, READ_NOTES
from bemore.reports.stored import note_as_data
from bemore.schemas import notes as schemas

blueprint = Blueprint("notes", __name__, url_prefix="/api/session/<session_id:session_id>/notes")


@blueprint.post("")
@operation("Mark a moment", Access.SESSION, body=schemas.WriteNote, response=schemas.Note, status=201, idempotent=True)
def add(scope, body):
    """A bookmark, or a note with words. Private unless it says `shared`. In any state of the session."""
    now, author = clock.now_ms(), reader()

    def run():
        made, note_key, row = note.add(scope, author, body, now)
        return note_as_data(scope.public_id, made), row.key, note_key

    return run


@blueprint.get("")
@operation("The notes of a session", Access.SESSION, response=schemas.Notes, reads=READ_NOTES)
def show(scope):
    """One's own and those that are shared; without authentication all."""
    notes = [note_as_data(scope.public_id, each) for each in note.of_session(scope, reader())]
    return {"sessionId": scope.public_id, "count": len(notes), "notes": notes}


@blueprint.put("/<note_id>")
@operation("Change a note", Access.NOTE, body=schemas.ChangeNote, response=schemas.Note)
def change(scope, note_id, body):
    """What is left out stays as it is."""
    return note_as_data(scope.public_id, note.change(scope, note_id, reader(), body, clock.now_ms()))


@blueprint.delete("/<note_id>")
@operation("Delete a note", Access.NOTE, response=schemas.DeletedNote)
def delete(scope, note_id):
    """Its author may, and an administrator if it is shared."""
    record = recorder(ERASE_NOTES)
    note.delete(scope, note_id, reader(), lambda row: record(row.public_id))
    return {"noteId": note_id, "deleted": True}
