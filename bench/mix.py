"""How many active sessions the machine carries, and what a minute of a session takes on the disk.

An active session sends every minute 3 uploads of 100 frames, 1 of 60 audio chunks, 1 of 10 snippets, a tick and a
batch-tick of 1, evenly over the minute and out of step with the others. Each is a client of its own, under the quotas as
they come. The load generator shares the machine's cores.
"""

from statistics import median

from bench import pictures
from bench.crowd import Crowd
from bench.figures import table
from bench.paced import drive
from bench.progress import bar
from bench.stage import SUBJECTS, Stage
from bench.surroundings import sentence, surroundings

BOUND_MS = 100

#: Sessions to begin with, and fewer than which are not looked for.
_FIRST, _FEWEST = 400, 50

#: Seconds of a few sessions' load before the first step: connections, caches.
_WARM_S = 3


def run(results, names, seconds, most, directory=None):
    """Find how many sessions each subject carries, in steps of ``seconds``, ``most`` at the most; the results' text."""
    found, steps_taken, carried, stored = surroundings(directory), {}, {}, {}
    with Stage(directory) as stage, bar("mix", len(names)) as progress:
        for name in names:
            with stage.running(SUBJECTS[name], most) as running:
                stored[name] = _bytes_per_minute(running, most)
            with stage.running(SUBJECTS[name], most) as running:
                steps_taken[name] = _search(running.port, Crowd(most), seconds, most, progress, SUBJECTS[name].label)
            carried[name] = max((each["sessions"] for each in steps_taken[name] if each["kept"]), default=0)
            progress.step(f"{SUBJECTS[name].label}: {carried[name]} sessions, {stored[name]:.0f} bytes a session minute")
    text = _text(found, names, carried, stored, steps_taken)
    curves = {
        SUBJECTS[name].label: sorted((each["sessions"], each["p99_ms"]) for each in steps_taken[name] if not each["broken_off"])
        for name in names
    }
    curves = {label: points for label, points in curves.items() if points}
    pictures.lines(results.path("png"), "Active sessions and their slowest requests", "active sessions", "p99, ms", curves, BOUND_MS)
    values = {"bound_ms": BOUND_MS, "seconds": seconds, "carried": carried, "bytes_per_session_minute": stored, "steps": steps_taken}
    return results.write(text, {"surroundings": found, **values})


def _search(port, crowd, seconds, most, progress, label):
    """Double the sessions until they are too many, then halve the gap down to a twentieth."""
    steps, kept, refused = [], 0, None
    sessions = min(_FIRST, most)
    drive(port, crowd.arrivals(min(sessions, 100), _WARM_S))
    while True:
        step = _step(port, crowd, sessions, seconds)
        steps.append(step)
        progress.step(f"{label}: {sessions} sessions, p99 {step['p99_ms']:.0f} ms{'' if step['kept'] else ', too many'}", 0)
        if step["kept"]:
            kept = sessions
        else:
            refused = sessions
        if kept == most or (refused and (refused - kept <= max(kept // 20, 1) or refused <= _FEWEST)):
            return steps
        sessions = (kept + refused) // 2 if refused else min(2 * sessions, most)


def _step(port, crowd, sessions, seconds):
    outcome = drive(port, crowd.arrivals(sessions, seconds))
    p99 = outcome.percentile_ms(99)
    return {
        "sessions": sessions,
        "requests": outcome.answered,
        "per_second": outcome.answered / outcome.seconds,
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": p99,
        "median_ms_by_kind": {kind: median(latencies) for kind, latencies in outcome.latencies_ms.items()},
        "refused": outcome.refused,
        "broken_off": outcome.broken_off,
        "kept": not outcome.broken_off and not outcome.refused and outcome.answered > 0 and p99 < BOUND_MS,
    }


def _bytes_per_minute(running, most, minutes=5):
    """What a minute of a session adds to the database, from some hundreds of them."""
    sessions = min(60, most)
    before = running.direct.size()
    outcome = drive(running.port, Crowd(sessions).at_once(sessions, minutes), connections=8, hopeless_s=120)
    if outcome.broken_off or outcome.refused:
        raise RuntimeError(f"{running.subject.name} did not take the mix: {outcome.refused or 'too slow'}")
    return (running.direct.size() - before) / (sessions * minutes)


def _text(found, names, carried, stored, steps_taken):
    rows = []
    for name in names:
        best = next((each for each in steps_taken[name] if each["sessions"] == carried[name]), None)
        speed = (round(best["per_second"]), best["p99_ms"]) if best else (None, None)
        rows.append((SUBJECTS[name].label, str(SUBJECTS[name].processes), carried[name], *speed, round(stored[name])))
    head = ("service", "processes", f"sessions at p99 < {BOUND_MS} ms", "requests/s", "p99, ms", "bytes a session minute")
    return "\n\n".join((sentence(found), table(head, rows)))
