"""What the service has to reach beside its peers, and whether it does."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Goal:
    """A bound on a ratio. ``peer`` is a subject whose requests a second are the measure, or None: then it is p99 over p50."""

    label: str
    subject: str
    peer: str | None
    workload: str
    bound: float

    @property
    def at_least(self):
        return self.peer is not None


GOALS = (
    Goal("batch-tick of 100, of the floor; quotas in process", "bemore-1", "floor-1", "batch100", 0.80),
    Goal("batch-tick of 100, of the floor; Redis", "bemore-2", "floor-2", "batch100", 0.80),
    Goal("batch-tick of 1, of the floor; quotas in process", "bemore-1", "floor-1", "batch1", 0.70),
    Goal("batch-tick of 1, of the floor; Redis", "bemore-2", "floor-2", "batch1", 0.55),
    Goal("frames of 100, of their floor; quotas in process", "bemore-1", "floor-1", "frames100", 0.80),
    Goal("frames of 100, of their floor; Redis", "bemore-2", "floor-2", "frames100", 0.80),
    Goal("batch-tick of 100, of FastAPI; quotas in process", "bemore-1", "fastapi-2", "batch100", 1.5),
    Goal("batch-tick of 100, of FastAPI; Redis", "bemore-2", "fastapi-2", "batch100", 1.5),
    Goal("batch-tick of 1, of FastAPI (aim 1.0); quotas in process", "bemore-1", "fastapi-2", "batch1", 0.7),
    Goal("batch-tick of 1, of FastAPI (aim 1.0); Redis", "bemore-2", "fastapi-2", "batch1", 0.7),
    Goal("batch-tick of 100 on PostgreSQL, of its floor", "bemore-pg", "floor-pg", "batch100", 0.80),
    Goal("p99 / p50, batch-tick of 1; quotas in process", "bemore-1", None, "batch1", 6),
    Goal("p99 / p50, batch-tick of 1; Redis", "bemore-2", None, "batch1", 6),
    Goal("p99 / p50, batch-tick of 100; quotas in process", "bemore-1", None, "batch100", 6),
    Goal("p99 / p50, batch-tick of 100; Redis", "bemore-2", None, "batch100", 6),
    Goal("p99 / p50, frames of 100; quotas in process", "bemore-1", None, "frames100", 6),
    Goal("p99 / p50, frames of 100; Redis", "bemore-2", None, "frames100", 6),
)


@dataclass(frozen=True)
class Outcome:
    """A goal's ratio: the median over the rounds, each against the peer of its own round, and the least and the greatest."""

    goal: Goal
    ratio: float
    least: float
    greatest: float

    @property
    def reached(self):
        return self.ratio >= self.goal.bound if self.goal.at_least else self.ratio <= self.goal.bound


def outcomes(loads):
    """The outcome of every goal whose subjects and workload are in ``loads`` (of compare.measure)."""
    found = []
    for goal in GOALS:
        ours = loads.get(goal.subject, {}).get(goal.workload, [])
        if goal.peer is None:
            ratios = [each.p99_ms / each.p50_ms for each in ours]
        else:
            theirs = loads.get(goal.peer, {}).get(goal.workload, [])
            ratios = [mine.per_second / other.per_second for mine, other in zip(ours, theirs)]
        if ratios:
            found.append(Outcome(goal, median(ratios), min(ratios), max(ratios)))
    return found
