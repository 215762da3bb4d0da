"""How the service is and what went wrong, for an operator's page: the counts of ``/metrics`` as JSON."""

from flask import Blueprint, current_app

from bemore import __version__
from bemore.api.http.operation import operation
from bemore.api.metrics import memory_bytes, session_states, uptime_s
from bemore.auth.access import Access
from bemore.observability.metrics import Counts
from bemore.schemas.monitoring import ErrorCounts, ServiceState
from bemore.scoring.rounding import round3

blueprint = Blueprint("monitoring", __name__, url_prefix="/api/monitoring")


@blueprint.get("/health")
@operation("How the service is", Access.OPERATOR, response=ServiceState)
def health():
    """All its processes together. The answer is 200 also while something is away; `/health/ready` is for load balancers."""
    sessions, redis = session_states(), current_app.extensions["bemore.rate_limiter"].store_state
    counts = Counts()
    memory = memory_bytes(counts)
    return {
        "status": "degraded" if sessions is None or redis == "down" else "ok",
        "uptime": uptime_s(counts),
        "version": __version__,
        "database": "down" if sessions is None else "up",
        "redis": redis,
        "processes": len(counts.workers),
        "memoryBytes": sum(memory.values()) if memory else None,
        "requests": int(counts.total("bemore_http_requests_total")),
        "sessions": sessions,
    }


@blueprint.get("/error-stats")
@operation("What went wrong since the service started", Access.OPERATOR, response=ErrorCounts)
def error_stats():
    """Requests that are not even HTTP are not counted."""
    counts = Counts()
    answered = counts.by("bemore_http_requests_total", "method", "route", "status")
    routes = [
        {
            "method": method,
            "route": route,
            "clientErrors": int(answered.get((method, route, "4xx"), 0)),
            "serverErrors": int(answered.get((method, route, "5xx"), 0)),
        }
        for method, route in sorted({(method, route) for method, route, status in answered if status in ("4xx", "5xx")})
    ]
    total = int(sum(answered.values()))
    errors = {kind: sum(each[kind] for each in routes) for kind in ("clientErrors", "serverErrors")}
    return {
        "since": round(counts.started_s * 1000),
        "totalRequests": total,
        "totalErrors": sum(errors.values()),
        "errorRate": round3(sum(errors.values()) / total) if total else 0.0,
        **errors,
        "byStatus": {status: int(number) for status, number in sorted(counts.by("bemore_http_errors_total", "status").items())},
        "byRoute": sorted(routes, key=lambda each: -(each["clientErrors"] + each["serverErrors"])),
        "quotaRefusals": int(counts.total("bemore_quota_refusals_total")),
        "unavailable": int(counts.total("bemore_unavailable_total")),
        "redisOutages": int(counts.total("bemore_redis_outages_total")),
        "databaseOutages": int(counts.total("bemore_database_outages_total")),
    }
