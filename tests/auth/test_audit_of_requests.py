"""What requests leave in the audit log, and what they do not."""

import pytest

from tests.support.samples import start_session, stt
from tests.support.signing import HS256, bearer

from bemore.models import audit, session
from bemore.db import connections

ADMIN, COUNSELOR, OTHER = bearer("admin-1", "admin"), bearer("counselor-1", "counselor"), bearer("counselor-2", "counselor")

REPORTS = ("report", "summary", "report/summary", "vad-analysis", "report/html", "report/pdf", "report/csv?kind=vad")


def entries():
    return [(each.actor, each.role, each.action, each.session_id, each.request_id) for each in audit.entries()]


@pytest.fixture
def started(client):
    return start_session(client, headers=ADMIN)


@pytest.mark.settings(**HS256)
def test_each_read_of_a_report_or_transcript_is_recorded_with_who_and_which_request(client, started):
    for number, report in enumerate((*REPORTS, "transcript")):
        answer = client.get(f"/api/session/{started}/{report}", headers={**COUNSELOR, "X-Request-Id": f"read-{number}"})
        assert answer.status_code == 200
    expected = [("counselor-1", "counselor", "report.read", started, f"read-{number}") for number in range(len(REPORTS))]
    expected.append(("counselor-1", "counselor", "transcript.read", started, f"read-{len(REPORTS)}"))
    assert entries() == expected


@pytest.mark.settings(**HS256)
def test_what_shows_nothing_is_not_recorded(client, started):
    path = f"/api/session/{started}/report"
    etag = client.get(path, headers=ADMIN).headers["ETag"]
    known = len(entries())
    assert client.get(path, headers={**ADMIN, "If-None-Match": etag}).status_code == 304
    assert client.get(path, headers=OTHER).status_code == 404
    assert client.get(path).status_code == 401
    assert client.post(f"/api/session/{started}/stt", json={"items": stt(1)}, headers=ADMIN).status_code == 201
    assert len(entries()) == known == 1


@pytest.mark.settings(**HS256)
def test_a_deletion_is_recorded_once_and_outlives_the_session(client, started):
    assert client.delete(f"/api/session/{started}", headers=bearer("user-1", "user")).status_code == 403
    assert client.delete(f"/api/session/{started}", headers=OTHER).status_code == 404
    assert client.delete(f"/api/session/{started}", headers={**COUNSELOR, "X-Request-Id": "erase-1"}).status_code == 200
    assert client.delete(f"/api/session/{started}", headers=COUNSELOR).status_code == 404
    assert entries() == [("counselor-1", "counselor", "session.erase", started, "erase-1")]


def test_without_authentication_it_was_anybody(client):
    session_id = start_session(client)
    client.get(f"/api/session/{session_id}/summary", headers={"X-Request-Id": "r"})
    assert entries() == [("anonymous", None, "report.read", session_id, "r")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_cannot_be_recorded_is_not_shown(client):
    session_id = start_session(client)
    with connections.write_transaction():
        connections.execute("DROP TABLE audit")
    assert client.get(f"/api/session/{session_id}/report").status_code >= 500
    assert client.delete(f"/api/session/{session_id}").status_code >= 500
    assert session.newest(5)[0].public_id == session_id, "it is not erased without a record either"
