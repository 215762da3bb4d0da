"""Requests that may be answered from a replica, never older than what the database had confirmed when they came."""

from bemore.db import connections
from bemore.errors import ReplicaUnavailable
from bemore.observability.metrics import replica_requests


def from_replica(make):
    """The result of ``make()``, which only reads (and may add to the audit log); once more from the primary if the replica fails."""
    try:
        with connections.replica_allowed():
            result = make()
            if source := connections.source():
                replica_requests.labels(source).inc()
            return result
    except ReplicaUnavailable:
        replica_requests.labels("primary").inc()
        return make()
