"""Around every request: its id, the security headers, one line in the log."""

import logging
import time

from flask import g, request

from bemore.api.envelope import request_id
from bemore.api.ratelimit import client

_log = logging.getLogger("bemore.access")

_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # Whether a page of another origin may read an answer depends on that origin.
    ("Vary", "Origin"),
)

#: What an answer that is data may load: nothing.
_CSP = "default-src 'none'; frame-ancestors 'none'"


def register(app):
    """Trace every request of ``app``. To be called before anything else hooks into its requests."""
    app.before_request(_begin)
    app.after_request(_finish)


def _begin():
    g.began = time.perf_counter()


def _finish(response):
    headers = response.headers
    headers.extend(_HEADERS)
    headers["X-Request-Id"] = request_id()
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = _CSP
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    _log.info(
        "request",
        extra={
            "method": request.method,
            # The rule, not the path: an id is a secret of those who have it.
            "route": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None,
            "request_id": g.request_id,
            "client": client(),
        },
    )
    return response
