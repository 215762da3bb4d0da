"""The console, a page that shows sessions, and the client library for it and for other pages."""

from pathlib import Path

from flask import Blueprint, abort, current_app, redirect, request

from bemore.api.http.operation import operation
from bemore.api.http.static_files import StaticFiles
from bemore.auth.access import Access
from bemore.schemas.report_options import ChooseLanguage

blueprint = Blueprint("pages", __name__, template_folder="../web")

_WEB = Path(__file__).parents[1] / "web"

#: The console's files. Its modules load each other by relative addresses, so the version is the first part of the path.
CONSOLE = StaticFiles.below(_WEB / "console")
LIBRARY = StaticFiles(_WEB, ("bemore-client.js", "bemore-client.d.ts"))
SCORING = StaticFiles(_WEB / "docs", ("scoring.css",))


def _require_console():
    if not current_app.extensions["bemore"].console_enabled:
        abort(404)


@blueprint.get("/")
@operation("Leads a browser to the console", Access.ANYONE, media="text/html", plain=True, status=302, errors=(404,))
def root():
    """404 for other clients, and if the console is switched off."""
    _require_console()
    if not request.accept_mimetypes.accept_html or "text/html" not in request.headers.get("Accept", ""):
        abort(404)
    return redirect("/console")


@blueprint.get("/console")
@blueprint.get("/console/", endpoint="console_folder")
@operation("The console as a page", Access.ANYONE, media="text/html", plain=True, errors=(304, 404))
def console():
    """404 if it is switched off. The page calls the API like any other client, with the token that its user enters."""
    _require_console()
    return CONSOLE.page("console/index.html")


@blueprint.get("/console/live")
@operation("A page that records one's own microphone and camera", Access.ANYONE, media="text/html", plain=True, errors=(304, 404))
def capture():
    """A sample for pages that use the client library; 404 if the console is switched off. `demo/live.html` is this page."""
    _require_console()
    response = CONSOLE.page("console/capture/live.html")
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=()"
    return response


@blueprint.get("/console/<path:file>")
@operation("A file of the console", Access.ANYONE, media="*/*", plain=True, errors=(304, 404))
def console_file(file):
    """The page loads its files under `/console/<version>/`, where they never change."""
    _require_console()
    version, _, name = file.partition("/")
    return CONSOLE.file(name, version) if name and file not in CONSOLE else CONSOLE.file(file)


@blueprint.get("/docs/scoring")
@operation("What the scores mean, as a page", Access.ANYONE, query=ChooseLanguage, media="text/html", plain=True, errors=(304,))
def scoring(query):
    """For people who read a report: what each score measures, its formula, its limits, and how well it does on public data."""
    return SCORING.page(f"docs/scoring.{query['lang'] or current_app.extensions['bemore'].report_language}.html")


@blueprint.get("/docs/scoring.css")
@operation("Its style sheet", Access.ANYONE, media="text/css", plain=True, errors=(304,))
def scoring_style():
    return SCORING.file("scoring.css", request.args.get("v"))


@blueprint.get("/static/bemore-client.js")
@operation("The client library, an ES module", Access.ANYONE, media="text/javascript", plain=True, errors=(304,))
def client_library():
    return LIBRARY.file("bemore-client.js", request.args.get("v"))


@blueprint.get("/static/bemore-client.d.ts")
@operation("Its types", Access.ANYONE, media="text/plain", plain=True, errors=(304,))
def client_types():
    return LIBRARY.file("bemore-client.d.ts", request.args.get("v"))
