"""A queueing model of the service, as a simulation.

A request takes CPU time of one process, which runs one request at a time (CPython's lock) in the order of arrival, and then waits without
using that process: for the commit, the network, the client. The proxy's connections stay with one process each, so a request joins the
queue of a random process, even if another is idle. Where PostgreSQL is named, its cores serve one common queue after that. Times are in
seconds.
"""

import heapq
import random
from dataclasses import dataclass

from bench.crowd import KINDS
from bench.figures import percentile

_STEP_S = 60.0 / len(KINDS)


@dataclass(frozen=True)
class Model:
    """``cpu``: mean CPU time of a request by kind; ``delays``: a sample of what a request waits for without CPU time;
    ``stretch``: how much longer a request holds its process than its CPU time, because other programs use the machine, too.
    """

    cpu: dict
    delays: list
    stretch: float = 1.0

    def latencies(self, sessions, seconds, processes=1, seed=1):
        """Latencies of what so many sessions send in so many seconds, by a simulation."""
        source = random.Random(seed)
        arrivals = crowd(sessions, seconds, source)
        done = queues([(due, due, self.cpu[kind] * self.stretch) for due, kind in arrivals], processes, source)
        return [end - due + source.choice(self.delays) for end, due in done]

    def percentile_ms(self, percent, sessions, seconds, processes=1):
        """A percentile of the latency, in ms."""
        return 1000 * percentile(self.latencies(sessions, seconds, processes), percent)


def crowd(sessions, seconds, source):
    """``[(due, kind)]`` of sessions that send as ``bench.crowd`` has it, each at its own moment of the minute."""
    arrivals = []
    for _ in range(sessions):
        place, due = source.randrange(len(KINDS)), source.random() * _STEP_S
        while due < seconds:
            arrivals.append((due, KINDS[place % len(KINDS)]))
            place, due = place + 1, due + _STEP_S
    return sorted(arrivals)


def queue(requests, servers):
    """First come, first served: ``[(end, due)]`` of ``(arrival, due, service time)``, by the time of the end."""
    free, done = [0.0] * servers, []
    for arrival, due, service in sorted(requests):
        end = max(arrival, free[0]) + service
        heapq.heapreplace(free, end)
        done.append((end, due))
    return sorted(done)


def queues(requests, processes, source):
    """``queue`` for requests that each join the queue of a random process with one server."""
    parts = [[] for _ in range(processes)]
    for each in requests:
        source.choice(parts).append(each)
    return [each for part in parts for each in queue(part, 1)]


def fit(quiet, busy):
    """A Model from two measured loads.

    The quiet one, at which nothing queues, gives CPU times and delays: the latency of each request less its CPU time. The busy one gives
    the stretch, for which the model's p99 there is the measured one. Each is a dict: ``sessions``, ``seconds``, ``processes``, ``cpu_ms``
    (mean per request) and ``latencies_ms`` by kind.
    """
    medians = {kind: percentile(values, 50) for kind, values in quiet["latencies_ms"].items()}
    mean = sum(medians[kind] for kind in KINDS) / len(KINDS)
    share = {kind: median / mean for kind, median in medians.items()}
    delays = [
        max(0.0, latency - quiet["cpu_ms"] * share[kind]) / 1000 for kind, values in quiet["latencies_ms"].items() for latency in values
    ]
    cpu = {kind: busy["cpu_ms"] * each / 1000 for kind, each in share.items()}
    measured = percentile([each for values in busy["latencies_ms"].values() for each in values], 99)
    # The longest stretch at which the processes are not overloaded bounds the search.
    low, high = 0.5, 0.97 * busy["processes"] * _STEP_S / (busy["sessions"] * sum(cpu[kind] for kind in KINDS) / len(KINDS))
    for _ in range(12):
        middle = (low + high) / 2
        if Model(cpu, delays, middle).percentile_ms(99, busy["sessions"], busy["seconds"], busy["processes"]) < measured:
            low = middle
        else:
            high = middle
    return Model(cpu, delays, low)
