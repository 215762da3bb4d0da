"""Moves the clock of a Python process that has this directory on its PYTHONPATH, while it runs and without any rights.

``BEMORE_TEST_CLOCK`` names a file with one double: the seconds by which the wall clock is off. The monotonic clock is left alone,
as it is when somebody sets a machine's clock.
"""

import mmap
import os
import struct
import time

with open(os.environ["BEMORE_TEST_CLOCK"], "rb") as _file:
    _shared = mmap.mmap(_file.fileno(), 8, access=mmap.ACCESS_READ)

_time, _time_ns = time.time, time.time_ns


def _offset_s():
    return struct.unpack_from("d", _shared)[0]


time.time = lambda: _time() + _offset_s()
time.time_ns = lambda: _time_ns() + int(_offset_s() * 1e9)
