"""Load at a given rate: every request has a time at which it is due, whether or not the ones before it were answered.

A closed loop such as wrk's slows down with the server and so never sees what a crowd of browsers would do to it. Here a
latency counts from the moment the request was due, so waiting for a free connection is part of it.
"""

import selectors
import time
from collections import deque
from dataclasses import dataclass, field

from bench.figures import percentile
from bench.http1 import Connection, parse

#: Connections, as a proxy would keep them open to the service.
CONNECTIONS = 64

#: A server that is this far behind is overloaded and the load is broken off, in seconds.
HOPELESS_S = 3.0


@dataclass
class Outcome:
    """What came of a load. ``latencies_ms`` by kind of request; ``refused`` by status (0: the connection broke)."""

    latencies_ms: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)
    broken_off: bool = False
    seconds: float = 0.0

    @property
    def answered(self):
        return sum(map(len, self.latencies_ms.values()))

    def percentile_ms(self, percent):
        return percentile([each for latencies in self.latencies_ms.values() for each in latencies], percent)

    def add(self, kind, latency_ms, status):
        if 200 <= status < 300:
            self.latencies_ms.setdefault(kind, []).append(latency_ms)
        else:
            self.refused[status] = self.refused.get(status, 0) + 1


class _Line(Connection):
    """A connection and the request under way on it."""

    due, kind, received = 0.0, "", b""


class _Load:
    """Lines to one port; ``drive`` is the way in."""

    def __init__(self, port, connections):
        self._port = port
        self.outcome, self._began = Outcome(), time.perf_counter()
        self._selector = selectors.DefaultSelector()
        self._lines, self._idle = set(), deque()
        for _ in range(connections):
            self._open()

    def _open(self):
        line = _Line(self._port)
        self._lines.add(line)
        self._idle.append(line)
        self._selector.register(line, selectors.EVENT_READ, line)

    def run(self, arrivals, hopeless_s):
        arrivals, waiting, all_lines = iter(arrivals), deque(), len(self._lines)
        upcoming = next(arrivals, None)
        while upcoming or waiting or len(self._idle) < all_lines:
            now = self._now()
            while upcoming and upcoming[0] <= now:
                waiting.append(upcoming)
                upcoming = next(arrivals, None)
            if waiting and now - waiting[0][0] > hopeless_s:
                self.outcome.broken_off = True
                return
            while waiting and self._idle:
                line = self._idle.popleft()
                line.due, line.kind, raw = waiting.popleft()
                line.send(raw)
            ready = self._selector.select(max(0.0, upcoming[0] - now) if upcoming else hopeless_s)
            if not ready and not upcoming:
                self.outcome.broken_off = True
                return
            for key, _ in ready:
                self._read(key.data)

    def _read(self, line):
        try:
            line.received += line.receive()
        except OSError:
            self.outcome.add(line.kind, 0.0, 0)
            self._drop(line)
            self._open()
            return
        answer = parse(line.received)
        if answer is not None:
            line.received = b""
            self.outcome.add(line.kind, (self._now() - line.due) * 1000, answer.status)
            self._idle.append(line)

    def _drop(self, line):
        self._selector.unregister(line)
        self._lines.remove(line)
        if line in self._idle:
            self._idle.remove(line)
        line.close()

    def _now(self):
        return time.perf_counter() - self._began

    def close(self):
        self.outcome.seconds = self._now()
        for line in list(self._lines):
            self._drop(line)
        self._selector.close()


def drive(port, arrivals, connections=CONNECTIONS, hopeless_s=HOPELESS_S):
    """Send ``arrivals``, an iterable of (due in seconds from now, kind, bytes) in the order of their times; an Outcome.

    Broken off where a request has waited for ``hopeless_s`` seconds, or nothing at all is answered for as long.
    """
    load = _Load(port, connections)
    try:
        load.run(arrivals, hopeless_s)
    finally:
        load.close()
    return load.outcome
