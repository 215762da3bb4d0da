"""Responses about a session that a client may have already: ETag, 304, and an entry in the audit log for what is shown."""

import hashlib

from flask import Response, current_app, request

from bemore import __version__
from bemore.api.http.auditing import record_alone
from bemore.models import report


def unless_known(scope, action, make):
    """The Response of ``make()`` with an ETag, recorded as ``action``; 304 and no entry if the client has that already."""
    # Weak: durations of a session that runs go on, and proxies pack answers; what is stored is the same.
    seen = scope.public_id, report.revision(scope), current_app.extensions["bemore"].model_version, __version__
    etag = hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        record_alone(action, scope.public_id)
        response = make()
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
