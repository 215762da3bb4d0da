"""The answers of the OpenAPI document: the envelopes, the failures, the headers."""

from bemore.api.openapi import texts as prose, shapes
from bemore.settings import MODEL_VERSION

#: The failures: name, codes, when.
FAILURES = {
    400: ("InvalidRequest", ("VALIDATION_ERROR",), "The body, the query, the path or a header is wrong; `message` names the field"),
    401: ("NotSignedIn", ("UNAUTHORIZED", "INVALID_TOKEN"), "The token is missing, or it is wrong, expired or for somebody else"),
    403: ("NotAllowed", ("FORBIDDEN",), "The caller's role may not do this"),
    404: ("SessionNotFound", ("SESSION_NOT_FOUND",), "There is no such session, or it is not the caller's"),
    409: ("StateConflict", ("SESSION_STATE_CONFLICT",), "The session's state does not allow it"),
    413: ("BodyTooLarge", ("PAYLOAD_TOO_LARGE",), "The body is too large, as it came or unpacked"),
    415: ("BodyNotReadable", ("UNSUPPORTED_MEDIA_TYPE",), "The body's type or encoding is none the service reads"),
    422: ("KeyReused", ("IDEMPOTENCY_KEY_REUSED",), "The Idempotency-Key came before, with another body"),
    429: ("QuotaUsedUp", ("RATE_LIMIT",), "The client's quota is used up; `Retry-After` says when to come again"),
    500: ("InternalError", ("INTERNAL_ERROR",), "Something went wrong here"),
    503: ("Unavailable", ("SERVICE_UNAVAILABLE",), "The database is away or too busy; come again after `Retry-After`"),
}

#: Failures where authentication is on.
SIGNED_IN = (401, 403)

#: Failures of requests that reach no operation.
UNROUTED = {
    404: ("AddressNotFound", ("NOT_FOUND",), "There is no such address"),
    405: ("MethodNotAllowed", ("METHOD_NOT_ALLOWED",), "The address knows other methods; `Allow` lists them"),
}

_QUOTA = {
    "Limit": "Requests that the client's fullest quota allows",
    "Remaining": "Requests that are left of it",
    "Reset": "Seconds until there is room for one more",
}

_WHOLE = {"type": "integer", "minimum": 0}

_HEADERS = {
    "X-Request-Id": {
        "description": "The request's id: its own where it is well-formed, else one made here",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    },
    "Retry-After": {
        "description": "Seconds after which the request may be sent again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to sign in (RFC 6750)",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer"},
    },
    "Allow": {"description": "The methods that the address knows", "required": True, "schema": {"type": "string"}},
    "ETag": {"description": "Names this version of the content", "required": True, "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "There if this answer was given before",
        "schema": {"type": "string", "const": "true"},
    },
    **{
        f"{prefix}RateLimit-{name}": {"description": description, "required": True, "schema": _WHOLE}
        for prefix in ("", "X-")
        for name, description in _QUOTA.items()
    },
}

_QUOTA_HEADERS = tuple(name for name in _HEADERS if "RateLimit" in name)

_TRACE = {
    "requestId": {
        "type": "string",
        "pattern": "^[A-Za-z0-9._:-]{1,128}$",
        "description": "The same as `X-Request-Id`",
        "examples": ["req_9d448a1c169d8005"],
    },
    "serverTs": {
        "type": "integer",
        "minimum": 0,
        "description": "The server's time, in milliseconds since the Unix epoch",
        "examples": [prose.TIME_MS],
    },
    "modelVersion": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "The rules that minutes are scored by",
        "examples": [MODEL_VERSION],
    },
}


def register(spec, authenticated):
    """Add to an APISpec what all operations share; ``authenticated`` if some of them ask for a token."""
    for name, header in _HEADERS.items():
        if authenticated or name != "WWW-Authenticate":
            spec.components.header(name, header)
    for name, schema in _TRACE.items():
        spec.components.schema(_capital(name), schema)
    spec.components.schema("Problem", _problem())
    spec.components.schema("Failure", _failure())
    for status, failure in (*FAILURES.items(), *UNROUTED.items()):
        if authenticated or status not in SIGNED_IN:
            _register_failure(spec, status, *failure)


def responses(spec, operation, limited, signed_in):
    """The responses of an operation: its success, and each failure that it may answer.

    ``limited``: it counts against quotas; ``signed_in``: it asks for a token.
    """
    found = {operation.status: _success(spec, operation, limited)}
    for status in _failing(operation, limited, signed_in):
        if status == 304:
            found[status] = {"description": "It is what the client has already", "headers": _named(("X-Request-Id", "ETag"))}
        elif status == 404 and operation.plain:
            found[status] = UNROUTED[status][0]
        elif status == 503 and operation.plain:
            found[status] = _success(spec, operation, limited)
        else:
            found[status] = FAILURES[status][0]
    return dict(sorted(found.items()))


def _failing(operation, limited, signed_in):
    statuses = {*operation.errors, 500}
    if signed_in:
        statuses |= {401, 503} | ({403} if operation.access.refuses else set())
    if operation.query or operation.body or operation.idempotent:
        statuses.add(400)
    if operation.body:
        statuses |= {413, 415}
    if operation.idempotent:
        statuses.add(422)
    if limited:
        statuses.add(429)
    if not operation.plain:
        statuses.add(503)
    return statuses


def _success(spec, operation, limited):
    headers = ["X-Request-Id"]
    if 304 in operation.errors:
        headers.append("ETag")
    if operation.idempotent:
        headers.append("Idempotent-Replayed")
    if limited:
        headers.extend(_QUOTA_HEADERS)
    if operation.data is None:
        description, schema = operation.summary, {"type": "string"}
    else:
        description, schema = operation.data["description"], _hoist(spec, operation.data)
        if not operation.plain:
            schema = _envelope(spec, operation, schema)
    return {"description": description, "headers": _named(headers), "content": {operation.media: {"schema": schema}}}


def _envelope(spec, operation, data):
    """The success envelope around a reference to ``data``, as a component of its own."""
    name = f"{operation.data['title']}Answer"
    properties = {
        "success": {"type": "boolean", "const": True},
        **{name: _hoist(spec, schema) for name, schema in operation.beside.items()},
        "data": data,
        **_trace(),
    }
    required = [each for each in properties if each not in shapes.OPTIONAL_BESIDE]
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if name not in spec.components.schemas:
        spec.components.schema(name, schema)
    return _ref("schemas", name)


def _hoist(spec, schema):
    """``schema`` with every part that has a title made a component, and a reference in its place."""
    if isinstance(schema, list):
        return [_hoist(spec, each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("title")
    if not isinstance(name, str):
        # No title; or properties, of which one may be called so.
        return {key: _hoist(spec, value) for key, value in schema.items()}
    inner = {key: _hoist(spec, value) for key, value in schema.items() if key != "title"}
    if spec.components.schemas.setdefault(name, inner) != inner:
        raise TypeError(f"two schemas are titled {name}")
    return _ref("schemas", name)


def _problem():
    return {
        "type": "object",
        "properties": {
            "index": {**_WHOLE, "description": "Where the element stands in `items`, counted from 0"},
            "field": {"type": "string", "description": "What is wrong"},
            "message": {"type": "string", "description": "How it is wrong; names the field"},
        },
        "required": ["field", "message"],
        "additionalProperties": False,
    }


def _failure():
    error = {
        "code": {"type": "string", "pattern": "^[A-Z_]+$", "description": "What went wrong, for programs"},
        "message": {"type": "string", "minLength": 1, "description": "What went wrong, for people"},
        "details": {
            "type": "array",
            "items": _ref("schemas", "Problem"),
            "minItems": 1,
            "description": "All that is wrong; only there if that is more than the message says",
        },
        "requestId": _ref("schemas", "RequestId"),
    }
    properties = {"success": {"type": "boolean", "const": False}, "error": _closed(error, "details"), **_trace()}
    return _closed(properties)


def _register_failure(spec, status, name, codes, description):
    headers = ["X-Request-Id"]
    if status in (429, 503):
        headers.append("Retry-After")
    if status == 401:
        headers.append("WWW-Authenticate")
    if status == 405:
        headers.append("Allow")
    if status == 429:
        headers.extend(_QUOTA_HEADERS)
    code = {"properties": {"error": {"properties": {"code": {"enum": list(codes)}}}}}
    content = {"application/json": {"schema": {"allOf": [_ref("schemas", "Failure"), code]}}}
    spec.components.response(name, {"description": description, "headers": _named(headers), "content": content})


def _closed(properties, *optional):
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _trace():
    return {name: _ref("schemas", _capital(name)) for name in _TRACE}


def _named(headers):
    return {name: _ref("headers", name) for name in headers}


def _capital(name):
    return name[0].upper() + name[1:]


def _ref(kind, name):
    return {"$ref": f"#/components/{kind}/{name}"}
