"""The responses of the OpenAPI document: which an operation may give, with which headers."""

from typing import NamedTuple

import msgspec

from bemore.auth.access import Access
from bemore.schemas.response import Failure

_TEMPLATE = "#/components/{kind}/{name}"

_QUOTA = {
    "Limit": "Requests that the client's fullest quota allows",
    "Remaining": "Requests that are left of it",
    "Reset": "Seconds until there is room for one more",
}

_HEADERS = {
    "X-Request-Id": {
        "description": "The request's id: its own if it is well-formed, else one made by the service",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    },
    "Retry-After": {
        "description": "Seconds after which the request may be sent again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "How to sign in (RFC 6750)", "required": True, "schema": {"type": "string", "pattern": "^Bearer"}},
    "Allow": {"description": "The methods of this address", "required": True, "schema": {"type": "string"}},
    "ETag": {"description": "The version of the content", "required": True, "schema": {"type": "string"}},
    "Idempotent-Replayed": {"description": "Present if this response was given before", "schema": {"type": "string", "const": "true"}},
    **{
        f"{prefix}RateLimit-{name}": {"description": description, "required": True, "schema": {"type": "integer", "minimum": 0}}
        for prefix in ("", "X-")
        for name, description in _QUOTA.items()
    },
}

_QUOTA_HEADERS = tuple(name for name in _HEADERS if "RateLimit" in name)


class _Failed(NamedTuple):
    """A failure as a component: its name, the values of ``error.code``, and when it happens."""

    name: str
    codes: tuple
    description: str
    headers: tuple = ()


FAILURES = {
    400: _Failed("InvalidRequest", ("VALIDATION_ERROR",), "The body, the query, the path or a header is wrong; `message` names the field"),
    401: _Failed(
        "NotSignedIn", ("UNAUTHORIZED", "INVALID_TOKEN"), "The token is missing, wrong, expired or for somebody else", ("WWW-Authenticate",)
    ),
    403: _Failed("NotAllowed", ("FORBIDDEN",), "The caller's role may not do this"),
    404: _Failed("SessionNotFound", ("SESSION_NOT_FOUND",), "There is no such session, or it is not the caller's"),
    409: _Failed("StateConflict", ("SESSION_STATE_CONFLICT",), "The session's state does not allow it"),
    413: _Failed("BodyTooLarge", ("PAYLOAD_TOO_LARGE",), "The body is too large, compressed or not"),
    415: _Failed("BodyNotReadable", ("UNSUPPORTED_MEDIA_TYPE",), "The service does not read the body's type or encoding"),
    422: _Failed("KeyReused", ("IDEMPOTENCY_KEY_REUSED",), "The Idempotency-Key was used before, with another body"),
    429: _Failed(
        "QuotaUsedUp", ("RATE_LIMIT",), "The client's quota is used up; try again after `Retry-After`", ("Retry-After", *_QUOTA_HEADERS)
    ),
    500: _Failed("InternalError", ("INTERNAL_ERROR",), "The service failed"),
    503: _Failed(
        "Unavailable",
        ("SERVICE_UNAVAILABLE",),
        "The database is away, or the service too busy; try again after `Retry-After`",
        ("Retry-After",),
    ),
}

#: Where a note is named as well.
NOTE_NOT_FOUND = _Failed(
    "NoteNotFound", ("SESSION_NOT_FOUND", "NOTE_NOT_FOUND"), "There is no such session or note, or the caller may not see it"
)

#: Failures of requests that reach no operation.
UNROUTED = {
    404: _Failed("AddressNotFound", ("NOT_FOUND",), "There is no such address"),
    405: _Failed("MethodNotAllowed", ("METHOD_NOT_ALLOWED",), "The address has other methods; `Allow` lists them", ("Allow",)),
}


def register(spec, operations, authenticated):
    """Add headers, schemas and failures to an APISpec; ``authenticated`` if some of the operations require a token."""
    for name, header in _HEADERS.items():
        if authenticated or name != "WWW-Authenticate":
            spec.components.header(name, header)
    structs = {Failure, *(operation.struct for operation in operations if operation.struct)}
    _, components = msgspec.json.schema_components(structs, ref_template=_TEMPLATE.format(kind="schemas", name="{name}"))
    for name, schema in sorted(components.items()):
        schema.pop("title", None)
        spec.components.schema(name, schema)
    for status, failed in (*FAILURES.items(), *UNROUTED.items(), (404, NOTE_NOT_FOUND)):
        if authenticated or status not in (401, 403):
            code = {"properties": {"error": {"properties": {"code": {"enum": list(failed.codes)}}}}}
            schema = {"allOf": [_ref("schemas", Failure.__name__), code]}
            spec.components.response(failed.name, _response(failed.description, failed.headers, {"application/json": {"schema": schema}}))


def responses(operation, limited, signed_in):
    """The responses of an operation: its success, and each failure that it may give.

    ``limited``: it counts against quotas; ``signed_in``: it requires a token.
    """
    success = _success(operation, limited)
    by_status = {operation.status: success}
    for status in _failing(operation, limited, signed_in):
        if status == 304:
            by_status[status] = _response("The client has the current version", ("ETag",))
        elif status == 404 and operation.plain:
            by_status[status] = UNROUTED[status].name
        elif status == 404 and operation.access is Access.NOTE:
            by_status[status] = NOTE_NOT_FOUND.name
        elif status == 503 and operation.plain:
            by_status[status] = success
        else:
            by_status[status] = FAILURES[status].name
    return dict(sorted(by_status.items()))


def _failing(operation, limited, signed_in):
    statuses = {*operation.errors, 500}
    if signed_in:
        statuses |= {401, 503} | ({403} if operation.access.refuses else set())
    if operation.query or operation.body or operation.takes or operation.idempotent:
        statuses.add(400)
    if operation.body or operation.takes:
        statuses |= {413, 415}
    if operation.idempotent:
        statuses.add(422)
    if operation.access in (Access.SESSION, Access.ERASE, Access.NOTE):
        statuses.add(404)
    if operation.reads:
        statuses.add(304)
    if limited:
        statuses.add(429)
    if not operation.plain:
        statuses.add(503)
    return statuses


def _success(operation, limited):
    headers = ["ETag"] if operation.reads or 304 in operation.errors else []
    if operation.idempotent:
        headers.append("Idempotent-Replayed")
    if limited:
        headers.extend(_QUOTA_HEADERS)
    struct = operation.struct
    description = struct.__doc__ if struct else operation.summary
    schema = _ref("schemas", struct.__name__) if struct else {"type": "object" if operation.media.endswith("+json") else "string"}
    return _response(description, headers, {operation.media: {"schema": schema}})


def _response(description, headers, content=None):
    named = {name: _ref("headers", name) for name in ("X-Request-Id", *headers)}
    return {"description": description, "headers": named, **({"content": content} if content else {})}


def _ref(kind, name):
    return {"$ref": _TEMPLATE.format(kind=kind, name=name)}
