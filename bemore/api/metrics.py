"""What happens here, for Prometheus: text format 0.0.4."""

import os
from pathlib import Path

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import GaugeMetricFamily

from bemore import __version__, clock
from bemore.observability import metrics
from bemore.auth.access import Access
from bemore.api.http.operation import operation
from bemore.errors import DatabaseUnavailable
from bemore.models import session

blueprint = Blueprint("metrics", __name__)

STATES = ("active", "paused", "ended")


@blueprint.record_once
def _start_worker(setup):
    metrics.start_worker()


@blueprint.get("/metrics")
@operation("What happened, for Prometheus", Access.OPERATOR, media="text/plain", plain=True)
def show():
    """All processes of the service together, since it started; text format 0.0.4."""
    return Response(generate_latest(_Scrape()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Scrape:
    """Collects what was counted so far and the state of the service now."""

    def collect(self):
        families = metrics.collect()
        counts = metrics.Counts(families)
        yield _by("version", "bemore_build_info", "Always 1; the label is the version.", {__version__: 1})
        yield from families
        yield from _state()
        yield _by("worker", "bemore_worker_resident_memory_bytes", "Memory of a worker process.", memory_bytes(counts))
        yield GaugeMetricFamily("bemore_workers", "Worker processes.", len(counts.workers))


def _state():
    sessions, redis = session_states(), current_app.extensions["bemore.rate_limiter"].store_state
    yield GaugeMetricFamily("bemore_database_up", "Whether the database answers.", int(sessions is not None))
    if redis != "none":
        yield GaugeMetricFamily("bemore_redis_up", "Whether Redis answered the process that serves this.", int(redis == "up"))
    if sessions is not None:
        yield _by("state", "bemore_sessions", "Sessions by state.", sessions)


def _by(label, name, description, values):
    family = GaugeMetricFamily(name, description, labels=[label])
    for value, number in values.items():
        family.add_metric([str(value)], number)
    return family


def session_states():
    """``{state: number of sessions}``, from totals that are kept; None if the database does not answer."""
    try:
        tally = session.tally()
    except DatabaseUnavailable:
        return None
    return {state: tally.get(state, (0, 0))[0] for state in STATES}


def memory_bytes(counts):
    """``{worker: resident bytes}``, the worker processes numbered from 0; without those of which the system does not tell it."""
    resident = {}
    for worker, pid in enumerate(counts.workers):
        try:
            pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
        except (OSError, IndexError):
            continue
        resident[worker] = int(pages) * os.sysconf("SC_PAGE_SIZE")
    return resident


def uptime_s(counts):
    """Seconds since the service started."""
    return max(0, clock.now_ms() / 1000 - counts.started_s)
