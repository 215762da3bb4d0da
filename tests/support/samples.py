"""Valid requests: a session, frames, audio chunks, snippets, scores."""

import itertools

#: A whole second in January 2025 at which the ``clock`` fixture begins.
START_MS = 1_737_250_800_000


def start_session(client, user_id="user-1", counselor_id="counselor-1", base="", headers=None):
    """Start a session and answer its id. ``base`` is the service's address for clients over real sockets."""
    answer = client.post(f"{base}/api/session/start", json={"userId": user_id, "counselorId": counselor_id}, headers=headers)
    assert answer.status_code == 200, answer.text
    body = answer.json() if callable(answer.json) else answer.json
    return body["data"]["sessionId"]


def frames(count=10, start_ms=0, step_ms=100, **fields):
    """Face frames as the browser sends them; ``fields`` are the same in each."""
    return [{"ts": start_ms + index * step_ms, "qualityScore": 0.8, **fields} for index in range(count)]


def _spans(count, start_ms, length_ms):
    edges = itertools.islice(itertools.count(start_ms, length_ms), count)
    return [{"tsStart": edge, "tsEnd": edge + length_ms} for edge in edges]


def audio(count=10, start_ms=0, length_ms=1000, **fields):
    """Audio chunks, one after the other."""
    return [{**span, "vad": True, "rms": 0.4, "pitch": 180.5, **fields} for span in _spans(count, start_ms, length_ms)]


def stt(count=5, start_ms=0, length_ms=3000, **fields):
    """Transcript snippets, one after the other."""
    return [{**span, "text": "오늘은 기분이 좋아요", "lang": "ko", **fields} for span in _spans(count, start_ms, length_ms)]


def scores(count=2, first_minute=0, **fields):
    """Items of a batch-tick, one a minute."""
    parts = {"facialScore": 0.8, "vadScore": 0.6, "textScore": 0.7, "combinedScore": 0.72}
    return [{"minuteIndex": first_minute + index, **parts, **fields} for index in range(count)]
