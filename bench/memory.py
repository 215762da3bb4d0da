"""Whether a worker grows: its resident memory after ten thousand requests and after a million.

One worker process answers mixed requests of many clients, few enough of each that the quotas as they come let them pass.
The same rows are written again and again, so that the database does not grow and only the worker could.
"""

import time

from bench import pictures
from bench.figures import number, table
from bench.load import LoadFailed, Requests
from bench.payloads import life
from bench.progress import bar
from bench.stage import Stage, Subject
from bench.surroundings import sentence, surroundings

SUBJECTS = {
    "process": Subject("memory-process", "quotas in process", "bemore", 1),
    "redis": Subject("memory-redis", "quotas in Redis", "bemore", 1, redis=True),
}

#: The first measure is taken after so many requests.
EARLY = 10_000

RATIO, MOST_MB = 1.05, 100

#: A run that takes longer is a mistake, in seconds.
_PATIENCE_S = 3 * 3600

#: Seconds of load between two looks: short until the first measure, then longer.
_SLICES_S = (2, 10)

_MB = 1 << 20


def run(results, kinds, requests, sessions, directory=None):
    """Send ``requests`` requests of ``sessions`` sessions to each kind of service; write the results, return their text."""
    surrounding, curves = surroundings(directory), {}
    with Stage(directory) as stage:
        for kind in kinds:
            with stage.running(SUBJECTS[kind], sessions) as running, bar(f"memory, {SUBJECTS[kind].label}", requests) as steps:
                curves[kind] = _grow(running, life(sessions), requests, steps)
    rows, measured = [], {}
    for kind, points in curves.items():
        early = next((point for point in points if point[0] >= min(EARLY, requests)), points[-1])
        late = points[-1]
        measured[kind] = {"early": early, "late": late, "ratio": late[1] / early[1]}
        rows.append((SUBJECTS[kind].label, *(f"{number(mb)} after {count:,}" for count, mb in (early, late)), late[1] / early[1]))
    text = table(("resident memory of a worker, MB", "early", f"late (goal ≤ {MOST_MB})", f"ratio (goal ≤ {RATIO})"), rows)
    labelled = {SUBJECTS[kind].label: points for kind, points in curves.items()}
    pictures.lines(results.path("png"), "Resident memory of a worker", "requests answered", "MB", labelled, MOST_MB)
    values = {"surroundings": surrounding, "goal_ratio": RATIO, "goal_mb": MOST_MB, "measured": measured, "curves": curves}
    return results.write(f"{sentence(surrounding)}\n\n{text}", values)


def _grow(running, workload, requests, steps):
    """``[(requests so far, MB)]`` of the only worker."""
    (worker,) = running.server.workers
    points, done, deadline = [(0, worker.memory_info().rss / _MB)], 0, time.monotonic() + _PATIENCE_S
    with Requests(workload) as load:
        while done < requests:
            if time.monotonic() > deadline:
                raise LoadFailed(f"{done} of {requests} requests in {_PATIENCE_S} s")
            sent = load.send(running.port, _SLICES_S[done >= EARLY], start=done)
            if sent.failures:
                raise LoadFailed(f"{sent.failures} of {sent.requests} answers failed; {workload.sessions} clients may be too few")
            done += sent.requests
            points.append((done, worker.memory_info().rss / _MB))
            steps.to(min(done, requests), f"{done:,} requests: {points[-1][1]:.1f} MB, {sent.per_second:.0f}/s")
    return points
