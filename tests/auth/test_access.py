"""Who may call what: every route of the application, by every kind of caller. A route that is not in the table fails the test."""

import pytest

from tests.support.figures import on_sqlite_in_short
from tests.support.samples import audio, frames, scores, start_session, stt
from openapi_spec_validator import validate

from tests.support.signing import HS256, bearer

from bemore.schemas.examples import FILES

pytestmark = pytest.mark.settings(**HS256)

#: Who calls: a user and a counselor of the session, others of the same roles, an administrator. And nobody.
CALLERS = {
    "user": bearer("user-1", "user"),
    "other user": bearer("user-2", "user"),
    "counselor": bearer("counselor-1", "counselor"),
    "other counselor": bearer("counselor-2", "counselor"),
    # Whose subject is the same as somebody's of another role: a subject is one person, its role says what they do here.
    "user of the counselor's name": bearer("counselor-1", "user"),
    "admin": bearer("admin-1", "admin"),
    "nobody": {},
}


def by_caller(user, other_user, counselor, other_counselor, namesake, admin, nobody):
    return dict(zip(CALLERS, (user, other_user, counselor, other_counselor, namesake, admin, nobody)))


def of_session(ok):
    """A session's endpoint: its user, its counselor, administrators; for others there is no such session."""
    return by_caller(ok, 404, ok, 404, 404, ok, 401)


PUBLIC = by_caller(*[200] * 7)
SIGNED_IN = by_caller(*[200] * 6, 401)
OPERATOR = by_caller(403, 403, 403, 403, 403, 200, 401)

#: Where they call from: not from the machine itself, which needs no token for OPERATOR's routes.
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}

START = {"userId": "user-1", "counselorId": "counselor-1"}
AT = "/api/session/{session}"
NOTE = {"tStart": 5, "kind": "bookmark", "visibility": "shared"}

#: (method, rule): the statuses, the path, the body.
ROUTES = {
    ("GET", "/api/session"): (by_caller(200, 403, 200, 200, 403, 200, 401), "/api/session?userId=user-1", None),
    ("GET", "/api/session/<session_id:session_id>/transcript"): (of_session(200), f"{AT}/transcript", None),
    ("GET", "/api/session/<session_id:session_id>/transcript/vtt"): (of_session(200), f"{AT}/transcript/vtt", None),
    ("GET", "/api/session/<session_id:session_id>/transcript/text"): (of_session(200), f"{AT}/transcript/text", None),
    ("POST", "/api/session/<session_id:session_id>/transcript"): (of_session(201), f"{AT}/transcript", FILES["text/vtt"]),
    ("GET", "/api/session/<session_id:session_id>/export"): (of_session(200), f"{AT}/export", None),
    ("GET", "/api/session/<session_id:session_id>/export/fhir"): (of_session(200), f"{AT}/export/fhir", None),
    ("POST", "/api/session/start"): (by_caller(200, 403, 200, 403, 403, 200, 401), "/api/session/start", START),
    ("GET", "/api/session/<session_id:session_id>"): (of_session(200), AT, None),
    ("DELETE", "/api/session/<session_id:session_id>"): (by_caller(403, 403, 200, 404, 403, 200, 401), AT, None),
    ("POST", "/api/session/<session_id:session_id>/pause"): (of_session(200), f"{AT}/pause", None),
    ("POST", "/api/session/<session_id:session_id>/resume"): (of_session(200), f"{AT}/resume", None),
    ("POST", "/api/session/<session_id:session_id>/end"): (of_session(200), f"{AT}/end", None),
    ("POST", "/api/session/<session_id:session_id>/feedback"): (of_session(201), f"{AT}/feedback", {"rating": 5}),
    ("POST", "/api/session/<session_id:session_id>/notes"): (of_session(201), f"{AT}/notes", NOTE),
    ("GET", "/api/session/<session_id:session_id>/notes"): (of_session(200), f"{AT}/notes", None),
    # The counselor's, which is shared.
    ("PUT", "/api/session/<session_id:session_id>/notes/<note_id>"): (
        by_caller(403, 404, 200, 404, 404, 403, 401), f"{AT}/notes/{{note}}", {"text": "다시"},
    ),
    ("DELETE", "/api/session/<session_id:session_id>/notes/<note_id>"): (
        by_caller(403, 404, 200, 404, 404, 200, 401), f"{AT}/notes/{{note}}", None,
    ),
    ("POST", "/api/session/<session_id:session_id>/frames"): (of_session(201), f"{AT}/frames", {"items": frames(2)}),
    ("POST", "/api/session/<session_id:session_id>/audio"): (of_session(201), f"{AT}/audio", {"items": audio(2)}),
    ("POST", "/api/session/<session_id:session_id>/stt"): (of_session(201), f"{AT}/stt", {"items": stt(2)}),
    ("POST", "/api/session/<session_id:session_id>/tick"): (of_session(201), f"{AT}/tick", {"minuteIndex": 0}),
    ("POST", "/api/session/batch-tick"): (of_session(201), "/api/session/batch-tick", {"items": scores(2)}),
    ("GET", "/api/session/<session_id:session_id>/inferences"): (of_session(200), f"{AT}/inferences", None),
    ("GET", "/api/session/<session_id:session_id>/report"): (of_session(200), f"{AT}/report", None),
    ("GET", "/api/session/<session_id:session_id>/summary"): (of_session(200), f"{AT}/summary", None),
    ("GET", "/api/session/<session_id:session_id>/report/summary"): (of_session(200), f"{AT}/report/summary", None),
    ("GET", "/api/session/<session_id:session_id>/vad-analysis"): (of_session(200), f"{AT}/vad-analysis", None),
    ("GET", "/api/session/<session_id:session_id>/report/html"): (of_session(200), f"{AT}/report/html", None),
    ("GET", "/api/session/<session_id:session_id>/report/pdf"): (of_session(200), f"{AT}/report/pdf", None),
    ("GET", "/api/session/<session_id:session_id>/report/csv"): (of_session(200), f"{AT}/report/csv?kind=vad", None),
    ("GET", "/api/session/stats/summary"): (SIGNED_IN, "/api/session/stats/summary", None),
    ("GET", "/api/session/user/<path:user_id>"): (by_caller(200, 403, 200, 200, 403, 200, 401), "/api/session/user/user-1", None),
    ("GET", "/api/session/user/<path:user_id>/progress"): (
        by_caller(200, 403, 200, 200, 403, 200, 401), "/api/session/user/user-1/progress", None,
    ),
    ("GET", "/api/session/user/<path:user_id>/progress/csv"): (
        by_caller(200, 403, 200, 200, 403, 200, 401), "/api/session/user/user-1/progress/csv", None,
    ),
    ("GET", "/api/dashboard/summary"): (SIGNED_IN, "/api/dashboard/summary", None),
    ("GET", "/api/user/preferences"): (SIGNED_IN, "/api/user/preferences", None),
    ("PUT", "/api/user/preferences"): (SIGNED_IN, "/api/user/preferences", {"preferences": {"language": "en"}}),
    ("POST", "/api/session/devices/check"): (SIGNED_IN, "/api/session/devices/check", {}),
    ("POST", "/api/emotion"): (SIGNED_IN, "/api/emotion", {"text": "좋아요"}),
    ("GET", "/api/monitoring/health"): (OPERATOR, "/api/monitoring/health", None),
    ("GET", "/api/monitoring/error-stats"): (OPERATOR, "/api/monitoring/error-stats", None),
    ("GET", "/metrics"): (OPERATOR, "/metrics", None),
    ("GET", "/health"): (PUBLIC, "/health", None),
    ("GET", "/api/health"): (PUBLIC, "/api/health", None),
    ("GET", "/health/live"): (PUBLIC, "/health/live", None),
    ("GET", "/health/ready"): (PUBLIC, "/health/ready", None),
    ("GET", "/api/openapi.json"): (PUBLIC, "/api/openapi.json", None),
    ("GET", "/api/docs"): (PUBLIC, "/api/docs", None),
    ("GET", "/api/docs/<file>"): (PUBLIC, "/api/docs/page.css", None),
    ("GET", "/docs/scoring"): (PUBLIC, "/docs/scoring", None),
    ("GET", "/docs/scoring.css"): (PUBLIC, "/docs/scoring.css", None),
    ("GET", "/"): (dict.fromkeys(PUBLIC, 404), "/", None),  # leads browsers to the console
    ("GET", "/console"): (PUBLIC, "/console", None),
    ("GET", "/console/"): (PUBLIC, "/console/", None),
    ("GET", "/console/live"): (PUBLIC, "/console/live", None),
    ("GET", "/console/<path:file>"): (PUBLIC, "/console/page.js", None),
    ("GET", "/static/bemore-client.js"): (PUBLIC, "/static/bemore-client.js", None),
    ("GET", "/static/bemore-client.d.ts"): (PUBLIC, "/static/bemore-client.d.ts", None),
}


def routes(app):
    return {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_table_holds_every_route(app):
    assert routes(app) == set(ROUTES)


def start(client):
    return start_session(client, headers=CALLERS["admin"])


def write_note(client, session):
    """The id of a note of the counselor."""
    answer = client.post(f"/api/session/{session}/notes", json=NOTE, headers=CALLERS["counselor"])
    return answer.json["data"]["noteId"]


def content(body):
    """A body as options of a request: JSON, or the text of a file."""
    return {"data": body.encode(), "content_type": "text/vtt"} if isinstance(body, str) else {"json": body}


@on_sqlite_in_short
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_who_may_call(client, route):
    (method, _), (expected, path, body) = route, ROUTES[route]
    found = {}
    for name, headers in CALLERS.items():
        session = start(client)  # each has one of its own, as some are erased
        note = write_note(client, session) if "{note}" in path else None
        sent = {**body, "sessionId": session} if path.endswith("batch-tick") else body
        answer = client.open(
            path.format(session=session, note=note), method=method, headers=headers, environ_overrides=ELSEWHERE, **content(sent)
        )
        found[name] = answer.status_code
        if answer.status_code == 404:
            unknown = "sess_1_" + "x" * 20
            there = answer.json["error"]["message"].replace(session, unknown)
            missing = {**body, "sessionId": unknown} if path.endswith("batch-tick") else body
            none = client.open(path.format(session=unknown, note=note), method=method, headers=headers, **content(missing))
            assert (none.status_code, none.json["error"]["message"]) == (404, there), "one that is not there is told apart"
    assert found == expected


def test_a_refused_write_changes_nothing(client):
    session = start(client)
    note = write_note(client, session)
    before = client.get(f"/api/session/{session}/report", headers=CALLERS["admin"])
    for (method, _), (expected, path, body) in ROUTES.items():
        if method == "GET" or expected is SIGNED_IN:  # which speak of no session
            continue
        for name in ("other user", "other counselor", "nobody", "user of the counselor's name"):
            sent = {**body, "sessionId": session} if path.endswith("batch-tick") else body
            answer = client.open(path.format(session=session, note=note), method=method, headers=CALLERS[name], **content(sent))
            assert answer.status_code == expected[name] >= 400
    after = client.get(f"/api/session/{session}/report", headers=CALLERS["admin"])
    assert after.headers["ETag"] == before.headers["ETag"]


@pytest.mark.parametrize("path", ["/metrics", "/api/monitoring/health", "/api/monitoring/error-stats"])
def test_the_machine_itself_needs_no_token_for_its_figures_but_a_proxy_on_it_does(client, path):
    assert client.get(path).status_code == 200
    assert client.get(path, environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"):
        assert client.get(path, headers={header: "127.0.0.1"}).status_code == 401


def test_lists_and_totals_hold_the_callers_own(client):
    for user, counselor in (("user-1", "counselor-1"), ("user-1", "counselor-2"), ("user-2", "counselor-1")):
        body = {"userId": user, "counselorId": counselor}
        assert client.post("/api/session/start", json=body, headers=CALLERS["admin"]).status_code == 200

    def total(name):
        data = client.get("/api/session/stats/summary", headers=CALLERS[name]).json["data"]
        assert len(data["recentSessions"]) == data["total"] == data["active"]
        return data["total"]

    assert {name: total(name) for name in CALLERS if name != "nobody"} == {
        "user": 2, "other user": 1, "counselor": 2, "other counselor": 1, "user of the counselor's name": 0, "admin": 3,
    }  # fmt: skip

    def listed(name, user):
        data = client.get(f"/api/session/user/{user}", headers=CALLERS[name]).json["data"]
        return sorted(each["counselorId"] for each in data["sessions"])

    assert listed("user", "user-1") == ["counselor-1", "counselor-2"]
    assert listed("counselor", "user-1") == ["counselor-1"]
    assert listed("other counselor", "user-2") == []
    assert listed("admin", "user-2") == ["counselor-1"]


def test_an_idempotency_key_is_the_callers_own(client):
    key = {"Idempotency-Key": "the same key"}
    answers = [client.post("/api/session/start", json=START, headers={**CALLERS[name], **key}) for name in ("user", "admin", "user")]
    ids = [answer.json["data"]["sessionId"] for answer in answers]
    assert ids[0] == ids[2] != ids[1]


def test_a_user_cannot_start_in_the_name_of_a_counselor_and_the_other_way_round(client):
    for name, body in (
        ("user", {"userId": "user-2", "counselorId": "counselor-1"}),
        ("user", {"userId": "counselor-1", "counselorId": "user-1"}),
        ("counselor", {"userId": "user-1", "counselorId": "counselor-2"}),
        ("counselor", {"userId": "counselor-1", "counselorId": "user-1"}),
    ):
        answer = client.post("/api/session/start", json=body, headers=CALLERS[name])
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "FORBIDDEN")
    assert client.get("/api/session/stats/summary", headers=CALLERS["admin"]).json["data"]["total"] == 0


def test_preflights_need_no_token(client):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = client.options("/api/session/start", headers={"Origin": "http://localhost:5173", **asked})
    assert answer.status_code == 200 and "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_pages_of_other_origins_may_read_the_refusal(client):
    answer = client.get("/api/session/stats/summary", headers={"Origin": "http://localhost:5173"})
    assert answer.status_code == 401 and answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_document_tells_who_needs_a_token(app):
    document = app.extensions["bemore.openapi"]
    validate(document)
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    asking, open_to_all = 0, 0
    for path in document["paths"].values():
        for operation in path.values():
            if {"token": []} in operation.get("security", []):
                asking += 1
                assert "401" in operation["responses"] and "For: " in operation["description"]
            else:
                open_to_all += 1
                assert "401" not in operation["responses"]
    expected = [statuses["nobody"] for statuses, _, _ in ROUTES.values()]
    assert (asking, open_to_all) == (expected.count(401), len(expected) - expected.count(401))
