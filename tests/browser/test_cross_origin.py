"""A page of another origin in a real Chromium: every endpoint through real preflights, every exposed header, every failure.

The endpoints and a body for each come from the OpenAPI document, so that a new one is asked as well.
"""

import json
import re

import pytest

from tests.support.browsing import ORIGIN
from tests.support.servers import Service, free_port
from tests.support.signing import rsa_key, token

from bemore.app import CORS_EXPOSED_HEADERS as EXPOSED, CORS_REQUEST_HEADERS as REQUEST_HEADERS


#: Asks one after the other; each answer as {status, text, headers}, or {error} where the page gets none.
_ASK = """async ([calls, exposed]) => {
  const answers = [];
  for (const {method, url, headers, body, mode} of calls) {
    try {
      const answer = await fetch(url, {method, headers, body, mode});
      const read = Object.fromEntries(exposed.map((name) => [name, answer.headers.get(name)]));
      answers.push({type: answer.type, status: answer.status, text: await answer.text(), headers: read});
    } catch (error) {
      answers.push({error: error.name});
    }
  }
  return answers;
}"""

#: A variable in a rule of Flask.
_CONVERTED = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

#: Small, so that a body too large is a small one.
BODY_BYTES = 20_000


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service that takes small bodies only; its quotas are the usual ones, so that their headers are there."""
    home = tmp_path_factory.mktemp("service")
    settings = {"MAX_BODY_BYTES": BODY_BYTES, "LOG_FORMAT": "json"}
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", **settings) as running:
        yield running
        print(running.log)


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """A service that wants tokens, whose keys cannot be had, and that answers three requests only."""
    home = tmp_path_factory.mktemp("closed")
    settings = {"AUTH_ENABLED": "true", "JWT_JWKS_URL": f"http://127.0.0.1:{free_port()}/keys", "RATE_LIMIT_ALL": "3 per 10 minutes"}
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", **settings) as running:
        yield running
        print(running.log)


@pytest.fixture
def page(context):
    """A page of the origin that is allowed by default."""
    page = context.new_page()
    page.goto(ORIGIN + "/")
    return page


@pytest.fixture
def stranger(context, page_server):
    """The same page of an origin that nobody has allowed."""
    page = context.new_page()
    page.goto(page_server.url + "/")
    return page


@pytest.fixture
def app_rules(service):
    """What the application routes, as the document writes it: {(method, path)}."""
    from bemore.app import create_app
    from bemore.db import connections as database
    from bemore.settings import Settings

    app = create_app(Settings.from_env({"DATABASE_URL": service.env["DATABASE_URL"]}))
    yield {
        (method, _CONVERTED.sub(r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    database.close()


def ask(page, *calls):
    return page.evaluate(_ASK, [calls, EXPOSED])


def headers_of(number, **more):
    """Every request header that the contract lists. Content-Encoding says that the body, if there is one, is as it is."""
    values = {
        "Content-Type": "application/json", "Authorization": "Bearer a.b.c", "Idempotency-Key": f"key-{number}",
        "X-Request-ID": f"page-{number}", "X-Client-Version": "1.2.3", "X-Device-ID": "device-1", "X-Timestamp": "1737250800000",
        "X-CSRF-Token": "a-token", "Content-Encoding": "identity", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "vendor=1", "sentry-trace": "771a43a4192642f0b136d5159a501700-7f5cbd8f1cf4a1a2-1", "baggage": "release=1",
    }  # fmt: skip
    assert values.keys() == {*REQUEST_HEADERS}
    return {**values, **more}


def example_of(operation):
    """A body that the document gives as an example and its media type; None for an operation that takes none."""
    if "requestBody" not in operation:
        return None, None
    media, content = next(iter(operation["requestBody"]["content"].items()))
    return (next(iter(content["examples"].values()))["value"] if "examples" in content else content["example"]), media


class Walk:
    """Every operation of a service's document as a call of a page, in an order in which they all succeed."""

    def __init__(self, service, http):
        self.base = service.url
        self.document = http.get(f"{self.base}/api/openapi.json").json()
        self.operations = [
            (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if path != "/"  # leads people to the console; pages of other origins get nothing there
        ]
        # What is erased is erased last, the session after its note.
        self.operations.sort(key=lambda each: (each[1] != "/api/session/start", each[0] == "DELETE", -len(each[1])))

    def calls(self, session_id=None, note_id=None):
        """The calls, but for the start where a session is given, which has a note."""
        first = 0 if session_id is None else 1
        return [self._call(number, *each, session_id, note_id) for number, each in enumerate(self.operations)][first:]

    def _call(self, number, method, path, operation, session_id, note_id):
        body, media = example_of(operation)
        if isinstance(body, dict) and "sessionId" in body:
            body = {**body, "sessionId": session_id}
        values = {each["name"]: each.get("example") for each in operation["parameters"] if "name" in each}
        path = re.sub(r"\{(\w+)\}", lambda result: {**values, "session_id": session_id, "note_id": note_id}[result[1]] or "", path)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        headers = headers_of(number) | ({"Content-Type": media} if media else {})
        return {"method": method, "url": self.base + path, "headers": headers, "body": text}

    def readable(self, operation, status):
        """The headers of an answer that the document promises and that the page may read."""
        return {*operation["responses"][str(status)].get("headers", {})} & {*EXPOSED}


def logged(service):
    """The requests that the service has answered, as its log tells them: (method, the document's path or None, status)."""
    lines = [json.loads(line) for line in service.log.splitlines()]
    requested = [line for line in lines if "method" in line]
    return [(line["method"], line["route"] and _CONVERTED.sub(r"{\1}", line["route"]), line["status"]) for line in requested]


# -- The page that is allowed ----------------------------------------------------------------------------------------------


def test_a_page_of_another_origin_uses_every_endpoint(page, service, http, app_rules):
    walk = Walk(service, http)
    assert {(method, path) for method, path, _ in walk.operations} == app_rules - {("GET", "/")}
    (started,) = ask(page, walk.calls()[0])
    session_id = json.loads(started["text"])["data"]["sessionId"]
    note = http.post(f"{service.url}/api/session/{session_id}/notes", json={"tStart": 0, "kind": "bookmark"}).json()["data"]
    answers = [started, *ask(page, *walk.calls(session_id, note["noteId"]))]
    for number, ((method, path, operation), answer) in enumerate(zip(walk.operations, answers)):
        where = f"{method} {path}: {answer.get('error') or answer['status']} {answer.get('text', '')[:200]}"
        assert answer.get("status") in (200, 201), where
        assert answer["headers"]["X-Request-Id"] == f"page-{number}", where
        missing = [name for name in walk.readable(operation, answer["status"]) if answer["headers"][name] is None]
        assert not missing, f"{where}: the page cannot read {missing}"
    read = {name for answer in answers for name, value in answer["headers"].items() if value is not None}
    assert read == {*EXPOSED} - {"Retry-After"}  # that is for failures
    # Each was asked for by a preflight first: the browser found them all by itself.
    requested = {path for method, path, _ in logged(service) if method == "OPTIONS"}
    assert {path for _, path, _ in walk.operations} - requested == set()


def started(page, service):
    (answer,) = ask(page, post(service, "/api/session/start", {"userId": "user-1", "counselorId": "counselor-1"}))
    return json.loads(answer["text"])["data"]["sessionId"]


def post(service, path, body, method="POST", **headers):
    """A call with a body, which may be given as text."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {"method": method, "url": service.url + path, "headers": {"Content-Type": "application/json", **headers}, "body": text}


def get(service, path, **headers):
    return {"method": "GET", "url": service.url + path, "headers": headers}


def told(answers):
    """What a page gets to know of failures: (status, code)."""
    return [(answer["status"], json.loads(answer["text"])["error"]["code"]) for answer in answers]


def test_a_page_reads_failures_and_their_headers(page, service):
    session_id = started(page, service)
    pair, key = {"userId": "user-1", "counselorId": "counselor-1"}, {"Idempotency-Key": "the-same"}
    here = f"/api/session/{session_id}"
    ask(page, post(service, f"{here}/end", {}), post(service, "/api/session/start", pair, **key))
    calls = [
        post(service, "/api/session/start", {}),
        get(service, "/nowhere"),
        get(service, "/api/session/sess_1_aaaaaaaaaaaaaaaa"),
        post(service, "/api/session/start", {}, method="PUT"),
        post(service, f"{here}/pause", {}),
        post(service, f"{here}/frames", " " * (BODY_BYTES + 1)),
        post(service, "/api/session/start", "<a/>", **{"Content-Type": "text/xml"}),
        post(service, "/api/session/start", {**pair, "userId": "user-2"}, **key),
    ]
    for number, call in enumerate(calls):
        call["headers"]["X-Request-ID"] = f"failing-{number}"
    answers = ask(page, *calls)
    assert told(answers) == [
        (400, "VALIDATION_ERROR"), (404, "NOT_FOUND"), (404, "SESSION_NOT_FOUND"), (405, "METHOD_NOT_ALLOWED"),
        (409, "SESSION_STATE_CONFLICT"), (413, "PAYLOAD_TOO_LARGE"), (415, "UNSUPPORTED_MEDIA_TYPE"), (422, "IDEMPOTENCY_KEY_REUSED"),
    ]  # fmt: skip
    for number, answer in enumerate(answers):
        assert answer["headers"]["X-Request-Id"] == f"failing-{number}"
        assert all(answer["headers"][name] for name in EXPOSED if "RateLimit" in name), answer


def test_a_page_reads_that_it_may_not_now_and_when_it_may(page, closed):
    signed = {"Authorization": f"Bearer {token(key=rsa_key(), algorithm='RS256')}"}
    path = "/api/session/stats/summary"
    answers = ask(page, get(closed, path, **signed), get(closed, path), get(closed, path, Authorization="Bearer x"), get(closed, path))
    assert told(answers) == [(503, "SERVICE_UNAVAILABLE"), (401, "UNAUTHORIZED"), (401, "INVALID_TOKEN"), (429, "RATE_LIMIT")]
    away, *_, used_up = (answer["headers"] for answer in answers)
    assert away["Retry-After"] == "1" and 590 <= int(used_up["Retry-After"]) <= 600
    assert (used_up["RateLimit-Limit"], used_up["X-RateLimit-Remaining"]) == ("3", "0")
    assert all(answer["headers"]["X-Request-Id"] for answer in answers)


def test_a_page_gets_a_report_again_only_if_it_has_changed(page, service):
    """The browser asks with the ETag by itself; the page sees a 200 with what it had."""
    path = f"/api/session/{started(page, service)}/summary"
    first, second = ask(page, get(service, path), get(service, path))
    assert first["status"] == second["status"] == 200 and first["text"] == second["text"]
    assert first["headers"]["ETag"] and first["headers"]["ETag"] == second["headers"]["ETag"]
    statuses = [status for method, route, status in logged(service) if (method, route) == ("GET", "/api/session/{session_id}/summary")]
    assert statuses[-2:] == [200, 304]


def test_what_the_contract_does_not_list_looks_like_no_network(page, service):
    calls = [get(service, "/health", **{name: "1"}) for name in ("If-None-Match", "X-Unknown")]
    calls += [{"method": "PATCH", "url": f"{service.url}/health"}, get(service, "/" + "a" * 9000)]
    assert ask(page, *calls) == [{"error": "TypeError"}] * len(calls)


# -- A page that is not --------------------------------------------------------------------------------------------------


def test_a_page_of_an_origin_that_is_not_listed_gets_nothing(page, stranger, service, http):
    session_id = started(page, service)
    before = len(logged(service))
    calls = Walk(service, http).calls(session_id)
    assert ask(stranger, *calls) == [{"error": "TypeError"}] * len(calls)
    # Not one of them came to be more than a preflight; the first line is the walk's own look at the document.
    assert {method for method, *_ in logged(service)[before + 1 :]} == {"OPTIONS"}

    simple = [get(service, path) for path in (f"/api/session/{session_id}", f"/api/session/{session_id}/report", "/health", "/nowhere")]
    assert ask(stranger, *simple) == [{"error": "TypeError"}] * 4
    (opaque,) = ask(stranger, {**simple[0], "mode": "no-cors"})
    assert (opaque["type"], opaque["status"], opaque["text"]) == ("opaque", 0, "") and not any(opaque["headers"].values())
    assert stranger.evaluate("(url) => import(url).catch((error) => error.name)", f"{service.url}/static/bemore-client.js") == "TypeError"
