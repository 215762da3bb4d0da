"""``Idempotency-Key``: the first response under a key is given again, byte for byte but for the trace fields."""

import hashlib

import msgspec
from flask import request

from bemore import clock
from bemore.api.http.body import body
from bemore.api.http.responses import json, trace
from bemore.auth.access import subject
from bemore.db.connections import write
from bemore.errors import InvalidInput
from bemore.models import idempotency
from bemore.ratelimit import client_key
from bemore.schemas.base import problem

_decode = msgspec.json.decode
_encode = msgspec.json.encode


def once(run, operation):
    """The Response of what ``run`` does, which is done once per key.

    ``run()`` does the work inside one write transaction and returns (content of the response, the SessionRow it concerns).
    The key and the response are stored in that same transaction.
    """
    key, trace_fields, now_ms = _key(), trace(), clock.now_ms()

    def work():
        content, row = run()
        fields = operation.fields(content)
        return fields, operation.whole(fields, trace_fields), row

    if key is None:
        return json(write(work)[1], operation.status)
    place = client_key(subject()), request.path, key, hashlib.sha256(body()).hexdigest()

    def recall_or_work():
        stored = idempotency.recall(*place, now_ms)
        if stored is not None:
            return stored, True
        fields, _, row = work()
        stored = idempotency.StoredAnswer(operation.status, _encode(fields).decode())
        idempotency.remember(*place, stored, row.key, now_ms)
        return stored, False

    stored, replayed = write(recall_or_work)
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    # Not checked: an earlier version of the service may have stored it.
    return json({"success": True, **_decode(stored.answer), **trace_fields}, stored.status, headers)


def _key():
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise InvalidInput([problem("Idempotency-Key", "must be 1 to 255 printable characters")])
    return key
