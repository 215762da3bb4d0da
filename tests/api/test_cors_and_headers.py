"""What browsers are told: which origins may call and read, and the security headers of every answer."""

import re

import pytest

from tests.support.samples import frames, start_session

#: No database has a part in headers.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAGE = "http://localhost:5173"
METHODS = {"GET", "POST", "PUT", "DELETE", "OPTIONS"}
REQUEST_HEADERS = (
    "Content-Type", "Authorization", "Idempotency-Key", "X-Request-ID", "X-Client-Version", "X-Device-ID", "X-Timestamp", "X-CSRF-Token",
)  # fmt: skip
EXPOSED = {
    "x-request-id", "retry-after", "etag", "content-disposition",
    "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset",
}  # fmt: skip
STRANGERS = (
    "https://evil.example",
    "http://localhost:5173.evil.example",
    "http://localhost:51730",
    "http://localhost:517",
    "http://localhost",
    "https://localhost:5173",
    "http://xlocalhost:5173",
    "http://localhost:5173/",
    "http://localhost:5173@evil.example",
    "null",
    "*",
    "",
)


def words(answer, name):
    """The elements of a header that holds a list, in small letters."""
    return {word.strip().lower() for word in answer.headers.get(name, "").split(",") if word.strip()}


def preflight(client, path, method="POST", names=REQUEST_HEADERS, origin=PAGE):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if names:
        headers["Access-Control-Request-Headers"] = ", ".join(names)
    return client.options(path, headers=headers)


def is_open_to(answer, origin):
    allowed = answer.headers.getlist("Access-Control-Allow-Origin")
    assert allowed in ([], [origin]), allowed
    return bool(allowed)


def test_a_preflight_of_every_endpoint_allows_what_the_contract_lists(app, client):
    seen = 0
    for rule in app.url_map.iter_rules():
        path = re.sub("<[^>]*>", "sess_1_aaaaaaaaaaaaaaaa", rule.rule)
        for method in rule.methods - {"HEAD"}:
            # As browsers send it: names in small letters, in the order of the alphabet.
            for names in (REQUEST_HEADERS, sorted(name.lower() for name in REQUEST_HEADERS), (), ("content-type",)):
                answer = preflight(client, path, method, names)
                assert answer.status_code in (200, 204), path
                assert not answer.data
                assert is_open_to(answer, PAGE)
                assert words(answer, "Access-Control-Allow-Methods") >= {each.lower() for each in METHODS}
                assert words(answer, "Access-Control-Allow-Headers") >= {name.lower() for name in names}
                seen += 1
    assert seen > 100


def test_a_preflight_allows_no_more_than_the_contract_lists(client):
    answer = preflight(client, "/api/session/start", "POST", ("Content-Type", "X-Evil", "Cookie"))
    assert words(answer, "Access-Control-Allow-Methods") == {each.lower() for each in METHODS}
    assert not words(answer, "Access-Control-Allow-Headers") & {"x-evil", "cookie", "*"}
    for method in ("PATCH", "TRACE"):
        assert not words(preflight(client, "/api/session/start", method), "Access-Control-Allow-Methods") & {method.lower(), "*"}


def test_the_preflight_of_an_address_that_is_not_there_passes(client):
    """What the browser holds back is no 404 to the page, but a network that is down."""
    for path in ("/nowhere", "/api/session/sess_1_aaaaaaaaaaaaaaaa/nothing"):
        answer = preflight(client, path)
        assert answer.status_code == 200 and not answer.data and is_open_to(answer, PAGE)
        assert client.post(path, json={}, headers={"Origin": PAGE}).status_code == 404
        assert not is_open_to(preflight(client, path, origin="https://evil.example"), "https://evil.example")
        assert client.options(path).status_code == 404  # that is no preflight


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="1 per 10 minutes")
def test_preflights_cost_no_quota(client):
    start_session(client)
    for _ in range(3):
        answer = preflight(client, "/api/session/start")
        assert answer.status_code in (200, 204) and is_open_to(answer, PAGE)
    assert client.get("/api/session/stats/summary").status_code == 429


def test_the_page_may_read_the_exposed_headers(client):
    answer = client.get("/api/session/stats/summary", headers={"Origin": PAGE})
    assert is_open_to(answer, PAGE)
    assert words(answer, "Access-Control-Expose-Headers") == EXPOSED


def failures(client):
    """(answer, its status) of requests from the page that fail."""
    options = {"headers": {"Origin": PAGE}}
    session_id = start_session(client)
    client.post(f"/api/session/{session_id}/end")
    yield client.post("/api/session/start", json={}, **options), 400
    yield client.get("/nowhere", **options), 404
    yield client.get("/api/session/sess_1_aaaaaaaaaaaaaaaa", **options), 404
    yield client.get("/api/session/start", **options), 405
    yield client.post(f"/api/session/{session_id}/pause", **options), 409
    yield client.post("/api/session/start", data=b" " * (9 << 20), content_type="text/plain", **options), 413
    yield client.post("/api/session/start", data=b"<a/>", content_type="text/xml", **options), 415
    yield client.get("/fail", **options), 500
    for user_id, status in (("a", 200), ("b", 422)):
        headers = {"Origin": PAGE, "Idempotency-Key": "key-1"}
        answer = client.post("/api/session/start", json={"userId": user_id, "counselorId": "c"}, headers=headers)
        yield answer, status


@pytest.mark.own_app
def test_the_page_may_read_failures_of_every_kind(app, client):
    app.add_url_rule("/fail", view_func=lambda: 1 / 0)
    for answer, status in failures(client):
        assert answer.status_code == status
        assert is_open_to(answer, PAGE), status
        assert words(answer, "Access-Control-Expose-Headers") == EXPOSED, status


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_WRITE="1 per 10 minutes")
def test_the_page_may_read_that_its_quota_is_used_up(client):
    start_session(client)
    answer = client.post("/api/session/start", json={"userId": "u", "counselorId": "c"}, headers={"Origin": PAGE})
    assert answer.status_code == 429 and is_open_to(answer, PAGE)
    sent = {name.lower() for name in answer.headers.keys()}
    assert {name for name in EXPOSED if "rate" in name} | {"retry-after"} <= sent
    assert words(answer, "Access-Control-Expose-Headers") == EXPOSED


def test_no_other_origin_may_read(client):
    session_id = start_session(client)
    for origin in STRANGERS:
        for path in (f"/api/session/{session_id}", "/nowhere", "/health"):
            answer = client.get(path, headers={"Origin": origin})
            assert answer.status_code in (200, 404)  # who is no browser is not held off by CORS
            assert not is_open_to(answer, origin), origin
        answer = preflight(client, f"/api/session/{session_id}", "DELETE", origin=origin)
        assert not is_open_to(answer, origin), origin
    assert client.get(f"/api/session/{session_id}").status_code == 200


def test_without_an_origin_no_origin_is_named(client):
    assert "Access-Control-Allow-Origin" not in client.get("/api/session/stats/summary").headers


@pytest.mark.settings(FRONTEND_URLS="https://app.example , http://localhost:3000")
def test_the_origins_are_those_of_the_settings(client):
    for origin in ("https://app.example", "http://localhost:3000"):
        assert is_open_to(client.get("/health", headers={"Origin": origin}), origin)
        assert is_open_to(preflight(client, "/api/session/start", origin=origin), origin)
    for origin in (PAGE, "https://appXexample", "https://app.example:8443", "https://a.app.example", "http://app.example"):
        assert not is_open_to(client.get("/health", headers={"Origin": origin}), origin), origin


def test_caches_keep_answers_of_origins_apart(client):
    for headers in ({}, {"Origin": PAGE}, {"Origin": "https://evil.example"}):
        assert "origin" in words(client.get("/api/session/stats/summary", headers=headers), "Vary"), headers


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.own_app
def test_every_answer_has_the_security_headers(app, client):
    app.add_url_rule("/fail", view_func=lambda: 1 / 0)
    answers = [answer for answer, _ in failures(client)]
    answers += [client.get(path) for path in ("/health", "/health/ready", "/api/openapi.json", "/api/session/stats/summary", "/api/docs")]
    answers.append(preflight(client, "/api/session/start"))
    answers.append(client.post(f"/api/session/{start_session(client)}/frames", json={"items": frames(1)}))
    for answer in answers:
        where = f"{answer.request.path} {answer.status_code}"
        for name, value in SECURITY.items():
            assert answer.headers.getlist(name) == [value], f"{where}: {name}"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], where
        assert len(answer.headers.getlist("Content-Security-Policy")) == 1, where
        assert "Permissions-Policy" in answer.headers, where


def test_data_of_sessions_is_kept_in_no_cache(client):
    session_id = start_session(client)
    for path in (session_id, f"{session_id}/inferences", "stats/summary", "user/user-1", "sess_1_aaaaaaaaaaaaaaaa"):
        policy = words(client.get(f"/api/session/{path}"), "Cache-Control")
        assert policy == {"no-store"} or policy >= {"private", "no-cache"}, path


@pytest.mark.own_app
def test_no_answer_names_the_software(app, client):
    app.add_url_rule("/fail", view_func=lambda: 1 / 0)
    for answer, _ in failures(client):
        assert "X-Powered-By" not in answer.headers
        reported = " ".join(answer.headers.values()) + answer.text
        assert not re.search("werkzeug|flask|python|gunicorn|sqlite|postgres", reported, re.IGNORECASE), answer.request.path
