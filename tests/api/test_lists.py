"""Lists and totals over sessions, and erasing: a user's pages, ``stats/summary``, nothing left of an erased session."""

import pytest

from tests.support.samples import START_MS, audio, frames, scores, start_session, stt
from tests.support.stored import contents, counts

UPLOADS = (("frames", frames), ("audio", audio), ("stt", stt))


def summary(client):
    return client.get("/api/session/stats/summary").json["data"]


def numbers(client):
    """(total, active, paused, ended, avgDuration, totalDuration)"""
    data = summary(client)
    return tuple(data[name] for name in ("total", "active", "paused", "ended", "avgDuration", "totalDuration"))


def user_page(client, user_id="user-1", **query):
    answer = client.get(f"/api/session/user/{user_id}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def ids(page):
    return [session["sessionId"] for session in page["sessions"]]


def start_many(client, clock, count, step_ms=1_000, **who):
    """Ids, oldest first."""
    started = []
    for _ in range(count):
        started.append(start_session(client, **who))
        clock.advance(step_ms)
    return started


def fill(client, session_id):
    """Store something of every kind under a session."""
    for path, make in UPLOADS:
        assert client.post(f"/api/session/{session_id}/{path}", json={"items": make(10)}).status_code == 201
    landmarks = frames(5, 90_000, landmarks=[[0.1, 0.2]], faceLandmarksCompressed="H4sI")
    assert client.post(f"/api/session/{session_id}/frames", json={"items": landmarks}).status_code == 201
    assert client.post(f"/api/session/{session_id}/tick", json={"minuteIndex": 0}).status_code == 201
    body = {"sessionId": session_id, "items": scores(3, 1, keywords=["가족"])}
    assert client.post("/api/session/batch-tick", json=body).status_code == 201
    for key in (None, "feedback-key"):
        headers = {"Idempotency-Key": key} if key else {}
        answer = client.post(f"/api/session/{session_id}/feedback", json={"rating": 4, "note": "좋아요"}, headers=headers)
        assert answer.status_code == 201
    assert client.post(f"/api/session/{session_id}/notes", json={"tStart": 0, "kind": "bookmark"}).status_code == 201
    user_id = client.get(f"/api/session/{session_id}").json["data"]["userId"]
    assert client.get(f"/api/session/user/{user_id}/progress").status_code == 200  # makes its summary


def start_with_key(client, key, user_id):
    answer = client.post(
        "/api/session/start", json={"userId": user_id, "counselorId": f"of-{user_id}"}, headers={"Idempotency-Key": key}
    )
    return answer.json["data"]["sessionId"]


@pytest.mark.parametrize("state", ["active", "paused", "ended"])
def test_erasing_leaves_no_row_in_any_table(client, state):
    assert counts() == {}
    first = start_with_key(client, "first", "user-1")
    fill(client, first)
    alone = contents()
    other = start_with_key(client, "other", "user-2")
    fill(client, other)
    assert all(contents().values()), f"a table without a row is not tested: {counts()}"
    if state != "active":
        client.post(f"/api/session/{other}/{state.replace('paused', 'pause').replace('ended', 'end')}")
    answer = client.delete(f"/api/session/{other}")
    assert answer.status_code == 200
    assert contents() == alone, "rows of the other session are missing, or of the erased one left"
    assert client.delete(f"/api/session/{first}").status_code == 200
    assert counts() == {}


def test_an_erased_session_is_unknown_everywhere(client):
    session_id = start_session(client)
    fill(client, session_id)
    client.delete(f"/api/session/{session_id}")
    assert client.get(f"/api/session/{session_id}").status_code == 404
    assert client.delete(f"/api/session/{session_id}").status_code == 404
    assert client.post(f"/api/session/{session_id}/end").status_code == 404
    for path, make in UPLOADS:
        assert client.post(f"/api/session/{session_id}/{path}", json={"items": make(1)}).status_code == 404
    assert client.post(f"/api/session/{session_id}/tick").status_code == 404
    assert client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1)}).status_code == 404
    assert client.get(f"/api/session/{session_id}/inferences").status_code == 404
    assert user_page(client)["sessions"] == summary(client)["recentSessions"] == []
    assert counts() == {}


def test_a_delete_with_a_body_erases_as_well(client):
    session_id = start_session(client)
    assert client.delete(f"/api/session/{session_id}", data=b"", content_type="application/json").status_code == 200
    assert counts() == {}


def test_the_summary_follows_every_step(client, clock):
    def do(session_id, verb):
        assert client.post(f"/api/session/{session_id}/{verb}").status_code in (200, 409)

    assert summary(client) == {
        "total": 0, "active": 0, "paused": 0, "ended": 0, "avgDuration": 0, "totalDuration": 0, "recentSessions": [],
    }  # fmt: skip
    one, two, three = (start_session(client, f"user-{number}") for number in range(3))
    assert numbers(client) == (3, 3, 0, 0, 0, 0)
    do(one, "pause")
    do(two, "pause")
    do(two, "pause")
    assert numbers(client) == (3, 1, 2, 0, 0, 0)
    do(two, "resume")
    do(two, "resume")
    assert numbers(client) == (3, 2, 1, 0, 0, 0)
    clock.advance(60_000)
    do(one, "end")
    assert numbers(client) == (3, 2, 0, 1, 60_000, 60_000)
    clock.advance(60_000)
    do(two, "end")
    do(two, "end")
    do(one, "end")
    do(one, "pause")
    do(one, "resume")
    assert numbers(client) == (3, 1, 0, 2, 90_000, 180_000)
    client.delete(f"/api/session/{one}")
    client.delete(f"/api/session/{one}")
    assert numbers(client) == (2, 1, 0, 1, 120_000, 120_000)
    client.delete(f"/api/session/{three}")
    assert numbers(client) == (1, 0, 0, 1, 120_000, 120_000)
    client.delete(f"/api/session/{two}")
    assert numbers(client) == (0, 0, 0, 0, 0, 0)


def test_the_summary_names_the_twenty_newest(client, clock):
    started = start_many(client, clock, 23)
    client.post(f"/api/session/{started[-1]}/pause")
    client.post(f"/api/session/{started[-2]}/end")
    recent = summary(client)["recentSessions"]
    assert [each["sessionId"] for each in recent] == started[:2:-1]
    assert recent[:3] == [
        {"id": started[-1], "sessionId": started[-1], "startedAt": START_MS + 22_000, "durationMs": 1_000, "status": "paused"},
        {"id": started[-2], "sessionId": started[-2], "startedAt": START_MS + 21_000, "durationMs": 2_000, "status": "ended"},
        {"id": started[-3], "sessionId": started[-3], "startedAt": START_MS + 20_000, "durationMs": 3_000, "status": "active"},
    ]


def test_a_users_sessions_come_newest_first(client, clock):
    first, second = start_many(client, clock, 2, counselor_id="counselor-9")
    start_session(client, "user-11")
    client.post(f"/api/session/{first}/end")
    brief = {"counselorId": "counselor-9", "demo": False, "lastDataAt": None}
    assert user_page(client) == {
        "userId": "user-1",
        "count": 2,
        "sessions": [
            {**brief, "sessionId": second, "status": "active", "startedAt": START_MS + 1_000, "endedAt": None, "duration": 1_000},
            {**brief, "sessionId": first, "status": "ended", "startedAt": START_MS, "endedAt": START_MS + 2_000, "duration": 2_000},
        ],
        "nextCursor": None,
    }


def test_a_user_without_sessions_has_an_empty_list(client):
    start_session(client)
    assert user_page(client, "nobody") == {"userId": "nobody", "count": 0, "sessions": [], "nextCursor": None}


@pytest.mark.parametrize("step_ms", [1_000, 0])
def test_the_cursor_walks_over_all_sessions_once(client, clock, step_ms):
    """Also with all of them started in the same millisecond."""
    started = start_many(client, clock, 7, step_ms)
    start_many(client, clock, 2, user_id="user-2")
    for limit in (1, 2, 3, 6, 7, 8, 100):
        pages = [user_page(client, limit=limit)]
        while pages[-1]["nextCursor"] and len(pages) < 10:
            pages.append(user_page(client, limit=limit, cursor=pages[-1]["nextCursor"]))
        seen = [each for page in pages for each in ids(page)]
        assert seen == (started[::-1] if step_ms else sorted(started, reverse=True))
        assert [page["count"] for page in pages] == [len(page["sessions"]) for page in pages]
        assert len(pages) == -(-7 // limit), f"an empty last page at limit {limit}"


def test_the_cursor_holds_while_sessions_come_and_go(client, clock):
    started = start_many(client, clock, 6)
    page = user_page(client, limit=3)
    assert ids(page) == started[:2:-1]
    client.delete(f"/api/session/{started[3]}")  # the last one of the page
    client.delete(f"/api/session/{started[1]}")  # one that is still to come
    start_many(client, clock, 2)
    rest = user_page(client, limit=3, cursor=page["nextCursor"])
    assert ids(rest) == [started[2], started[0]]
    assert rest["nextCursor"] is None


def test_a_user_id_may_hold_any_character(client):
    for user_id, path in (("사용자", "%EC%82%AC%EC%9A%A9%EC%9E%90"), ("a b'c\"", "a%20b%27c%22"), ("a/b", "a%2Fb"), ("50%", "50%25")):
        session_id = start_session(client, user_id)
        page = user_page(client, path)
        assert (page["userId"], ids(page)) == (user_id, [session_id])


# -- Sessions by state, user and counselor -------------------------------------------------------------------------------


def found(client, **query):
    data = client.get("/api/session", query_string=query).json["data"]
    assert data["count"] == len(data["sessions"])
    return data


def test_sessions_are_found_by_state_user_and_counselor_newest_first(client, clock):
    assert found(client) == {"count": 0, "sessions": [], "nextCursor": None}
    of_one = start_many(client, clock, 3, user_id="user-1", counselor_id="c-1")
    of_two = start_many(client, clock, 2, user_id="user-2", counselor_id="c-1")
    client.post(f"/api/session/{of_one[0]}/end")
    client.post(f"/api/session/{of_one[1]}/pause")
    newest_first = [*reversed(of_one + of_two)]
    assert ids(found(client)) == newest_first
    assert ids(found(client, status="ended")) == [of_one[0]]
    assert ids(found(client, status="paused")) == [of_one[1]]
    assert ids(found(client, status="active")) == [*reversed(of_two), of_one[2]]
    assert ids(found(client, userId="user-1")) == [*reversed(of_one)]
    assert ids(found(client, userId="user-1", status="active", counselorId="c-1")) == [of_one[2]]
    assert ids(found(client, counselorId="c-2")) == []
    client.delete(f"/api/session/{of_two[1]}")
    assert ids(found(client, counselorId="c-1")) == [of_two[0], *reversed(of_one)]


def test_pages_of_found_sessions_miss_none_and_repeat_none(client, clock):
    started = start_many(client, clock, 7, step_ms=0)
    seen, cursor = [], {}
    while cursor is not None:
        data = found(client, limit=3, status="active", **cursor)
        seen += ids(data)
        cursor = {"cursor": data["nextCursor"]} if data["nextCursor"] else None
    assert seen == sorted(started, reverse=True)


def test_how_sessions_went_comes_with_the_list_if_asked_for(client, clock):
    empty, short, long = start_many(client, clock, 3)
    at = lambda minute, value: {**scores(1, minute)[0], "combinedScore": value}  # noqa: E731
    store = lambda session, items: client.post("/api/session/batch-tick", json={"sessionId": session, "items": items})  # noqa: E731
    assert store(short, [at(0, 0.5), at(1, 0.25), at(3, 0.9)]).status_code == 201
    for first in (0, 48):
        assert store(long, [at(first + minute, 0.2 if first + minute < 48 else 0.8) for minute in range(48)]).status_code == 201
    for rating in (5, 4, 4):
        assert client.post(f"/api/session/{long}/feedback", json={"rating": rating}).status_code == 201
    assert all("overview" not in each for query in ({}, {"overview": "false"}) for each in found(client, **query)["sessions"])
    overviews = {each["sessionId"]: each["overview"] for each in found(client, overview="true")["sessions"]}
    assert overviews[empty] == {"scoredMinutes": 0, "averageScore": None, "scores": [], "rating": None}
    assert overviews[short] == {"scoredMinutes": 3, "averageScore": 0.55, "scores": [0.5, 0.25, None, 0.9], "rating": None}
    assert overviews[long] == {"scoredMinutes": 96, "averageScore": 0.5, "scores": [0.2] * 12 + [0.8] * 12, "rating": 4.33}
    assert [each["sessionId"] for each in found(client, overview="true", limit=1)["sessions"]] == [long]


@pytest.mark.parametrize(
    "query", ["status=open", "status=", "limit=0", "limit=101", "cursor=x", "userId=", "counselorId=%00", "overview=yes", "overview="]
)
def test_a_wrong_search_is_refused_by_name(client, query):
    answer = client.get(f"/api/session?{query}")
    assert answer.status_code == 400 and query.partition("=")[0] in answer.json["error"]["message"]


# -- The transcript ------------------------------------------------------------------------------------------------------


def test_the_transcript_comes_in_its_order_whatever_order_it_was_sent_in(client):
    session = start_session(client)
    place = f"/api/session/{session}"
    assert client.get(f"{place}/transcript").json["data"] == {"sessionId": session, "count": 0, "snippets": [], "nextCursor": None}
    later = stt(3, 60_000, text="오늘은 회의가 걱정돼요")
    earlier = stt(3, 0, text="I am glad", lang="en")
    for items in (later, earlier, earlier):
        assert client.post(f"{place}/stt", json={"items": items}).status_code == 201
    data = client.get(f"{place}/transcript").json["data"]
    assert [(each["tsStart"], each["tsEnd"], each["text"], each["lang"]) for each in data["snippets"]] == [
        (each["tsStart"], each["tsEnd"], each["text"], each["lang"]) for each in earlier + later
    ]
    assert data["count"] == 6 and "회의" in data["snippets"][3]["keywords"] and data["snippets"][0]["sentiment"] == "positive"
    first = client.get(f"{place}/transcript?limit=4").json["data"]
    rest = client.get(f"{place}/transcript?limit=4&cursor={first['nextCursor']}").json["data"]
    assert first["snippets"] + rest["snippets"] == data["snippets"] and rest["nextCursor"] is None


def test_what_was_said_before_the_start_comes_first_and_at_no_negative_time(client, clock):
    session = start_session(client)
    place = f"/api/session/{session}"
    spans = [(clock.now_ms - 5_000 + index, clock.now_ms - 4_000 + index) for index in range(3)]
    items = [{"tsStart": start, "tsEnd": end, "text": f"말 {start}"} for start, end in spans]
    assert client.post(f"{place}/stt", json={"items": items}).status_code == 201
    data = client.get(f"{place}/transcript?limit=2").json["data"]
    rest = client.get(f"{place}/transcript?limit=2&cursor={data['nextCursor']}").json["data"]
    snippets = data["snippets"] + rest["snippets"]
    assert [each["text"] for each in snippets] == [each["text"] for each in items]
    assert all(each["tsStart"] == each["tsEnd"] == 0 for each in snippets)


def test_the_transcript_is_read_from_a_time_on(client, clock):
    session = start_session(client)
    place = f"/api/session/{session}"
    early = [{"tsStart": clock.now_ms - 5_000, "tsEnd": clock.now_ms - 4_000, "text": "그 전"}]
    items = [*early, *stt(5, 10_000, 1_000)]
    assert client.post(f"{place}/stt", json={"items": items}).status_code == 201
    starts = lambda query: [each["tsStart"] for each in client.get(f"{place}/transcript?{query}").json["data"]["snippets"]]  # noqa: E731
    assert starts("from=0") == starts("") == [0, 10_000, 11_000, 12_000, 13_000, 14_000]
    assert starts("from=12000") == starts("from=11001") == [12_000, 13_000, 14_000]
    assert starts("from=14001") == []
    first = client.get(f"{place}/transcript?from=11000&limit=2").json["data"]
    assert starts(f"from=11000&limit=2&cursor={first['nextCursor']}") == [13_000, 14_000]
    assert starts("limit=5000") == starts("")


@pytest.mark.parametrize("query", ["from=-1", "from=x", "from=1.5", "from=", "limit=5001"])
def test_a_wrong_part_of_a_transcript_is_refused_by_name(client, query):
    answer = client.get(f"/api/session/{start_session(client)}/transcript?{query}")
    assert answer.status_code == 400 and query.partition("=")[0] in answer.json["error"]["message"]


def test_a_known_transcript_is_not_sent_again(client):
    session = start_session(client)
    path = f"/api/session/{session}/transcript"
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    client.post(f"/api/session/{session}/stt", json={"items": stt(1)})
    assert client.get(path, headers={"If-None-Match": etag}).json["data"]["count"] == 1
