"""The emotion of a text: by its words, bounded, neither stored nor logged."""

import pytest

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"text": "오늘 너무 불안해요"}, ("anxious", "negative")),
        ({"text": "정말 행복하고 기뻐요", "page": 1}, ("happy", "positive")),
        ({"text": "I am so happy today", "lang": "en"}, ("happy", "positive")),
        ({"text": "회의는 세 시에 있어요"}, ("neutral", "neutral")),
        ({"text": ""}, ("neutral", "neutral")),
        ({"text": "가" * 2000}, ("neutral", "neutral")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_text_has_an_emotion(client, body, expected):
    answer = client.post("/api/emotion", json=body)
    assert answer.status_code == 200
    data = answer.json["data"]
    assert (data["emotion"], data["sentiment"]) == expected and 0 <= data["score"] <= 1


@pytest.mark.parametrize(
    "body", [{}, {"text": None}, {"text": 5}, {"text": "가" * 2001}, {"text": "a\x00b"}, {"text": "a", "lang": "x" * 65}], ids=str
)
def test_what_is_no_text_is_refused(client, body):
    answer = client.post("/api/emotion", json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "VALIDATION_ERROR")


def test_the_text_is_not_logged(service, http):
    running = service(LOG_LEVEL="debug")
    assert http.post(f"{running.url}/api/emotion", json={"text": "marke-7b1 불안해요"}).status_code == 200
    assert http.post(f"{running.url}/api/emotion", json={"text": "marke-7b1", "lang": 5}).status_code == 400
    http.close()
    running.stop()
    assert "route=/api/emotion" in running.log and "marke-7b1" not in running.log and "불안" not in running.log
