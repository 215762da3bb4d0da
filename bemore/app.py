"""The only place where the parts are put together."""

import re

from flask import Flask, Response, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from bemore.auth import access
from bemore.api import (
    dashboard,
    devices,
    docs,
    emotion,
    exports,
    health,
    metrics,
    minutes,
    monitoring,
    notes,
    pages,
    preferences,
    reports,
    sessions,
    telemetry,
)
from bemore.api.http import error_handlers as failures
from bemore.api.openapi import document as openapi  # fmt: skip
from bemore.api.http.middleware import RequestContextMiddleware
from bemore.observability import traces
from bemore.ratelimit.limiter import RateLimiter
from bemore.db import connections as database

BLUEPRINTS = (
    sessions.blueprint, telemetry.blueprint, minutes.blueprint, notes.blueprint, reports.blueprint, exports.blueprint, dashboard.blueprint,
    preferences.blueprint, devices.blueprint, emotion.blueprint, monitoring.blueprint, metrics.blueprint, health.blueprint, docs.blueprint,
    pages.blueprint,
)  # fmt: skip

#: What a page may send and read across origins; the contract lists them.
CORS_METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
CORS_REQUEST_HEADERS = (
    "Content-Type", "Content-Encoding", "Authorization", "Idempotency-Key", "X-Request-ID", "X-Client-Version", "X-Device-ID",
    "X-Timestamp", "X-CSRF-Token", "traceparent", "tracestate", "sentry-trace", "baggage",
)  # fmt: skip
CORS_EXPOSED_HEADERS = (
    "X-Request-Id", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
    "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "ETag", "Content-Disposition",
)  # fmt: skip


class SessionIdConverter(BaseConverter):
    """A session's id: any path segment that is not the name of an endpoint, so that ``GET /start`` is a 405."""

    regex = r"(?!(?:start|batch-tick)(?:/|$))[^/]+"


def create_app(settings):
    """The WSGI application for ``settings``. Makes no connection and no table; ``bemore.db.migrate`` makes those."""
    app = Flask("bemore", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False  # a slash too many is no address, and an answer rather than a redirect
    app.url_map.converters["session_id"] = SessionIdConverter
    app.extensions["bemore"] = settings

    if settings.otel_exporter_otlp_endpoint:
        traces.start(app, settings.otel_exporter_otlp_endpoint)
    database.connect(settings, create=False)
    CORS(
        app,
        origins=[_origin_pattern(each) for each in settings.frontend_urls],
        methods=CORS_METHODS,
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=CORS_EXPOSED_HEADERS,
        supports_credentials=True,
        always_send=False,
        max_age=600,
    )
    app.before_request(_answer_preflight_of_unknown_path)
    access.init_app(app, settings)
    rate_limiter = app.extensions["bemore.rate_limiter"] = RateLimiter(settings, access.subject)
    rate_limiter.init_app(app)
    failures.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.extensions["bemore.openapi"] = openapi.document(app, settings)
    app.wsgi_app = RequestContextMiddleware(app.wsgi_app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_port=0, x_prefix=0)
    return app


def _origin_pattern(origin):
    """An anchored pattern for an origin of FRONTEND_URLS; ``*`` stands for exactly one label of a host name."""
    return re.compile(re.escape(origin).replace(r"\*", "[a-z0-9-]+") + r"\Z", re.IGNORECASE)


def _answer_preflight_of_unknown_path():
    """Let a preflight of an unknown path pass: the page can then read the 404 of its request, and not only "network error"."""
    if request.routing_exception is not None and request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return Response()
    return None
