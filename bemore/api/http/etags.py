"""Responses about a session that a client may have already: ETag, 304, and an entry in the audit log for what is shown."""

import hashlib

from flask import Response, current_app, request

from bemore import __version__
from bemore.api.http.auditing import record_alone
from bemore.auth.access import caller
from bemore.models import session
from bemore.scoring.text import TEXT_RULES


def unless_known(scope, operation, query, make):
    """The Response of ``make()`` with an ETag, recorded as what the operation reads; 304 and no entry if the client has that already.

    ``query`` are the values of the query. The ETag differs with them, with the settings that stand in for what is left out, and with the
    caller, who may see other notes than the one before, and with what the operation shows of other sessions.
    """
    # Weak: durations of a session that runs go on, and proxies pack answers; what is stored is the same.
    row = session.get(scope)
    settings = current_app.extensions["bemore"]
    chosen = caller(), sorted(query.items()), settings.report_language, settings.report_time_zone.key
    depends = operation.depends and operation.depends(row)
    seen = scope.public_id, row.revision, settings.model_version, TEXT_RULES, __version__, chosen, depends
    etag = hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        with operation.turn(row):
            record_alone(operation.reads, scope.public_id)
            response = make()
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
