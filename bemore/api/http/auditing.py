"""What requests leave in the audit log: who read or erased what of which session."""

from bemore import clock
from bemore.auth.access import caller
from bemore.api.http.responses import request_id
from bemore.auth.callers import ANYBODY
from bemore.models import audit


def record(action, public_id):
    """Add an entry about this request inside the caller's transaction."""
    audit.record(*_entry(action, public_id))


def record_alone(action, public_id):
    """Add an entry about this request; it is durable on return. Raises DatabaseUnavailable: then nothing may be shown."""
    audit.record_alone(*_entry(action, public_id))


def _entry(action, public_id):
    who = caller()
    return action, public_id, who.subject, None if who is ANYBODY else who.role, request_id(), clock.now_ms()
