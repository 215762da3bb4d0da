"""The OpenAPI document is valid, and says of every endpoint what the endpoint does: no more, no less."""

import copy
import gzip
import json
import re
from itertools import count

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from bemore.api.http.operation import operation as declare
from bemore.api.openapi import document as openapi
from bemore.auth.access import Access
from bemore.schemas.base import Body
from bemore.schemas.examples import FILES, SESSION_ID
from bemore.schemas.fields import Share
from tests.support.samples import START_MS, audio, frames, scores, start_session, stt
from tests.support.openapi_check import AnswerChecker, check_answer

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOBODY = "sess_1737250800_00000000000000000000"


@pytest.fixture
def document(app):
    return app.extensions["bemore.openapi"]


@pytest.fixture
def ask(client, document):
    """``ask(method, path, …)`` sends a request and fails unless the document describes its answer.

    ``ask.seen`` are the (method, path, status) of the document that came to be seen.
    """
    checker = AnswerChecker(document)

    def send(method, path, **options):
        answer = client.open(path, method=method, **options)
        problems = checker.problems(method, path, answer)
        assert not problems, "\n".join(problems)
        send.seen.add((method, checker.template(path), answer.status_code))
        return answer

    send.seen = set()
    return send


def operations(document):
    return [
        (method.upper(), path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]


def bodies(document):
    """(method, path, schema's name, examples) of every operation that takes a body of JSON."""
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content:
            name = content["schema"]["$ref"].rpartition("/")[2]
            yield method, path, name, {key: each["value"] for key, each in content["examples"].items()}


def for_python(schema):
    """A copy whose patterns Python reads as ECMAScript does, where no newline may stand between ``$`` and the end."""
    if isinstance(schema, dict):
        return {
            name: re.sub(r"\$$", r"\\Z", value) if name == "pattern" and isinstance(value, str) else for_python(value)
            for name, value in schema.items()
        }
    return [for_python(each) for each in schema] if isinstance(schema, list) else schema


def taken(document, name):
    """A validator of the component ``name``."""
    schemas = for_python(document["components"]["schemas"])
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


# -- The document itself -------------------------------------------------------------------------------------------------


@on_sqlite
def test_document_is_valid_openapi_3_1(document):
    validate(document)
    assert document["openapi"].startswith("3.1.")


@on_sqlite
def test_every_route_is_described(app, document):
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == {(method, path) for method, path, _ in operations(document)}


@on_sqlite
@pytest.mark.own_app
def test_view_without_an_operation_stops_the_start(app, settings):
    app.add_url_rule("/api/secret", "sessions.secret", lambda: "not told")
    with pytest.raises(TypeError, match="/api/secret"):
        openapi.document(app, settings)


class WithoutExamples(Body):
    loudness = Share(description="Loudness, 0..1")


class WithoutDescription(Body):
    examples = {"Loud": {"loudness": 1}}

    loudness = Share()


@on_sqlite
@pytest.mark.own_app
@pytest.mark.parametrize("schema, match", [(WithoutExamples, "WithoutExamples"), (WithoutDescription, "WithoutDescription.loudness")])
def test_body_that_is_not_documented_stops_the_start(app, settings, schema, match):
    app.add_url_rule("/api/loud", "sessions.loud", declare("Loudness", Access.ANYONE, body=schema)(lambda body: {}), methods=["POST"])
    with pytest.raises(TypeError, match=match):
        openapi.document(app, settings)


@on_sqlite
def test_every_component_is_used(document):
    text = json.dumps(document)
    for kind, components in document["components"].items():
        for name in components:
            # Quotas are off in this app; the other two are answers to requests that reach no operation.
            used = f'"#/components/{kind}/{name}"' in text
            assert used or name in {"QuotaUsedUp", "AddressNotFound", "MethodNotAllowed"}, f"{kind}/{name} is not used"


@on_sqlite
def test_everything_a_client_reads_or_writes_is_explained(document):
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            resolved = document["components"]["schemas"][described["$ref"].rpartition("/")[2]] if "$ref" in described else described
            named_by_itself = field in ("success", "data", "error")
            assert named_by_itself or resolved.get("description"), f"{name}.{field} has no description"
    for method, path, operation in operations(document):
        assert operation["summary"] and operation["tags"], f"{method} {path}"
    assert len({operation["operationId"] for _, _, operation in operations(document)}) == len(operations(document))


@on_sqlite
@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="7 per minute", MAX_BODY_BYTES=4096)
def test_document_tells_the_settings_it_was_made_for(document):
    assert "7 per minute" in document["info"]["description"] and "4096 bytes" in document["info"]["description"]
    limited = {path for _, path, operation in operations(document) if "429" in operation["responses"]}
    assert "/api/session/start" in limited and "/api/openapi.json" in limited and "/health" not in limited


# -- What goes in --------------------------------------------------------------------------------------------------------


def test_every_example_works_as_it_is(ask, document):
    for method, path, name, examples in bodies(document):
        for summary, example in examples.items():
            taken(document, name).validate(example)
            session_id = start_session_over(ask)
            if path.endswith("/resume"):
                ask("POST", f"/api/session/{session_id}/pause")
            body = json.loads(json.dumps(example).replace(SESSION_ID, session_id))
            at = path.replace("{session_id}", session_id)
            if "{note_id}" in at:
                at = at.replace("{note_id}", write_note_over(ask, session_id))
            answer = ask(method, at, json=body)
            assert answer.status_code < 300, f"{method} {path}, {summary}: {answer.text}"
    place = f"/api/session/{start_session_over(ask)}"
    files = document["paths"]["/api/session/{session_id}/transcript"]["post"]["requestBody"]["content"]
    for kind, content in files.items():
        assert ask("POST", f"{place}/transcript", data=content["example"].encode(), content_type=kind).status_code == 201


def write_note_over(ask, session_id):
    answer = ask("POST", f"/api/session/{session_id}/notes", json={"tStart": 5, "kind": "bookmark"})
    return answer.json["data"]["noteId"]


def start_session_over(ask):
    return ask("POST", "/api/session/start", json={"userId": "user-1", "counselorId": "counselor-1"}).json["data"]["sessionId"]


#: What a field may be given; the schema and the service must be of one mind on each.
VALUES = (
    None, True, False, 0, 1, -1, 2, 5, 6, 0.5, 1.0, 1.000001, -0.000001, 3.0, 1e5, 100_001, 10**13 - 1, 10**13, 2**63, 1e300, -1e5,
    "", "x", "1", "true", "ko", "en-US", "k", "ko_KR", "positive", "Positive", "가" * 128, "가" * 129, "x" * 2000, "x" * 2001,
    "x" * 65_536, "x" * 65_537, "a\x00b", "a\x1fb", "a\x7fb", "a\nb", "positive\n", "ko\n", "2026-11-23T09:33:08.420Z",
    "2026-11-23T09:33:08+09:00", "2026-11-23T09:33:08", "2026-13-23T09:33:08Z", "2026-02-30T09:33:08Z", "2026-11-23",
    [], {}, ["x"], ["x" * 101], ["a\x00b"], ["x"] * 50, ["x"] * 51, [1], [None], [[0, 0]], [[0, 0, 0]], [[0]], [[0, 0, 0, 0]],
    [[0, None]], [[0, True]], [[0, 100_001]], [{"x": 0, "y": 0}], [{"x": 0, "y": 0, "z": 0}], [{"x": 0, "y": 0, "z": None}],
    [{"x": 0}], [{"y": 0, "z": 0}], [{"x": 0, "y": 0, "w": "?"}], [[0, 0]] * 478, [[0, 0]] * 479, [[], []], "넋" * 5000, "넋" * 5001,
)  # fmt: skip

#: Rules between two fields, which a schema of single fields cannot say; the descriptions do.
BETWEEN_FIELDS = (
    "must not be before tsStart", "must count from the same moment as", "24 hours after", "must not be empty in every",
    "must not be before tStart", "text is required in a note",
)  # fmt: skip


def variants(example):
    """Bodies with one field of the example, or of its first item, missing or of another value: (what was done, body)."""
    plain = {name: value for name, value in example.items() if name != "items"}
    items = [example["items"][0]] if "items" in example else None
    for name in example:
        for value in VALUES:
            yield f"{name}={value!r:.40}", {**plain, **({"items": items} if items else {}), name: value}
        yield f"without {name}", {key: value for key, value in example.items() if key != name}
    for name in items[0] if items else ():
        for value in VALUES:
            yield f"items[0].{name}={value!r:.40}", {**plain, "items": [{**items[0], name: value}]}
        yield f"items[0] without {name}", {**plain, "items": [{key: value for key, value in items[0].items() if key != name}]}
    if items:
        for number in (1, 100, 101):
            yield f"{number} items", {**plain, "items": items * number}
    yield "an unknown field", {**example, "unknown": {"a": [1]}}


@on_sqlite
def test_schemas_and_service_agree_on_what_is_accepted(client, document):
    tried = count()
    disagreements = []
    for method, path, name, examples in bodies(document):
        validator = taken(document, name)
        for example in examples.values():
            for done, body in variants(copy.deepcopy(example)):
                next(tried)
                answer = client.open(path.replace("{session_id}", NOBODY), method=method, json=body)
                if answer.status_code == 400 and any(rule in answer.json["error"]["message"] for rule in BETWEEN_FIELDS):
                    continue
                if validator.is_valid(body) != (answer.status_code != 400):
                    disagreements.append(f"{method} {path}, {done}: the service answers {answer.status_code}, {answer.text[:150]}")
    assert not disagreements, "\n".join(disagreements)
    assert next(tried) > 1000


@on_sqlite
@pytest.mark.parametrize("value", ["", "0", "1", "100", "101", "-1", "1.5", "x", " 1", "1_0", "१"])
def test_query_limit_is_taken_as_the_document_says(client, document, value):
    parameters = document["paths"]["/api/session/user/{user_id}"]["get"]["parameters"]
    schema = next(each["schema"] for each in parameters if each.get("name") == "limit")
    number = int(value) if value.isascii() and value.isdigit() else value
    answer = client.get("/api/session/user/user-1", query_string={"limit": value})
    assert (answer.status_code == 200) == Draft202012Validator(schema).is_valid(number)


@on_sqlite
def test_optional_bodies_may_be_missing_and_required_ones_may_not(ask, document):
    for method, path, operation in operations(document):
        if "requestBody" in operation:
            session_id = start_session_over(ask)
            if path.endswith("/resume"):
                ask("POST", f"/api/session/{session_id}/pause")
            answer = ask(method, path.replace("{session_id}", session_id))
            assert (answer.status_code in (400, 415)) == operation["requestBody"]["required"], f"{method} {path}: {answer.text}"


# -- What comes out ------------------------------------------------------------------------------------------------------


def test_every_operation_answers_as_described(ask, document):
    started = ask("POST", "/api/session/start", json={"userId": "user-1", "counselorId": "c-1"}, headers={"Idempotency-Key": "k"})
    session_id = started.json["data"]["sessionId"]
    place = f"/api/session/{session_id}"
    again = ask("POST", "/api/session/start", json={"userId": "user-1", "counselorId": "c-1"}, headers={"Idempotency-Key": "k"})
    assert again.json["data"] == started.json["data"] and again.headers["Idempotent-Replayed"] == "true"
    for upload, items in (("frames", frames()), ("audio", audio()), ("stt", stt())):
        ask("POST", f"{place}/{upload}", json={"items": items})
    ask("POST", f"{place}/transcript", data=FILES["text/vtt"].encode(), content_type="text/vtt")
    ask("GET", f"{place}/export")
    ask("GET", f"{place}/inferences")
    ask("POST", f"{place}/tick", json={"minuteIndex": 0})
    full = {"keywords": ["가족"], "sentiment": "neutral", "confidence": 0.5, "timestamp": "2025-01-19T10:40:00+09:00", "durationMs": 60_000}
    ask("POST", "/api/session/batch-tick", json={"sessionId": session_id, "items": scores(2, 1, **full)})
    partly = [*scores(1, 3), {"minuteIndex": 4, "facialScore": 2}, {"minuteIndex": "5"}, None]
    answer = ask("POST", "/api/session/batch-tick", json={"sessionId": session_id, "items": partly})
    assert [each["minuteIndex"] for each in answer.json["errors"]] == [4, None, None]
    assert len(ask("GET", f"{place}/inferences").json["data"]["inferences"]) == 4
    for step in ("pause", "resume", "pause"):
        ask("POST", f"{place}/{step}")
        ask("GET", place)
    ask("POST", f"{place}/end", json={})
    ask("POST", f"{place}/feedback", json={"rating": 4, "note": ""})
    note = f"{place}/notes/{write_note_over(ask, session_id)}"
    ask("PUT", note, json={"visibility": "shared"})
    ask("GET", f"{place}/notes")
    ask("DELETE", note)
    ask("DELETE", note)
    ask("GET", place)
    for query in ({}, {"status": "active", "userId": "user-1", "counselorId": "c-1", "limit": 5}):
        ask("GET", "/api/session", query_string=query)
    for report in (
        "transcript", "transcript/vtt", "transcript/text", "notes", "report", "summary", "vad-analysis", "report/summary", "report/html",
        "report/pdf", "report/csv", "export/fhir",
    ):  # fmt: skip
        etag = ask("GET", f"{place}/{report}").headers["ETag"]
        assert ask("GET", f"{place}/{report}", headers={"If-None-Match": etag}).status_code == 304
    start_session_over(ask)
    page = ask("GET", "/api/session/user/user-1", query_string={"limit": 1}).json["data"]
    assert ask("GET", "/api/session/user/user-1", query_string={"cursor": page["nextCursor"]}).json["data"]["nextCursor"] is None
    ask("GET", "/api/session/user/user-1/progress")
    ask("GET", "/api/session/user/user-1/progress/csv", query_string={"counselorId": "c-1"})
    ask("GET", "/api/session", query_string={"q": "user", "from": 0, "to": 10**12})
    ask("GET", "/api/session/stats/summary")
    ask("GET", "/api/dashboard/summary")
    ask("PUT", "/api/user/preferences", json={"preferences": {"fontScale": "lg"}})
    ask("GET", "/api/user/preferences")
    ask("POST", "/api/session/devices/check", json={})
    ask("POST", "/api/emotion", json={"text": "오늘 너무 불안해요"})
    for path in ("/api/monitoring/health", "/api/monitoring/error-stats", "/metrics"):
        ask("GET", path)
    for path in ("/health", "/api/health", "/health/live", "/health/ready"):
        ask("GET", path)
    for path in ("/api/docs", "/api/docs/page.js", "/docs/scoring", "/docs/scoring.css"):
        ask("GET", path)
    ask("GET", "/", headers={"Accept": "text/html"})
    for path in ("/console", "/console/", "/console/live", "/console/page.js", "/static/bemore-client.js", "/static/bemore-client.d.ts"):
        ask("GET", path)
    etag = ask("GET", "/api/openapi.json").headers["ETag"]
    ask("GET", "/api/openapi.json", headers={"If-None-Match": etag})
    ask("HEAD", "/api/openapi.json")
    ask("DELETE", place)
    met = {(method, path) for method, path, status in ask.seen if status < 300 or (path, status) == ("/", 302)}
    assert {(method, path) for method, path, _ in operations(document)} <= met


@on_sqlite
@pytest.mark.settings(MAX_BODY_BYTES=1024)
def test_failures_are_answered_as_described(ask):
    session_id = start_session_over(ask)
    place, key = f"/api/session/{session_id}", {"Idempotency-Key": "k"}
    expected = [
        (400, "POST", f"{place}/frames", {"json": {"items": [{"ts": -1}, {}]}}),
        (400, "POST", f"{place}/end", {"data": b"[", "content_type": "application/json"}),
        (400, "GET", "/api/session/user/user-1?limit=0", {}),
        (400, "POST", "/api/session/start", {"json": {"userId": "u", "counselorId": "c"}, "headers": {"Idempotency-Key": "k" * 256}}),
        (404, "GET", f"/api/session/{NOBODY}", {}),
        (404, "GET", "/api/session/not-even-an-id", {}),
        (404, "POST", f"/api/session/{NOBODY}/tick", {}),
        (404, "DELETE", f"/api/session/{NOBODY}", {}),
        (404, "POST", "/api/session/batch-tick", {"json": {"sessionId": NOBODY, "items": scores()}}),
        (404, "GET", "/api/no/such/address", {}),
        (404, "GET", "/api/docs/oauth2-redirect.html", {}),
        (404, "GET", "/api/session/start/pause", {}),
        (405, "GET", "/api/session/start", {}),
        (405, "HEAD", "/api/session/start", {}),
        (405, "PUT", place, {}),
        (413, "POST", f"{place}/stt", {"json": {"items": stt(text="가" * 2000)}}),
        (413, "POST", f"{place}/stt", {"data": gzip.compress(b" " * 2000), "headers": {"Content-Encoding": "gzip"}}),
        (415, "POST", f"{place}/stt", {"data": "items=1", "content_type": "application/x-www-form-urlencoded"}),
        (415, "POST", f"{place}/stt", {"data": b"{}", "headers": {"Content-Encoding": "br"}}),
        (201, "POST", f"{place}/feedback", {"json": {"rating": 1}, "headers": key}),
        (422, "POST", f"{place}/feedback", {"json": {"rating": 2}, "headers": key}),
        (200, "POST", f"{place}/end", {}),
        (409, "POST", f"{place}/pause", {}),
        (409, "POST", f"{place}/resume", {}),
    ]
    for status, method, path, options in expected:
        path, _, query = path.partition("?")
        answer = ask(method, path, query_string=query, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"


@on_sqlite
@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="2 per minute")
def test_used_up_quota_is_answered_as_described(ask, document):
    assert [ask("GET", "/api/session/stats/summary").status_code for _ in range(3)] == [200, 200, 429]
    assert ask("GET", "/health").status_code == 200
    for method, path, operation in operations(document):
        answer = ask(method, re.sub(r"{\w+}", SESSION_ID, path))
        assert (answer.status_code == 429) == ("429" in operation["responses"]), f"{method} {path}"


@on_sqlite
def test_missing_database_is_answered_as_described(app, ask, settings, tmp_path):
    (tmp_path / "test.db").unlink()
    (tmp_path / "test.db").mkdir()
    assert ask("GET", "/health/ready").status_code == 503
    assert ask("GET", "/api/session/stats/summary").status_code == 503
    assert ask("POST", f"/api/session/{NOBODY}/end").status_code == 503
    assert ask("GET", "/health").status_code == 200


@on_sqlite
def test_bug_is_answered_as_described(ask, monkeypatch):
    monkeypatch.setattr("bemore.models.session.tally", lambda **_: 1 / 0)
    assert ask("GET", "/api/session/stats/summary").status_code == 500


@on_sqlite
def test_check_finds_what_the_document_does_not_say(client, document):
    session_id = start_session(client)
    answer = client.get(f"/api/session/{session_id}")
    place = "/api/session/{session_id}"
    assert check_answer(document, "GET", place, answer) == []

    def told_otherwise(change):
        other = copy.deepcopy(document)
        change(other["paths"][place]["get"]["responses"], other["components"]["schemas"]["Session"])
        return check_answer(other, "GET", place, answer)

    assert "not documented" in told_otherwise(lambda responses, _: responses.pop("200"))[0]
    assert "pausedAt" in told_otherwise(lambda _, session: session["properties"]["pausedAt"].update(type="integer"))[0]
    assert "stats" in told_otherwise(lambda _, session: session["properties"].pop("stats"))[0]
    assert "more" in told_otherwise(lambda _, session: session["required"].append("more"))[0]
    assert "X-More" in told_otherwise(
        lambda responses, _: responses["200"]["headers"].update({"X-More": {"required": True, "schema": {"type": "string"}}})
    )[0]
    assert answer.json["data"]["startedAt"] > START_MS
