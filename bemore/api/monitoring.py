"""How the service is and what went wrong, for an operator's page: the counts of ``/metrics`` as JSON."""

from flask import Blueprint, current_app

from bemore import __version__
from bemore.observability import metrics
from bemore.api.openapi import around_shapes
from bemore.auth.access import Access
from bemore.api.http.responses import success
from bemore.api.metrics import memory_bytes, session_states, unavailable, uptime_s
from bemore.api.http.operation import operation
from bemore.scoring.rounding import round3

blueprint = Blueprint("monitoring", __name__, url_prefix="/api/monitoring")


@blueprint.get("/health")
@operation("How the service is", Access.OPERATOR, data=around_shapes.MONITORING)
def health():
    """All its processes together. The answer is 200 also while something is away; `/health/ready` is for load balancers."""
    sessions, redis = session_states(), current_app.extensions["bemore.quotas"].store_state
    memory = memory_bytes()
    data = {
        "status": "degraded" if sessions is None or redis == "down" else "ok",
        "uptime": uptime_s(),
        "version": __version__,
        "database": "down" if sessions is None else "up",
        "redis": redis,
        "processes": len(metrics.table.processes()),
        "memoryBytes": sum(memory.values()) if memory else None,
        "requests": sum(found.total for found in metrics.read().requests.values()),
        "sessions": sessions,
    }
    return success(data)


@blueprint.get("/error-stats")
@operation("What went wrong since the service started", Access.OPERATOR, data=around_shapes.ERROR_STATS)
def error_stats():
    """Requests that are not even HTTP are not counted."""
    counted = metrics.read()
    routes = [
        {"method": method, "route": route, "clientErrors": found.by_class[3], "serverErrors": found.by_class[4]}
        for (method, route), found in sorted(counted.requests.items())
        if found.by_class[3] or found.by_class[4]
    ]
    total = sum(found.total for found in counted.requests.values())
    errors = {kind: sum(each[kind] for each in routes) for kind in ("clientErrors", "serverErrors")}
    data = {
        "since": metrics.table.started_ms,
        "totalRequests": total,
        "totalErrors": sum(errors.values()),
        "errorRate": round3(sum(errors.values()) / total) if total else 0.0,
        **errors,
        "byStatus": {str(status): number for status, number in sorted(counted.failures.items())},
        "byRoute": sorted(routes, key=lambda each: -(each["clientErrors"] + each["serverErrors"])),
        "quotaRefusals": counted.failures.get(429, 0),
        "unavailable": unavailable(counted),
        "redisOutages": counted.outages("redis_outages"),
        "databaseOutages": counted.outages("database_outages"),
    }
    return success(data)
