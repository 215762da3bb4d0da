"""Pages of a list: their limit, and the cursor of the next one."""

import base64

from marshmallow import ValidationError

from bemore.schemas.fields import MAX_TIME_MS, Text, Whole


class Limit(Whole):
    """The largest number of elements on a page, 1 to ``most``; an integer in a query string."""

    def __init__(self, most, **options):
        super().__init__(1, most, **options)

    def _deserialize(self, value, attr, data, **kwargs):
        if not (type(value) is str and value.isascii() and value.isdigit() and len(value) <= 12):
            raise ValidationError(self.refusal)
        return super()._deserialize(int(value), attr, data, **kwargs)


class Cursor(Text):
    """Where the last page ended, opaque to clients: two integers, the first of them a time in ms that is not below ``least``."""

    def __init__(self, least=0, **options):
        super().__init__(1, 100, description="The `nextCursor` of the page before", **options)
        self.earliest = least

    def finish(self, value):
        try:
            first, second = base64.urlsafe_b64decode(value.encode("ascii")).decode("ascii").split(".")
            position = int(first), int(second)
        except ValueError:
            position = None
        if position is None or not (self.earliest <= position[0] <= MAX_TIME_MS and self.earliest <= position[1] < 2**63):
            raise ValidationError("must be a nextCursor of an earlier answer")
        return position


def cursor_text(first, second):
    """The cursor of what follows a session (its start and key) or a snippet (its start and end)."""
    return base64.urlsafe_b64encode(f"{first}.{second}".encode("ascii")).decode("ascii")
