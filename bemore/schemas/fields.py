"""Fields that take JSON at its word: no number out of a string, no boolean for a number, nothing without a bound.

Each refuses in words that go on from the field's name (``must be between 0 and 1``) and tells its JSON Schema.
"""

import math
import re
from datetime import datetime

from marshmallow import ValidationError, fields

#: Latest time taken, in ms: the year 2286 as an epoch, and some 300 years as a span.
MAX_TIME_MS = 10**13 - 1

#: The last minute of a session that can have a score (69 days).
MAX_MINUTE = 100_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _Field(fields.Field):
    default_error_messages = {"required": "is required", "null": "must not be null"}

    def json_schema(self):
        """The JSON Schema of what the field takes."""
        raise TypeError(f"{type(self).__name__} tells no JSON Schema")

    def _or_null(self, schema):
        return {**schema, "type": [schema["type"], "null"]} if self.allow_none else schema


class Real(_Field):
    """A finite number from ``least`` to ``most``; comes out as a float."""

    def __init__(self, least, most, **options):
        super().__init__(**options)
        self.least, self.most = least, most
        self.refusal = f"must be between {least} and {most}"

    def _deserialize(self, value, attr, data, **kwargs):
        # bool is a subclass of int; nan fails every comparison.
        if (type(value) is float or type(value) is int) and self.least <= value <= self.most:
            return float(value)
        raise ValidationError(self.refusal)

    def json_schema(self):
        return self._or_null({"type": "number", "minimum": self.least, "maximum": self.most})


class Share(Real):
    """A number 0..1."""

    def __init__(self, **options):
        super().__init__(0, 1, **options)


class Whole(_Field):
    """An integer from ``least`` to ``most``; 3.0 is one, as JSON has a single kind of number."""

    def __init__(self, least, most, **options):
        super().__init__(**options)
        self.least, self.most = least, most
        self.refusal = f"must be an integer between {least} and {most}"

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is int and self.least <= value <= self.most:
            return value
        raise ValidationError(self.refusal)

    def json_schema(self):
        return self._or_null({"type": "integer", "minimum": self.least, "maximum": self.most})


class TimeMs(Whole):
    """Milliseconds: below 10^11 since the session's start, from there on since the epoch."""

    def __init__(self, **options):
        super().__init__(0, MAX_TIME_MS, **options)


class Voiced(Real):
    """``true``, ``false`` or a probability 0..1; comes out as a float, true as 1."""

    def __init__(self, **options):
        super().__init__(0, 1, **options)
        self.refusal = "must be true, false or between 0 and 1"

    def _deserialize(self, value, attr, data, **kwargs):
        return float(value) if type(value) is bool else super()._deserialize(value, attr, data, **kwargs)

    def json_schema(self):
        return {"oneOf": [{"type": "boolean"}, super().json_schema()]}


class Text(_Field):
    """A string of ``least`` to ``most`` characters without NUL."""

    def __init__(self, least, most, **options):
        super().__init__(**options)
        self.least, self.most = least, most
        self.refusal = f"must be a string of {least} to {most} characters"

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is not str or not self.least <= len(value) <= self.most:
            raise ValidationError(self.refusal)
        if "\x00" in value:
            raise ValidationError("must not contain NUL")
        return value

    def json_schema(self):
        return self._or_null({"type": "string", "minLength": self.least, "maxLength": self.most, "pattern": r"^[^\u0000]*$"})


class Id(Text):
    """An identifier of 1..128 characters, none of them a control character."""

    def __init__(self, **options):
        super().__init__(1, 128, **options)

    def _deserialize(self, value, attr, data, **kwargs):
        if _CONTROL.search(super()._deserialize(value, attr, data, **kwargs)):
            raise ValidationError("must not contain control characters")
        return value

    def json_schema(self):
        return {**super().json_schema(), "pattern": r"^[^\u0000-\u001f\u007f]*$"}


class Language(Text):
    """A language tag such as ``ko`` or ``en-US`` (BCP 47)."""

    PATTERN = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")

    def __init__(self, **options):
        super().__init__(2, 30, **options)
        self.refusal = "must be a language tag such as ko"

    def _deserialize(self, value, attr, data, **kwargs):
        if not self.PATTERN.fullmatch(super()._deserialize(value, attr, data, **kwargs)):
            raise ValidationError(self.refusal)
        return value

    def json_schema(self):
        return {"type": "string", "pattern": f"^{self.PATTERN.pattern}$"}


class OneOf(_Field):
    """Exactly one of some words."""

    def __init__(self, *words, **options):
        super().__init__(**options)
        self.words = words
        self.refusal = f"must be one of {', '.join(words)}"

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is str and value in self.words:
            return value
        raise ValidationError(self.refusal)

    def json_schema(self):
        return {"type": "string", "enum": list(self.words)}


class Words(_Field):
    """A list of at most ``most`` strings of at most ``length`` characters."""

    def __init__(self, most, length, **options):
        super().__init__(**options)
        self.most, self.length = most, length
        self.refusal = f"must be a list of at most {most} strings of at most {length} characters"

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is not list or len(value) > self.most:
            raise ValidationError(self.refusal)
        for word in value:
            if type(word) is not str or len(word) > self.length:
                raise ValidationError(self.refusal)
            if "\x00" in word:
                raise ValidationError("must not contain NUL")
        return value

    def json_schema(self):
        word = {"type": "string", "maxLength": self.length, "pattern": r"^[^\u0000]*$"}
        return {"type": "array", "maxItems": self.most, "items": word}


class Points(_Field):
    """At most ``most`` points, each ``[x, y]``, ``[x, y, z]`` or ``{x, y, z}``; comes out as lists of two or three floats."""

    #: Largest coordinate: normalised ones are about 0..1, pixels a few thousand.
    BOUND = 100_000

    def __init__(self, most, **options):
        super().__init__(**options)
        self.most = most
        self.refusal = f"must be a list of at most {most} points [x, y], [x, y, z] or {{x, y, z}}, each number within ±{self.BOUND}"

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is not list or len(value) > self.most:
            raise ValidationError(self.refusal)
        return [self._point(point) for point in value]

    def _point(self, point):
        if type(point) is dict:
            point = [point.get(axis) for axis in "xyz" if axis in point or axis != "z"]
        if type(point) is not list or not 2 <= len(point) <= 3:
            raise ValidationError(self.refusal)
        for number in point:
            if type(number) not in (int, float) or not -self.BOUND <= number <= self.BOUND:
                raise ValidationError(self.refusal)
        return point

    def json_schema(self):
        number = {"type": "number", "minimum": -self.BOUND, "maximum": self.BOUND}
        axes = {"type": "object", "required": ["x", "y"], "properties": {axis: number for axis in "xyz"}}
        point = {"oneOf": [{"type": "array", "items": number, "minItems": 2, "maxItems": 3}, axes]}
        return {"type": "array", "maxItems": self.most, "items": point}


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_timestamp(text):
    """Epoch milliseconds of an ISO 8601 moment with an offset or Z, 1970 to 2286; None for any other text."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    whole, fraction, offset = match.groups()
    try:
        seconds = math.floor(datetime.fromisoformat(whole + ("+00:00" if offset == "Z" else offset)).timestamp())
    except (ValueError, OverflowError):
        return None
    milliseconds = seconds * 1000 + int(((fraction or "") + "000")[:3])
    return milliseconds if 0 <= milliseconds <= MAX_TIME_MS else None


class Timestamp(_Field):
    """A moment in ISO 8601 with an offset or Z, 1970 to 2286; comes out as epoch milliseconds."""

    #: Of the first and the last year only a part can be told, and which depends on the offset: clients are told neither.
    PATTERN = (
        r"^(197[1-9]|19[89][0-9]|2[01][0-9]{2}|22[0-7][0-9]|228[0-5])-[0-9]{2}-[0-9]{2}"
        r"T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
    )

    def _deserialize(self, value, attr, data, **kwargs):
        milliseconds = parse_timestamp(value) if type(value) is str else None
        if milliseconds is None:
            raise ValidationError("must be ISO 8601 with an offset or Z, such as 2026-11-23T09:33:08.420Z")
        return milliseconds

    def json_schema(self):
        return {"type": "string", "format": "date-time", "pattern": self.PATTERN}


class Items(_Field):
    """A list of 1 to ``most`` objects of a schema.

    The list's length is looked at before its elements. A refusal carries the good elements as ``valid_data``.
    """

    def __init__(self, schema, most=100, **options):
        super().__init__(**options)
        self.schema, self.most = schema, most
        self.element = schema()

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is not list or not 1 <= len(value) <= self.most:
            raise ValidationError(f"must be a list of 1 to {self.most} objects")
        good, problems = [], {}
        for index, element in enumerate(value):
            try:
                good.append(self.element.load(element))
            except ValidationError as error:
                problems[index] = error.messages
        if problems:
            raise ValidationError(problems, valid_data=good)
        return good

    def json_schema(self):
        # The element's own schema is named by who makes the document.
        return {"type": "array", "minItems": 1, "maxItems": self.most}


class QueryWhole(Whole):
    """An integer in a query string."""

    def _deserialize(self, value, attr, data, **kwargs):
        if not (type(value) is str and value.isascii() and value.isdigit() and len(value) <= 12):
            raise ValidationError(self.refusal)
        return super()._deserialize(int(value), attr, data, **kwargs)
