"""Notes on a session's timeline."""

from typing import Annotated, Literal

import marshmallow

from bemore.clock import EPOCH_FROM_MS
from bemore.schemas.base import Body
from bemore.schemas.fields import OneOf, Text, TimeMs
from bemore.schemas.response import Response, SessionId, count, doc, epoch_ms, span_ms, word

KINDS = ("bookmark", "note")
VISIBILITIES = ("private", "shared")

_TIME = "When it is, milliseconds: below 10¹¹ since the session's start, from there on since the Unix epoch"
_KIND = "A mark at a moment, or words about it"
_VISIBILITY = "`private`: for its author alone. `shared`: for everybody who may see the session, and in reports"


class _Fields(Body):
    t_end = TimeMs(description="When it ended, counted like tStart, and not before it")
    text = Text(1, 2000, description="The words; a note needs some")

    @marshmallow.validates_schema
    def _agree(self, note, **kwargs):
        times = [note[name] for name in ("t_start", "t_end") if note.get(name) is not None]
        if len({time < EPOCH_FROM_MS for time in times}) > 1:
            raise marshmallow.ValidationError("must count from the same moment as tStart: the session's start or the epoch", "tEnd")


class WriteNote(_Fields):
    """A bookmark or a note at a moment of the session."""

    examples = {
        "A bookmark": {"tStart": 754_000, "kind": "bookmark"},
        "A note that the other side sees": {
            "tStart": 754_000, "tEnd": 790_000, "kind": "note", "text": "가족 이야기에서 말이 빨라짐", "visibility": "shared",
        },
    }  # fmt: skip

    t_start = TimeMs(required=True, description=_TIME)
    kind = OneOf(*KINDS, required=True, description=_KIND)
    visibility = OneOf(*VISIBILITIES, load_default="private", description=_VISIBILITY)


class ChangeNote(_Fields):
    """What is to change of a note; what is left out stays."""

    examples = {"Share it": {"visibility": "shared"}, "Other words": {"text": "가족 이야기에서 목소리가 작아짐"}}

    t_start = TimeMs(description=_TIME)
    kind = OneOf(*KINDS, description=_KIND)
    visibility = OneOf(*VISIBILITIES, description=_VISIBILITY)


NoteId = Annotated[str, doc("The note", pattern="^note_[0-9]+_[0-9a-f]+$", examples=["note_1737251554_5b1f3a90c2d4e687"])]
Author = Annotated[str | None, doc("The subject of the author's token", null="without authentication")]
AuthorRole = Annotated[Literal["user", "counselor", "admin"] | None, doc("The role of the author's token", null="without authentication")]


class Note(Response):
    """A bookmark or a note at a moment of a session."""

    note_id: NoteId
    session_id: SessionId
    author: Author
    role: AuthorRole
    kind: Annotated[Literal[KINDS], word(_KIND)]
    t_start: Annotated[int, span_ms("When it is, from the session's start")]
    t_end: Annotated[int | None, span_ms("When it ended, from the session's start", null="if that was not told")]
    text: Annotated[str | None, doc("The words", null="of a bookmark without any", minLength=1, maxLength=2000)]
    visibility: Annotated[Literal[VISIBILITIES], word("Private notes are seen by their author alone")]
    created_at: Annotated[int, epoch_ms("When it was written")]
    edited_at: Annotated[int | None, epoch_ms("When it was last changed", null="if it never was")]


class Notes(Response):
    """The notes of a session that the caller may see."""

    session_id: SessionId
    count: Annotated[int, count("Notes")]
    notes: Annotated[list[Note], doc("By tStart and createdAt")]


class DeletedNote(Response):
    """A note that was deleted."""

    note_id: NoteId
    deleted: Annotated[bool, doc("The note is erased", const=True)]
