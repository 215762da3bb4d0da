"""Bodies and queries of the session endpoints."""

import base64
import binascii

from marshmallow import ValidationError

from bemore.schemas.base import Body
from bemore.schemas.fields import MAX_TIME_MS, Id, OneOf, QueryWhole, Text, Whole


class StartSession(Body):
    """Who talks to whom."""

    user_id = Id(data_key="userId", required=True)
    counselor_id = Id(data_key="counselorId", required=True)


class GiveFeedback(Body):
    """A rating of the session and what else there is to say."""

    rating = Whole(1, 5, required=True)
    note = Text(0, 2000, load_default=None, allow_none=False)


class _Cursor(Text):
    """Where the last page ended, opaque to clients: two integers, the first of them a time in ms that is not below ``least``."""

    def __init__(self, least=0, **options):
        super().__init__(1, 100, **options)
        self._least = least

    def _deserialize(self, value, attr, data, **kwargs):
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            first, second = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(".")
            position = int(first), int(second)
        except (ValueError, binascii.Error):
            position = None
        if position is None or not (self._least <= position[0] <= MAX_TIME_MS and self._least <= position[1] < 2**63):
            raise ValidationError("must be a nextCursor of an earlier answer")
        return position


def cursor_text(first, second):
    """The cursor that goes on behind a session (its start and key) or a snippet (its start and end)."""
    return base64.urlsafe_b64encode(f"{first}.{second}".encode("ascii")).decode("ascii")


class OfUser(Body):
    """Whose sessions."""

    user_id = Id(data_key="userId", required=True)


class ListSessions(Body):
    """A page of a list."""

    limit = QueryWhole(1, 100, load_default=100)
    cursor = _Cursor(load_default=None)


class FindSessions(ListSessions):
    """A page of a list, and what it is to hold."""

    status = OneOf("active", "paused", "ended", load_default=None, allow_none=False)
    user_id = Id(data_key="userId", load_default=None, allow_none=False)
    counselor_id = Id(data_key="counselorId", load_default=None, allow_none=False)


class ReadTranscript(Body):
    """A page of a transcript."""

    limit = QueryWhole(1, 500, load_default=100)
    cursor = _Cursor(least=-MAX_TIME_MS, load_default=None)
