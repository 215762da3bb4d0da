"""Idempotency-Key on start and feedback: the first answer again, once per caller and path, for 24 hours."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bemore.db.connections import close
from tests.support.samples import frames, scores, start_session
from tests.support.stored import contents, counts

DAY_MS = 24 * 3600 * 1000
WHO = {"userId": "사용자", "counselorId": "상담사"}
TRACE = {"requestId", "serverTs", "modelVersion"}


def start(client, key, body=None, **options):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/api/session/start", json=body or WHO, headers=headers, **options)


def rate(client, session_id, key, rating=5):
    path = f"/api/session/{session_id}/feedback"
    return client.post(path, json={"rating": rating, "note": "감사합니다"}, headers={"Idempotency-Key": key})


def untraced(answer):
    """The bytes of an answer without its trace fields."""
    text = answer.get_data()
    for name in TRACE:
        value = answer.json[name]
        field = f',"{name}":{value if name == "serverTs" else chr(34) + value + chr(34)}'.encode()
        assert text.count(field) == 1
        text = text.replace(field, b"")
    return text


def is_replay(answer):
    assert answer.headers.get("Idempotent-Replayed") in (None, "true")
    return "Idempotent-Replayed" in answer.headers


def test_a_start_under_the_same_key_gives_the_first_answer(client, clock):
    first = start(client, "key-1")
    assert first.status_code == 200 and not is_replay(first)
    before = contents()
    clock.advance(60_000)
    again = start(client, "key-1")
    assert again.status_code == 200 and is_replay(again)
    assert untraced(again) == untraced(first)
    assert again.json["serverTs"] == first.json["serverTs"] + 60_000
    assert again.json["requestId"] != first.json["requestId"]
    assert contents() == before


def test_feedback_under_the_same_key_gives_the_first_answer(client, clock):
    session_id = start_session(client)
    first = rate(client, session_id, "key-1")
    before = contents()
    clock.advance(60_000)
    again = rate(client, session_id, "key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert untraced(again) == untraced(first)
    assert again.json["message"] == "피드백이 저장되었습니다"
    assert contents() == before and counts()["feedback"] == 1


def test_without_a_key_or_under_another_one_it_is_another_request(client):
    ids = [start(client, key).json["data"]["sessionId"] for key in (None, None, "key-1", "key-2", "KEY-1", "key-1 x")]
    assert len(set(ids)) == counts()["session"] == 6


def test_another_body_under_the_key_is_422_and_changes_nothing(client):
    first = start(client, "key-1")
    session_id = first.json["data"]["sessionId"]
    assert rate(client, session_id, "key-2", 5).status_code == 201
    before = contents()
    for answer in (start(client, "key-1", {**WHO, "userId": "other"}), rate(client, session_id, "key-2", 4)):
        assert answer.status_code == 422
        assert answer.json["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert contents() == before
    assert untraced(start(client, "key-1")) == untraced(first)


def test_a_key_counts_per_path(client):
    one, two = (start(client, "key-1", {**WHO, "userId": "u"}).json["data"]["sessionId"], start_session(client))
    answers = [rate(client, session_id, "key-1") for session_id in (one, two)]
    assert [is_replay(answer) for answer in answers] == [False, False]
    assert [answer.json["data"]["sessionId"] for answer in answers] == [one, two]


def test_a_key_counts_per_caller(client):
    answers = [start(client, "key-1", environ_base={"REMOTE_ADDR": address}) for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")]
    assert [is_replay(answer) for answer in answers] == [False, False, True]
    ids = [answer.json["data"]["sessionId"] for answer in answers]
    assert ids[0] == ids[2] != ids[1]


def test_a_key_counts_for_24_hours(client, clock):
    first = start(client, "key-1")
    clock.advance(DAY_MS - 1)
    assert is_replay(start(client, "key-1"))
    clock.advance(1)
    later = start(client, "key-1", {**WHO, "userId": "other"})
    assert later.status_code == 200 and not is_replay(later)
    assert later.json["data"]["sessionId"] != first.json["data"]["sessionId"]
    assert counts()["session"] == 2 and counts()["idempotency_key"] == 1


def test_the_first_answer_is_given_again_though_the_session_went_on(client):
    first = start(client, "key-1")
    session_id = first.json["data"]["sessionId"]
    client.post(f"/api/session/{session_id}/end")
    assert untraced(start(client, "key-1")) == untraced(first)


def test_an_erased_session_takes_its_answers_along(client):
    first = start(client, "key-1").json["data"]["sessionId"]
    rate(client, first, "key-2")
    client.delete(f"/api/session/{first}")
    assert counts() == {}
    again = start(client, "key-1")
    assert not is_replay(again) and again.json["data"]["sessionId"] != first
    assert rate(client, first, "key-2").status_code == 404


def test_a_refused_request_does_not_use_its_key_up(client):
    assert start(client, "key-1", {"userId": "u"}).status_code == 400
    assert rate(client, "sess_1_aaaaaaaaaaaaaaaa", "key-1").status_code == 404
    assert counts() == {}
    answer = start(client, "key-1")
    assert answer.status_code == 200 and not is_replay(answer)


def test_a_key_has_1_to_255_characters(client):
    for key in ("k", "k" * 255, "6f1c0b1e-3d0e-4c7f-9d5e-1f2a3b4c5d6e", '"quoted", with: {signs}'):
        answers = [start(client, key) for _ in range(2)]
        assert [is_replay(answer) for answer in answers] == [False, True], key
    before = contents()
    for key in ("", "k" * 256, "k" * 5000):
        answer = start(client, key)
        assert answer.status_code == 400, key
        assert "Idempotency-Key" in answer.json["error"]["message"]
    assert contents() == before


def test_other_endpoints_pass_a_key_over(client):
    session_id = start_session(client)
    headers = {"Idempotency-Key": "key-1"}
    for path, body in (
        (f"{session_id}/frames", {"items": frames(1)}),
        (f"{session_id}/frames", {"items": frames(2)}),
        (f"{session_id}/tick", {"minuteIndex": 0}),
        (f"{session_id}/tick", {"minuteIndex": 1}),
        ("batch-tick", {"sessionId": session_id, "items": scores(1)}),
        ("batch-tick", {"sessionId": session_id, "items": scores(2)}),
    ):
        answer = client.post(f"/api/session/{path}", json=body, headers=headers)
        assert answer.status_code == 201 and not is_replay(answer)


@pytest.mark.parametrize("what", ["start", "feedback"])
def test_at_once_under_one_key_it_is_done_once(app, client, what):
    session_id = start_session(client)
    together = Barrier(6)

    def send(number):
        own = app.test_client()
        together.wait()
        try:
            return start(own, "key-1") if what == "start" else rate(own, session_id, "key-1")
        finally:
            close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    done = [answer for answer in answers if answer.status_code in (200, 201)]
    assert {answer.status_code for answer in answers if answer not in done} <= {409}
    assert sum(not is_replay(answer) for answer in done) == 1
    assert len({untraced(answer) for answer in done}) == 1
    assert counts()["session" if what == "start" else "feedback"] == (2 if what == "start" else 1)
