"""A note in the API's names."""

from typing import Any

from bemore.reports.report_input import Note


def note_as_data(session_id: str, note: Note) -> dict[str, Any]:
    """A note as the notes' endpoints and the report return it."""
    return {
        "noteId": note.public_id,
        "sessionId": session_id,
        "author": note.author,
        "role": note.role,
        "kind": note.kind,
        "tStart": note.start_ms,
        "tEnd": note.end_ms,
        "text": note.text,
        "visibility": note.visibility,
        "createdAt": note.created_ms,
        "editedAt": note.edited_ms,
    }
