"""The OpenAPI document and the page that shows it. The page loads Swagger UI from this service, nothing from another host."""

from importlib import resources
from pathlib import Path

from flask import Blueprint, current_app, request

from bemore.api.http import responses as envelope
from bemore.api.http.operation import operation
from bemore.api.http.static_files import REVALIDATE, StaticFiles, cached
from bemore.auth.access import Access
from bemore.schemas.health import OpenApiDocument

blueprint = Blueprint("docs", __name__, url_prefix="/api", template_folder="../web")

#: The files that the page loads; no other file of the two folders is served.
FILES = StaticFiles(Path(__file__).parents[1] / "web" / "docs", ("page.css", "page.js"))
FILES.add(resources.files("flask_swagger_ui") / "dist", ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"))


@blueprint.get("/openapi.json")
@operation("This document", Access.ANYONE, response=OpenApiDocument, plain=True, errors=(304,))
def openapi_json():
    return cached(envelope.json(current_app.extensions["bemore.openapi"]), REVALIDATE)


@blueprint.get("/docs")
@operation("This document as a page", Access.ANYONE, media="text/html", plain=True, errors=(304,))
def page():
    return FILES.page("docs/page.html")


@blueprint.get("/docs/<file>")
@operation("A file of that page", Access.ANYONE, media="*/*", plain=True, errors=(304, 404))
def page_file(file):
    return FILES.file(file, request.args.get("v"))
