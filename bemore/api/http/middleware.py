"""Around every request, outside of Flask: its id, the headers that all answers share, one line in the log, one more in the count.

It is WSGI and not a pair of Flask hooks because adding fifteen headers to a response object costs more than the rest of it.
"""

import contextlib
import re
import secrets
import time

from bemore.observability import metrics
from bemore.observability.logs import AccessLog, request_id as current_request_id

#: Where the request's id stands in the WSGI environment.
REQUEST_ID = "bemore.request_id"

#: How much of a body that no view has read is read and dropped, and how much of it at a time, in bytes.
DRAIN_BYTES, _CHUNK_BYTES = 64 << 20, 1 << 16

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

#: Where nothing is: what a path becomes that is not to be read as the one it would be.
_NOWHERE = "/-"

_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # Whether a page of another origin may read an answer depends on that origin.
    ("Vary", "Origin"),
)

#: For answers that set no others: data, which may load nothing and is kept by nobody.
_DEFAULT_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ("Cache-Control", "no-store"),
)


class RequestContextMiddleware:
    """The outermost WSGI application but for ProxyFix, which tells it the client's address."""

    def __init__(self, application):
        self._application = application
        self._log = AccessLog()

    def __call__(self, environ, start_response):
        started = time.perf_counter()
        request_id = environ.get("HTTP_X_REQUEST_ID", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = f"req_{secrets.token_hex(8)}"
        environ[REQUEST_ID] = request_id
        current_request_id.set(request_id)
        status, request = "500", None
        path = environ["PATH_INFO"]
        # A slash too many is no address, but werkzeug takes those at the beginning away, for its routes and for ``request.path``.
        if path.startswith("//"):
            environ["PATH_INFO"] = _NOWHERE

        def start_with_headers(status_line, headers, exc_info=None):
            nonlocal status, request
            status, request = status_line, environ.get("werkzeug.request")  # Flask takes it out of there when it has answered
            names = {name for name, _ in headers}
            headers.extend(each for each in _DEFAULT_HEADERS if each[0] not in names)
            headers.extend(_HEADERS)
            headers.append(("X-Request-Id", request_id))
            return start_response(status_line, headers, exc_info)

        body = self._application(environ, start_with_headers)
        _drain(environ)
        # The rule, not the path: an id is a secret of those who have it.
        route = request.url_rule.rule if request is not None and request.url_rule else None
        method, code, seconds = environ["REQUEST_METHOD"], int(status[:3]), time.perf_counter() - started
        metrics.count_request(method, route, code, seconds)
        if self._log.wanted():
            place, client = route or path_shape(path), environ.get("REMOTE_ADDR") or "local"
            self._log.write(method, place, code, round(seconds * 1000, 1), request_id, client)
        return body


#: A part of a path that is a word of an address, as the API's are, and those whose next part names somebody or something.
_WORD, _BEFORE_ID = re.compile("[a-z]{1,20}(-[a-z]{1,20}){0,2}"), ("user",)
_MAX_PARTS = 8


def path_shape(path):
    """A path that is no address, for the log: ``/api/session/:id/unknown``. Whatever may be an id or a name is ``:id``."""
    parts = path.split("/")[1:]
    shape = [
        part if not part or (_WORD.fullmatch(part) and before not in _BEFORE_ID) else ":id"
        for before, part in zip(["", *parts], parts[:_MAX_PARTS], strict=False)
    ]
    return "/" + "/".join([*shape, "…"] if len(parts) > _MAX_PARTS else shape)


def _drain(environ):
    """Read the rest of a body that the view refused unread.

    The server would close the connection with data in it, and the sender, or nginx, might get a reset instead of the answer.
    """
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" not in environ:
        return
    stream, left = environ["wsgi.input"], DRAIN_BYTES
    with contextlib.suppress(Exception):  # the client has gone, or its chunks are not well-formed
        while left > 0 and (chunk := stream.read(_CHUNK_BYTES)):
            left -= len(chunk)
