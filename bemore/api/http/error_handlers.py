"""Which status and code an error becomes. No exception's text leaves the server but that of the project's own errors."""

import logging
import traceback

from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from bemore import errors
from bemore.api.http.responses import failure, request_id

#: Seconds after which a client may try again when the database is away.
RETRY_AFTER_S = 1

_DOMAIN = {
    errors.Unauthorized: (401, "UNAUTHORIZED"),
    errors.InvalidToken: (401, "INVALID_TOKEN"),
    errors.Forbidden: (403, "FORBIDDEN"),
    errors.SessionNotFound: (404, "SESSION_NOT_FOUND"),
    errors.NoteNotFound: (404, "NOTE_NOT_FOUND"),
    errors.SessionStateConflict: (409, "SESSION_STATE_CONFLICT"),
    errors.IdempotencyKeyReused: (422, "IDEMPOTENCY_KEY_REUSED"),
    errors.PayloadTooLarge: (413, "PAYLOAD_TOO_LARGE"),
    errors.UnsupportedMediaType: (415, "UNSUPPORTED_MEDIA_TYPE"),
}

_HTTP = {
    400: ("VALIDATION_ERROR", "request is not well-formed"),
    404: ("NOT_FOUND", "요청한 주소를 찾을 수 없습니다"),
    405: ("METHOD_NOT_ALLOWED", "method is not allowed here"),
    408: ("REQUEST_TIMEOUT", "request took too long to arrive"),
    413: ("PAYLOAD_TOO_LARGE", "요청 본문이 너무 큽니다."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "지원하지 않는 형식의 본문입니다. JSON으로 보내 주세요."),
}

#: RFC 6750, 3: how to sign in, and what was wrong with how it was tried.
_CHALLENGE = {"UNAUTHORIZED": "Bearer", "INVALID_TOKEN": 'Bearer error="invalid_token"'}

_log = logging.getLogger("bemore.error")


def register(app):
    """Make every error of ``app`` an answer in the contract's shape."""
    app.register_error_handler(errors.InvalidInput, _invalid)
    app.register_error_handler(errors.DatabaseUnavailable, _unavailable)
    app.register_error_handler(errors.KeysUnavailable, _unavailable)
    app.register_error_handler(errors.ServiceBusy, _unavailable)
    app.register_error_handler(errors.SessionTooLarge, _session_too_large)
    for kind in _DOMAIN:
        app.register_error_handler(kind, _domain)
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _invalid(error):
    problems = error.problems
    # One problem of the body as a whole is said by the message; that of an element also has an index to tell.
    details = problems if len(problems) > 1 or "index" in problems[0] else None
    return failure(400, "VALIDATION_ERROR", problems[0]["message"], details)


def _domain(error):
    status, code = _DOMAIN[type(error)]
    headers = {"WWW-Authenticate": _CHALLENGE[code]} if status == 401 else None
    return failure(status, code, str(error), headers=headers)


def _session_too_large(error):
    # The detail tells it from a body that is too large: smaller batches are of no use.
    return failure(413, "PAYLOAD_TOO_LARGE", str(error), [{"field": "sessionId", "message": str(error)}])


def _unavailable(error):
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return failure(503, "SERVICE_UNAVAILABLE", "지금은 요청을 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.", headers=headers)


def _too_many(error):
    # bemore.ratelimit adds Retry-After with the other headers of the quota.
    return failure(429, "RATE_LIMIT", "Too many requests")


def _http(error):
    code, message = _HTTP.get(error.code, ("VALIDATION_ERROR" if 400 <= error.code < 500 else "INTERNAL_ERROR", error.name))
    answer = failure(error.code, code, message)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _unexpected(error):
    # The message of an exception may quote what the client sent; where it came from does not.
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("unexpected error", extra={"error": type(error).__name__, "at": places[-8:], "request_id": request_id()})
    return failure(500, "INTERNAL_ERROR", "서버에서 오류가 발생했습니다. 잠시 후 다시 시도해 주세요.")
