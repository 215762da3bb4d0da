"""The mix: what active sessions send, and what it costs.

An active session sends every minute 3 uploads of 100 frames, 1 of 60 audio chunks, 1 of 10 snippets, a tick and a batch-tick of 1, evenly
over the minute and out of step with the others. Each session is a client of its own, under the default quotas. The load generator shares
the machine's cores.

``search`` raises the number of sessions until p99 passes 100 ms; ``fixed`` drives a given number. Both report CPU time per request: what
all processes of the service used, divided by the answered requests. PostgreSQL and Redis are counted apart.
"""

from statistics import median

from bench import pictures
from bench.crowd import Crowd
from bench.figures import spread, table
from bench.paced import drive
from bench.progress import bar
from bench.stage import Stage
from bench.surroundings import sentence, surroundings

BOUND_MS = 100

#: Sessions to begin a search with, and fewer than which it does not look for.
_FIRST, _FEWEST = 400, 50

#: Sessions whose load comes before a search's first step: connections, caches.
_WARM_SESSIONS = 100

#: The servers that use CPU time, and how a table's head names them.
_CPU = {"service": "service", "postgres": "PostgreSQL", "redis": "Redis"}


def step(running, crowd, sessions, seconds):
    """Drive ``sessions`` sessions for ``seconds`` seconds; the figures as a dict. ``cpu_ms`` is CPU time per request by server, in ms."""
    before = running.cpu_seconds()
    outcome = drive(running.port, crowd.arrivals(sessions, seconds))
    used = {name: total - before[name] for name, total in running.cpu_seconds().items()}
    p99 = outcome.percentile_ms(99)
    return {
        "sessions": sessions,
        "requests": outcome.answered,
        "per_second": outcome.answered / outcome.seconds,
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": p99,
        "cpu_ms": {name: 1000 * each / max(1, outcome.answered) for name, each in used.items()},
        "median_ms_by_kind": {kind: median(latencies) for kind, latencies in outcome.latencies_ms.items()},
        "refused": outcome.refused,
        "broken_off": outcome.broken_off,
        "kept": not outcome.broken_off and not outcome.refused and outcome.answered > 0 and p99 < BOUND_MS,
    }


def fixed(results, subjects, sessions, seconds, warm, rounds, directory=None):
    """Drive ``sessions`` sessions at each subject in turn, ``rounds`` times; write the results, return their text."""
    surrounding = surroundings(directory)
    steps = {each.name: [] for each in subjects}
    with Stage(directory) as stage, bar("mix", rounds * len(subjects)) as progress:
        for subject in _in_turn(subjects, rounds):
            with stage.running(subject, sessions) as running:
                crowd = Crowd(sessions)
                if warm:
                    drive(running.port, crowd.arrivals(sessions, warm))
                one = step(running, crowd, sessions, seconds)
            steps[subject.name].append(one)
            progress.step(f"{subject.label}: {_line(one)}")
    rows = []
    for subject in subjects:
        own = steps[subject.name]
        refused = sum(sum(each["refused"].values()) + each["broken_off"] for each in own)
        latencies = (spread([each[name] for each in own]) for name in ("p50_ms", "p99_ms"))
        rows.append((subject.label, str(subject.processes), *_cpu_cells(own), *latencies, refused))
    head = ("service", "processes", *_cpu_head(), "p50, ms", "p99, ms", "failures")
    ratios = _ratios(subjects, {name: [each["cpu_ms"]["service"] for each in own] for name, own in steps.items()})
    note = f"{sessions} sessions for {seconds} s, {rounds} rounds: median (least … greatest)."
    parts = [sentence(surrounding), note, table(head, rows)]
    if ratios:
        parts.append(table(("CPU time per request of the service, round by round", "ratio"), ratios))
    by_label = {each.label: median(one["cpu_ms"]["service"] for one in steps[each.name]) for each in subjects}
    pictures.bars(results.path("png"), f"The mix, {sessions} sessions", "CPU time per request of the service, ms", by_label)
    values = {"surroundings": surrounding, "sessions": sessions, "seconds": seconds, "warm": warm, "rounds": steps, "ratios": dict(ratios)}
    return results.write("\n\n".join(parts), values)


def search(results, subjects, seconds, most, rounds, directory=None):
    """Find how many sessions each subject carries, ``most`` at the most, ``rounds`` times; write the results, return their text."""
    surrounding = surroundings(directory)
    steps, carried, stored = ({each.name: [] for each in subjects} for _ in range(3))
    with Stage(directory) as stage, bar("mix", rounds * len(subjects)) as progress:
        for subject in _in_turn(subjects, rounds):
            if not stored[subject.name]:
                with stage.running(subject, most) as running:
                    stored[subject.name] = _bytes_per_minute(running, most)
            with stage.running(subject, most) as running:
                taken = _search(running, Crowd(most), seconds, most, progress)
            steps[subject.name].append(taken)
            carried[subject.name].append(max((each["sessions"] for each in taken if each["kept"]), default=0))
            progress.step(f"{subject.label}: {carried[subject.name][-1]} sessions")
    rows = []
    for subject in subjects:
        taken, counts = steps[subject.name], carried[subject.name]
        best = [one for search_steps, count in zip(taken, counts) for one in search_steps if one["kept"] and one["sessions"] == count]
        speed = spread([each["per_second"] for each in best])
        rows.append((subject.label, str(subject.processes), spread(counts), *_cpu_cells(best), speed, round(stored[subject.name])))
    head = ("service", "processes", f"sessions at p99 < {BOUND_MS} ms", *_cpu_head(), "requests/s", "bytes a session minute")
    ratios = _ratios(subjects, carried)
    note = f"Steps of {seconds} s, {rounds} rounds: median (least … greatest). CPU time is that of the largest step that was carried."
    parts = [sentence(surrounding), note, table(head, rows)]
    if ratios:
        parts.append(table(("sessions carried, round by round", "ratio"), ratios))
    curves = {
        each.label: sorted((one["sessions"], one["p99_ms"]) for taken in steps[each.name] for one in taken if not one["broken_off"])
        for each in subjects
    }
    curves = {label: points for label, points in curves.items() if points}
    pictures.lines(results.path("png"), "Active sessions and their slowest requests", "active sessions", "p99, ms", curves, BOUND_MS)
    values = {
        "surroundings": surrounding, "bound_ms": BOUND_MS, "seconds": seconds, "carried": carried, "bytes_per_session_minute": stored,
        "steps": steps, "ratios": dict(ratios),
    }  # fmt: skip
    return results.write("\n\n".join(parts), values)


def _in_turn(subjects, rounds):
    """The subjects of all rounds; every second round goes backwards (A B, B A, A B), so that neighbors stay neighbors."""
    for turn in range(rounds):
        yield from subjects if turn % 2 == 0 else reversed(subjects)


def _search(running, crowd, seconds, most, progress):
    """Double the sessions until they are too many twice, then halve the gap down to a twentieth; the steps."""
    steps, kept, refused = [], 0, None
    sessions = min(_FIRST, most)
    drive(running.port, crowd.arrivals(min(sessions, _WARM_SESSIONS), 3))
    while True:
        for _ in range(2):  # once more if it was too slow: something else may have taken the machine for a moment
            one = step(running, crowd, sessions, seconds)
            steps.append(one)
            progress.step(f"{running.subject.label}, {sessions} sessions: {_line(one)}{'' if one['kept'] else ', too many'}", 0)
            if one["kept"]:
                break
        if one["kept"]:
            kept = sessions
        else:
            refused = sessions
        if kept == most or (refused and (refused - kept <= max(kept // 20, 1) or refused <= _FEWEST)):
            return steps
        sessions = (kept + refused) // 2 if refused else min(2 * sessions, most)


def _bytes_per_minute(running, most, minutes=5):
    """What a minute of a session adds to the database, from some hundreds of them."""
    sessions = min(60, most)
    before = running.direct.size()
    outcome = drive(running.port, Crowd(sessions).at_once(sessions, minutes), connections=8, hopeless_s=120)
    if outcome.broken_off or outcome.refused:
        raise RuntimeError(f"{running.subject.name} did not take the mix: {outcome.refused or 'too slow'}")
    return (running.direct.size() - before) / (sessions * minutes)


def _line(one):
    cpu = ", ".join(f"{_CPU[name]} {ms:.2f}" for name, ms in one["cpu_ms"].items())
    refused = f", failures {one['refused']}" if one["refused"] else ""
    return f"CPU per request in ms: {cpu}; p50 {one['p50_ms']:.1f} ms, p99 {one['p99_ms']:.1f} ms{refused}"


def _cpu_head():
    return [f"CPU/request, ms: {label}" for label in _CPU.values()]


def _cpu_cells(steps):
    return [spread([each["cpu_ms"][name] for each in steps if name in each["cpu_ms"]]) for name in _CPU]


def _ratios(subjects, values):
    """``[(label, text)]``: of this checkout's BeMore to every other subject on the same database, round by round."""
    ratios = []
    for ours in subjects:
        if ours.program != "bemore" or ours.checkout:
            continue
        for other in subjects:
            if other is not ours and other.database == ours.database:
                pairs = zip(values[ours.name], values[other.name])
                ratios.append((f"{ours.label} / {other.label}", spread([mine / theirs for mine, theirs in pairs if theirs])))
    return ratios
