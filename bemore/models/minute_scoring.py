"""Scores minutes from stored telemetry: on ``tick``, at a session's end, and for telemetry that arrives after the end.

A score that the client sent is never replaced, except by ``tick``. Minutes of which data changed are known from their coverage, so nothing
scans the telemetry of a session to find them.
"""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from bemore.clock import MINUTE_MS
from bemore.db.connections import execute, write
from bemore.models import session, telemetry
from bemore.models.coverage import MAX_MINUTES
from bemore.models.minute import BY_SERVER
from bemore.scoring.minute_score import Minute, Weights, score_minute

#: Most minutes that one transaction scores, and the longest span of minutes that it reads telemetry of.
_BATCH, _SPAN = 60, 60

_CHANGED = (
    "SELECT minute_coverage.minute_index FROM minute_coverage LEFT JOIN minute_score"
    " ON minute_score.session_id = minute_coverage.session_id AND minute_score.minute_index = minute_coverage.minute_index"
    " WHERE minute_coverage.session_id = ? AND minute_coverage.data_revision > 0 AND ((minute_score.minute_index IS NULL AND ? > 0)"
    " OR (minute_score.source = 'server' AND minute_score.data_revision < minute_coverage.data_revision))"
    " ORDER BY minute_coverage.minute_index LIMIT ?"
)


class Rules(NamedTuple):
    """The rules in force: the weights of the parts, the version that is stored with a score, and whether the counselor is left out."""

    weights: Weights
    model_version: str
    without_counselor: bool = False

    @classmethod
    def of(cls, settings):
        """The rules that the settings ask for."""
        return cls(Weights(*settings.weights), settings.model_version, settings.score_speaker == "user")


def tick(scope, minute_index, rules, now_ms):
    """Score a minute and store the score; return the Minute.

    ``minute_index`` None means the last complete minute (0 before there is one), at the session's end at the latest.
    Raises SessionNotFound, InvalidInput.
    """

    def score():
        # Touched first: of two ticks at once, the later one sees all that the earlier one saw.
        row = session.touch(scope)
        index = max(0, row.duration_ms(now_ms) // MINUTE_MS - 1) if minute_index is None else minute_index
        return _score(row, [index], rules)[0]

    return write(score)


def end(scope, now_ms, rules):
    """End a session, all of whose minutes with data are scored then; one that has ended keeps the time of its first end.

    Returns the SessionRow. Raises SessionNotFound.
    """
    score_changed(scope, rules)

    def finish():
        row = session.touch(scope)
        # A clock set back must not make the end come before the start.
        return row if row.status == "ended" else end_at(row, max(now_ms, row.started_ms), rules)

    return write(finish)


def end_at(row, ended_ms, rules):
    """End a session that the caller's transaction has touched, and score what changed since ``score_changed``; return its new row."""
    more = True
    while more:
        minutes, more = _changed(row)
        _score(row, minutes, rules)
        row = session.reload(row) if minutes else row
    return session.end_at(row, ended_ms)


def score_changed(scope, rules):
    """Score the minutes of a session that have data and no score, or a server's score older than their data, in several transactions.

    Raises SessionNotFound.
    """
    while write(partial(_score_batch, scope, rules)):
        pass


def _score_batch(scope, rules):
    """Score some minutes; whether there may be more."""
    minutes, _ = _changed(session.find(scope))
    if not minutes:
        return False
    row = session.touch(scope)
    minutes, more = _changed(row)
    _score(row, minutes, rules)
    return more


def _changed(row):
    """(the first minutes whose data changed since they were scored, at most ``_BATCH`` within ``_SPAN`` of the first; whether to look
    again)."""
    room = MAX_MINUTES - row.minute_count
    most = min(room, _BATCH) if room > 0 else _BATCH
    changed = [index for (index,) in execute(_CHANGED, (row.key, room, most)).fetchall()]
    minutes = [index for index in changed if index < changed[0] + _SPAN]
    return minutes, len(changed) == most or len(minutes) < len(changed)


_COMPARED = BY_SERVER.columns[:-1]
_OF_SERVER = (
    f"SELECT {', '.join(_COMPARED)} FROM minute_score WHERE session_id = ? AND source = 'server' AND minute_index > ?"
    " ORDER BY minute_index LIMIT ?"
)


def differing(row, after, rules, moved):
    """What the server's minutes behind minute ``after`` would be by ``rules``, inside the caller's transaction.

    Returns ((stored values, Minute) of those that differ, how many were compared, the last one or None if there are none). ``moved`` is
    ``{minute: {sentiment: change of the number of its snippets}}``: changes that are not stored.
    """
    stored = execute(_OF_SERVER, (row.key, after, _BATCH)).fetchall()
    stored = [each for each in stored if each[0] < stored[0][0] + _SPAN]
    if not stored:
        return [], 0, None
    data = telemetry.minutes_data(row, stored[0][0], stored[-1][0], rules.without_counselor)
    found = []
    for values in stored:
        measured = data.get(values[0], telemetry.MinuteData())
        changes = {name: getattr(measured, name) + change for name, change in moved.get(values[0], {}).items()}
        minute = _scored(values[0], replace(measured, **changes), rules)
        if values != tuple(getattr(minute, name) for name in _COMPARED):
            found.append((values, minute))
    return found, len(stored), stored[-1][0]


def _score(row, minutes, rules):
    """Score minutes of a session that the caller's transaction has touched, and store the scores; return the Minutes."""
    if not minutes:
        return []
    data = telemetry.minutes_data(row, minutes[0], minutes[-1], rules.without_counselor)
    scored = [_scored(index, data.get(index, telemetry.MinuteData()), rules) for index in minutes]
    store(row, scored)
    return scored


def _scored(index, data, rules):
    parts = score_minute(data, rules.weights)
    return Minute(
        index, parts.facial, parts.vad, parts.text, parts.combined, rules.model_version, "server",
        data.frame_count, data.audio_count, data.stt_count,
    )  # fmt: skip


def store(row, minutes):
    """Store scores of the server of a session that the caller's transaction has touched."""
    # The touched row's revision: all data of before is in these scores.
    rows = [
        tuple(row.revision if name == "data_revision" else getattr(minute, name) for name in BY_SERVER.columns) for minute in minutes
    ]
    BY_SERVER.store_of(row, rows)
