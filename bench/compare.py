"""Single endpoints as fast as they answer: every subject in turn under every workload, several rounds, medians of rounds."""

from dataclasses import asdict, dataclass
from statistics import median

from bench import pictures
from bench.figures import number, spread, table
from bench.http1 import Connection
from bench.load import LoadFailed, Requests, program
from bench.payloads import workloads
from bench.progress import bar
from bench.stage import SUBJECTS, WIDE_QUOTAS, Stage
from bench.surroundings import sentence, surroundings

#: Requests sent one by one, each on a connection of its own, before anything is measured.
_FIRST_REQUESTS = 5


@dataclass(frozen=True)
class Plan:
    """What a comparison does; names of subjects and workloads. ``warm_seconds`` 0 leaves out the load before the measured one."""

    subjects: tuple
    workloads: tuple
    rounds: int
    seconds: int
    warm_seconds: int


def run(results, plan, directory=None):
    """Measure a plan; write the results, return their text. Raises LoadFailed."""
    program()
    surrounding, trials = surroundings(directory), plan.rounds * len(plan.subjects) * len(plan.workloads)
    with Stage(directory) as stage, bar("comparing", trials) as steps:

        def report(name, workload, load):
            steps.step(f"{name:18}{workload.name:10}{load.per_second:8.0f}/s  p99 {load.p99_ms:.1f} ms")

        loads = measure(plan, stage, report)
    speeds = {name: {each: [load.per_second for load in rounds] for each, rounds in of.items()} for name, of in loads.items()}
    pictures.speeds(results.path("png"), speeds)
    rows = [
        (SUBJECTS[name].label, str(SUBJECTS[name].processes), *map(_cell, by_workload.values()))
        for name, by_workload in loads.items()
    ]  # fmt: skip
    parts = [sentence(surrounding), table(("requests/s (p50 · p99 in ms)", "processes", *plan.workloads), rows)]
    ratios = _ratios(speeds)
    if ratios:
        parts.append(table(("requests/s, round by round", *plan.workloads), [(label, *map(spread, of)) for label, of in ratios.items()]))
    trials = {name: {each: [asdict(load) for load in rounds] for each, rounds in of.items()} for name, of in loads.items()}
    return results.write("\n\n".join(parts), {"surroundings": surrounding, "plan": asdict(plan), "ratios": ratios, "trials": trials})


def measure(plan, stage, report):
    """Run a plan; ``{subject: {workload: [Load of each round]}}``. Calls ``report(subject, workload, load)`` after each trial.

    Raises LoadFailed where an answer was wrong or a row is missing.
    """
    chosen = [workloads()[name] for name in plan.workloads]
    loads = {name: {each.name: [] for each in chosen} for name in plan.subjects}
    for turn in range(plan.rounds):
        for name in plan.subjects if turn % 2 == 0 else reversed(plan.subjects):
            with stage.running(SUBJECTS[name], max(each.sessions for each in chosen), **WIDE_QUOTAS) as running:
                for workload in chosen:
                    load = _trial(running, workload, plan)
                    loads[name][workload.name].append(load)
                    report(name, workload, load)
    return loads


def _trial(running, workload, plan):
    direct, name = running.direct, f"{running.subject.name}, {workload.name}"
    before = direct.count(workload.table)
    _send_first(running, workload, name)
    with Requests(workload) as requests:
        if plan.warm_seconds:
            requests.send(running.port, plan.warm_seconds, start=workload.different // 2)
        load = requests.send(running.port, plan.seconds)
    if load.failures or not load.requests:
        raise LoadFailed(f"{name}: {load}; its log ends:\n{running.server.log[-2000:]}")
    stored, due = direct.count(workload.table) - before, min(load.requests, workload.different) * workload.items
    if stored < due:
        raise LoadFailed(f"{name}: {stored} rows are stored where {due} were acknowledged")
    return load


def _send_first(running, workload, name):
    """Send some requests one by one and check the answers."""
    for _ in range(_FIRST_REQUESTS):
        with Connection(running.port) as connection:
            # The last of the sequence, which the measured load reaches at its end, if at all.
            answer = connection.send_request(workload.raw(workload.different - 1))
        if answer.status != 201:
            raise LoadFailed(f"{name}: answered {answer.status} {answer.body[:500]!r}")
        counts = running.subject.program != "floor" and "RATE_LIMIT_ENABLED" not in dict(running.subject.settings)
        if counts and "ratelimit-remaining" not in answer.headers:
            raise LoadFailed(f"{name}: no quota is counted")


def _cell(rounds):
    per_second, p50, p99 = (median(getattr(each, name) for each in rounds) for name in ("per_second", "p50_ms", "p99_ms"))
    return f"{number(round(per_second))} ({number(p50)} · {number(p99)})"


def _ratios(speeds):
    """``{label: [[ratio of each round] of each workload]}``: BeMore's requests a second to every peer's on the same database."""
    ratios = {}
    for ours in speeds:
        for peer in speeds:
            one, other = SUBJECTS[ours], SUBJECTS[peer]
            if one.program == "bemore" and other.program != "bemore" and one.database == other.database:
                pairs = [zip(speeds[ours][workload], speeds[peer][workload]) for workload in speeds[ours]]
                ratios[f"{one.label} / {other.label}"] = [[mine / theirs for mine, theirs in each] for each in pairs]
    return ratios
