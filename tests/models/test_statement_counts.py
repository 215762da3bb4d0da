"""How many statements an endpoint may cost: a number that grows is a decision, not an accident."""

import pytest

from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.statements import recorded

#: Statements per request, BEGIN and COMMIT among them: on SQLite, on PostgreSQL.
MOST = {
    "start": (4, 4),
    "frames": (9, 1),
    "frames again": (13, 1),
    "audio": (9, 1),
    "stt": (9, 1),
    "tick": (6, 6),
    "batch-tick": (12, 1),
    "inferences": (5, 5),
    "show": (3, 3),
    "pause": (6, 6),
    "feedback": (4, 4),
    "summary": (6, 6),
    "dashboard": (6, 6),
    "preferences": (3, 3),
    "choose preferences": (3, 1),
    "metrics": (3, 3),
    "report": (18, 16),
    "report 304": (3, 3),
}


@pytest.fixture
def counted(client):
    """``counted(request)`` is how many statements a request runs."""

    def count(method, path, **request):
        with recorded() as statements:
            answer = client.open(path, method=method, **request)
        assert answer.status_code < 400, answer.text
        return len(statements), answer

    return count


def test_each_endpoint_costs_the_statements_it_is_known_to(client, counted, database_url):
    session_id = start_session(client)  # the connection is made here
    place, batch = f"/api/session/{session_id}", {"sessionId": session_id, "items": scores(100)}
    requests = {
        "start": ("POST", "/api/session/start", {"json": {"userId": "u", "counselorId": "c"}}),
        "frames": ("POST", f"{place}/frames", {"json": {"items": frames(100)}}),
        "frames again": ("POST", f"{place}/frames", {"json": {"items": frames(100)}}),
        "audio": ("POST", f"{place}/audio", {"json": {"items": audio(100)}}),
        "stt": ("POST", f"{place}/stt", {"json": {"items": stt(100)}}),
        "tick": ("POST", f"{place}/tick", {}),
        "batch-tick": ("POST", "/api/session/batch-tick", {"json": batch}),
        "inferences": ("GET", f"{place}/inferences", {}),
        "show": ("GET", place, {}),
        "pause": ("POST", f"{place}/pause", {}),
        "feedback": ("POST", f"{place}/feedback", {"json": {"rating": 5}}),
        "summary": ("GET", "/api/session/stats/summary", {}),
        "dashboard": ("GET", "/api/dashboard/summary", {}),
        "preferences": ("GET", "/api/user/preferences", {"headers": {"X-Device-ID": "d"}}),
        "choose preferences": (
            "PUT", "/api/user/preferences", {"json": {"preferences": {"language": "en"}}, "headers": {"X-Device-ID": "d"}},
        ),
        "metrics": ("GET", "/metrics", {}),
        "report": ("GET", f"{place}/report", {}),
    }
    found = {}
    for name, (method, path, options) in requests.items():
        found[name], answer = counted(method, path, **options)
    found["report 304"], _ = counted("GET", f"{place}/report", headers={"If-None-Match": answer.headers["ETag"]})
    column = 0 if database_url.startswith("sqlite") else 1
    wrong = {name: count for name, count in found.items() if count != MOST[name][column]}
    assert wrong == {}, str(wrong)
    assert found.keys() == MOST.keys()
