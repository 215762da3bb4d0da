"""Bodies and queries of the session endpoints."""

import base64
import binascii

from marshmallow import ValidationError

from bemore.schemas.base import Body
from bemore.schemas.fields import MAX_TIME_MS, Id, QueryWhole, Text, Whole


class StartSession(Body):
    """Who talks to whom."""

    user_id = Id(data_key="userId", required=True)
    counselor_id = Id(data_key="counselorId", required=True)


class GiveFeedback(Body):
    """A rating of the session and what else there is to say."""

    rating = Whole(1, 5, required=True)
    note = Text(0, 2000, load_default=None, allow_none=False)


class _Cursor(Text):
    """Where the last page ended: (started_ms, key), opaque to clients."""

    def __init__(self, **options):
        super().__init__(1, 100, **options)

    def _deserialize(self, value, attr, data, **kwargs):
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            started, key = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(".")
            position = int(started), int(key)
        except (ValueError, binascii.Error):
            position = -1, -1
        if not (0 <= position[0] <= MAX_TIME_MS and 0 <= position[1] < 2**63):
            raise ValidationError("must be a nextCursor of an earlier answer")
        return position


def cursor_text(started_ms, key):
    """The cursor that goes on behind a session."""
    return base64.urlsafe_b64encode(f"{started_ms}.{key}".encode("ascii")).decode("ascii")


class OfUser(Body):
    """Whose sessions."""

    user_id = Id(data_key="userId", required=True)


class ListSessions(Body):
    """A page of a list."""

    limit = QueryWhole(1, 100, load_default=100)
    cursor = _Cursor(load_default=None)
