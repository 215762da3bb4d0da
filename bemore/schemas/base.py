"""From bytes to checked values, and from marshmallow's messages to the contract's problems."""

import marshmallow
import msgspec

from bemore.errors import InvalidInput

_decode = msgspec.json.Decoder().decode


class Body(marshmallow.Schema):
    """Base of all schemas: unknown fields are ignored (the real frontend sends extra ones)."""

    error_messages = {"type": "must be an object"}

    class Meta:
        unknown = marshmallow.EXCLUDE


class Item(Body):
    """An element of a batch. It comes out as a row: a tuple of its fields' values in the order they are declared.

    Each field is required or has a default, so that no row has a gap.
    """

    @classmethod
    def disagreement(cls, row):
        """What is wrong between the fields of a row, each of them good by itself: (field, refusal) or None."""
        return None

    @marshmallow.validates_schema
    def _agree(self, item, **kwargs):
        found = self.disagreement(tuple(item[name] for name in self.fields))
        if found:
            raise marshmallow.ValidationError(found[1], found[0])

    @marshmallow.post_load
    def _row(self, item, **kwargs):
        return tuple(item[name] for name in self.fields)


class EmptyBody(Body):
    """A body without a field of its own: it may be missing, but what is there must be an object."""


def load(schema, raw):
    """Check the bytes of a body against a schema instance and give its values; no bytes are an empty object.

    Raises InvalidInput with every problem.
    """
    return check(schema, decode(raw))


def decode(raw):
    """The JSON object in ``raw``. Raises InvalidInput if it is anything else."""
    if not raw.strip():
        return {}
    try:
        value = _decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Malformed, truncated, NaN, a lone surrogate, a number out of range, not UTF-8, or nested beyond all sense.
        raise InvalidInput([problem("body", "must be valid JSON in UTF-8")]) from None
    if type(value) is not dict:
        raise InvalidInput([problem("body", "must be a JSON object")])
    return value


def check(schema, value):
    """The values of ``value`` by a schema instance. Raises InvalidInput with every problem."""
    try:
        return schema.load(value)
    except marshmallow.ValidationError as error:
        raise InvalidInput(problems(error.messages)) from None


def check_partly(schema, items_field, value):
    """As ``check`` for a body with Items that may be good in part: (values with the good items, [problem]).

    Raises InvalidInput if anything but an element is wrong, or if no element is good.
    """
    try:
        return schema.load(value), []
    except marshmallow.ValidationError as error:
        found = problems(error.messages)
        if any("index" not in each for each in found) or not error.valid_data.get(items_field):
            raise InvalidInput(found) from None
        return error.valid_data, found


def problem(field, refusal, index=None):
    """One problem in the contract's shape; its message names the field."""
    where = {} if index is None else {"index": index}
    return {**where, "field": field, "message": f"{field} {refusal}"}


def problems(messages):
    """marshmallow's nested messages as a flat list of problems, in the order of the schema's fields."""
    found = []
    for field, content in messages.items():
        if isinstance(content, dict):
            for index, element in content.items():
                found.extend(_problems_of_element(field, index, element))
        else:
            found.extend(problem("body" if field == "_schema" else field, refusal) for refusal in content)
    return found


def _problems_of_element(field, index, messages):
    for name, refusals in messages.items():
        for refusal in refusals:
            if name == "_schema":
                yield {"index": index, "field": field, "message": f"{field}[{index}] {refusal}"}
            else:
                yield problem(name, refusal, index)
