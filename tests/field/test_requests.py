"""Corners of requests: keys, addresses, settings, origins, log lines, pages."""

import json
import socket

import pytest

from tests.field.inputs import load
from tests.support.samples import start_session
from tests.support.signing import HS256, bearer
from tests.support.stored import counts

from bemore.api.http.middleware import path_shape
from bemore.settings import Settings, SettingsError, misspelt_variables

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ADDRESSES, SETTINGS = load("addresses"), load("settings")


def start(client, body, **headers):
    return client.post("/api/session/start", data=body, content_type="application/json", headers={"Idempotency-Key": "k", **headers})


def test_bodies_are_the_same_if_they_are_the_same_json(client):
    same = [
        '{"userId": "u", "counselorId": "c", "x": {"a": 1, "b": [1, 2]}}',
        '{"counselorId":"c","x":{"b":[1,2],"a":1},"userId":"u"}',
        '\ufeff{ "x": {"a": 1, "b": [1, 2]},\n "counselorId": "c", "userId": "\\u0075" }',
    ]
    answers = [start(client, body.encode()) for body in same]
    assert len({each.json["data"]["sessionId"] for each in answers}) == 1
    assert [each.headers.get("Idempotent-Replayed") for each in answers] == [None, "true", "true"]
    other = start(client, b'{"userId": "u", "counselorId": "c", "x": {"a": 1, "b": [2, 1]}}')
    assert (other.status_code, other.json["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@on_sqlite
@pytest.mark.parametrize(
    "extra", ["1" * 400, "[" * 900 + "]" * 900, "1e400", "[" * 480 + "]" * 480], ids=["integer", "deep", "huge", "half"]
)
def test_a_key_with_an_odd_body_is_no_error_of_the_server(client, extra):
    body = f'{{"userId": "u", "counselorId": "c", "x": {extra}}}'.encode()
    first = start(client, body)
    assert first.status_code in (200, 400), first.text
    if first.status_code == 200:
        assert start(client, body).json["data"] == first.json["data"]


def test_without_authentication_a_key_is_of_the_device_or_the_address(client):
    body = b'{"userId": "u", "counselorId": "c"}'
    ids = [start(client, body, **headers).json["data"]["sessionId"] for headers in ({}, {"X-Device-ID": "a"}, {"X-Device-ID": "b"}, {})]
    assert ids[0] == ids[3] and len(set(ids)) == 3
    assert start(client, body, **{"X-Device-ID": "a"}).json["data"]["sessionId"] == ids[1]


@pytest.mark.settings(**HS256)
def test_a_stored_answer_is_given_to_nobody_who_may_not_see_the_session(client):
    started = client.post("/api/session/start", json={"userId": "me", "counselorId": "c"}, headers=bearer("me", "user"))
    path = f"/api/session/{started.json['data']['sessionId']}/feedback"
    key = {"Idempotency-Key": "k"}
    assert client.post(path, json={"rating": 5}, headers={**bearer("me", "user"), **key}).status_code == 201
    for rating in (5, 1):
        answer = client.post(path, json={"rating": rating}, headers={**bearer("me", "counselor"), **key})
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "SESSION_NOT_FOUND")
    assert counts()["feedback"] == 1


@on_sqlite
@pytest.mark.settings(RATE_LIMIT_ENABLED="true", TRUSTED_PROXIES=1)
def test_quotas_count_addresses_and_not_texts(client):
    def left(entry):
        return int(client.get("/api/session/stats/summary", headers={"X-Forwarded-For": entry}).headers["RateLimit-Remaining"])

    for group in ADDRESSES["groups"]:
        remaining = [left(entry) for entry in group]
        assert remaining == list(range(remaining[0], remaining[0] - len(group), -1)), group
        assert remaining[0] == 599, "a client of its own"
    remaining = [left(entry) for entry in ADDRESSES["noAddress"]]
    assert remaining == list(range(599, 599 - len(remaining), -1)), "what is no address counts as the proxy's own"


@pytest.mark.parametrize(("name", "value"), SETTINGS["refused"], ids=str)
def test_a_setting_that_can_never_work_is_refused_in_a_sentence_that_names_it(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({name: value})
    assert str(refusal.value).startswith(name) and "\n" not in str(refusal.value)


def test_unknown_settings_with_a_near_match_are_told():
    assert misspelt_variables({"DATABSE_URL": "x", "HOME": "/", "MAX_SESION_BYTES": "1"}) == {
        "DATABSE_URL": "DATABASE_URL", "MAX_SESION_BYTES": "MAX_SESSION_BYTES",
    }  # fmt: skip


@on_sqlite
@pytest.mark.settings(FRONTEND_URLS=SETTINGS["origins"]["setting"])
def test_origins_are_matched_whole(client):
    def allowed(origin):
        wanted = {
            "Origin": origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-encoding, traceparent",
        }  # fmt: skip
        answer = client.options("/api/session/start", headers=wanted)
        return answer.headers.get("Access-Control-Allow-Origin") == origin, answer.headers.get("Access-Control-Allow-Headers", "").lower()

    for origin in SETTINGS["origins"]["allowed"]:
        fine, headers = allowed(origin)
        assert fine and "content-encoding" in headers and "traceparent" in headers, origin
    for origin in SETTINGS["origins"]["denied"]:
        assert not allowed(origin)[0], origin


@on_sqlite
def test_a_browser_is_led_to_the_console_and_health_is_below_api_too(client):
    led = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (led.status_code, led.headers["Location"]) == (302, "/console")
    assert client.get("/", headers={"Accept": "*/*"}).status_code == client.get("/").status_code == 404
    assert client.get("/console/").get_data() == client.get("/console").get_data()
    assert client.get("/api/health").json.keys() == client.get("/health").json.keys()


@on_sqlite
@pytest.mark.settings(CONSOLE_ENABLED="false")
def test_without_the_console_nobody_is_led_to_it(client):
    for path in ("/", "/console", "/console/"):
        assert client.get(path, headers={"Accept": "text/html"}).status_code == 404


def test_the_log_has_the_shape_of_a_path_that_is_no_address():
    shapes = {
        "/api/session/sess_1737250800_4k2j9x8m1q7w5z3c6v0b/unknown": "/api/session/:id/unknown",
        "/api/session/user/kim/secret-notes": "/api/session/user/:id/secret-notes",
        "/": "/",
        "/wp-login.php": "/:id",
        "/api/kim@example.org": "/api/:id",
        "/api/\xff": "/api/:id",
        "/api/가나다": "/api/:id",
        "/api/a\nb": "/api/:id",
        "/a" * 20: "/a/a/a/a/a/a/a/a/…",
        "/" + "a" * 5000: "/:id",
        "/api/": "/api/",
    }
    assert {path: path_shape(path) for path in shapes} == shapes


@on_sqlite
@pytest.mark.parametrize("form", ["json", "console"])
def test_every_line_of_the_log_is_utf8_whatever_the_path_is(service, http, form):
    running, paths = service(LOG_FORMAT=form), load("hostile_paths")["paths"]
    for path in paths:
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1"))
            while connection.recv(65536):
                pass
    running.stop()
    content = running.log_path.read_bytes()
    lines = content.decode("utf-8").splitlines()
    if form == "json":
        assert all(isinstance(json.loads(line), dict) for line in lines)
        shapes = [each["route"] for each in map(json.loads, lines) if each["message"] == "request"]
        assert all(shape is not None and shape.isprintable() for shape in shapes) and len(shapes) >= len(paths) // 2
    else:
        assert not any("route=None" in line for line in lines)


@on_sqlite
def test_an_unknown_session_is_an_answer_and_not_a_wait(client):
    assert client.get("/api/session/sess_1_aaaaaaaaaaaaaaaa").status_code == 404
    assert start_session(client)
