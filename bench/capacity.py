"""Does a queueing model predict the service? Fit it to two loads, predict two others, measure them; and ask it about many machines."""

import os
import random
import time
from collections import Counter
from dataclasses import asdict, dataclass
from statistics import median

from bench import pictures
from bench.cpu import cpu_by_process
from bench.crowd import Crowd
from bench.figures import percentile, spread, table
from bench.mix import BOUND_MS
from bench.paced import Load
from bench.progress import bar
from bench.queueing import Measured, Work, fit, knee, serve
from bench.stage import Stage
from bench.surroundings import sentence, surroundings

#: Load before the measured ones, and up to how many sessions the model is asked what it carries.
_WARM_SESSIONS, _WARM_S, _MOST = 600, 5, 16_000


@dataclass(frozen=True)
class Fleet:
    """Machines that serve a number of sessions.

    ``machines`` are the numbers of machines to try; each has ``processes`` processes with a core of their own. ``shards`` PostgreSQL
    servers have ``cores`` cores each. Times are means per request: for how long it holds a process, and CPU time of PostgreSQL.
    """

    sessions: int
    machines: tuple
    processes: int
    held_ms: float
    postgres_ms: float
    shards: int
    cores: int
    commit_ms: float

    def assumptions(self):
        """What the simulation assumes, in sentences."""
        return (
            f"{self.sessions:,} sessions send 7 requests a minute each, out of step. A request holds a process for {self.held_ms:g} ms and"
            f" PostgreSQL for {self.postgres_ms:g} ms (means; gamma, coefficient of variation 0.5), then waits {self.commit_ms:g} ms for"
            f" commit and network. It goes to a random process. Requests in a process share its time, those in PostgreSQL its cores. Each"
            f" machine runs {self.processes} processes, each with a core of its own; PostgreSQL has {self.shards} x {self.cores} cores."
            " No machine fails, disks and network are never full, Redis adds nothing."
        )


def run(results, subjects, fitted, predicted, seconds, rounds, directory=None):
    """Fit the model to two loads (numbers of sessions), predict others and measure them; write the results, return their text.

    Each round starts the service, and its loads share 64 connections, so that the processes' shares of the requests stay as they are.
    """
    surrounding, crowd, cores = surroundings(directory), Crowd(_MOST), os.cpu_count()
    measured = {each.name: [] for each in subjects}
    with Stage(directory) as stage, bar("capacity", len(subjects) * rounds * len({*fitted, *predicted})) as progress:
        for subject in [each for _ in range(rounds) for each in subjects]:
            measured[subject.name].append(_measure(stage, subject, sorted({*fitted, *predicted}), seconds, progress))
    rows, knees, values, curves = [], [], {}, {}
    for subject in subjects:
        loads, models = measured[subject.name], [fit(*(each[count] for count in fitted), cores) for each in measured[subject.name]]
        shares = [each[max(each)].shares for each in loads]
        points = []
        for count in sorted(loads[0]):
            schedule = crowd.schedule(count, seconds)
            p99s = [model.percentile_ms(99, schedule, seconds, share, cores) for model, share in zip(models, shares, strict=True)]
            found = [percentile([1000 * (each.done - each.due) for each in load[count].requests], 99) for load in loads]
            use = "fitted" if count in fitted else "predicted"
            rows.append((subject.label, count, use, spread(p99s), spread(found), f"{median(p99s) / median(found) - 1:+.0%}"))
            points.append({"sessions": count, "use": use, "p99_ms": p99s, "measured_p99_ms": found})
        equal = [1.0] * subject.processes
        carried = [
            [knee(model, crowd, each, cores, BOUND_MS, _MOST) for model, each in zip(models, split, strict=True)]
            for split in (shares, [equal] * rounds)
        ]
        busiest = spread([max(each) / sum(each) for each in shares])
        held = [1000 * model.held(load[max(load)].rate) for model, load in zip(models, loads, strict=True)]
        knees.append((subject.label, busiest, spread(held), *map(spread, carried)))
        values[subject.name] = {
            "loads": points, "shares": shares, "held_ms": held, "carried": carried[0], "carried_with_equal_shares": carried[1],
            "part": [each.part for each in models], "cpu": [each.cpu for each in models],
        }  # fmt: skip
        curves[f"{subject.label}, model"] = [(each["sessions"], median(each["p99_ms"])) for each in points]
        curves[f"{subject.label}, measured"] = [(each["sessions"], median(each["measured_p99_ms"])) for each in points]
    head = ("service", "sessions", "load", "model's p99, ms", "measured p99, ms", "difference")
    more = ("service", "busiest process's share", "process held, ms", f"sessions at p99 < {BOUND_MS} ms", "with equal shares")
    pictures.lines(results.path("png"), "The queueing model and the service", "active sessions", "p99, ms", curves, None)
    note = f"{rounds} rounds of {seconds} s: median (least … greatest)."
    text = "\n\n".join((sentence(surrounding), note, table(head, rows), table(more, knees)))
    return results.write(text, {"surroundings": surrounding, "seconds": seconds, "subjects": values})


def _measure(stage, subject, counts, seconds, progress):
    """A round: ``{number of sessions: Measured}``."""
    measured = {}
    with stage.running(subject, max(*counts, _WARM_SESSIONS)) as running, Load(running.port) as load:
        source = Crowd(max(*counts, _WARM_SESSIONS))
        load.drive(source.arrivals(_WARM_SESSIONS, _WARM_S))
        for sessions in counts:
            before, by_process = running.cpu_seconds() | {"generator": time.process_time()}, Counter(cpu_by_process(running.server))
            outcome = load.drive(source.arrivals(sessions, seconds))
            if outcome.broken_off or outcome.refused:
                raise SystemExit(f"{sessions} sessions are too many: {outcome.refused or 'too slow'}; give smaller loads")
            after = running.cpu_seconds() | {"generator": time.process_time()}
            by_process = Counter(cpu_by_process(running.server)) - by_process
            used = {server: after[server] - before[server] for server in after}
            shares = sorted(by_process.values(), reverse=True)[: subject.processes]  # not the process that starts the others
            measured[sessions] = Measured(outcome.requests, outcome.seconds, used, shares)
            progress.step(f"{subject.label}: {sessions} sessions, p99 {outcome.percentile_ms(99):.1f} ms")
    return measured


def simulate(results, fleet, seconds):
    """Latency and use of a ``Fleet`` over ``seconds``, by the model; write the results, return their text."""
    source = random.Random(1)

    def about(mean_ms):
        return source.gammavariate(4, mean_ms / 4000)  # coefficient of variation 0.5

    arrivals = Crowd(fleet.sessions).schedule(fleet.sessions, seconds)
    rows, values = [], []
    for machines in fleet.machines:
        served = []
        for part in _split(((due, due) for due, _ in arrivals), machines, source):
            works = [Work(due, source.randrange(fleet.processes), about(fleet.held_ms)) for due, _ in part]
            served += zip(serve(works, fleet.processes), (due for due, _ in part), strict=True)
        latencies = []
        for part in _split(sorted(served), fleet.shards, source):
            works = [Work(at, 0, 0.0, about(fleet.postgres_ms), fleet.commit_ms / 1000) for at, _ in part]
            latencies += (1000 * (end - due) for end, (_, due) in zip(serve(works, fleet.cores), part, strict=True))
        rate = len(arrivals) / seconds
        figures = {
            "machines": machines,
            "service_use": rate * fleet.held_ms / 1000 / (machines * fleet.processes),
            "postgres_use": rate * fleet.postgres_ms / 1000 / (fleet.shards * fleet.cores),
            "p50_ms": percentile(latencies, 50),
            "p99_ms": percentile(latencies, 99),
        }
        values.append(figures)
        use = (f"{figures[name]:.0%}" for name in ("service_use", "postgres_use"))
        rows.append((machines, *use, figures["p50_ms"], figures["p99_ms"]))
    head = ("machines", "use of the service's cores", "use of PostgreSQL's cores", "p50, ms", "p99, ms")
    curve = {f"{fleet.sessions} sessions": [(each["machines"], each["p99_ms"]) for each in values]}
    pictures.lines(results.path("png"), "Machines and latency, simulated", "machines", "p99, ms", curve, 100)
    return results.write(f"{fleet.assumptions()}\n\n{table(head, rows)}", {"fleet": {**asdict(fleet), "seconds": seconds}, "steps": values})


def _split(values, number, source):
    """Each value to one of so many lists, at random."""
    parts = [[] for _ in range(number)]
    for each in values:
        source.choice(parts).append(each)
    return parts
