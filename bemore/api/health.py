"""Whether the service lives and is ready: plain JSON, for load balancers and people."""

import time

from flask import Blueprint, current_app

from bemore import __version__
from bemore.api.http.operation import operation
from bemore.auth.access import Access
from bemore.db.connections import ping
from bemore.errors import DatabaseUnavailable
from bemore.schemas.health import Health, Readiness

blueprint = Blueprint("health", __name__)

_started = time.monotonic()


def _status(status="ok"):
    return {"status": status, "uptime": round(time.monotonic() - _started, 3), "version": __version__}


@blueprint.get("/health")
@blueprint.get("/health/live", endpoint="live")
@blueprint.get("/api/health", endpoint="api_health")
@operation("Whether the process lives", Access.ANYONE, response=Health, plain=True)
def health():
    """The three addresses are the same; `/api/health` is for pages that only reach `/api`."""
    return _status()


@blueprint.get("/health/ready")
@operation("Whether requests can be served: the database answers", Access.ANYONE, response=Readiness, plain=True, errors=(503,))
def ready():
    limiter = current_app.extensions["bemore.rate_limiter"]
    redis = limiter.store_state if limiter.store_state == "none" else ("up" if limiter.ping() else "down")
    try:
        ping()
    except DatabaseUnavailable:
        return {**_status("unavailable"), "database": "down", "redis": redis}, 503
    return {**_status(), "database": "up", "redis": redis}
