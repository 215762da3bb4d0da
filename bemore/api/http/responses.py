"""One shape for success, one for failure, and the trace fields on both."""

import msgspec
from flask import Response, current_app, request

from bemore import clock
from bemore.api.http.middleware import REQUEST_ID

_encode = msgspec.json.encode


def request_id():
    """The id of this request: the caller's ``X-Request-Id`` where it is well-formed, else one made here."""
    return request.environ[REQUEST_ID]


def trace():
    """The fields that every JSON answer carries."""
    return {
        "requestId": request_id(),
        "serverTs": clock.now_ms(),
        "modelVersion": current_app.extensions["bemore"].model_version,
    }


def json(content, status=200, headers=None):
    """Any content as a JSON answer: UTF-8, Hangul as it is."""
    return Response(_encode(content), status, headers, content_type="application/json")


def success(data, status=200, **top):
    """``{"success": true, "data": …}``; ``top`` are fields that stand beside ``data``."""
    return json({"success": True, **top, "data": data, **trace()}, status)


def failure(status, code, message, details=None, headers=None):
    """``{"success": false, "error": …}``; ``details`` where there is more to say than the message."""
    fields = trace()
    error = {"code": code, "message": message}
    if details:
        error["details"] = details
    error["requestId"] = fields["requestId"]
    return json({"success": False, "error": error, **fields}, status, headers)
