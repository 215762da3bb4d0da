"""What all responses are made of: the base of their structs, how fields are documented, the envelope.

A response is declared once, as a struct. ``bemore.api.http.operation`` converts what a view returns to that struct and encodes it; the
OpenAPI document describes the same struct. The conversion is strict at every depth: a field that is not declared, a declared one that is
missing, or a value of another type is a ``msgspec.ValidationError``, hence a 500. A new field is one line here and one where its value is
made. Microseconds per response (Python 3.11, msgspec 0.22, marshmallow 4.4):

=========================================  ======  =====================
check and serialize                        upload  report of 480 minutes
=========================================  ======  =====================
nothing checked, dicts to JSON             0.3     400
``msgspec.convert``, then structs to JSON  0.4     580
marshmallow's ``dump``, then JSON          1.8     12,700
=========================================  ======  =====================

Bounds such as ``minimum`` are documentation, not checks: the tests hold every response against them, but a client gets its report even if
one number in it is out of its bounds.
"""

from functools import cache
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bemore.schemas import examples
from bemore.schemas.fields import MAX_MINUTE
from bemore.settings import MODEL_VERSION


class Response(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A JSON object of exactly these fields, in this order; only those with the default UNSET may be left out."""


def doc(description, null=None, **json_schema):
    """What the OpenAPI document says of a field. ``null`` says when it is null."""
    return Meta(description=f"{description}; null {null}" if null else description, extra_json_schema=json_schema)


def word(description):
    """One of a few words."""
    return doc(description, type="string")


def count(description, null=None, **more):
    """A number of things."""
    return doc(description, null, minimum=0, **more)


def epoch_ms(description, null=None):
    """A point in time."""
    return doc(f"{description}, in milliseconds since the Unix epoch", null, minimum=0, examples=[examples.TIME_MS])


def span_ms(description, null=None, **more):
    """A length of time."""
    return doc(f"{description}, in milliseconds", null, minimum=0, **more)


def score(description, null=None):
    """A score or a share."""
    return doc(f"{description}, 0..1 with three decimals", null, minimum=0, maximum=1)


#: Fields of several resources.
SessionId = Annotated[
    str, doc("The session; its id cannot be guessed", pattern="^sess_[0-9]+_[a-z0-9]{16,}$", examples=[examples.SESSION_ID])
]
UserId = Annotated[str, doc("The client whose session it is", minLength=1, examples=[examples.USER_ID])]
CounselorId = Annotated[str, doc("The counselor", minLength=1, examples=[examples.COUNSELOR_ID])]
MinuteIndex = Annotated[int, doc("Minute of the session, counted from 0", minimum=0, maximum=MAX_MINUTE)]
OffsetMs = Annotated[int, span_ms("Time from the session's start")]
Timestamp = Annotated[str, doc("ISO 8601 in UTC", format="date-time", examples=[examples.TIMESTAMP])]
NextCursor = Annotated[str | None, doc("The cursor of the next page", null="on the last page", examples=[None])]
RequestId = Annotated[str, doc("The same as `X-Request-Id`", pattern="^[A-Za-z0-9._:-]{1,128}$", examples=["req_9d448a1c169d8005"])]
Succeeded = Annotated[bool, doc("The request succeeded", const=True)]


class Envelope(Response, kw_only=True):
    """The fields that end every JSON response but the plain ones."""

    request_id: RequestId
    server_ts: Annotated[int, epoch_ms("The server's time")]
    model_version: Annotated[str, doc("The rules by which minutes are scored", minLength=1, maxLength=64, examples=[MODEL_VERSION])]


@cache
def success(data):
    """The Envelope of a successful response with this ``data``."""
    fields = [("success", Succeeded), ("data", data)]
    return msgspec.defstruct(f"{data.__name__}Answer", fields, bases=(Envelope,), namespace={"__doc__": data.__doc__})


class Problem(Response, kw_only=True):
    """Something that is wrong with a request."""

    index: Annotated[int, count("Position in `items`, counted from 0")] | UnsetType = UNSET
    field: Annotated[str, doc("The field")]
    message: Annotated[str, doc("What is wrong; names the field")]


class Error(Response, kw_only=True):
    """Why a request failed."""

    code: Annotated[str, doc("The reason, for programs", pattern="^[A-Z_]+$")]
    message: Annotated[str, doc("The reason, for people", minLength=1)]
    details: Annotated[list[Problem], doc("All problems; absent where the message says it all", minItems=1)] | UnsetType = UNSET
    request_id: RequestId


class Failure(Envelope):
    """A request that failed."""

    success: Annotated[bool, doc("The request failed", const=False)]
    error: Error
