"""Finding sessions by a part of the ids of their people, and by time."""

import itertools
import random

import pytest

from tests.support.samples import START_MS, start_session
from tests.support.signing import HS256, bearer

from bemore.models import search


def found(client, headers=None, **query):
    answer = client.get("/api/session", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["sessionId"] for each in answer.json["data"]["sessions"]]


def pages(client, **query):
    """All pages, one after the other."""
    ids, cursor = [], None
    while True:
        data = client.get("/api/session", query_string={**query, **({"cursor": cursor} if cursor else {})}).json["data"]
        ids += [each["sessionId"] for each in data["sessions"]]
        cursor = data["nextCursor"]
        if cursor is None:
            return ids


@pytest.fixture(params=[0, 5, 500], ids=["by people", "by both", "by the newest"])
def window(request, monkeypatch):
    """How many sessions are looked through before people are looked for."""
    monkeypatch.setattr(search, "WINDOW", request.param)


def test_every_page_holds_what_a_scan_would_find(client, clock, window):
    chance, sessions = random.Random(11), []
    for _ in range(40):
        user, counselor = f"u{chance.randrange(6)}-민지", f"dr_{chance.randrange(3)}%U"
        sessions.append((start_session(client, user, counselor), user, counselor, clock.now_ms))
        clock.advance(chance.choice((0, 0, 1000)))  # some start at the same moment
    for verb, (session_id, *_) in zip(itertools.cycle(("end", "pause", "end")), sessions[::3]):
        client.post(f"/api/session/{session_id}/{verb}")
    listed = [each["sessionId"] for each in client.get("/api/session").json["data"]["sessions"]]
    ended = set(pages(client, status="ended"))
    for text in ("u1", "민", "dr_1", "-", "_", "%", "U", "u1-민지", "x", "DR_1", "민지 "):
        holding = {session_id for session_id, user, counselor, _ in sessions if text in user or text in counselor}
        expected = [each for each in listed if each in holding]
        for limit in (3, 100):
            assert pages(client, q=text, limit=limit) == expected, text
        assert pages(client, q=text, limit=4, status="ended") == [each for each in expected if each in ended]
        middle = sessions[20][3]
        times = {session_id: at for session_id, *_, at in sessions}
        assert pages(client, q=text, limit=2, **{"from": middle, "to": middle + 2000}) == [
            each for each in expected if middle <= times[each] <= middle + 2000
        ]
        of_one = [each for each in expected if any(each == session_id and user == "u1-민지" for session_id, user, *_ in sessions)]
        assert pages(client, q=text, userId="u1-민지") == of_one


def test_who_has_only_a_demonstration_is_found_and_the_erased_are_not(client, window):
    body = {"userId": "demo-minji", "counselorId": "c", "demo": True}
    session_id = client.post("/api/session/start", json=body).json["data"]["sessionId"]
    assert found(client, q="minji") == [session_id]
    assert client.get("/api/session/stats/summary").json["data"]["total"] == 0
    for verb in ("pause", "resume", "end"):
        assert client.post(f"/api/session/{session_id}/{verb}").status_code == 200
        assert found(client, q="minji") == [session_id]
    assert client.delete(f"/api/session/{session_id}").status_code == 200
    assert found(client, q="minji") == [] == found(client, q="c")


def test_times_include_their_moment(client, clock):
    ids = []
    for _ in range(3):
        ids.append(start_session(client))
        clock.advance(10)
    assert found(client, **{"from": START_MS + 10}) == [ids[2], ids[1]]
    assert found(client, to=START_MS + 10) == [ids[1], ids[0]]
    assert found(client, **{"from": START_MS + 10, "to": START_MS + 10}) == [ids[1]]
    assert found(client, **{"from": 20, "to": 10}) == []


@pytest.mark.parametrize("query", ["q=", f"q={'x' * 129}", "q=a%00b", "from=-1", "to=x", "from=1.5"])
def test_what_cannot_be_asked_for_is_named(client, query):
    answer = client.get(f"/api/session?{query}")
    assert answer.status_code == 400 and answer.json["error"]["message"].startswith(query.partition("=")[0])


@pytest.mark.settings(**HS256)
def test_each_role_finds_its_own(client):
    admin = bearer("admin-1", "admin")
    people = ("user-1", "c-1"), ("user-1", "c-2"), ("user-2", "c-1")
    ids = [start_session(client, user, counselor, headers=admin) for user, counselor in people]
    callers = ("user-1", "user", [1, 0]), ("c-1", "counselor", [2, 0]), ("admin-1", "admin", [2, 1, 0]), ("user-9", "user", [])
    for subject, role, seen in callers:
        assert found(client, bearer(subject, role), q="user") == [ids[place] for place in seen]
    assert found(client, bearer("c-2", "counselor"), q="c-1") == []
