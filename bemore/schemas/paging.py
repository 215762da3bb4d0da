"""Pages of a list: their limit, and the cursor of the next one."""

import base64

from marshmallow import ValidationError

from bemore.schemas.fields import MAX_TIME_MS, Text, Whole


class QueryInteger(Whole):
    """An integer from ``least`` to ``most`` in a query string."""

    def _deserialize(self, value, attr, data, **kwargs):
        digits = value.removeprefix("-" if self.least < 0 else "") if type(value) is str else ""
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            raise ValidationError(self.refusal)
        return super()._deserialize(int(value), attr, data, **kwargs)


class Limit(QueryInteger):
    """The largest number of elements on a page, 1 to ``most``."""

    def __init__(self, most, **options):
        super().__init__(1, most, **options)


class Cursor(Text):
    """Where the last page ended, opaque to clients: ``count`` integers, the first of them a time in ms, none of them below ``least``."""

    def __init__(self, least=0, count=2, **options):
        super().__init__(1, 100, description="The `nextCursor` of the page before", **options)
        self.earliest, self.count = least, count

    def finish(self, value):
        try:
            position = tuple(map(int, base64.urlsafe_b64decode(value.encode("ascii")).decode("ascii").split(".")))
        except ValueError:
            position = ()
        bounded = position and position[0] <= MAX_TIME_MS and all(self.earliest <= each < 2**63 for each in position)
        if not bounded or len(position) != self.count:
            raise ValidationError("must be a nextCursor of an earlier answer")
        return position


def cursor_text(*position):
    """The cursor of what follows a session (its start and key), a snippet (its start, end and speaker) or a minute."""
    return base64.urlsafe_b64encode(".".join(map(str, position)).encode("ascii")).decode("ascii")
