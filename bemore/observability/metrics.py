"""Counters, by prometheus_client: in the process, or in files that all worker processes share (its multiprocess mode).

Labels are rules of the application, methods and kinds, never a path, an id or an address. prometheus_client chooses its mode when it is
first imported. ``bemore.server.metrics_files.make()`` must come before that, so gunicorn's first process imports this module late.
"""

import os
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.multiprocess import MultiProcessCollector

#: Upper bounds of the histogram's buckets in seconds; one more bucket is above them.
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

#: Load balancers ask this; its 503 is an answer and no refusal.
READINESS_RULE = "/health/ready"

#: Whether several processes count together.
_MULTIPLE = "PROMETHEUS_MULTIPROC_DIR" in os.environ

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

disable_created_metrics()

_registry = CollectorRegistry()

requests = Counter(
    "bemore_http_requests", "Requests answered, by method, rule and class of status.", ["method", "route", "status"], registry=_registry
)
durations = Histogram(
    "bemore_http_request_duration_seconds",
    "Time from a request's last header to the beginning of its answer.",
    ["method", "route"],
    buckets=BOUNDS_S,
    registry=_registry,
)
errors = Counter("bemore_http_errors", "Requests answered with a status of 400 or more.", ["status"], registry=_registry)
quota_refusals = Counter("bemore_quota_refusals", "Requests beyond a quota (429).", registry=_registry)
unavailable = Counter(
    "bemore_unavailable", "Requests refused while the database or a key set was away (503).", registry=_registry
)
redis_outages = Counter("bemore_redis_outages", "How often a process found Redis away.", registry=_registry)
database_outages = Counter("bemore_database_outages", "How often a process found PostgreSQL away.", registry=_registry)
replica_requests = Counter(
    "bemore_replica_requests", "Requests that a replica may answer, by what they were read from: replica or primary.", ["source"],
    registry=_registry,
)  # fmt: skip
items_stored = Counter(
    "bemore_items_stored", "Items of uploads and scored minutes that were stored; sent again, counted again.", ["kind"], registry=_registry
)
service_started = Gauge("bemore_start_time_seconds", "When the service started.", multiprocess_mode="max", registry=_registry)
worker_started = Gauge(
    "bemore_worker_start_time_seconds", "When a worker process started.", multiprocess_mode="liveall", registry=_registry
)

# In the process that imports this first and starts the workers; in theirs it is 0.
service_started.set(time.time())

_children = {}


def start_worker():
    """Make this process known as a worker."""
    worker_started.set(time.time())


def count_request(method, route, status, seconds):
    """Count an answered request: ``route`` is a rule of the application, None for none; ``seconds`` is how long it took."""
    if method not in _METHODS:
        method = "other"
    key = method, route, status // 100
    children = _children.get(key)
    if children is None:
        where = method, route or "none"
        children = _children[key] = requests.labels(*where, f"{status // 100}xx"), durations.labels(*where)
    answered, duration = children
    answered.inc()
    duration.observe(seconds)
    if status >= 400:
        errors.labels(status).inc()
        if status == 429:
            quota_refusals.inc()
        elif status == 503 and route != READINESS_RULE:
            unavailable.inc()


def count_items(kind, number):
    """Count items of telemetry or minutes that were stored."""
    items_stored.labels(kind).inc(number)


def collect():
    """The metric families of all worker processes together, those that ended included, as prometheus_client's Metric objects."""
    if not _MULTIPLE:
        return list(_registry.collect())
    # MultiProcessCollector.collect() fails at an empty file, which a process has for a moment when it starts, and leaves behind if it is
    # killed then (https://github.com/prometheus/client_python/issues/1199).
    files = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db")
    return list(MultiProcessCollector.merge([str(file) for file in files if _has_content(file)]))


def _has_content(file):
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # of a worker that ended just now
        return False


class Counts:
    """What all worker processes together have counted, read from metric ``families`` (default: those of now)."""

    def __init__(self, families=None):
        self._samples = {}
        for family in collect() if families is None else families:
            for sample in family.samples:
                self._samples.setdefault(sample.name, []).append(sample)

    def total(self, name, **labels):
        """The sum of a metric's samples that have these labels."""
        return sum(sample.value for sample in self._samples.get(name, ()) if labels.items() <= sample.labels.items())

    def by(self, name, *labels):
        """``{value of the label: sum}``, or ``{(value, …): sum}`` for several ``labels``."""
        totals = {}
        for sample in self._samples.get(name, ()):
            values = tuple(sample.labels[label] for label in labels)
            key = values if len(labels) > 1 else values[0]
            totals[key] = totals.get(key, 0) + sample.value
        return totals

    @property
    def started_s(self):
        """When the service started, in seconds since the epoch."""
        return self.total("bemore_start_time_seconds")

    @property
    def workers(self):
        """The process ids of the workers that run, in order."""
        if not _MULTIPLE:
            return [os.getpid()]
        return sorted(map(int, self.by("bemore_worker_start_time_seconds", "pid")))
