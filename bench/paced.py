"""Load at a given rate: every request has a time at which it is due, whether or not the ones before it were answered.

A closed loop such as wrk's slows down with the server and so never sees what a crowd of browsers would do to it. Here a
latency counts from the moment the request was due, so waiting for a free connection is part of it.
"""

import selectors
import time
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.figures import percentile
from bench.http1 import Connection, parse

#: Connections, as a proxy would keep them open to the service.
CONNECTIONS = 64

#: A server that is this far behind is overloaded and the load is broken off, in seconds.
HOPELESS_S = 3.0


class Request(NamedTuple):
    """An answered request; times in seconds from the beginning of the load."""

    kind: str
    due: float
    sent: float
    done: float


@dataclass
class Outcome:
    """What came of a load. ``requests`` were answered with success; ``refused`` by status (0: the connection broke)."""

    requests: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)
    broken_off: bool = False
    seconds: float = 0.0

    @property
    def answered(self):
        return len(self.requests)

    @property
    def latencies_ms(self):
        """By kind of request; from the moment that it was due."""
        by_kind = {}
        for each in self.requests:
            by_kind.setdefault(each.kind, []).append(1000 * (each.done - each.due))
        return by_kind

    def percentile_ms(self, percent):
        return percentile([1000 * (each.done - each.due) for each in self.requests], percent)


class _Line(Connection):
    """A connection and the request under way on it."""

    due, sent, kind, received = 0.0, 0.0, "", b""


class Load:
    """Connections to a port that loads share; a context manager."""

    def __init__(self, port, connections=CONNECTIONS):
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._lines, self._idle = set(), deque()
        for _ in range(connections):
            self._open()

    def _open(self):
        line = _Line(self._port)
        self._lines.add(line)
        self._idle.append(line)
        self._selector.register(line, selectors.EVENT_READ, line)

    def drive(self, arrivals, hopeless_s=HOPELESS_S):
        """As the function ``drive``. Not again after a load that was broken off."""
        self._outcome, self._began = Outcome(), time.perf_counter()
        self._run(arrivals, hopeless_s)
        self._outcome.seconds = self._now()
        return self._outcome

    def _run(self, arrivals, hopeless_s):
        arrivals, waiting, all_lines = iter(arrivals), deque(), len(self._lines)
        upcoming = next(arrivals, None)
        while upcoming or waiting or len(self._idle) < all_lines:
            now = self._now()
            while upcoming and upcoming[0] <= now:
                waiting.append(upcoming)
                upcoming = next(arrivals, None)
            if waiting and now - waiting[0][0] > hopeless_s:
                self._outcome.broken_off = True
                return
            while waiting and self._idle:
                line = self._idle.popleft()
                line.due, line.kind, raw = waiting.popleft()
                line.sent = self._now()
                line.send(raw)
            ready = self._selector.select(max(0.0, upcoming[0] - now) if upcoming else hopeless_s)
            if not ready and not upcoming:
                self._outcome.broken_off = True
                return
            for key, _ in ready:
                self._read(key.data)

    def _read(self, line):
        try:
            line.received += line.receive()
        except OSError:
            self._refuse(0)
            self._drop(line)
            self._open()
            return
        answer = parse(line.received)
        if answer is not None:
            line.received = b""
            if 200 <= answer.status < 300:
                self._outcome.requests.append(Request(line.kind, line.due, line.sent, self._now()))
            else:
                self._refuse(answer.status)
            self._idle.append(line)

    def _refuse(self, status):
        self._outcome.refused[status] = self._outcome.refused.get(status, 0) + 1

    def _drop(self, line):
        self._selector.unregister(line)
        self._lines.remove(line)
        if line in self._idle:
            self._idle.remove(line)
        line.close()

    def _now(self):
        return time.perf_counter() - self._began

    def close(self):
        for line in list(self._lines):
            self._drop(line)
        self._selector.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()


def drive(port, arrivals, connections=CONNECTIONS, hopeless_s=HOPELESS_S):
    """Send ``arrivals``, an iterable of (due in seconds from now, kind, bytes) in the order of their times; an Outcome.

    Broken off where a request has waited for ``hopeless_s`` seconds, or nothing at all is answered for as long.
    """
    with Load(port, connections) as load:
        return load.drive(arrivals, hopeless_s)
