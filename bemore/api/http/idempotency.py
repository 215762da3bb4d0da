"""``Idempotency-Key``: the first response under a key is sent again, byte for byte except for the trace fields."""

import hashlib
import re

import msgspec
from flask import request

from bemore.api.http.body import body
from bemore.api.http.responses import json, trace
from bemore.auth.access import subject
from bemore.db.connections import write
from bemore.errors import InvalidInput
from bemore.models import idempotency, session
from bemore.ratelimit import client
from bemore.schemas.base import problem

_decode = msgspec.json.decode
_encode = msgspec.json.encode

_DEVICE = re.compile("[!-~][ -~]{0,127}")


def once(run, status, now_ms, scope=None):
    """Respond with what ``run`` returns, and run it once per key.

    ``run()`` works inside a write transaction and returns (fields beside ``success``, the SessionRow that they are about). The key and
    the response are stored in the same transaction. ``scope``: the session that the caller must see, also for a stored response.
    """
    key = _key()
    if key is None:
        fields, _ = write(run)
        return json({"success": True, **fields, **trace()}, status)
    place = _owner(), request.path, key, _fingerprint(body())

    def recall_or_run():
        if scope is not None:
            session.find(scope)
        stored = idempotency.recall(*place, now_ms)
        if stored is not None:
            return stored, True
        fields, row = run()
        stored = idempotency.StoredAnswer(status, _encode(fields).decode())
        idempotency.remember(*place, stored, row.key, now_ms)
        return stored, False

    stored, replayed = write(recall_or_run)
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    return json({"success": True, **_decode(stored.answer), **trace()}, stored.status, headers)


def _owner():
    """Whose key it is: the subject's; without authentication the device's that ``X-Device-ID`` names, else the client address's."""
    device = request.headers.get("X-Device-ID", "").strip()
    return f"device:{device}" if subject() is None and _DEVICE.fullmatch(device) else client()


def _fingerprint(raw):
    """A digest of a JSON body that does not depend on white space or the order of keys. The schema has accepted the body."""
    value = _decode(raw) if raw.strip() else {}
    return hashlib.sha256(_encode(value, order="deterministic")).hexdigest()


def _key():
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise InvalidInput([problem("Idempotency-Key", "must be 1 to 255 printable characters")])
    return key
