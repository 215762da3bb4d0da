"""What requests leave in the audit log: who read or erased what of which session."""

from functools import partial

from bemore import clock
from bemore.api.http.responses import request_id
from bemore.auth.access import caller
from bemore.auth.callers import ANYBODY
from bemore.db.connections import write_statement
from bemore.models import audit


def recorder(action):
    """A function of a session's id that adds an entry about this request inside the caller's transaction.

    Made before a write begins, which may run in another thread.
    """
    who = caller()
    role = None if who is ANYBODY else who.role
    return partial(audit.record, action=action, actor=who.subject, role=role, request_id=request_id(), now_ms=clock.now_ms())


def record_alone(action, public_id):
    """Add an entry about this request, durably. Raises DatabaseUnavailable: then nothing may be shown."""
    record = recorder(action)
    write_statement(lambda: record(public_id))
