"""Whether the service lives and is ready: plain JSON, for load balancers and people."""

import time

from flask import Blueprint, current_app

from bemore import __version__
from bemore.api.openapi import shapes
from bemore.auth.access import Access
from bemore.api.http.responses import json
from bemore.api.http.operation import operation
from bemore.errors import DatabaseUnavailable
from bemore.db.connections import ping

blueprint = Blueprint("health", __name__)

_started = time.monotonic()


def _status(status="ok"):
    return {"status": status, "uptime": round(time.monotonic() - _started, 3), "version": __version__}


@blueprint.get("/health")
@operation("Whether the process lives", Access.ANYONE, data=shapes.HEALTH, plain=True)
def health():
    return json(_status())


@blueprint.get("/health/live")
@operation("Whether the process lives", Access.ANYONE, data=shapes.HEALTH, plain=True)
def live():
    return json(_status())


@blueprint.get("/health/ready")
@operation("Whether requests can be served: the database answers", Access.ANYONE, data=shapes.READY, plain=True, errors=(503,))
def ready():
    limiter = current_app.extensions["bemore.rate_limiter"]
    redis = limiter.store_state if limiter.store_state == "none" else ("up" if limiter.ping() else "down")
    try:
        ping()
    except DatabaseUnavailable:
        return json({**_status("unavailable"), "database": "down", "redis": redis}, 503)
    return json({**_status(), "database": "up", "redis": redis})
