"""A user's sessions side by side: how each went, and which of them can be compared. Demonstrations are left out.

All of it comes from the summaries (``bemore.models.summary``); those that are missing or out of date are made first.
"""

from typing import NamedTuple

from bemore.db.connections import read
from bemore.db.paging import in_pages
from bemore.models import feedback, session, summary
from bemore.models.session import SessionRow
from bemore.models.summary import MIXED, Summary
from bemore.reports.timeline import Comparison
from bemore.scoring.coverage import seconds_so_far
from bemore.scoring.rounding import round3

#: A session can be compared with at least so many scored minutes, and so much of its audio covered.
LEAST_MINUTES, LEAST_COVERAGE = 3, 0.5

#: A report compares with the comparable ones among so many other sessions, the newest; in all, its own among them, there are so many.
RECENT, LEAST_SESSIONS = 20, 3

_KEPT = "SELECT 1 FROM session_summary AS kept WHERE kept.session_id = session.id AND kept.revision = session.revision"
_OUT_OF_DATE = f"{{condition}} AND NOT EXISTS ({_KEPT})"
# What Step.is_complete asks for, but for the rounding of the share.
_COMPLETE = (
    f"{{condition}} AND EXISTS ({_KEPT}"
    f" AND kept.scored_minutes >= {LEAST_MINUTES} AND kept.model_version <> '{MIXED}'"
    " AND kept.audio_seconds * 2002 >= coalesce(session.ended_ms, session.started_ms) - session.started_ms)"
)

#: Sessions that one statement looks at while it searches.
_BATCH = 50


class Step(NamedTuple):
    """A session of a user: ``coverage`` is the share of its seconds by kind, ``rating`` the mean of its feedback or None."""

    row: SessionRow
    summary: Summary
    coverage: dict[str, float]
    rating: float | None = None

    @property
    def is_complete(self):
        """Whether enough of it was measured, by one set of rules, to compare it."""
        minutes, version = self.summary.scored_minutes, self.summary.model_version
        return minutes >= LEAST_MINUTES and version != MIXED and self.coverage["audio"] >= LEAST_COVERAGE


def page(limit, before, now_ms, seen, shown):
    """The newest sessions of a user, at most ``limit``, as [(Step, comparable)], and the SessionRow of the last one; None if no more
    follow.

    ``seen`` and ``shown`` are filters of ``session.conditions``: what the caller may see, and what of it is asked for. A session is
    comparable if it is complete and of the same version as the newest complete one of ``seen``. ``before`` is as there.
    """
    with read():
        rows = session.newest_of(limit + 1, *session.conditions(**shown, demo=False, before=before))
        ratings = feedback.mean_ratings([row.key for row in rows])
    steps = [step._replace(rating=ratings.get(step.row.key)) for step in _steps(rows[:limit], now_ms)]
    version = _newest_version(seen, now_ms) if any(step.is_complete for step in steps) else None
    more = rows[limit - 1] if len(rows) > limit else None
    return [(step, step.is_complete and step.summary.model_version == version) for step in steps], more


def recent_others(row):
    """The newest ended sessions (SessionRows) of the client and the counselor of an ended session (its SessionRow), without itself.

    A session that goes on, and a demonstration, has none.
    """
    if row.status != "ended" or row.demo:
        return []
    who = {"user_id": row.user_id, "counselor_id": row.counselor_id}
    rows = session.newest(RECENT + 1, **who, status="ended", demo=False)
    return [other for other in rows if other.key != row.key][:RECENT]


def comparison(row, now_ms):
    """The Comparison of an ended session (its SessionRow) with the comparable ones of ``recent_others``; None if there are too few."""
    others = recent_others(row)
    own, *others = _steps([row, *others] if len(others) + 1 >= LEAST_SESSIONS else [], now_ms) or [None]
    if own is None or own.row.key != row.key or not own.is_complete:
        return None
    version = own.summary.model_version
    like = [each for each in others if each.is_complete and each.summary.model_version == version]
    if len(like) + 1 < LEAST_SESSIONS:
        return None
    measured = [_measures(each) for each in (own, *like)]
    values = {name: [each[name] for each in measured if each[name] is not None] for name in measured[0]}
    known = {name: found for name, found in values.items() if measured[0][name] is not None and len(found) >= LEAST_SESSIONS}
    return Comparison(len(like), {name: found[0] for name, found in known.items()}, {name: found[1:] for name, found in known.items()})


def _measures(step):
    made = step.summary
    return {"longestSilence": made.longest_silence_ms, "talkShare": made.talk_share, "score": made.combined}


def _steps(rows, now_ms):
    """The Steps of some sessions, without those that are erased meanwhile."""
    with read():
        known = summary.kept(rows)
    return [_step(*found, now_ms) for row in rows if (found := (row, known[row.key]) if row.key in known else summary.refresh(row))]


def _step(row, made, now_ms):
    seconds = seconds_so_far(row.duration_ms(now_ms), row.last_frame_ms, row.last_audio_ms)
    return Step(row, made, {"frames": round3(made.frame_seconds / seconds), "audio": round3(made.audio_seconds / seconds)})


def _newest_version(seen, now_ms):
    """The version of the newest complete session of ``seen``; None if there is none."""
    condition, values = session.conditions(**seen, demo=False)
    made = {}
    while True:
        found = _newest_complete(condition, values, now_ms)
        newer, place = (" AND (started_ms, id) > (?, ?)", found.row.place) if found else ("", ())
        with read():
            rows = session.newest_of(_BATCH, _OUT_OF_DATE.format(condition=condition + newer), (*values, *place))
        missing = [row for row in rows if row.key not in made]
        if not missing:
            # Those that change all the time are never up to date.
            changing = [each for each in made.values() if each and each.is_complete]
            found = max([*filter(None, [found]), *changing], key=lambda each: each.row.place, default=None)
            return found and found.summary.model_version
        for row in missing:
            fresh = summary.refresh(row)
            made[row.key] = fresh and _step(*fresh, now_ms)


def _newest_complete(condition, values, now_ms):
    def fetch(place):
        after = " AND (started_ms, id) < (?, ?)" if place else ""
        with read():
            rows = session.newest_of(_BATCH, _COMPLETE.format(condition=condition + after), (*values, *place))
            known = summary.kept(rows)
        return [_step(row, known[row.key], now_ms) for row in rows]

    steps = in_pages(fetch, _BATCH, lambda step: step.row.place, ())
    return next((step for step in steps if step.is_complete), None)
