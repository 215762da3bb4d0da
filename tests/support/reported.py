"""Sessions to ask reports of, made by requests alone, and what to ask: for the tests of the report endpoints."""

from tests.support.samples import audio, frames, scores, start_session, stt

JSON_PATHS = ("report", "summary", "report/summary", "vad-analysis")
FILE_PATHS = ("report/html", "report/pdf", "report/csv?kind=vad", "report/csv?kind=emotion")
PATHS = (*JSON_PATHS, *FILE_PATHS)


def place(session_id, path=""):
    return f"/api/session/{session_id}/{path}".rstrip("/")


def ask(client, session_id, path, **options):
    """The answer to a report's path, which must be 200."""
    answer = client.get(place(session_id, path), **options)
    assert answer.status_code == 200, answer.text
    return answer


def data(client, session_id, path="report"):
    """``data`` of a report's path."""
    return ask(client, session_id, path).json["data"]


def send(client, session_id, path, body=None, base=""):
    """A request that must be taken; its ``data``."""
    answer = client.post(base + place(session_id, path), json=body)
    assert answer.status_code in (200, 201), answer.text
    return (answer.json() if callable(answer.json) else answer.json)["data"]


def send_scores(client, session_id, items, base=""):
    """Minutes that the browser scored, as many as there are."""
    for first in range(0, len(items), 100):
        body = {"sessionId": session_id, "items": items[first : first + 100]}
        answer = client.post(f"{base}/api/session/batch-tick", json=body)
        assert answer.status_code == 201, answer.text


def talk(*lengths, start_ms=0, **fields):
    """A chunk of audio a second: so many voiced ones, so many unvoiced ones, and so on in turn."""
    voiced = [number % 2 == 0 for number, length in enumerate(lengths) for _ in range(length)]
    return [{**chunk, "vad": vad} for chunk, vad in zip(audio(len(voiced), start_ms, **fields), voiced, strict=True)]


def tell_minute(client, session_id, minute, base=""):
    """A minute of telemetry, scored by the server."""
    start_ms = minute * 60_000
    send(client, session_id, "frames", {"items": frames(10, start_ms, qualityScore=0.9 - 0.1 * (minute % 3))}, base)
    send(client, session_id, "audio", {"items": talk(20, 10 + minute % 5, 25, start_ms=start_ms)}, base)
    send(client, session_id, "stt", {"items": stt(5, start_ms)}, base)
    send(client, session_id, "tick", {"minuteIndex": minute}, base)


#: What a browser may tell of a minute besides its scores.
TOLD = {"keywords": ["가족", "휴식"], "sentiment": "positive", "confidence": 0.9, "durationMs": 60_000}


def fill(client, session_id, kind, base=""):
    """Data of one of the ``KINDS``."""
    if kind == "one minute":
        tell_minute(client, session_id, 0, base)
    elif kind == "server scores":
        for minute in range(3):
            tell_minute(client, session_id, minute, base)
    elif kind == "client scores":
        send_scores(client, session_id, _waves(5), base)
    elif kind == "600 minutes":
        send_scores(client, session_id, _waves(600), base)
    elif kind == "both":
        for minute in range(3):
            tell_minute(client, session_id, minute, base)
        send_scores(client, session_id, _waves(3, 4), base)
        send(client, session_id, "feedback", {"rating": 5, "note": "편안했습니다"}, base)


#: What a session may hold, and how many scored minutes that makes.
KINDS = {"no data": 0, "one minute": 1, "client scores": 5, "server scores": 3, "600 minutes": 600, "both": 6}


def filled(client, kind="both", user_id="user-1", counselor_id="counselor-1", base=""):
    """The id of a session that holds data of one of the ``KINDS``."""
    session_id = start_session(client, user_id, counselor_id, base)
    fill(client, session_id, kind, base)
    return session_id


def _waves(count, first=0):
    """Scores that go up and down, so that means, extremes and changes are all different."""
    items = scores(count, first, **TOLD)
    for number, item in enumerate(items):
        item["facialScore"] = round(0.2 + 0.7 * (number * 37 % 101) / 101, 3)
        item["textScore"] = round(0.1 + 0.8 * (number * 53 % 97) / 97, 3)
        item["combinedScore"] = round(0.5 * item["facialScore"] + 0.18 + 0.2 * item["textScore"], 3)
    return items
