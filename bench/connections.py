"""Many kept connections: all of them busy, or most of them silent beside a few busy ones.

Browsers and proxies keep their connections open. A worker looks after up to a thousand of them and gives those that are silent for
longest up from three quarters of that on, so that no more than 700 are tried.
"""

import contextlib
from statistics import median

from bench.figures import number, table
from bench.http1 import Connection, request
from bench.load import CONNECTIONS, LoadFailed, Requests
from bench.payloads import workloads
from bench.progress import bar
from bench.stage import SUBJECTS, WIDE_QUOTAS, Stage
from bench.surroundings import sentence, surroundings

#: (busy connections, silent ones beside them)
CROWDS = ((CONNECTIONS, 0), (64, 0), (256, 0), (700, 0), (CONNECTIONS, 200), (CONNECTIONS, 700))

_WORKLOAD = "batch1"


def run(results, names, rounds, seconds, directory=None):
    """Load each subject with each crowd, ``rounds`` times for ``seconds``; write the results, answer their text. Raises LoadFailed."""
    found, workload = surroundings(directory), workloads()[_WORKLOAD]
    loads = {name: {crowd: [] for crowd in CROWDS} for name in names}
    with Stage(directory) as stage, bar("connections", rounds * len(names) * len(CROWDS)) as steps:
        for _ in range(rounds):
            for name in names:
                with stage.running(SUBJECTS[name], workload.sessions, **WIDE_QUOTAS) as running, Requests(workload) as requests:
                    requests.send(running.port, 1)
                    for crowd in CROWDS:
                        load = _trial(running.port, requests, seconds, *crowd)
                        loads[name][crowd].append(load)
                        steps.step(f"{SUBJECTS[name].label}, {_label(*crowd)}: {load.per_second:.0f}/s")
    return results.write(_text(found, loads), _values(found, loads, rounds, seconds))


def _trial(port, requests, seconds, busy, silent):
    with contextlib.ExitStack() as kept:
        for _ in range(silent):
            # Each has been answered once, as a page's connection has.
            answer = kept.enter_context(Connection(port)).ask(request("GET", "/health/live"))
            if answer.status != 200:
                raise LoadFailed(f"a kept connection was answered {answer.status}")
        load = requests.send(port, seconds, connections=busy)
    if load.failures or not load.requests:
        raise LoadFailed(f"{_label(busy, silent)}: {load}")
    return load


def _label(busy, silent):
    return f"{busy} busy" + (f", {silent} silent" if silent else "")


def _figures(rounds):
    return {name: median(getattr(each, name) for each in rounds) for name in ("per_second", "p50_ms", "p99_ms")}


def _text(found, loads):
    rows = []
    for name, by_crowd in loads.items():
        for crowd, rounds in by_crowd.items():
            told = _figures(rounds)
            against = told["per_second"] / _figures(by_crowd[CROWDS[0]])["per_second"]
            speed = f"{number(round(told['per_second']))} ({number(told['p50_ms'])} · {number(told['p99_ms'])})"
            rows.append((f"{SUBJECTS[name].label}, {SUBJECTS[name].processes}", _label(*crowd), speed, against))
    head = ("service, processes", "connections", "batch-tick of 1: requests/s (p50 · p99 in ms)", f"of {_label(*CROWDS[0])}")
    return "\n\n".join((sentence(found), table(head, rows)))


def _values(found, loads, rounds, seconds):
    measured = [
        {"subject": name, "busy": busy, "silent": silent, **_figures(each), "trials": [load.asdict() for load in each]}
        for name, by_crowd in loads.items()
        for (busy, silent), each in by_crowd.items()
    ]
    return {"surroundings": found, "rounds": rounds, "seconds": seconds, "measured": measured}
