"""The connections of a worker: how many each worker has, and the order in which they wait."""

import mmap
from collections import OrderedDict


class _Connections:
    """How many connections each worker has, in memory that all of them share as it is made before they are."""

    def __init__(self):
        # 0 is a place without a worker; a worker's count is one more than its connections.
        self._places = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("i")

    def put(self, age, count):
        self._places[age % len(self._places)] = count + 1

    def leave(self, age):
        self._places[age % len(self._places)] = 0

    def least(self):
        return min((count for count in self._places if count), default=1) - 1


CONNECTIONS = _Connections()


class Line(OrderedDict):
    """Connections in the order in which they came to wait. To gunicorn it is a deque; one is taken out in no time wherever it stands."""

    def __getitem__(self, place):
        return next(iter(self)) if place == 0 else super().__getitem__(place)

    def append(self, conn):
        self[conn] = None

    def remove(self, conn):
        del self[conn]

    def popleft(self):
        return self.popitem(last=False)[0]


class Kept:
    """What gunicorn wants to see of a request that is done: a future that says whether its connection is kept."""

    def __init__(self, kept):
        self._kept = kept

    def result(self):
        return self._kept

    def cancelled(self):
        return False

    def exception(self):
        return None
