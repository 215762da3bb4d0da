"""Erasing what is older than it may be kept, and what is of a user who wants to be forgotten."""

from typing import NamedTuple

from bemore import clock
from bemore.errors import SessionNotFound
from bemore.models import audit, idempotency, note, partitions, preference, session
from bemore.models.keys import first_session_key
from bemore.models.scope import SessionScope
from bemore.lifecycle import idle
from bemore.db.connections import read, write
from bemore.db.vacuum import truncate_log


#: Sessions of a user that are looked up at once.
_PAGE = 100


class Amount(NamedTuple):
    """How much there is to erase; ``rows`` are those of telemetry, by the sessions' totals.

    ``preferences`` are the owners, users or devices, whose settings of the page nobody has used since; ``notes`` are those that the user
    has written in sessions of others.
    """

    sessions: int = 0
    frames: int = 0
    audio_chunks: int = 0
    stt_snippets: int = 0
    preferences: int = 0
    notes: int = 0

    def plus(self, row):
        """This and a session more."""
        return Amount(self[0] + 1, self[1] + row.frame_count, self[2] + row.audio_count, self[3] + row.stt_count, *self[4:])

    def __bool__(self):
        return any(self)

    @property
    def rows(self):
        return sum(self[1:4])


def survey(cutoff_ms, now_ms):
    """The Amount that ``purge`` would erase now."""
    amount = Amount()
    for row, last_ms in idle.started_by(cutoff_ms, now_ms, ended_too=True):
        if last_ms <= cutoff_ms:
            amount = amount.plus(row)
    return amount._replace(preferences=preference.count_unused(cutoff_ms))


def purge(cutoff_ms, now_ms, actor, after_batch=None):
    """Erase the sessions that ended, or that never ended and whose last data came, at ``cutoff_ms`` or before; return the Amount.

    A session at a time, in batches (``after_batch`` as in ``session.erase_hidden``); what a crash left half erased first. Preferences that
    nobody has used since then go as well, and stored responses to an ``Idempotency-Key`` that are out of date.
    """
    finish_erasing(after_batch)

    def erase(seen):
        # What came meanwhile keeps it.
        return _erase(seen, audit.PURGE, actor, now_ms, after_batch, lambda row: idle.last_ms(row, now_ms) <= cutoff_ms)

    amount = _purge_partitions(cutoff_ms, now_ms, actor, after_batch, erase)
    for seen, last_ms in idle.started_by(cutoff_ms, now_ms, ended_too=True):
        if last_ms <= cutoff_ms:
            row = erase(seen)
            amount = amount.plus(row) if row else amount
    write(lambda: idempotency.forget(now_ms))
    amount = amount._replace(preferences=preference.forget_unused(cutoff_ms))
    truncate_log()
    return amount


def _purge_partitions(cutoff_ms, now_ms, actor, after_batch, erase):
    """Erase the sessions of partitions in which there is none that has to stay; return the Amount. ``erase`` erases a single one."""
    amount = Amount()
    with read():
        spans = [span for span in partitions.spans() if span.end <= first_session_key(cutoff_ms)]
    for span in spans:
        with read():
            open_ones = partitions.not_ended_by(span, cutoff_ms)
            if any(idle.last_ms(row, now_ms) > cutoff_ms for row in open_ones):
                continue
        erased = [erase(row) for row in open_ones]
        while rows := write(lambda span=span: partitions.hide_ended(span, cutoff_ms, now_ms, actor, audit.PURGE)):
            erased += rows
        for row in filter(None, erased):
            amount = amount.plus(row)
    finish_erasing(after_batch)
    return amount


def finish_erasing(after_batch=None):
    """Finish what a crash interrupted, whole partitions first; return how many sessions that were."""
    return partitions.erase_hidden(clock.now_ms(), after_batch) + session.finish_erasing(after_batch)


def survey_user(user_id):
    """The Amount that ``erase_user`` would erase now."""
    amount = Amount()
    for row in session.every(user_id=user_id):
        amount = amount.plus(row)
    preferences = preference.count_of(preference.owner_of(subject=user_id))
    return amount._replace(preferences=preferences, notes=note.count_of_author(user_id))


def erase_user(user_id, now_ms, actor, after_batch=None):
    """Erase all sessions of a user, in whatever state, the preferences of that subject and what it wrote elsewhere; return the Amount.

    A session at a time, in batches, as ``purge`` does; sessions that begin meanwhile go as well.
    """
    finish_erasing(after_batch)
    amount = Amount()
    while rows := session.newest(_PAGE, user_id=user_id):
        for seen in rows:
            row = _erase(seen, audit.ERASE, actor, now_ms, after_batch)
            amount = amount.plus(row) if row else amount
    notes = 0
    while ids := note.sessions_of_author(user_id, _PAGE):
        for public_id in ids:
            notes += _erase_notes(SessionScope.unrestricted(public_id), user_id, actor, now_ms)
    amount = amount._replace(preferences=preference.forget(preference.owner_of(subject=user_id)), notes=notes)
    truncate_log()
    return amount


def _erase_notes(scope, author, actor, now_ms):
    """Erase what somebody has written in a session; return how many notes."""

    def erase():
        count = note.erase_of_author(scope, author)
        audit.record(scope.public_id, audit.ERASE_NOTES, actor, None, None, now_ms)
        return count

    try:
        return write(erase)
    except SessionNotFound:  # erased meanwhile
        return 0


def _erase(seen, action, actor, now_ms, after_batch, is_due=lambda row: True):
    """Erase a session and record that; return its row, or None if it is gone or not ``is_due(row)``."""
    scope = SessionScope.unrestricted(seen.public_id)

    def hide():
        row = session.touch(scope)
        if not is_due(row):
            return None
        audit.record(row.public_id, action, actor, None, None, now_ms)
        return session.hide(scope)

    try:
        row = write(hide)
    except SessionNotFound:
        return None
    if row is not None:
        session.erase_hidden(row.key, after_batch)
    return row
