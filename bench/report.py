"""Results as text (tables of reStructuredText), as JSON and as pictures, all in one directory."""

import json
from pathlib import Path
from statistics import median

from bench.figures import number, table
from bench.goals import outcomes
from bench.stage import SUBJECTS
from bench.surroundings import sentence


class Results:
    """Where a command leaves what it found: ``<name>.txt``, ``<name>.json`` and ``<name>.png`` in ``directory``."""

    def __init__(self, directory, name):
        self.directory, self.name = Path(directory), name
        self.directory.mkdir(parents=True, exist_ok=True)

    def path(self, kind):
        return self.directory / f"{self.name}.{kind}"

    def write(self, text, values):
        """Write the text and the JSON; answer the text."""
        self.path("txt").write_text(text + "\n", "utf-8")
        self.path("json").write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return text


def medians(loads):
    """``{subject: {workload: {"per_second", "p50_ms", "p99_ms"}}}``: the middle round of each figure."""
    return {
        subject: {
            workload: {name: median(getattr(each, name) for each in rounds) for name in ("per_second", "p50_ms", "p99_ms")}
            for workload, rounds in by_workload.items()
        }
        for subject, by_workload in loads.items()
    }


def comparison_text(plan, loads, found):
    """The tables of a comparison: requests a second with latencies, then ratios beside the goals."""
    rows = [
        (SUBJECTS[subject].label, str(SUBJECTS[subject].processes), *(_speed(by_workload[each.name]) for each in plan.workloads))
        for subject, by_workload in medians(loads).items()
    ]
    speeds = table(("requests/s (p50 · p99 in ms)", "processes", *(each.label for each in plan.workloads)), rows)
    bounds = [
        (
            each.goal.label,
            f"{'≥' if each.goal.at_least else '≤'} {number(each.goal.bound)}",
            each.ratio,
            f"{number(each.least)} … {number(each.greatest)}",
            "yes" if each.reached else "no",
        )
        for each in outcomes(loads)
    ]
    ratios = table(("ratio (median of rounds)", "goal", "measured", "least … greatest", "reached"), bounds) if bounds else ""
    return "\n\n".join(part for part in (sentence(found), speeds, ratios) if part)


def _speed(figures):
    return f"{number(round(figures['per_second']))} ({number(figures['p50_ms'])} · {number(figures['p99_ms'])})"


def comparison_values(plan, loads, found):
    """The comparison for JSON: every trial, the medians, the ratios."""
    return {
        "surroundings": found,
        "plan": {
            "subjects": list(plan.subjects),
            "workloads": [each.name for each in plan.workloads],
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "warm_seconds": plan.warm_seconds,
        },
        "medians": medians(loads),
        "ratios": [
            {
                "label": each.goal.label,
                "subject": each.goal.subject,
                "peer": each.goal.peer,
                "workload": each.goal.workload,
                "bound": each.goal.bound,
                "at_least": each.goal.at_least,
                "measured": each.ratio,
                "least": each.least,
                "greatest": each.greatest,
                "reached": each.reached,
            }
            for each in outcomes(loads)
        ],
        "trials": {
            subject: {workload: [each.asdict() for each in rounds] for workload, rounds in by_workload.items()}
            for subject, by_workload in loads.items()
        },
    }
