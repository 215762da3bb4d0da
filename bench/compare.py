"""The comparison: every subject in turn under every workload, several rounds, medians of rounds."""

from dataclasses import dataclass

from bench import pictures, report
from bench.http1 import Connection
from bench.load import LoadFailed, Requests, program
from bench.progress import bar
from bench.stage import SUBJECTS, WIDE_QUOTAS, Stage
from bench.surroundings import surroundings

#: Requests that are asked one by one, each on a connection of its own, before anything is measured.
_FIRST_REQUESTS = 5


@dataclass(frozen=True)
class Plan:
    """What a comparison does. ``warm_seconds`` 0 leaves out the load before the measured one."""

    subjects: tuple
    workloads: tuple
    rounds: int
    seconds: int
    warm_seconds: int

    @property
    def trials(self):
        return self.rounds * len(self.subjects) * len(self.workloads)


def run(results, plan, directory=None, threads=None):
    """Measure a plan, with ``threads`` threads a worker if given; write the results, answer their text. Raises LoadFailed."""
    program()
    found = surroundings(directory)
    with Stage(directory, threads) as stage, bar("comparing", plan.trials) as steps:

        def told(subject, workload, load):
            steps.step(f"{subject.name:10}{workload.name:10}{load.per_second:8.0f}/s  p99 {load.p99_ms:.1f} ms")

        loads = measure(plan, stage, told)
    pictures.comparison(results.path("png"), loads, plan.workloads)
    values = {"threads": threads, **report.comparison_values(plan, loads, found)}
    return results.write(report.comparison_text(plan, loads, found), values)


def measure(plan, stage, told):
    """Run a plan; ``{subject: {workload: [Load of each round]}}``. ``told(subject, workload, load)`` hears of each trial.

    The order of subjects turns from round to round. Raises LoadFailed where an answer was wrong or a row is missing.
    """
    loads = {subject: {each.name: [] for each in plan.workloads} for subject in plan.subjects}
    sessions = max(each.sessions for each in plan.workloads)
    for turn in range(plan.rounds):
        start = turn * 3 % len(plan.subjects)
        for name in plan.subjects[start:] + plan.subjects[:start]:
            with stage.running(SUBJECTS[name], sessions, **(WIDE_QUOTAS if SUBJECTS[name].program == "bemore" else {})) as running:
                for workload in plan.workloads:
                    load = _trial(running, workload, plan)
                    loads[name][workload.name].append(load)
                    told(SUBJECTS[name], workload, load)
    return loads


def _trial(running, workload, plan):
    direct, name = running.direct, f"{running.subject.name}, {workload.name}"
    before = direct.count(workload.table) if direct else 0
    _ask_first(running, workload, name)
    with Requests(workload) as requests:
        if plan.warm_seconds:
            requests.send(running.port, plan.warm_seconds, start=workload.different // 2)
        load = requests.send(running.port, plan.seconds)
    if load.failures or not load.requests:
        raise LoadFailed(f"{name}: {load}; its log ends:\n{running.server.log[-2000:]}")
    if direct:
        stored, due = direct.count(workload.table) - before, min(load.requests, workload.different) * workload.items
        if stored < due:
            raise LoadFailed(f"{name}: {stored} rows are stored where {due} were answered for")
    return load


def _ask_first(running, workload, name):
    """Ask one by one and look at the answers closely."""
    for _ in range(_FIRST_REQUESTS):
        with Connection(running.port) as connection:
            # The last of the sequence, which the measured load comes to at its end if at all.
            answer = connection.ask(workload.raw(workload.different - 1))
        if answer.status != 201:
            raise LoadFailed(f"{name}: answered {answer.status} {answer.body[:500]!r}")
        if running.subject.program == "bemore" and "ratelimit-remaining" not in answer.headers:
            raise LoadFailed(f"{name}: no quota is counted")
