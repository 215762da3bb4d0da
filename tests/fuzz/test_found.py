"""What fuzzing found once, each by itself."""

from contextlib import closing

import pytest

from bemore.db.connections import execute, write
from tests.support.samples import audio, start_session
from tests.support.hostile import Request
from tests.fuzz.test_hostile_json import Wire

ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ONE_DATABASE
def test_a_condition_that_any_version_meets_is_met(client):
    for path in ("/api/openapi.json", "/api/docs", "/api/docs/page.css"):
        assert client.get(path, headers={"If-Match": "*"}).status_code == 200, path
        assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304, path


@ONE_DATABASE
def test_audio_later_than_any_minute_with_a_score_is_in_the_analysis_as_described(client):
    session_id = start_session(client)
    write(lambda: execute("UPDATE session SET started_ms = started_ms - 100000000000"))  # else such a time is refused
    late = audio(2, start_ms=10**11 - 5000)
    assert client.post(f"/api/session/{session_id}/audio", json={"items": late}).status_code == 201
    # The client holds the answer against the document.
    history = client.get(f"/api/session/{session_id}/vad-analysis").json["data"]["history"]
    assert [each["minuteIndex"] for each in history] == [1_666_666]


@ONE_DATABASE
def test_a_connection_is_kept_after_a_large_body_that_nobody_read(service):
    running = service()
    with closing(Wire(running.port)) as wire:
        for size in (1 << 10, 60 << 10, 100 << 10, 1 << 20):
            unknown = Request("POST", "/api/session/no/such/address", [("Content-Type", "application/json")], b" " * size)
            for request, status in ((unknown, 404), (Request("GET", "/health"), 200)):
                assert wire.ask(request.wire(), request.method)[0] == status, size
        assert wire.opened == 1
