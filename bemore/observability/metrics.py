"""What happens here, counted over all worker processes together: a table in memory that they share.

Each process adds to a row of its own, so that none waits for another and none undoes what another adds; who reads sums the rows up.
Rows are claimed by a record lock, which the system takes from a process that dies: the one that replaces it goes on counting in
its row. The memory is made when this module is first imported, by the process that starts the workers.

prometheus_client was measured and not taken: 10 µs a request against 2, a file for every process that was ever started, and a
directory that has to be named before its first import and swept after each worker.
"""

import fcntl
import mmap
import os
import tempfile
import threading
from bisect import bisect_left

from bemore import clock

#: Upper bounds of the classes that durations are counted in, in seconds; one more class is above them.
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

#: Bytes of the list of names, processes that can have a row, and numbers in a row. Pages that nobody writes to take no memory.
_NAMES, _ROWS, _CELLS = 1 << 16, 512, 1 << 13

#: In a request's block: classes of status 1xx to 5xx, classes of duration, seconds together.
_DURATIONS, _SECONDS = 5, 5 + len(BOUNDS_S) + 1
_BLOCK = _SECONDS + 1

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class SharedTable:
    """Named blocks of numbers that only grow. Names are few, and given out once, to whichever process asks first."""

    def __init__(self):
        self._file = os.memfd_create("bemore-metrics") if hasattr(os, "memfd_create") else _unnamed_file()
        os.ftruncate(self._file, _NAMES + _ROWS * _CELLS * 8)
        memory = memoryview(mmap.mmap(self._file, 0))
        self._names, self._numbers = memory[:_NAMES], memory[_NAMES:].cast("d")
        self.started_ms = clock.now_ms()
        self._blocks = {}
        self._forget_row()
        os.register_at_fork(after_in_child=self._forget_row)

    def _forget_row(self):
        # A child process shares the memory but neither the row nor the locks.
        self._lock = threading.Lock()
        self._row = self._index = None

    def row(self):
        """This process's numbers, and the lock to hold while adding to them."""
        if self._row is None:
            with self._lock:
                if self._row is None:
                    self._index = next((index for index in range(_ROWS - 1) if self._claim(index)), _ROWS - 1)
                    row = self._numbers[self._index * _CELLS : (self._index + 1) * _CELLS]
                    row[0] = os.getpid()
                    self._row = row
        return self._row, self._lock

    def _claim(self, index):
        # Byte 0 is the lock of the names.
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1 + index)
        except OSError:
            return False
        return True

    def block(self, name, size=1):
        """Where the numbers of ``name`` begin in a row; when there is no room for another name, a place that nobody reads."""
        place = self._blocks.get(name)
        if place is None:
            with self._lock:
                fcntl.lockf(self._file, fcntl.LOCK_EX, 1, 0)
                try:
                    place = self._blocks[name] = self._find_or_add(name, size)
                finally:
                    fcntl.lockf(self._file, fcntl.LOCK_UN, 1, 0)
        return place

    def _find_or_add(self, name, size):
        free = 1
        for known, place, length in self._listed():
            if (known, length) == (name, size):
                return place
            free = place + length
        line = f"{name}\t{size}\n".encode()
        used = self._used()
        if free + size + _BLOCK > _CELLS or used + len(line) > _NAMES:
            return _CELLS - _BLOCK
        self._names[used : used + len(line)] = line
        self._names[:8] = (used + len(line)).to_bytes(8, "little")
        return free

    def _used(self):
        return max(8, int.from_bytes(self._names[:8], "little"))

    def _listed(self):
        """(name, where it begins, how many numbers), in the order in which they came."""
        place = 1
        for line in bytes(self._names[8 : self._used()]).decode().splitlines():
            name, _, size = line.rpartition("\t")
            yield name, place, int(size)
            place += int(size)

    def add(self, name, amount=1):
        """Add to the one number of ``name``."""
        place = self.block(name)
        row, lock = self.row()
        with lock:
            row[place] += amount

    def sums(self):
        """``{name: [numbers]}``, summed over all processes that ever were; a name whose numbers are all 0 is left out."""
        rows, found = list(self._rows()), {}
        for name, place, size in self._listed():
            numbers = [sum(column) for column in zip(*(row[place : place + size].tolist() for row in rows))]
            if any(numbers):
                found[name] = numbers
        return found

    def _rows(self):
        for index in range(_ROWS):
            row = self._numbers[index * _CELLS : (index + 1) * _CELLS]
            if row[0]:
                yield row

    def processes(self):
        """``{row: pid}`` of the processes that have a row now."""
        self.row()
        found = {}
        for index, row in enumerate(self._rows()):
            if index != self._index:
                with self._lock:
                    if self._claim(index):
                        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, 1 + index)
                        continue
            found[index] = int(row[0])
        return found


def _unnamed_file():
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


table = SharedTable()

_requests = {}
_watched = {}
_watching = threading.Lock()


def count_request(method, route, status, seconds):
    """Count an answered request: its ``route`` is a rule of the application, None for none; ``seconds`` it took."""
    place = _requests.get((method, route))
    if place is None:
        place = _place(method, route)
    row, lock = table.row()
    with lock:
        row[place + status // 100 - 1] += 1
        row[place + _DURATIONS + bisect_left(BOUNDS_S, seconds)] += 1
        row[place + _SECONDS] += seconds
    if status >= 400:
        table.add(f"status {status}")
    for name, (outage, seen) in _watched.items():
        if outage.count != seen:
            _count_outages(name)


def _place(method, route):
    told = method if method in _METHODS else "other"
    place = table.block(f"request {told} {route or 'none'}", _BLOCK)
    if told == method:
        _requests[method, route] = place
    return place


def _count_outages(name):
    with _watching:
        outage, seen = _watched[name]
        count = outage.count
        _watched[name] = outage, count
    table.add(name, count - seen)


def count_items(kind, number):
    """Count items of telemetry or minutes that were stored."""
    table.add(f"items {kind}", number)


def watch(name, outage):
    """Count the outages of something whose ``count`` grows by one each time that this process finds it away.

    It is looked at after each request, so that what a process knows is in the table when another one is asked.
    """
    with _watching:
        _watched[name] = outage, outage.count


def read():
    """What was counted since the service started, over all processes: a Counted."""
    return Counted(table.sums())


class Counted:
    """``requests``: ``{(method, route): Requests}``; ``failures``: ``{status from 400 on: number}``; ``items``: ``{kind: number}``."""

    def __init__(self, sums):
        self._sums = sums
        self.requests, self.failures, self.items = {}, {}, {}
        for name, numbers in sums.items():
            kind, _, rest = name.partition(" ")
            if kind == "request":
                method, _, route = rest.partition(" ")
                self.requests[method, route] = Requests(numbers)
            elif kind == "status":
                self.failures[int(rest)] = int(numbers[0])
            elif kind == "items":
                self.items[rest] = int(numbers[0])

    def outages(self, name):
        """How often all processes together found it away."""
        return int(self._sums.get(name, [0])[0])


class Requests:
    """Answers to one method and route: ``by_class[0]`` is 1xx; ``by_duration`` has one class more than BOUNDS_S."""

    def __init__(self, numbers):
        self.by_class = [int(each) for each in numbers[:_DURATIONS]]
        self.by_duration = [int(each) for each in numbers[_DURATIONS:_SECONDS]]
        self.seconds = numbers[_SECONDS]

    @property
    def total(self):
        return sum(self.by_class)
