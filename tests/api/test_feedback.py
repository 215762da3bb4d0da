"""Feedback on a session."""

from tests.support.samples import START_MS, start_session
from tests.support.stored import contents, counts


def give(client, session_id, **body):
    return client.post(f"/api/session/{session_id}/feedback", json=body)


def test_feedback_is_answered_to_the_letter(client, clock):
    session_id = start_session(client)
    clock.advance(5_000)
    answer = give(client, session_id, rating=5, note="도움이 되었습니다", extra=True)
    assert answer.status_code == 201
    assert answer.json["message"] == "피드백이 저장되었습니다"
    data = answer.json["data"]
    feedback_id = data.pop("feedbackId")
    assert isinstance(feedback_id, str) and feedback_id
    assert data == {"sessionId": session_id, "rating": 5, "submittedAt": START_MS + 5_000}
    assert "도움이" not in answer.text


def test_every_rating_and_every_length_of_note_is_taken(client):
    session_id = start_session(client)
    bodies = [{"rating": rating} for rating in range(1, 6)]
    bodies += [{"rating": 3, "note": note} for note in ("", "가" * 2000, "🙂" * 2000, "줄\n바꿈\t'\"\\")]
    answers = [give(client, session_id, **body) for body in bodies]
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json["data"]["rating"] for answer in answers] == [body["rating"] for body in bodies]
    assert len({answer.json["data"]["feedbackId"] for answer in answers}) == len(bodies)
    assert counts()["feedback"] == len(bodies)


def test_the_same_feedback_again_is_another_one(client):
    session_id = start_session(client)
    first, second = (give(client, session_id, rating=2, note="같은 말").json["data"] for _ in range(2))
    assert first["feedbackId"] != second["feedbackId"]
    assert counts()["feedback"] == 2


def test_feedback_is_taken_in_every_state(client):
    session_id = start_session(client)
    for verb in ("resume", "pause", "end"):
        client.post(f"/api/session/{session_id}/{verb}")
        assert give(client, session_id, rating=1).status_code == 201
    assert counts()["feedback"] == 3


def test_refused_feedback_leaves_nothing(client):
    session_id = start_session(client)
    give(client, session_id, rating=4)
    before = contents()
    for body in ({}, {"rating": 0}, {"rating": 6}, {"rating": 4.5}, {"rating": 4, "note": "가" * 2001}, {"note": "별점이 없어요"}):
        assert give(client, session_id, **body).status_code == 400
    assert give(client, "sess_1_aaaaaaaaaaaaaaaa", rating=4).status_code == 404
    assert contents() == before
