"""How the sessions of a page of a list went: their scores in a few numbers, and their rating. Two statements for the whole page."""

from collections import defaultdict
from typing import NamedTuple

from bemore.db.connections import execute, read
from bemore.models import feedback
from bemore.scoring.rounding import round3

#: A session's scores are told in at most so many means of equal stretches.
MAX_SCORES = 24

_SCORES = """
SELECT session_id, stretch, sum(combined), count(*) FROM (
    SELECT session_id, combined, minute_index * {most} / CASE
        WHEN max(minute_index) OVER (PARTITION BY session_id) < {most} THEN {most}
        ELSE max(minute_index) OVER (PARTITION BY session_id) + 1 END AS stretch
    FROM minute_score WHERE session_id IN ({keys})
) AS minute GROUP BY session_id, stretch"""


class Overview(NamedTuple):
    """How a session went: number of scored minutes, mean combined score (0..1, three decimals), mean rating (1..5, two decimals).

    ``scores`` are the combined scores in their order: of the minutes from the first on if there are at most ``MAX_SCORES``, otherwise means
    of as many equal stretches; None where nothing was scored.
    """

    scored_minutes: int = 0
    average_score: float | None = None
    scores: tuple[float | None, ...] = ()
    rating: float | None = None


def of_page(rows):
    """The Overviews of a page's sessions (their SessionRows), in their order."""
    if not rows:
        return []
    keys = [row.key for row in rows]
    places = ", ".join("?" * len(keys))
    with read():
        scores = execute(_SCORES.format(most=MAX_SCORES, keys=places), keys).fetchall()
        ratings = feedback.mean_ratings(keys)
    stretches = defaultdict(dict)
    for key, stretch, total, count in scores:
        stretches[key][stretch] = total, count
    return [_overview(stretches[key], ratings.get(key)) for key in keys]


def _overview(stretches, rating):
    if not stretches:
        return Overview(rating=rating)
    count = sum(count for _, count in stretches.values())
    average = round3(sum(total for total, _ in stretches.values()) / count)
    means = {stretch: round3(total / count) for stretch, (total, count) in stretches.items()}
    return Overview(count, average, tuple(means.get(stretch) for stretch in range(max(means) + 1)), rating)
