"""From the bytes of a body to checked values, and from marshmallow's messages to the contract's problems."""

import marshmallow
import msgspec

from bemore.errors import InvalidInput

_decode = msgspec.json.Decoder().decode

#: Most arrays and objects, and most commas, of a body: 100 frames with 478 points each have half as many. Decoding more takes long.
MAX_CONTAINERS, MAX_COMMAS = 100_000, 500_000


class Body(marshmallow.Schema):
    """Base of all schemas: names are camelCase, unknown fields are ignored (the real frontend sends extra ones).

    ``examples`` are valid bodies by a summary, for the OpenAPI document.
    """

    examples = {}

    error_messages = {"type": "must be an object"}

    class Meta:
        unknown = marshmallow.EXCLUDE

    def on_bind_field(self, field_name, field_obj):
        if field_obj.data_key is None:
            first, *rest = field_name.split("_")
            field_obj.data_key = first + "".join(map(str.capitalize, rest))


class EmptyBody(Body):
    """A body without fields: it may be missing, but what is there must be an object."""

    examples = {"An empty object": {}}


def load(schema, raw):
    """The values of the bytes of a body by a schema instance; no bytes are an empty object. Raises InvalidInput with every problem."""
    return check(schema, decode(raw))


def decode(raw):
    """The JSON object in ``raw``. Raises InvalidInput if it is anything else."""
    if not raw.strip():
        return {}
    if len(raw) > MAX_CONTAINERS and (raw.count(b"[") + raw.count(b"{") > MAX_CONTAINERS or raw.count(b",") > MAX_COMMAS):
        raise InvalidInput([problem("body", f"must have at most {MAX_CONTAINERS} arrays and objects and {MAX_COMMAS} commas")])
    try:
        value = _decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # Malformed, truncated, NaN, a lone surrogate, a number out of range, not UTF-8, or nested too deeply.
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


def load_partly(schema, raw):
    """As ``load``, but single elements of ``items`` may be wrong: (values with the good items, [(refused element, its first problem)]).

    Raises InvalidInput if anything but an element is wrong, or if no element is good.
    """
    body = decode(raw)
    try:
        return schema.load(body), []
    except marshmallow.ValidationError as error:
        refusals = problems(error.messages)
        if any("index" not in each for each in refusals) or not error.valid_data.get("items"):
            raise InvalidInput(refusals) from None
        first = {}
        for each in refusals:
            first.setdefault(each["index"], each)
        return error.valid_data, [(body["items"][index], each) for index, each in first.items()]


def problem(field, refusal, index=None):
    """One problem in the contract's shape; its message names the field."""
    where = {} if index is None else {"index": index}
    return {**where, "field": field, "message": f"{field} {refusal}"}


def problems(messages):
    """marshmallow's nested messages as a flat list of problems, in the order of the schema's fields."""
    flat = []
    for field, content in messages.items():
        if isinstance(content, dict):
            for index, element in content.items():
                flat.extend(_problems_of_element(field, index, element))
        else:
            flat.extend(problem("body" if field == "_schema" else field, refusal) for refusal in content)
    return flat


def _problems_of_element(field, index, messages):
    for name, refusals in messages.items():
        for refusal in refusals:
            if name == "_schema":
                yield {"index": index, "field": field, "message": f"{field}[{index}] {refusal}"}
            else:
                yield problem(name, refusal, index)
