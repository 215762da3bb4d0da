"""What happens here, for Prometheus: text format 0.0.4. It names rules and never paths, so it holds no id."""

import os
from itertools import accumulate
from pathlib import Path

from flask import Blueprint, Response, current_app

from bemore import __version__, clock
from bemore.observability import metrics
from bemore.auth.access import Access
from bemore.api.http.operation import operation
from bemore.errors import DatabaseUnavailable
from bemore.db.proxy import database
from bemore.models import session

blueprint = Blueprint("metrics", __name__)

STATES = ("active", "paused", "ended")

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@blueprint.record_once
def _start_counting(setup):
    app = setup.app
    metrics.table.row()  # so that a worker is seen before its first request
    metrics.watch("redis_outages", app.extensions["bemore.quotas"].outage)
    if database.obj.dialect == "postgres":
        metrics.watch("database_outages", database.obj.outage)


@blueprint.get("/metrics")
@operation("What happened, for Prometheus", Access.OPERATOR, media="text/plain", plain=True)
def show():
    """All processes of the service together, since it started; text format 0.0.4."""
    return Response("".join(f"{line}\n" for line in _lines()), content_type=_CONTENT_TYPE)


def _lines():
    counted, table = metrics.read(), metrics.table
    yield from _family("bemore_build_info", "gauge", "Always 1; the label tells the version.", [({"version": __version__}, 1)])
    yield from _family("bemore_start_time_seconds", "gauge", "When the service started.", [({}, table.started_ms / 1000)])
    yield from _requests(counted)
    totals = (
        ("bemore_http_errors_total", "Requests answered with a status of 400 or more.", _by("status", counted.failures)),
        ("bemore_quota_refusals_total", "Requests beyond a quota (429).", [({}, counted.failures.get(429, 0))]),
        (
            "bemore_unavailable_total",
            "Requests refused while the database or a key set was away (503).",
            [({}, unavailable(counted))],
        ),
        ("bemore_redis_outages_total", "How often a process found Redis away.", [({}, counted.outages("redis_outages"))]),
        (
            "bemore_database_outages_total",
            "How often a process found PostgreSQL away.",
            [({}, counted.outages("database_outages"))],
        ),
        (
            "bemore_items_stored_total",
            "Items of uploads and scored minutes that were stored; sent again, counted again.",
            _by("kind", counted.items),
        ),
    )
    for name, words, samples in totals:
        yield from _family(name, "counter", words, samples)
    yield from _state()
    memory = memory_bytes()
    yield from _family("bemore_worker_resident_memory_bytes", "gauge", "Memory of a worker process.", _by("worker", memory))
    yield from _family("bemore_workers", "gauge", "Worker processes.", [({}, len(table.processes()))])


def _requests(counted):
    answered, timed = [], []
    for (method, route), found in sorted(counted.requests.items()):
        where = {"method": method, "route": route}
        answered += [({**where, "status": f"{index}xx"}, number) for index, number in enumerate(found.by_class, 1) if number]
        bounds = (*(f"{bound:g}" for bound in metrics.BOUNDS_S), "+Inf")
        timed += [("_bucket", {**where, "le": bound}, number) for bound, number in zip(bounds, accumulate(found.by_duration))]
        timed += [("_sum", where, found.seconds), ("_count", where, sum(found.by_duration))]
    yield from _family("bemore_http_requests_total", "counter", "Requests answered, by method, rule and class of status.", answered)
    name = "bemore_http_request_duration_seconds"
    yield from _head(name, "histogram", "Time from a request's last header to the beginning of its answer.")
    yield from (_sample(name + suffix, labels, number) for suffix, labels, number in timed)


def _state():
    quotas, sessions = current_app.extensions["bemore.quotas"], session_states()
    yield from _family("bemore_database_up", "gauge", "Whether the database answers.", [({}, int(sessions is not None))])
    if quotas.store_state != "none":
        words = "Whether Redis answered the process that answers this."
        yield from _family("bemore_redis_up", "gauge", words, [({}, int(quotas.store_state == "up"))])
    if sessions is not None:
        yield from _family("bemore_sessions", "gauge", "Sessions by state.", _by("state", sessions))


def session_states():
    """``{state: number of sessions}``, from totals that are kept; None if the database does not answer."""
    try:
        tally = session.tally()
    except DatabaseUnavailable:
        return None
    return {state: tally.get(state, (0, 0))[0] for state in STATES}


def unavailable(counted):
    """Requests refused with 503; load balancers that asked whether the service is ready are none."""
    asked = counted.requests.get(("GET", "/health/ready"))
    return max(0, counted.failures.get(503, 0) - (asked.by_class[4] if asked else 0))


def memory_bytes():
    """``{worker: bytes}`` that each worker process has in memory; empty where the system does not tell."""
    found = {}
    for worker, pid in metrics.table.processes().items():
        try:
            pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
        except (OSError, IndexError):
            continue
        found[worker] = int(pages) * os.sysconf("SC_PAGE_SIZE")
    return found


def uptime_s():
    """Seconds since the service started."""
    return max(0, clock.now_ms() - metrics.table.started_ms) / 1000


def _by(label, numbers):
    return [({label: str(name)}, number) for name, number in sorted(numbers.items())]


def _family(name, kind, words, samples):
    yield from _head(name, kind, words)
    yield from (_sample(name, labels, number) for labels, number in samples)


def _head(name, kind, words):
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"


def _sample(name, labels, number):
    told = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items())
    return f"{name}{{{told}}} {number}" if told else f"{name} {number}"


def _escaped(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
