"""Scoring stored snippets and minutes again under today's rules. What the browser scored stays as it is."""

from collections import Counter, defaultdict
from functools import partial
from typing import NamedTuple

from bemore.clock import MINUTE_MS
from bemore.db.connections import execute, read, write
from bemore.errors import SessionNotFound
from bemore.models import audit, minute_scoring, session, telemetry
from bemore.models.scope import SessionScope
from bemore.models.speaker import CODES
from bemore.scoring.text.keywords import extract_keywords
from bemore.scoring.text.sentiment import sentiment

#: Snippets that one transaction scores.
_BATCH = 200


class Amount(NamedTuple):
    """How much changes: sessions, snippets whose sentiment changes, snippets whose keywords change, minutes."""

    sessions: int = 0
    sentiments: int = 0
    keywords: int = 0
    minutes: int = 0

    def __bool__(self):
        return any(self)


def all_sessions():
    """The scopes of all sessions, newest first."""
    return (SessionScope.unrestricted(row.public_id) for row in session.every())


def row_count():
    """How many snippets and minutes all sessions have."""
    with read():
        return int(execute("SELECT coalesce(sum(stt_count + minute_count), 0) FROM session WHERE erasing = 0").fetchone()[0])


def survey(scopes, rules):
    """The Amount that ``rescore`` would change now."""
    return _rescore(scopes, rules, None, None)


def rescore(scopes, rules, actor, now_ms, after_batch):
    """Score the snippets of sessions again, and the minutes that the server scored; return the Amount that changed.

    In batches, each a transaction: the next run finishes one that was interrupted. ``after_batch(rows)`` is called between two, with the
    number of rows that were compared. The audit log gets an entry for every session that changes. A session that is gone is skipped.
    """
    return _rescore(scopes, rules, lambda row: audit.record(row.public_id, audit.RESCORE, actor, None, None, now_ms), after_batch)


def _rescore(scopes, rules, record, after_batch):
    """``record(row)`` runs with the first change of a session; None changes nothing."""
    total = Amount()
    for scope in scopes:
        try:
            found = _session(scope, rules, record, after_batch)
        except SessionNotFound:  # erased meanwhile
            continue
        total = Amount(*map(sum, zip(total, found, strict=True)))
    return total


def _session(scope, rules, record, after_batch):
    found, moved = Counter(), defaultdict(Counter)
    minutes = partial(minute_scoring.differing, rules=rules, moved=moved)

    def change(differing, store, place):
        row = session.touch(scope)
        changes, *_ = differing(row, place)
        if changes and not found:
            record(row)
        store(row, [new for _, new in changes])
        return changes

    for differing, store, place in ((_snippets, telemetry.store_again, telemetry.FIRST), (minutes, minute_scoring.store, -1)):
        while place is not None:
            with read():
                changes, count, next_place = differing(session.find(scope), place)
            if changes and record is not None:
                changes = write(partial(change, differing, store, place))
            elif differing is _snippets:
                _move(moved, changes, rules)
            for old, new in changes:
                found.update(["minutes"] if differing is minutes else _changed(old, new))
            if after_batch is not None:
                after_batch(count)
            place = next_place
    return Amount(int(bool(found)), found["sentiment"], found["keywords"], found["minutes"])


def _changed(old, new):
    return [name for name in ("sentiment", "keywords") if getattr(old, name) != getattr(new, name)]


def _snippets(row, place):
    """Snippets behind ``place`` and what they are by today's rules, where that differs; how many were compared; the next place or None."""
    stored = telemetry.snippets_of(row, _BATCH, place)
    pairs = [(each, _scored(each)) for each in stored]
    return [pair for pair in pairs if _changed(*pair)], len(stored), stored[-1][:3] if len(stored) == _BATCH else None


def _scored(snippet):
    keywords = telemetry.json_text(extract_keywords(snippet.text, snippet.lang))
    return snippet._replace(sentiment=sentiment(snippet.text, snippet.lang), keywords=keywords)


def _move(moved, changes, rules):
    """Add to ``moved`` what changes of snippets would do to the minutes."""
    for old, new in changes:
        if old.sentiment != new.sentiment and not (rules.without_counselor and new.speaker == CODES["counselor"]):
            moved[max(0, new.ts_start_ms) // MINUTE_MS].update({new.sentiment: 1, old.sentiment: -1})
