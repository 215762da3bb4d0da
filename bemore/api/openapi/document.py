"""The OpenAPI 3.1 document, made of the app's rules, their operations and the schemas."""

import inspect
import re
import sys

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from bemore import __version__
from bemore.api.openapi import responses
from bemore.api.openapi.texts import INTRODUCTION
from bemore.auth.access import Access
from bemore.ratelimit.clients import is_exempt
from bemore.schemas import examples
from bemore.schemas.fields import Part
from bemore.schemas.items import Items
from bemore.schemas.notes import NoteId
from bemore.schemas.response import SessionId
from bemore.schemas.sessions import OfUser, StartedSession

_CONVERTED = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

#: Parameters in paths, by their names in the rules.
_IN_PATH = {
    "session_id": msgspec.json.schema(SessionId),
    "user_id": {"description": "The user", **OfUser().fields["user_id"].json_schema(), "examples": [examples.USER_ID]},
    "note_id": msgspec.json.schema(NoteId),
    "file": {"description": "A file of the page", "type": "string", "examples": ["page.js"]},
}

#: Printable Latin-1, which is what a header can carry; HTTP takes spaces off both ends.
_PRINTABLE = "^[!-~\u00a1-\u00ac\u00ae-\u00ff]([ -~\u00a1-\u00ac\u00ae-\u00ff]*[!-~\u00a1-\u00ac\u00ae-\u00ff])?$"

_IN_HEADER = {
    "X-Request-Id": {
        "description": "A name for this request; comes back in the header and the body of the response. One that is not 1 to 128 characters"
        " of `A-Z a-z 0-9 . _ : -` is ignored",
        "type": "string",
        "examples": ["page-7f3a:1"],
    },
    "Idempotency-Key": {
        "description": "The same key and body within 24 hours do nothing again: the first response is given again",
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": _PRINTABLE,
    },
    "X-Device-ID": {
        "description": "The device whose settings they are, while authentication is off; empty is the same as none",
        "type": "string",
        "maxLength": 128,
        "pattern": "^([!-~]([ -~]*[!-~])?)?$",
        "examples": ["device_1795426288446_z00o00_001"],
    },
}

#: Headers that the operations of a blueprint read while authentication is off.
_HEADERS_OF = {"preferences": ("X-Device-ID",)}

_BODY = "JSON as `application/json` (or `…+json`), `text/plain` or without a type; may be compressed: `Content-Encoding: gzip`"


def document(app, settings):
    """The document of ``app``. Raises TypeError for a view without an operation, a body without examples, a field without a description."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="BeMore",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": _introduction(settings)},
        servers=[{"url": "/"}],
        tags=[{"name": name, "description": _first_paragraph(sys.modules[each.import_name])} for name, each in app.blueprints.items()],
        plugins=[plugin],
    )
    plugin.converter.add_attribute_function(_field)
    views = [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]
    for rule, view in views:
        if not hasattr(view, "operation"):
            raise TypeError(f"{rule.rule} ({rule.endpoint}) declares no operation")
    responses.register(spec, [view.operation for _, view in views], settings.auth_enabled)
    if settings.auth_enabled:
        spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for name, schema in _IN_HEADER.items():
        spec.components.parameter(name, "header", _parameter(name, "header", schema))
    # The operations on a session that was just started, as links of the response that names it.
    ids = [_operation_id(rule) for rule, _ in views if "session_id" in rule.arguments]
    links = {name: {"operationId": name, "parameters": {"session_id": "$response.body#/data/sessionId"}} for name in ids}
    for rule, view in views:
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            with app.test_request_context(rule.rule, method=method):
                limited = settings.rate_limit_enabled and not is_exempt()
            described = _operation(spec, rule, view, limited, settings.auth_enabled, links)
            spec.path(_CONVERTED.sub(r"{\1}", rule.rule), operations={method.lower(): described})
    return spec.to_dict()


def _introduction(settings):
    quotas = f"{settings.rate_limit_all} of any kind, and of those {settings.rate_limit_write} that write, per client."
    return INTRODUCTION.format(max_body_bytes=settings.max_body_bytes, quotas=quotas if settings.rate_limit_enabled else "off here.")


def _first_paragraph(documented):
    return (inspect.getdoc(documented) or "").partition("\n\n")[0]


def _operation_id(rule):
    return rule.endpoint.replace(".", "_")


def _operation(spec, rule, view, limited, authenticated, links):
    operation = view.operation
    signed_in = authenticated and operation.access is not Access.ANYONE
    content = {
        "tags": [rule.endpoint.partition(".")[0]],
        "operationId": _operation_id(rule),
        "summary": operation.summary,
        "parameters": _parameters(rule, operation, authenticated),
        "responses": responses.responses(operation, limited, signed_in),
    }
    if view.__doc__:
        content["description"] = inspect.getdoc(view)
    if signed_in:
        who = f"For: {operation.access.value[0].lower()}{operation.access.value[1:]}."
        content["description"] = f"{content['description']}\n\n{who}" if "description" in content else who
        # From the machine itself an operator needs none: OpenAPI says so with an empty requirement.
        content["security"] = [{"token": []}, *([{}] if operation.access is Access.OPERATOR else [])]
    if operation.body:
        content["requestBody"] = _body(spec, operation.body)
    if operation.takes:
        files = {each: {"schema": {"type": "string"}, "example": examples.FILES[each]} for each in operation.takes}
        content["requestBody"] = {"description": "May be compressed: `Content-Encoding: gzip`", "required": True, "content": files}
    if operation.response is StartedSession:
        content["responses"][operation.status]["links"] = links
    return content


def _parameters(rule, operation, authenticated):
    parameters = [_parameter(name, "path", _IN_PATH[name], required=True) for name in rule.arguments]
    if operation.query:
        parameters += [_in_query(field) for field in operation.query().fields.values()]
    read = () if authenticated else _HEADERS_OF.get(rule.endpoint.partition(".")[0], ())
    return [*parameters, "X-Request-Id", *(["Idempotency-Key"] if operation.idempotent else []), *read]


def _parameter(name, place, schema, required=False):
    schema = dict(schema)
    parameter = {"name": name, "in": place, "required": required, "description": schema.pop("description"), "schema": schema}
    if "examples" in schema:
        # Swagger UI fills a parameter in with its own example, not with one of its schema.
        parameter["example"] = schema.pop("examples")[0]
    return parameter


def _in_query(field):
    schema = {**field.json_schema(), "description": _description(field)}
    if isinstance(schema["type"], list):
        # A query string has no null.
        schema["type"] = schema["type"][0]
    if isinstance(field.load_default, (int, str)):
        schema["default"] = field.load_default
    return _parameter(field.data_key, "query", schema, field.required)


def _body(spec, schema):
    if not schema.examples:
        raise TypeError(f"{schema.__name__} has no examples")
    bodies = {summary: {"summary": summary, "value": value} for summary, value in schema.examples.items()}
    content = {"schema": _component(spec, schema), "examples": bodies}
    required = any(field.required for field in schema().fields.values())
    return {"description": _BODY, "required": required, "content": {"application/json": content}}


def _component(spec, schema):
    """A marshmallow schema as a named component; the reference to it."""
    name = schema.__name__
    if name not in spec.components.schemas:
        spec.components.schema(name, {"description": _first_paragraph(schema)}, schema=schema)
    return {"$ref": f"#/components/schemas/{name}"}


def _field(converter, field, ret):
    """apispec's hook: what a field declares, over what apispec inferred (``ret``)."""
    schema = {**field.json_schema(), "description": _description(field)}
    if isinstance(field, Items):
        schema["items"] = _component(converter.spec, field.schema)
    if isinstance(field, Part):
        schema = {**_component(converter.spec, field.schema), "description": schema["description"]}
    if ret.get("default", ...) is None and not field.allow_none:
        # Left out, it is None inside; a client cannot send that.
        del ret["default"]
    return schema


def _description(field):
    if not field.metadata.get("description"):
        raise TypeError(f"{type(field.parent).__name__}.{field.data_key} has no description")
    return field.metadata["description"]
