"""``Idempotency-Key``: the first response under a key is sent again, byte for byte except for the trace fields."""

import contextlib
import hashlib
import re

import msgspec
from flask import request

from bemore import clock
from bemore.api.http.body import body
from bemore.api.http.responses import json, trace
from bemore.auth.access import subject
from bemore.db.connections import write
from bemore.errors import InvalidInput
from bemore.models import idempotency, session
from bemore.ratelimit.clients import client_key
from bemore.schemas.base import problem

_decode = msgspec.json.decode
_encode = msgspec.json.encode

_DEVICE = re.compile("[!-~][ -~]{0,127}")


def once(run, operation, scope):
    """The Response of what ``run`` does, which is done once per key.

    ``run()`` does the work inside one write transaction and returns (content of the response, key of the session that it is about,
    key of the note that it contains if it does). The key and the response are stored in that same transaction. ``scope``: the session that
    the caller must see, also for a stored response.
    """
    key, trace_fields, now_ms = _key(), trace(), clock.now_ms()

    def work():
        content, *subject = run()
        fields = operation.fields(content)
        return fields, operation.whole(fields, trace_fields), subject

    if key is None:
        return json(write(work)[1], operation.status)
    place = _owner(), request.path, key, _fingerprint(body())

    def recall_or_work():
        if scope is not None:
            session.find(scope)
        stored = idempotency.recall(*place, now_ms)
        if stored is not None:
            return stored, True
        fields, _, subject = work()
        stored = idempotency.StoredAnswer(operation.status, _encode(fields).decode())
        idempotency.remember(*place, stored, now_ms, *subject)
        return stored, False

    stored, replayed = write(recall_or_work)
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    # Not checked: an earlier version of the service may have stored it.
    return json({"success": True, **_decode(stored.answer), **trace_fields}, stored.status, headers)


def _owner():
    """Whose key it is: the subject's; without authentication the device's that ``X-Device-ID`` names, else the client address's."""
    who, device = subject(), request.headers.get("X-Device-ID", "").strip()
    return f"device:{device}" if who is None and _DEVICE.fullmatch(device) else client_key(who)


def _fingerprint(raw):
    """A digest of a JSON body that does not depend on white space or the order of keys. The schema has accepted the body."""
    # Numbers of more than 64 bits, or deep nesting, in fields that the schema ignores: such a body is compared as text.
    with contextlib.suppress(OverflowError, RecursionError, msgspec.MsgspecError):
        raw = _encode(_decode(raw) if raw.strip() else {}, order="deterministic")
    return hashlib.sha256(raw).hexdigest()


def _key():
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise InvalidInput([problem("Idempotency-Key", "must be 1 to 255 printable characters")])
    return key
