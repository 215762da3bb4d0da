"""What requests leave in the audit log: who read or erased what of which session."""

from functools import partial

from bemore import clock
from bemore.api.http.responses import request_id
from bemore.auth.access import caller
from bemore.auth.callers import ANYBODY
from bemore.models import audit


def entry(action):
    """An entry about this request, as keyword arguments of ``audit.record`` without the session's id.

    Made before a write begins, which may run in another thread.
    """
    who = caller()
    return {
        "action": action,
        "actor": who.subject,
        "role": None if who is ANYBODY else who.role,
        "request_id": request_id(),
        "now_ms": clock.now_ms(),
    }


def recorder(action):
    """A function of a session's id that adds an entry about this request inside the caller's transaction."""
    return partial(audit.record, **entry(action))


def record_alone(action, public_id):
    """Add an entry about this request, durably. Raises DatabaseUnavailable: then nothing may be shown."""
    audit.record_alone(session_id=public_id, **entry(action))
