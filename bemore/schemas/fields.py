"""The fields of bodies and queries. They take JSON literally: no number out of a string, no boolean for a number, nothing without a bound.

A field says once what it takes, as a msgspec type (``kind``): marshmallow checks it, ``items`` compiles it, the OpenAPI document shows
it. Its refusal continues the field's name (``must be between 0 and 1``).
"""

import math
import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from marshmallow import ValidationError, fields, missing
from msgspec import Meta

from bemore.schemas.base import check
from bemore.schemas.languages import language_tag

#: Latest time taken, in ms: the year 2286 as an epoch, and some 300 years as a span.
MAX_TIME_MS = 10**13 - 1

#: The last minute of a session that can have a score (69 days).
MAX_MINUTE = 100_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WITHOUT_NUL = {"pattern": r"^[^\u0000]*$"}


class Field(fields.Field):
    """A field of JSON values of the type ``kind``, whose class says both or its constructor; ``description`` is for the OpenAPI document.

    One that is not ``required`` is ``load_default`` (None unless it says otherwise) if it is left out, or null.
    """

    default_error_messages = {"required": "is required", "null": "must not be null"}

    kind = refusal = None

    #: Whether its values are strings, or lists of strings, in which NUL could stand.
    holds_text = False

    def __init__(self, kind=None, refusal=None, *, description=None, **options):
        left_out = {} if options.get("required") else {"load_default": None, "allow_none": True}
        super().__init__(metadata={"description": description}, **{**left_out, **options})
        self.kind, self.refusal = kind or self.kind, refusal or self.refusal
        # msgspec prepares a struct once, but any other type at every conversion.
        self._box = msgspec.defstruct("Box", [("value", self.kind)])

    def deserialize(self, value, attr=None, data=None, **kwargs):
        return super().deserialize(missing if value is None and not self.required else value, attr, data, **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            value = msgspec.convert({"value": value}, self._box).value
        except msgspec.ValidationError:
            raise ValidationError(self.refusal) from None
        if self.holds_text and has_nul(value):
            raise ValidationError("must not contain NUL")
        return self.finish(value)

    def finish(self, value):
        """The value that comes out of one of the type ``kind``. Raises ValidationError for what the type cannot tell."""
        return value

    @staticmethod
    def needs_finish(values):
        """Whether ``finish`` may change one of these values, none of which is None."""
        return True

    def json_schema(self):
        """The JSON Schema of what the field takes."""
        schema = msgspec.json.schema(self.kind)
        if "pattern" in schema:
            schema["pattern"] = schema["pattern"].replace(r"\Z", "$")  # ECMAScript's $ is Python's \Z
        return or_null(schema) if self.allow_none else schema


def or_null(schema):
    """A JSON Schema with one type that takes null as well."""
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **words, "type": [schema["type"], "null"]}


def has_nul(value):
    """Whether a string, or one of a list of strings, holds NUL: databases do not store it. A pattern of msgspec's would take longer."""
    return "\x00" in value if type(value) is str else any("\x00" in text for text in value)


#: How far a score or a share may lie outside of 0..1: what sums of floats leave, which is clamped.
_DUST = 1e-6

_Share = Annotated[float, Meta(ge=-_DUST, le=1 + _DUST)]


class Share(Field):
    """A number 0..1; comes out as a float."""

    kind, refusal = _Share, "must be between 0 and 1"

    def finish(self, value):
        return min(max(value, 0.0), 1.0)

    @staticmethod
    def needs_finish(values):
        return min(values) < 0 or max(values) > 1


class Whole(Field):
    """An integer from ``least`` to ``most``; 3.0 is one, as JSON has a single kind of number."""

    def __init__(self, least, most, **options):
        super().__init__(Annotated[int, Meta(ge=least, le=most)], f"must be an integer between {least} and {most}", **options)
        self.least, self.most = least, most

    def _deserialize(self, value, attr, data, **kwargs):
        whole = type(value) is float and value.is_integer()
        return super()._deserialize(int(value) if whole else value, attr, data, **kwargs)


class TimeMs(Field):
    """Milliseconds, a fraction rounded half up: for times, below 10^11 since the session's start, from there on since the epoch."""

    least, most = 0, MAX_TIME_MS
    kind = Annotated[int, Meta(ge=0, le=MAX_TIME_MS)] | Annotated[float, Meta(ge=-0.5, lt=MAX_TIME_MS + 0.5)]
    refusal = f"must be a number between 0 and {MAX_TIME_MS}"

    def finish(self, value):
        return math.floor(value + 0.5) if type(value) is float else value

    @staticmethod
    def needs_finish(values):
        return float in set(map(type, values))

    def json_schema(self):
        # With what is rounded to the bounds.
        schema = {"type": "number", "minimum": self.least - 0.5, "exclusiveMaximum": self.most + 0.5}
        return or_null(schema) if self.allow_none else schema


class Voiced(Field):
    """``true``, ``false`` or a probability 0..1; comes out as a float, true as 1."""

    kind, refusal = bool | _Share, "must be true, false or between 0 and 1"

    def finish(self, value):
        return min(max(float(value), 0.0), 1.0)


class Flag(Field):
    """``true`` or ``false``, nothing else."""

    kind, refusal = bool, "must be true or false"


class Text(Field):
    """A string of ``least`` to ``most`` characters without NUL; subclasses may set both."""

    least = most = None
    holds_text = True

    def __init__(self, least=None, most=None, **options):
        if most is not None:
            self.least, self.most = least, most
        kind = Annotated[str, Meta(min_length=self.least, max_length=self.most, extra_json_schema=_WITHOUT_NUL)]
        super().__init__(kind, f"must be a string of {self.least} to {self.most} characters", **options)


class Id(Text):
    """An identifier of 1..128 characters, none of them a control character."""

    least, most = 1, 128

    def finish(self, value):
        if _CONTROL.search(value):
            raise ValidationError("must not contain control characters")
        return value

    def json_schema(self):
        return {**super().json_schema(), "pattern": r"^[^\u0000-\u001f\u007f]*$"}


class Language(Field):
    """A language as a string of at most 64 characters; comes out as a BCP 47 tag, ``und`` if it is not understood."""

    kind = Annotated[str, Meta(max_length=64, extra_json_schema=_WITHOUT_NUL)]
    refusal = "must be a string of at most 64 characters, such as ko"
    holds_text = True

    def finish(self, value):
        return language_tag(value)


class Pitch(Field):
    """A pitch in Hz, at most ``most``; 0 and below mean that there is none, and come out as None."""

    def __init__(self, most, **options):
        super().__init__(Annotated[float, Meta(le=most)], f"must be a number of at most {most}", **options)

    def finish(self, value):
        return value if value > 0 else None

    @staticmethod
    def needs_finish(values):
        return min(values) <= 0


class OneOf(Field):
    """Exactly one of some words."""

    def __init__(self, *words, **options):
        super().__init__(Literal[words], f"must be one of {', '.join(words)}", **options)
        self.words = words

    def json_schema(self):
        schema = {"type": "string", "enum": list(self.words)}
        return or_null(schema) if self.allow_none else schema


class Words(Field):
    """A list of at most ``most`` strings of at most ``length`` characters."""

    holds_text = True

    def __init__(self, most, length, **options):
        word = Annotated[str, Meta(max_length=length, extra_json_schema=_WITHOUT_NUL)]
        refusal = f"must be a list of at most {most} strings of at most {length} characters"
        super().__init__(Annotated[list[word], Meta(max_length=most)], refusal, **options)


#: Largest coordinate of a point: normalized ones are about 0..1, pixels a few thousand.
MAX_COORDINATE = 100_000

_Coordinate = Annotated[float, Meta(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]


class _Axes(msgspec.Struct, gc=False):
    x: _Coordinate | None
    y: _Coordinate | None
    z: _Coordinate | None | msgspec.UnsetType = msgspec.UNSET


class Points(Field):
    """At most ``most`` points, each ``[x, y]``, ``[x, y, z]`` or ``{x, y, z}``; comes out as lists of two or three floats.

    With a coordinate of null (JavaScript writes NaN so), it comes out as None.
    """

    def __init__(self, most, **options):
        point = Annotated[list[_Coordinate | None], Meta(min_length=2, max_length=3)] | _Axes
        refusal = f"must be a list of at most {most} points [x, y], [x, y, z] or {{x, y, z}}, each number within ±{MAX_COORDINATE}"
        super().__init__(Annotated[list[point], Meta(max_length=most)], refusal, **options)
        self.most = most

    def finish(self, value):
        points = [point if type(point) is list else _as_list(point) for point in value]
        return None if any(None in point for point in points) else points

    def json_schema(self):
        number = or_null(msgspec.json.schema(_Coordinate))
        axes = {"type": "object", "required": ["x", "y"], "properties": {axis: number for axis in "xyz"}}
        point = {"oneOf": [{"type": "array", "items": number, "minItems": 2, "maxItems": 3}, axes]}
        return or_null({"type": "array", "maxItems": self.most, "items": point})


def _as_list(point):
    return [axis for axis in msgspec.structs.astuple(point) if axis is not msgspec.UNSET]


_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(?:(:\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-]\d\d)(?::?(\d\d))?)", re.ASCII
)

#: Only parts of the first and the last year are taken, and which depends on the offset: the document promises neither year.
_MOMENT_DOCUMENTED = (
    r"^(197[1-9]|19[89][0-9]|2[01][0-9]{2}|22[0-7][0-9]|228[0-5])-[0-9]{2}-[0-9]{2}"
    r"T[0-9]{2}:[0-9]{2}(:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
)


def parse_timestamp(text):
    """Epoch milliseconds of an ISO 8601 moment with an offset or Z, 1970 to 2286; None for any other text."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    minute, second, fraction, hours, minutes = match.groups()
    offset = f"{hours or '+00'}:{minutes or '00'}"
    try:
        seconds = math.floor(datetime.fromisoformat(f"{minute}{second or ':00'}{offset}").timestamp())
    except (ValueError, OverflowError):
        return None
    milliseconds = seconds * 1000 + int(((fraction or "") + "000")[:3])
    return milliseconds if 0 <= milliseconds <= MAX_TIME_MS else None


class Timestamp(Field):
    """A moment in ISO 8601 with an offset or Z, 1970 to 2286; comes out as epoch milliseconds."""

    kind = Annotated[str, Meta(extra_json_schema={"format": "date-time", "pattern": _MOMENT_DOCUMENTED})]
    refusal = "must be ISO 8601 with an offset or Z, such as 2026-11-23T09:33:08.420Z"

    def finish(self, value):
        milliseconds = parse_timestamp(value)
        if milliseconds is None:
            raise ValidationError(self.refusal)
        return milliseconds


class Part(Field):
    """An object of another schema. Its problems are reported under the names of its own fields."""

    def __init__(self, schema, **options):
        super().__init__(dict, "must be an object", **options)
        self.schema, self.inner = schema, schema()

    def finish(self, value):
        return check(self.inner, value)
