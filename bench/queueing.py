"""A queueing model of the service, as a simulation.

A request takes CPU time of one process, which runs one request at a time (CPython's lock) in the order of arrival, and then waits without
using that process: for the commit, the network, the client. The proxy's connections stay with one process each, so a request joins the
queue of a random process, even if another is idle. Where PostgreSQL is named, its cores serve one common queue after that. Times are in
seconds.
"""

import heapq
import math
import random
from dataclasses import dataclass

from bench.crowd import KINDS
from bench.figures import percentile

_STEP_S = 60.0 / len(KINDS)

#: Percentiles that a fit compares, and how finely it searches.
_FITTED_PERCENTILES, _STEPS = (50, 75, 90, 95, 99), 25


@dataclass(frozen=True)
class Model:
    """What a request takes.

    ``cpu``: mean CPU time by kind; ``stretch``: how much longer it holds its process, because other programs use the machine, too.
    ``delays``: a sample of what it waits for besides, as measured at ``quiet`` sessions; ``growth`` is how much of that each further
    session adds, as disk and database are shared.
    """

    cpu: dict
    delays: list
    stretch: float = 1.0
    growth: float = 0.0
    quiet: int = 0

    def latencies(self, sessions, seconds, processes=1, seed=1):
        """Latencies of what so many sessions send in so many seconds, by a simulation."""
        source = random.Random(seed)
        arrivals = crowd(sessions, seconds, source)
        done = queues([(due, due, self.cpu[kind] * self.stretch) for due, kind in arrivals], processes, source)
        factor = 1 + self.growth * (sessions - self.quiet)
        return [end - due + factor * source.choice(self.delays) for end, due in done]

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

    The quiet one, at which nothing queues, gives CPU times and delays: the latency of each request less what it holds its process.
    Stretch and growth are those with which the model's percentiles at the busy one come closest to the measured ones. Each is a dict:
    ``sessions``, ``seconds``, ``processes``, ``cpu_ms`` (mean per request) and ``latencies_ms`` by kind.
    """
    medians = {kind: percentile(values, 50) for kind, values in quiet["latencies_ms"].items()}
    mean = sum(medians[kind] for kind in KINDS) / len(KINDS)
    share = {kind: median / mean for kind, median in medians.items()}
    pooled = [each / 1000 for values in busy["latencies_ms"].values() for each in values]
    measured = [percentile(pooled, percent) for percent in _FITTED_PERCENTILES]

    def model(stretch, growth):
        held = {kind: quiet["cpu_ms"] * each * stretch for kind, each in share.items()}
        delays = [max(0.0, latency - held[kind]) / 1000 for kind, values in quiet["latencies_ms"].items() for latency in values]
        cpu = {kind: busy["cpu_ms"] * each / 1000 for kind, each in share.items()}
        return Model(cpu, delays, stretch, growth / (busy["sessions"] - quiet["sessions"]), quiet["sessions"])

    def miss(made):
        latencies = made.latencies(busy["sessions"], busy["seconds"], busy["processes"])
        modelled = [percentile(latencies, percent) for percent in _FITTED_PERCENTILES]
        return sum(math.log(one / other) ** 2 for one, other in zip(modelled, measured, strict=True))

    # Up to where the processes would be overloaded.
    most = 0.97 * busy["processes"] * _STEP_S / (busy["sessions"] * busy["cpu_ms"] / 1000)
    stretches = [most * (0.2 + 0.8 * place / _STEPS) for place in range(_STEPS + 1)]
    return min((model(stretch, step / 5) for stretch in stretches for step in range(11)), key=miss)
