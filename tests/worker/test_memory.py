"""Threads take memory from one place, in a process that is started for it."""

import platform
import subprocess
import sys

import pytest

from tests.support.servers import REPOSITORY

#: What an arena of another thread than the first reserves, in bytes; it begins at a multiple of that.
_RESERVED = 64 << 20

_PROGRAM = """
import sys, threading
from bemore.memory import share_one_arena
if sys.argv[1] == "shared":
    share_one_arena()
kept, there, looked = [], threading.Barrier(5), threading.Barrier(5)
def work():
    kept.append([bytes(number) for number in range(1000, 5000)])
    there.wait()
    looked.wait()
for _ in range(4):
    threading.Thread(target=work).start()
there.wait()
print(open("/proc/self/maps").read())
looked.wait()
"""


def arenas(*arguments):
    """How many arenas the program has beside the first one."""
    command = [sys.executable, "-c", _PROGRAM, *arguments]
    maps = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=30).stdout
    ranges = [[int(end, 16) for end in line.split()[0].split("-")] for line in maps.split("\n") if line]
    lengths = dict.fromkeys((start for start, _ in ranges if start % _RESERVED == 0), 0)
    for start in lengths:
        end = start
        for each_start, each_end in ranges:
            if each_start == end:
                end = each_end
        lengths[start] = end - start
    return sum(length >= _RESERVED for length in lengths.values())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_one_arena():
    assert arenas("apart") >= 2, "or this test says nothing"
    assert arenas("shared") == 0
