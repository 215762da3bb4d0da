"""The OpenAPI document, and a page that shows it. The page loads nothing from another host: Swagger UI is served from here."""

import hashlib
from functools import lru_cache
from importlib import resources
from string import Template

from flask import Blueprint, Response, abort, current_app, request

from bemore.api import envelope, shapes
from bemore.api.access import Access
from bemore.api.operation import operation

blueprint = Blueprint("docs", __name__, url_prefix="/api")

_PAGE = resources.files("bemore") / "web" / "docs"
_SWAGGER_UI = resources.files("flask_swagger_ui") / "dist"

#: The files that the page loads, and their types; nothing else of the two folders is served.
FILES = {
    "page.css": (_PAGE, "text/css"),
    "page.js": (_PAGE, "text/javascript"),
    "swagger-ui.css": (_SWAGGER_UI, "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER_UI, "text/javascript"),
    "favicon-32x32.png": (_SWAGGER_UI, "image/png"),
}

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_REVALIDATE = "public, no-cache"
_FOR_EVER = "public, max-age=31536000, immutable"


@blueprint.get("/openapi.json")
@operation("This document", Access.ANYONE, data=shapes.DOCUMENT, plain=True, errors=(304,))
def openapi_json():
    return _cached(envelope.json(current_app.extensions["bemore.openapi"]), _REVALIDATE)


@blueprint.get("/docs")
@operation("This document as a page", Access.ANYONE, media="text/html", plain=True, errors=(304,))
def page():
    html = Template((_PAGE / "page.html").read_text("utf-8")).substitute(version=_version())
    response = _cached(Response(html, content_type="text/html; charset=utf-8"), _REVALIDATE)
    response.headers["Content-Security-Policy"] = _CSP
    return response


@blueprint.get("/docs/<file>")
@operation("A file of that page", Access.ANYONE, media="*/*", plain=True, errors=(304, 404))
def page_file(file):
    if file not in FILES:
        abort(404)
    _, kind = FILES[file]
    # Under its version's address a file never changes.
    policy = _FOR_EVER if request.args.get("v") == _version() else _REVALIDATE
    return _cached(Response(_read(file), content_type=kind), policy)


def _cached(response, policy):
    response.headers["Cache-Control"] = policy
    response.add_etag()
    return response.make_conditional(request)


@lru_cache(maxsize=None)
def _read(file):
    return (FILES[file][0] / file).read_bytes()


@lru_cache(maxsize=1)
def _version():
    """Names the content of all files together."""
    digest = hashlib.sha256()
    for file in FILES:
        digest.update(_read(file))
    return digest.hexdigest()[:16]
