"""Writes JSON responses, and the trace fields of the envelope (``bemore.schemas.response`` declares it)."""

import msgspec
from flask import Response, current_app, request

from bemore import clock
from bemore.api.http.middleware import REQUEST_ID
from bemore.schemas.response import Failure

_encode = msgspec.json.encode


def request_id():
    """The id of this request: the caller's ``X-Request-Id`` if it is well-formed, else one made by the service."""
    return request.environ[REQUEST_ID]


def trace():
    """The fields that end every JSON response but the plain ones."""
    return {
        "requestId": request_id(),
        "serverTs": clock.now_ms(),
        "modelVersion": current_app.extensions["bemore"].model_version,
    }


def json(content, status=200, headers=None):
    """Any content as a JSON response: UTF-8, Hangul as it is."""
    return Response(_encode(content), status, headers, content_type="application/json")


def failure(status, code, message, details=None, headers=None):
    """A Failure; ``details`` (a list of problems) where there is more to say than the message."""
    fields = trace()
    error = {"code": code, "message": message, "requestId": fields["requestId"]}
    if details:
        error["details"] = details
    return json(msgspec.convert({"success": False, "error": error, **fields}, Failure), status, headers)
