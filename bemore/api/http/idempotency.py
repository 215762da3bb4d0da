"""``Idempotency-Key``: the first answer under a key is given again, byte for byte but for the trace fields."""

import hashlib

import msgspec
from flask import request

from bemore.api.http.responses import json, trace
from bemore.api.http.body import body
from bemore.auth.access import subject
from bemore.ratelimit import client_key
from bemore.errors import InvalidInput
from bemore.models import idempotency
from bemore.db.connections import write
from bemore.schemas.base import problem

_decode = msgspec.json.decode
_encode = msgspec.json.encode


def once(run, status, now_ms):
    """Answer with what ``run`` gives, and run it once per key.

    ``run()`` does the work inside one write transaction and answers (fields beside ``success``, the SessionRow it
    speaks of). The key and the answer are stored in that same transaction.
    """
    key = _key()
    if key is None:
        fields, _ = write(run)
        return json({"success": True, **fields, **trace()}, status)
    place = client_key(subject()), request.path, key, hashlib.sha256(body()).hexdigest()

    def recall_or_run():
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


def _key():
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable()):
        raise InvalidInput([problem("Idempotency-Key", "must be 1 to 255 printable characters")])
    return key
