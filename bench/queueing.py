"""A queueing model of a machine that runs the service, as a simulation.

A request first holds a process of the service. All requests in a process share its time equally (processor sharing), as threads take turns
at CPython's lock: together they get one core at the most. Then PostgreSQL, Redis and the load generator work for the request on any core,
and at last it waits for the disk and the network, which nobody else waits for. If more want to run than there are cores, all are slowed
down alike. Times are in seconds.
"""

import heapq
import math
import random
from bisect import bisect
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from bench.crowd import KINDS
from bench.figures import percentile

#: Percentiles that a fit compares, parts of a request's time that it tries, and how often a load is simulated.
_FITTED_PERCENTILES, _PARTS, _SEEDS = (90, 95, 99), [step / 40 for step in range(16, 45)], (1, 2, 3)


class Work(NamedTuple):
    """What a request needs from ``arrival`` on: ``held`` of CPU time in ``process``, then ``behind`` on any core, then ``wait``."""

    arrival: float
    process: int
    held: float
    behind: float = 0.0
    wait: float = 0.0


class _Share:
    """Requests that get equal parts of something; ``clock`` is what each has got that was there from the beginning on."""

    def __init__(self):
        self.clock, self.heap = 0.0, []

    def add(self, place, work):
        heapq.heappush(self.heap, (self.clock + work, place))

    @property
    def left(self):
        """Work until the first of them is done."""
        return max(0.0, self.heap[0][0] - self.clock)


def serve(works, cores):
    """The end of each ``Work``, which are in the order of arrival, on a machine of so many cores."""
    processes = {each.process: _Share() for each in works}
    behind, ends, upcoming, now = _Share(), [0.0] * len(works), 0, 0.0
    while True:
        active = [(share, len(share.heap)) for share in processes.values() if share.heap]
        wanted = len(active) + len(behind.heap)
        if behind.heap:
            active.append((behind, 1))
        slow = max(1.0, wanted / cores)
        after, first = min(((share.left * sharers * slow, place) for place, (share, sharers) in enumerate(active)), default=(math.inf, 0))
        arrives = upcoming < len(works) and works[upcoming].arrival <= now + after
        if not arrives and not active:
            return ends
        passed = works[upcoming].arrival - now if arrives else after
        for share, sharers in active:
            share.clock += passed / slow / sharers
        now += passed
        if arrives:
            processes[works[upcoming].process].add(upcoming, works[upcoming].held)
            upcoming += 1
        else:
            share = active[first][0]
            _, place = heapq.heappop(share.heap)
            if share is behind:
                ends[place] = now + works[place].wait
            else:
                behind.add(place, works[place].behind)


@dataclass(frozen=True)
class Measured:
    """A load and what it took.

    ``requests`` are those of an ``Outcome``; ``cpu`` is the CPU time used in ``seconds``: {"service", "generator", "postgres"?, "redis"?}.
    ``shares`` are the parts of the requests that go to each process.
    """

    requests: list
    seconds: float
    cpu: dict
    shares: list

    @property
    def rate(self):
        return len(self.requests) / self.seconds

    @property
    def arrivals(self):
        return sorted((each.due, each.kind) for each in self.requests)

    @property
    def lateness(self):
        """How much later than due each request was sent."""
        return [each.sent - each.due for each in self.requests]

    def times_alone(self):
        """``{kind: [time from sending to the response]}`` of requests that were sent while no other was under way."""
        times, free = {kind: [] for kind in KINDS}, 0.0
        for each in sorted(self.requests, key=lambda request: request.sent):
            if each.sent >= free:
                times[each.kind].append(each.done - each.sent)
            free = max(free, each.done)
        return times


@dataclass(frozen=True)
class Model:
    """What requests take.

    ``times`` and ``lateness`` are samples from a load of ``rate`` requests a second. ``part`` of a request's time it holds its process.
    ``cpu``: per server, CPU time that it uses per second in any case, and per request.
    """

    times: dict
    lateness: list
    rate: float
    cpu: dict
    part: float = 1.0

    def cpu_per_request(self, server, rate):
        always, each = self.cpu[server]
        return always / rate + each

    def _faster(self, rate):
        """How long a request takes at a rate, as a part of what it took at the sample's."""
        return self.cpu_per_request("service", rate) / self.cpu_per_request("service", self.rate)

    def held(self, rate):
        """For how long a request holds its process on average."""
        return self.part * self._faster(rate) * fmean(fmean(self.times[kind]) for kind in KINDS)

    def latencies(self, arrivals, seconds, shares, cores):
        """Latencies of ``arrivals``, ``[(due, kind)]``, by simulations with several seeds."""
        rate = len(arrivals) / seconds
        faster = self._faster(rate)
        others = sum(self.cpu_per_request(server, rate) for server in self.cpu if server != "service")
        bounds = [sum(shares[:place]) for place in range(1, len(shares))]
        for seed in _SEEDS:
            source, works = random.Random(seed), []
            for due, kind in arrivals:
                time = faster * source.choice(self.times[kind])
                rest = max(0.0, time * (1 - self.part))
                behind, process = min(others, rest), bisect(bounds, source.random() * sum(shares))
                works.append((Work(due + source.choice(self.lateness), process, time * self.part, behind, rest - behind), due))
            works.sort()
            yield from (end - due for end, (_, due) in zip(serve([each for each, _ in works], cores), works, strict=True))

    def percentile_ms(self, percent, *load):
        """A percentile of the latency, in ms; ``load`` as for ``latencies``."""
        return 1000 * percentile(list(self.latencies(*load)), percent)


def fit(quiet, busy, cores):
    """A Model from two ``Measured`` loads.

    The quiet one, at which hardly anything queues, gives the times of requests that met no other. CPU time is linear in the rate
    (utilization law). ``part`` is that with which the percentiles of the busy load come closest to the measured ones.
    """
    cpu = {}
    for server in quiet.cpu:
        use, more = (each.cpu[server] / each.seconds for each in (quiet, busy))
        each = (more - use) / (busy.rate - quiet.rate)
        cpu[server] = use - each * quiet.rate, each
    measured = [percentile([each.done - each.due for each in busy.requests], percent) for percent in _FITTED_PERCENTILES]

    def model(part):
        return Model(quiet.times_alone(), quiet.lateness, quiet.rate, cpu, part)

    def miss(part):
        latencies = list(model(part).latencies(busy.arrivals, busy.seconds, busy.shares, cores))
        return sum(math.log(percentile(latencies, each) / one) ** 2 for each, one in zip(_FITTED_PERCENTILES, measured, strict=True))

    return model(min(_PARTS, key=miss))


def knee(model, crowd, shares, cores, bound_ms, most, seconds=6):
    """The most sessions of a ``Crowd``, up to ``most`` and to 2 %, at which the model's p99 is below ``bound_ms``."""
    kept, refused = 0, most
    while refused - kept > refused / 50:
        sessions = (kept + refused) // 2
        kept_up = model.percentile_ms(99, crowd.schedule(sessions, seconds), seconds, shares, cores) < bound_ms
        kept, refused = (sessions, refused) if kept_up else (kept, sessions)
    return kept
