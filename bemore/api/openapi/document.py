"""The OpenAPI 3.1 document, made of the app's rules, their operations and the schemas."""

import inspect
import re
import sys

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from bemore import __version__
from bemore.api.openapi import responses as answers, texts as prose, shapes
from bemore.auth.access import Access
from bemore.ratelimit import is_exempt
from bemore.schemas.around import Part
from bemore.schemas.fields import Items
from bemore.schemas.sessions import OfUser

_CONVERTED = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

#: What stands in a path, by the name the rules give it.
_IN_PATH = {
    "session_id": {
        "description": "The session, as `POST /api/session/start` named it",
        "schema": {"type": "string", "pattern": shapes.SESSION_ID_PATTERN},
        "example": prose.SESSION_ID,
    },
    "user_id": {
        "description": "The user",
        "schema": OfUser().fields["user_id"].json_schema(),
        "example": prose.USER_ID,
    },
    "file": {"description": "A file of the page", "schema": {"type": "string"}, "example": "page.js"},
}

#: Printable Latin-1, which is what a header can carry; HTTP takes spaces off both ends.
_PRINTABLE = "^[!-~\u00a1-\u00ac\u00ae-\u00ff]([ -~\u00a1-\u00ac\u00ae-\u00ff]*[!-~\u00a1-\u00ac\u00ae-\u00ff])?$"

_IN_HEADER = {
    "X-Request-Id": {
        "description": "A name for this request; comes back in the answer's header and body. It is 1 to 128 characters of"
        " `A-Z a-z 0-9 . _ : -`; of another form, it is passed over",
        "schema": {"type": "string"},
        "example": "page-7f3a:1",
    },
    "Idempotency-Key": {
        "description": "With the same key and body within 24 hours, nothing is done again: the first answer is given again",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _PRINTABLE},
    },
    "X-Device-ID": {
        "description": "Whose settings they are while authentication is off; empty, it is as if it were not there",
        "schema": {"type": "string", "maxLength": 128, "pattern": "^([!-~]([ -~]*[!-~])?)?$"},
        "example": "device_1795426288446_z00o00_001",
    },
}

#: Headers that all operations of a blueprint read while authentication is off.
_HEADERS_OF = {"preferences": ("X-Device-ID",)}

_BODY = "JSON as `application/json` (or `…+json`), `text/plain` or without a type; may be packed: `Content-Encoding: gzip`"


def document(app, settings):
    """The document of ``app``. A view without an operation is a TypeError, as is a field or a body nobody describes."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="BeMore",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": _introduction(settings)},
        servers=[{"url": "/"}],
        tags=[{"name": name, "description": _first_paragraph(_module(app, name))} for name in app.blueprints],
        plugins=[plugin],
    )
    plugin.converter.add_attribute_function(_field)
    answers.register(spec, settings.auth_enabled)
    if settings.auth_enabled:
        spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    for name, parameter in _IN_HEADER.items():
        spec.components.parameter(name, "header", {"name": name, **parameter})
    links = _links(app)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if not hasattr(view, "operation"):
            raise TypeError(f"{rule.rule} ({rule.endpoint}) declares no operation")
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            with app.test_request_context(rule.rule, method=method):
                limited = settings.rate_limit_enabled and not is_exempt()
            described = _operation(spec, rule, view, limited, settings.auth_enabled, links)
            spec.path(_CONVERTED.sub(r"{\1}", rule.rule), operations={method.lower(): described})
    return spec.to_dict()


def _introduction(settings):
    quotas = f"{settings.rate_limit_all} of any kind, and of those {settings.rate_limit_write} that write, per client."
    return prose.INTRODUCTION.format(
        max_body_bytes=settings.max_body_bytes, quotas=quotas if settings.rate_limit_enabled else "off here."
    )


def _module(app, blueprint):
    return sys.modules[app.blueprints[blueprint].import_name]


def _first_paragraph(documented):
    return (inspect.getdoc(documented) or "").partition("\n\n")[0]


def _links(app):
    """What can be asked of a session that was just started, as links of the answer that names it."""
    found = {}
    for rule in app.url_map.iter_rules():
        if "session_id" in rule.arguments:
            name = _operation_id(rule)
            found[name] = {"operationId": name, "parameters": {"session_id": "$response.body#/data/sessionId"}}
    return found


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
        "responses": answers.responses(spec, operation, limited, signed_in),
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
    if operation.data is shapes.STARTED:
        content["responses"][operation.status]["links"] = links
    return content


def _parameters(rule, operation, authenticated):
    found = [{"name": name, "in": "path", "required": True, **_IN_PATH[name]} for name in rule.arguments]
    if operation.query:
        for field in operation.query().fields.values():
            found.append(_in_query(field))
    read = () if authenticated else _HEADERS_OF.get(rule.endpoint.partition(".")[0], ())
    return [*found, "X-Request-Id", *(["Idempotency-Key"] if operation.idempotent else []), *read]


def _in_query(field):
    schema = field.json_schema()
    if isinstance(schema["type"], list):
        # A query string has no null: what is not given is left out.
        schema["type"] = schema["type"][0]
    if isinstance(field.load_default, (int, str)):
        schema["default"] = field.load_default
    return {"name": _name(field), "in": "query", "required": field.required, "description": _description(field), "schema": schema}


def _body(spec, schema):
    fields = schema().fields.values()
    if schema.__name__ not in prose.EXAMPLES:
        raise TypeError(f"{schema.__name__} has no example in bemore.api.openapi.texts")
    examples = {summary: {"summary": summary, "value": value} for summary, value in prose.EXAMPLES[schema.__name__].items()}
    content = {"schema": _component(spec, schema), "examples": examples}
    required = any(field.required for field in fields)
    return {"description": _BODY, "required": required, "content": {"application/json": content}}


def _component(spec, schema):
    """A marshmallow schema as a named component; the reference to it."""
    name = schema.__name__
    if name not in spec.components.schemas:
        spec.components.schema(name, {"description": _first_paragraph(schema)}, schema=schema)
    return {"$ref": f"#/components/schemas/{name}"}


def _field(converter, field, ret):
    """apispec's hook: what a field of ours says of itself, over what apispec found out (``ret``)."""
    schema = {**field.json_schema(), "description": _description(field)}
    if isinstance(field, Items):
        schema["items"] = _component(converter.spec, field.schema)
    if isinstance(field, Part):
        schema = {**_component(converter.spec, field.schema), "description": schema["description"]}
    if ret.get("default", ...) is None and not field.allow_none:
        # Left out, it is None inside; a client cannot say so.
        del ret["default"]
    return schema


def _description(field):
    schema = type(field.parent).__name__
    try:
        return prose.FIELDS[schema][_name(field)]
    except KeyError:
        raise TypeError(f"{schema}.{_name(field)} is not described in bemore.api.openapi.texts") from None


def _name(field):
    return field.data_key or field.name
