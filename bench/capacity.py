"""Does a queueing model predict the service? Fit it to two loads, predict two others, measure them; and ask it about many machines."""

import random
from dataclasses import asdict, dataclass
from statistics import median

from bench import pictures
from bench.crowd import KINDS, Crowd
from bench.figures import percentile, spread, table
from bench.paced import drive
from bench.progress import bar
from bench.queueing import crowd, fit, queue, queues
from bench.stage import Stage
from bench.surroundings import sentence, surroundings

#: Loads as parts of --sessions: the model is fitted to the first two and predicts the others.
_FITTED, _PREDICTED = (0.15, 0.5), (0.7, 0.85)

#: How far a prediction may be from the measurement.
BOUND = 0.25


@dataclass(frozen=True)
class Fleet:
    """Machines that serve a number of sessions.

    ``machines`` are the numbers of machines to try; each has ``processes`` processes with a core of their own. ``shards`` PostgreSQL
    servers have ``cores`` cores each. CPU times are means per request.
    """

    sessions: int
    machines: tuple
    processes: int
    cpu_ms: float
    postgres_ms: float
    shards: int
    cores: int
    commit_ms: float

    def assumptions(self):
        """What the simulation assumes, in sentences."""
        return (
            f"{self.sessions:,} sessions send 7 requests a minute each, at random moments. A request takes {self.cpu_ms:g} ms of CPU time"
            f" in a process and {self.postgres_ms:g} ms in PostgreSQL (means; exponential), then {self.commit_ms:g} ms for commit and"
            f" network. nginx gives each to a random process. Each machine runs {self.processes} processes, each with a core of its own;"
            f" PostgreSQL has {self.shards} x {self.cores} cores. No machine fails, disks and network are never full, Redis adds nothing."
        )


def run(results, subjects, sessions, seconds, rounds, directory=None):
    """Fit, predict and measure each subject; write the results, return their text. ``sessions``: about what the subject carries."""
    surrounding = surroundings(directory)
    rows, values, curves = [], {}, {}
    with Stage(directory) as stage, bar("capacity", len(subjects) * rounds * 4) as progress:
        for subject in subjects:
            loads = {part: [] for part in (*_FITTED, *_PREDICTED)}
            for _ in range(rounds):
                with stage.running(subject, sessions) as running:
                    source = Crowd(sessions)
                    drive(running.port, source.arrivals(min(sessions, 300), 4))
                    for part in loads:
                        loads[part].append(_measure(running, source, int(part * sessions), seconds))
                        progress.step(f"{subject.label}: {loads[part][-1]['sessions']} sessions")
            quiet, busy = (_together(loads[part]) for part in _FITTED)
            model = fit(quiet, busy)
            values[subject.name] = {"stretch": model.stretch, "growth": model.growth, "fitted": {"quiet": quiet, "busy": busy}, "loads": []}
            for part, steps in loads.items():
                measured = [percentile([each for some in one["latencies_ms"].values() for each in some], 99) for one in steps]
                count = steps[0]["sessions"]
                predicted = model.percentile_ms(99, count, seconds * rounds, subject.processes)
                middle = median(measured)
                use = "fitted" if part in _FITTED else "predicted"
                rows.append((subject.label, count, use, predicted, spread(measured), f"{predicted / middle - 1:+.0%}"))
                values[subject.name]["loads"].append({"sessions": count, "use": use, "p99_ms": predicted, "measured_p99_ms": measured})
            points = [(each["sessions"], each["p99_ms"]) for each in values[subject.name]["loads"]]
            curves[f"{subject.label}, model"] = points
            curves[f"{subject.label}, measured"] = [
                (each["sessions"], median(each["measured_p99_ms"])) for each in values[subject.name]["loads"]
            ]
    head = ("service", "sessions", "load", "model's p99, ms", "measured p99, ms", "difference")
    pictures.lines(results.path("png"), "The queueing model and the service", "active sessions", "p99, ms", curves, None)
    return results.write(f"{sentence(surrounding)}\n\n{table(head, rows)}", {"surroundings": surrounding, "subjects": values})


def _measure(running, source, sessions, seconds):
    before = running.cpu_seconds()["service"]
    outcome = drive(running.port, source.arrivals(sessions, seconds))
    if outcome.broken_off or outcome.refused:
        raise SystemExit(f"{sessions} sessions are too many: {outcome.refused or 'too slow'}; give fewer --sessions")
    used = running.cpu_seconds()["service"] - before
    return {
        "sessions": sessions, "seconds": seconds, "processes": running.subject.processes,
        "cpu_ms": 1000 * used / outcome.answered, "latencies_ms": outcome.latencies_ms,
    }  # fmt: skip


def _together(steps):
    """Rounds of one load as one."""
    first = steps[0]
    latencies = {kind: [each for one in steps for each in one["latencies_ms"][kind]] for kind in KINDS}
    return {**first, "cpu_ms": sum(one["cpu_ms"] for one in steps) / len(steps), "latencies_ms": latencies}


def simulate(results, fleet, seconds):
    """Latency and use of a ``Fleet`` over ``seconds``, by the model; write the results, return their text."""
    source = random.Random(1)
    arrivals = crowd(fleet.sessions, seconds, source)
    rows, values = [], []
    for machines in fleet.machines:
        servers = machines * fleet.processes
        served = queues([(due, due, source.expovariate(1000 / fleet.cpu_ms)) for due, _ in arrivals], servers, source)
        stored = queue([(end, due, source.expovariate(1000 / fleet.postgres_ms)) for end, due in served], fleet.shards * fleet.cores)
        latencies = [1000 * (end - due) + fleet.commit_ms for end, due in stored]
        rate = len(arrivals) / seconds
        figures = {
            "machines": machines,
            "service_use": rate * fleet.cpu_ms / 1000 / servers,
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
