"""The OpenAPI 3.1 document, made of the app's rules, their operations and the schemas."""

import inspect
import re
import sys

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from bemore import __version__
from bemore.api import answers, prose, shapes
from bemore.api.ratelimit import is_exempt
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

_IN_HEADER = {
    "X-Request-Id": {
        "description": "A name for this request; comes back in the answer's header and body. Of another form, it is passed over",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
    },
    "Idempotency-Key": {
        "description": "With the same key and body within 24 hours, nothing is done again: the first answer is given again",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
}

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
    answers.register(spec)
    for name, parameter in _IN_HEADER.items():
        spec.components.parameter(name, "header", {"name": name, **parameter})
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if not hasattr(view, "operation"):
            raise TypeError(f"{rule.rule} ({rule.endpoint}) declares no operation")
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            with app.test_request_context(rule.rule, method=method):
                limited = settings.rate_limit_enabled and not is_exempt()
            spec.path(_CONVERTED.sub(r"{\1}", rule.rule), operations={method.lower(): _operation(spec, rule, view, limited)})
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


def _operation(spec, rule, view, limited):
    operation = view.operation
    content = {
        "tags": [rule.endpoint.partition(".")[0]],
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": operation.summary,
        "parameters": _parameters(rule, operation),
        "responses": answers.responses(spec, operation, limited),
    }
    if view.__doc__:
        content["description"] = inspect.getdoc(view)
    if operation.body:
        content["requestBody"] = _body(spec, operation.body)
    return content


def _parameters(rule, operation):
    found = [{"name": name, "in": "path", "required": True, **_IN_PATH[name]} for name in rule.arguments]
    if operation.query:
        for field in operation.query().fields.values():
            found.append(_in_query(field))
    return [*found, "X-Request-Id", *(["Idempotency-Key"] if operation.idempotent else [])]


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
        raise TypeError(f"{schema.__name__} has no example in bemore.api.prose")
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
    if ret.get("default", ...) is None and not field.allow_none:
        # Left out, it is None inside; a client cannot say so.
        del ret["default"]
    return schema


def _description(field):
    schema = type(field.parent).__name__
    try:
        return prose.FIELDS[schema][_name(field)]
    except KeyError:
        raise TypeError(f"{schema}.{_name(field)} is not described in bemore.api.prose") from None


def _name(field):
    return field.data_key or field.name
