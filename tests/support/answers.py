"""Clients that check every answer against the contract's envelope and the OpenAPI document."""

import json
import re
from weakref import WeakKeyDictionary

import requests
from flask.testing import FlaskClient

from tests.support.openapi_check import AnswerChecker

_PLAIN_JSON = re.compile(r"(/api)?/health(/.*)?|/metrics|/api/openapi\.json|/api/docs(/.*)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
#: A Hangul letter written as an escape of four digits: the backslash is one of the escape, not an escaped backslash.
_ESCAPED_HANGUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:11|31[3-8]|a[c-f]|[bc][0-9a-f]|d[0-7])[0-9a-f]{2}", re.IGNORECASE)
CODES = {
    400: {"VALIDATION_ERROR"},
    401: {"UNAUTHORIZED", "INVALID_TOKEN"},
    403: {"FORBIDDEN"},
    404: {"NOT_FOUND", "SESSION_NOT_FOUND", "NOTE_NOT_FOUND"},
    405: {"METHOD_NOT_ALLOWED"},
    408: {"REQUEST_TIMEOUT"},
    409: {"SESSION_STATE_CONFLICT"},
    413: {"PAYLOAD_TOO_LARGE"},
    415: {"UNSUPPORTED_MEDIA_TYPE"},
    422: {"IDEMPOTENCY_KEY_REUSED"},
    429: {"RATE_LIMIT"},
    500: {"INTERNAL_ERROR"},
    503: {"SERVICE_UNAVAILABLE"},
}


def _no_constant(name):
    raise AssertionError(f"the answer holds {name}, which is not JSON")


def check_envelope(method, path, status, headers, body, sent_id=None):
    """AssertionError unless an answer has the contract's shape.

    ``headers`` is a mapping that ignores case, ``body`` bytes, ``sent_id`` the request's X-Request-Id. Answers without
    a body and the plain paths (``/health*`` …) have no envelope; neither has a success that is not JSON (a download).
    """
    is_json = headers.get("Content-Type", "").partition(";")[0] == "application/json"
    if method == "HEAD" or status in (204, 304) or _PLAIN_JSON.fullmatch(path) or (status < 400 and not is_json):
        return
    where = f"{method} {path[:200]} -> {status}"
    assert is_json, f"{where}: an error that is not JSON: {headers.get('Content-Type')}"
    assert not _ESCAPED_HANGUL.search(body), f"{where}: Hangul is escaped"
    answer = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    assert type(answer) is dict, f"{where}: not an object"
    request_id = answer.get("requestId")
    assert type(request_id) is str and _REQUEST_ID.fullmatch(request_id), f"{where}: requestId {request_id!r}"
    assert headers.get("X-Request-Id") == request_id, f"{where}: X-Request-Id is not the body's requestId"
    if sent_id is not None and _REQUEST_ID.fullmatch(sent_id):
        assert request_id == sent_id, f"{where}: the request's own id was not used"
    assert type(answer.get("serverTs")) is int and answer["serverTs"] > 0, f"{where}: serverTs"
    assert type(answer.get("modelVersion")) is str and answer["modelVersion"], f"{where}: modelVersion"
    assert answer.get("success") is (status < 400), f"{where}: success is {answer.get('success')!r}"
    if status < 400:
        assert "data" in answer and "error" not in answer, f"{where}: a success has data and no error"
    else:
        _check_failure(where, status, headers, answer)


def _check_failure(where, status, headers, answer):
    assert set(answer) == {"success", "error", "requestId", "serverTs", "modelVersion"}, f"{where}: has {sorted(answer)}"
    error = answer["error"]
    assert set(error) - {"details"} == {"code", "message", "requestId"}, f"{where}: error has {sorted(error)}"
    assert error["code"] in CODES.get(status, {error["code"]}), f"{where}: code {error['code']}"
    assert type(error["message"]) is str and error["message"], f"{where}: message"
    assert error["requestId"] == answer["requestId"], f"{where}: two request ids"
    if "details" in error:
        assert type(error["details"]) is list and error["details"], f"{where}: details without one"
        for detail in error["details"]:
            assert set(detail) <= {"index", "minuteIndex", "field", "message"} and detail["message"], f"{where}: {detail}"
    if status in (429, 503):
        assert re.fullmatch(r"[1-9][0-9]*", headers.get("Retry-After", "")), f"{where}: Retry-After"


_checkers = {}
_checker_of_app = WeakKeyDictionary()


def _checker(app):
    """What holds answers against the app's OpenAPI document; one per document, as making one takes a while."""
    if app not in _checker_of_app:
        document = app.extensions["bemore.openapi"]
        key = json.dumps(document)
        if key not in _checkers:
            _checkers[key] = AnswerChecker(document)
        _checker_of_app[app] = _checkers[key]
    return _checker_of_app[app]


class CheckingClient(FlaskClient):
    """Flask's test client; every answer is held against the contract's envelope and the app's OpenAPI document."""

    def open(self, *args, **kwargs):
        response = super().open(*args, **kwargs)
        request = response.request
        if request.method != "OPTIONS" and not self._is_of_the_test(request.path):
            assert not _checker(self.application).problems(request.method, request.path, response)
        sent_id = request.headers.get("X-Request-Id")
        check_envelope(request.method, request.path, response.status_code, response.headers, response.get_data(), sent_id)
        return response

    def _is_of_the_test(self, path):
        """Whether the test itself has added that route to the app."""
        own = (rule for rule in self.application.url_map.iter_rules() if rule.rule == path)
        return any(not hasattr(self.application.view_functions[rule.endpoint], "operation") for rule in own)


class CheckingSession(requests.Session):
    """A session of ``requests`` over real sockets; every answer's envelope is checked, no proxy is looked for."""

    def __init__(self):
        super().__init__()
        self.trust_env = False

    def request(self, method, url, **kwargs):
        kwargs.setdefault("timeout", 30)
        response = super().request(method, url, **kwargs)
        sent = response.request
        path = sent.path_url.partition("?")[0]
        sent_id = sent.headers.get("X-Request-Id")
        check_envelope(sent.method, path, response.status_code, response.headers, response.content, sent_id)
        return response
