"""How the C library keeps memory."""

import ctypes

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_one_arena():
    """Let all threads of this process take memory from one place; to be called before there is a second thread.

    glibc gives each thread an arena of its own, and what is free in one serves no other thread: a worker of eight threads was 1.5 MB larger
    for it and grew on for longer. Here they seldom ask at the same time, as Python lets one thread run. Other C libraries do without.
    """
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (AttributeError, OSError):
        pass
