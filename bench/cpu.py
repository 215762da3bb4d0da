"""CPU time of servers, from the operating system's accounts of their processes."""

import contextlib

import psutil


def cpu_seconds(server):
    """CPU time (user and system) that all processes of a server have used so far, in seconds."""
    return sum(cpu_by_process(server).values())


def cpu_by_process(server):
    """The same by process id. What ended processes used is in the accounts of their parents."""
    used = {}
    for process in server.processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used[process.pid] = times.user + times.system + times.children_user + times.children_system
    return used
