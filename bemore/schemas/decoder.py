"""A schema's fast twin: a msgspec decoder derived from the same declaration.

It turns the bytes of a body into the values the schema would give, or says nothing and leaves the body to the schema: for
the words of a refusal, for partial success, and for what only the schema takes (such as ``3.0`` for an integer). So it may
be stricter than the schema, never laxer, but for one thing: a number beyond all floats in a field nobody knows is passed
over. A field that it cannot compile is a TypeError at import, not a difference.
"""

from typing import Annotated, Literal, Union

import msgspec
from marshmallow import missing
from msgspec import Meta

from bemore.schemas import fields
from bemore.schemas.base import Item, load


class _Axes(msgspec.Struct):
    x: Annotated[float, Meta(ge=-fields.Points.BOUND, le=fields.Points.BOUND)]
    y: Annotated[float, Meta(ge=-fields.Points.BOUND, le=fields.Points.BOUND)]
    z: Annotated[float, Meta(ge=-fields.Points.BOUND, le=fields.Points.BOUND)] | msgspec.UnsetType = msgspec.UNSET


class _Refused(Exception):
    """The schema shall have a look."""


def _real(field):
    return Annotated[float, Meta(ge=field.least, le=field.most)], None


def _whole(field):
    return Annotated[int, Meta(ge=field.least, le=field.most)], None


def _voiced(field):
    return Union[bool, _real(field)[0]], float


def _text(field):
    # NUL is looked for once, in the whole body: see Decoder.
    return Annotated[str, Meta(min_length=field.least, max_length=field.most)], None


def _id(field):
    return Annotated[str, Meta(min_length=field.least, max_length=field.most, pattern=r"^[^\x00-\x1f\x7f]*\Z")], None


def _language(field):
    return Annotated[str, Meta(pattern=rf"^(?:{field.PATTERN.pattern})\Z")], None


def _one_of(field):
    return Literal[field.words], None


def _words(field):
    return Annotated[list[Annotated[str, Meta(max_length=field.length)]], Meta(max_length=field.most)], None


def _points(field):
    number = Annotated[float, Meta(ge=-field.BOUND, le=field.BOUND)]
    point = Union[Annotated[list[number], Meta(min_length=2, max_length=3)], _Axes]
    return Annotated[list[point], Meta(max_length=field.most)], _as_lists


def _as_lists(points):
    return [point if type(point) is list else _axes(point) for point in points]


def _axes(point):
    return [axis for axis in msgspec.structs.astuple(point) if axis is not msgspec.UNSET]


def _timestamp(field):
    return str, _milliseconds


def _milliseconds(text):
    found = fields.parse_timestamp(text)
    if found is None:
        raise _Refused
    return found


_COMPILERS = {
    fields.Real: _real,
    fields.Share: _real,
    fields.Whole: _whole,
    fields.TimeMs: _whole,
    fields.Voiced: _voiced,
    fields.Text: _text,
    fields.Id: _id,
    fields.Language: _language,
    fields.OneOf: _one_of,
    fields.Words: _words,
    fields.Points: _points,
    fields.Timestamp: _timestamp,
}


def _compile(field):
    """(msgspec type, what turns its value into the schema's or None)."""
    try:
        kind, convert = _COMPILERS[type(field)](field)
    except KeyError:
        raise TypeError(f"{type(field).__name__} cannot be compiled") from None
    gap = not field.required and field.load_default is missing
    if gap or field.validators or (field.allow_none and convert):
        raise TypeError(f"{type(field).__name__} of {field.name!r} has a feature that cannot be compiled")
    return (kind | None if field.allow_none else kind), convert


class _Rows:
    """Items as rows: their struct type, and how a struct becomes a row."""

    def __init__(self, schema):
        if not issubclass(schema, Item):
            raise TypeError(f"{schema.__name__} is no Item")
        declared, self._conversions = [], []
        element = schema()
        for position, (name, field) in enumerate(element.fields.items()):
            kind, convert = _compile(field)
            if convert:
                self._conversions.append((position, convert, None if field.required else field.load_default))
            declared.append((name, kind) if field.required else (name, kind, field.load_default))
        self.struct = _struct(schema.__name__, element, declared)  # whose fields are the row's, in its order
        self._disagreement = schema.disagreement if schema.disagreement.__func__ is not Item.disagreement.__func__ else None

    def __call__(self, structs):
        rows = list(map(msgspec.structs.astuple, structs))
        for position, convert, default in self._conversions:
            if any(row[position] is not default for row in rows):
                rows = [_converted(row, position, convert, default) for row in rows]
        if self._disagreement and any(map(self._disagreement, rows)):
            raise _Refused
        return rows


def _converted(row, position, convert, default):
    value = row[position]
    return row if value is default else (*row[:position], convert(value), *row[position + 1 :])


def _struct(name, schema, declared):
    renamed = {attribute: field.data_key or attribute for attribute, field in schema.fields.items()}
    return msgspec.defstruct(name, declared, rename=renamed, kw_only=True, gc=False)


class Decoder:
    """Decodes bodies of a schema; ``Decoder(schema)(raw)`` is the dict of values, or None where the schema must decide."""

    def __init__(self, schema):
        body = schema()
        declared, self._rows = [], {}
        for name, field in body.fields.items():
            if type(field) is fields.Items:
                rows = self._rows[name] = _Rows(field.schema)
                declared.append((name, Annotated[list[rows.struct], Meta(min_length=1, max_length=field.most)]))
                continue
            kind, convert = _compile(field)
            if convert:
                raise TypeError(f"{name} of {schema.__name__} can only be compiled in an item")
            if field.required:
                declared.append((name, kind))
            else:
                declared.append((name, kind, field.load_default))
        self._names = list(body.fields)
        self._decode = msgspec.json.Decoder(_struct(schema.__name__, body, declared)).decode

    def __call__(self, raw):
        if b"\\u0000" in raw:
            return None
        try:
            if not raw.isascii():
                raw.decode()  # what the decoder passes over it does not look at
            body = self._decode(raw)
            values = {name: getattr(body, name) for name in self._names}
            for name, rows in self._rows.items():
                values[name] = rows(values[name])
        except (msgspec.MsgspecError, _Refused, ValueError, RecursionError):
            return None
        return values


class Reader:
    """``Reader(schema)(raw)`` is the values of a body, by the fast way or the slow one. Raises InvalidInput."""

    def __init__(self, schema):
        self.schema = schema()
        self._decoder = Decoder(schema)

    def __call__(self, raw):
        values = self._decoder(raw)
        return load(self.schema, raw) if values is None else values
