"""Everything stored of a session as JSON lines, for another system."""

import logging
import time
from contextlib import ExitStack, closing

import msgspec
from flask import Blueprint, Response, request

from bemore import clock
from bemore.api.http import heavy
from bemore.api.http.auditing import record_alone
from bemore.api.http.operation import operation
from bemore.auth.access import Access, reader
from bemore.errors import DatabaseUnavailable
from bemore.lifecycle.export import lines
from bemore.models import session
from bemore.models.audit import EXPORT

#: How long an export may take, and how long its reader may take for one piece of it, in seconds: meanwhile a transaction is open.
MAX_EXPORT_S, MAX_PIECE_S = 600, 30

#: Bytes of a piece, at least, and bytes of telemetry of a small session: its export is a few pieces.
PIECE_BYTES, SMALL_BYTES = 64 * 1024, 256 * 1024

blueprint = Blueprint("exports", __name__, url_prefix="/api/session/<session_id:session_id>")

_log = logging.getLogger("bemore.export")


@blueprint.get("/export")
@operation("Everything stored of a session, as JSON lines", Access.SESSION, media="application/x-ndjson")
def export(scope):
    """As of one moment, without the private notes of others. The last line has the type `end`; without it something is missing, and the
    export has to be repeated."""
    row = session.get(scope)
    with ExitStack() as stack:
        stack.enter_context(heavy.exporting() if row.byte_count > SMALL_BYTES else heavy.exporting_small())
        record_alone(EXPORT, scope.public_id)
        rest = stack.enter_context(closing(lines(scope, clock.now_ms(), reader())))
        first = next(rest)
        socket = request.environ.get("gunicorn.socket")
        if socket is not None:
            socket.settimeout(MAX_PIECE_S)
        name = f'attachment; filename="bemore-export-{scope.public_id}.jsonl"'
        response = Response(_pieces(first, rest), content_type="application/x-ndjson", headers={"Content-Disposition": name})
        # In the thread of the request, which holds the transaction.
        response.call_on_close(stack.pop_all().close)
    return response


def _pieces(first, rest):
    """The lines as pieces of bytes, until the last one or until the time is up."""
    encode, deadline = msgspec.json.Encoder().encode, time.monotonic() + MAX_EXPORT_S
    piece, size = [encode(first)], 0
    try:
        for each in rest:
            piece.append(encode(each))
            size += len(piece[-1])
            if size >= PIECE_BYTES:
                if time.monotonic() > deadline:
                    _log.warning("export stopped", extra={"reason": f"it took more than {MAX_EXPORT_S} s"})
                    return
                yield b"\n".join([*piece, b""])
                piece, size = [], 0
    except DatabaseUnavailable:
        return
    yield b"\n".join([*piece, b""])
