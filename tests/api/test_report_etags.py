"""What a client may keep of a report: its ETag, 304 while nothing changed, new data at once."""

import pytest

from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.reported import FILE_PATHS, JSON_PATHS, PATHS, ask, data, filled, place, send

KEEP = "private, no-cache"


def tag(client, session_id, path="report"):
    return ask(client, session_id, path).headers["ETag"]


@pytest.mark.parametrize("path", PATHS)
def test_unchanged_report_is_304_without_a_body(client, path):
    session_id = filled(client, "one minute")
    first = ask(client, session_id, path)
    etag = first.headers["ETag"]
    assert etag.startswith('W/"') and first.headers["Cache-Control"] == KEEP
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = client.get(place(session_id, path), headers={"If-None-Match": known})
        assert (again.status_code, again.get_data()) == (304, b""), known
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (etag, KEEP)
        assert "Content-Disposition" not in again.headers
    for unknown in ('"other"', f"{etag[:-1]}x\"", "W/", ""):
        again = client.get(place(session_id, path), headers={"If-None-Match": unknown})
        assert again.status_code == 200 and again.headers["ETag"] == etag, unknown


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_headers_and_no_body(client, path):
    session_id = filled(client, "one minute")
    whole, head = ask(client, session_id, path), client.head(place(session_id, path))
    assert (head.status_code, head.get_data()) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Type", "Content-Disposition", "Content-Security-Policy"):
        assert head.headers.get(name) == whole.headers.get(name)
    known = client.head(place(session_id, path), headers={"If-None-Match": whole.headers["ETag"]})
    assert known.status_code == 304


def test_time_alone_changes_nothing_that_is_stored(client, clock):
    session_id = filled(client, "one minute")
    before = data(client, session_id)
    etag = tag(client, session_id)
    clock.advance(600_000)
    assert client.get(place(session_id, "report"), headers={"If-None-Match": etag}).status_code == 304
    after = data(client, session_id)
    # A running session also has more and more minutes without a score, which the highlights tell, and seconds without data.
    moving = {"duration", "durationFormatted", "generatedAt", "highlights", "coverage"}
    assert {name for name in after if after[name] != before[name]} == moving


def _batch(client, session_id):
    body = {"sessionId": session_id, "items": scores(1, 5)}
    assert client.post("/api/session/batch-tick", json=body).status_code == 201


#: Every write: what is sent, and what of the report it changes.
WRITES = {
    "frames": (lambda client, at: send(client, at, "frames", {"items": frames(1, 70_000)}), lambda after: after["stats"]["totalFrames"]),
    "audio": (lambda client, at: send(client, at, "audio", {"items": audio(1, 70_000)}), lambda after: after["stats"]["totalAudioChunks"]),
    "stt": (lambda client, at: send(client, at, "stt", {"items": stt(1, 70_000, text="바다")}), lambda after: after["keywords"]),
    "tick": (lambda client, at: send(client, at, "tick", {"minuteIndex": 1}), lambda after: len(after["minutes"])),
    "batch-tick": (_batch, lambda after: after["vadTimeline"]),
    "feedback": (lambda client, at: send(client, at, "feedback", {"rating": 2}), lambda after: after["feedback"]),
    "pause": (lambda client, at: send(client, at, "pause"), lambda after: after["status"]),
    "end": (lambda client, at: send(client, at, "end"), lambda after: after["endedAt"]),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_write_shows_at_once(client, write):
    change, shown = WRITES[write]
    session_id, other = filled(client, "one minute"), start_session(client)
    before, of_other = data(client, session_id), tag(client, other)
    known = {path: tag(client, session_id, path) for path in PATHS}
    change(client, session_id)
    for path, etag in known.items():
        answer = client.get(place(session_id, path), headers={"If-None-Match": etag})
        assert answer.status_code == 200 and answer.headers["ETag"] != etag, path
    assert shown(data(client, session_id)) != shown(before)
    assert tag(client, other) == of_other


def test_resume_and_a_row_that_is_replaced_show_at_once(client):
    session_id = filled(client, "one minute")
    send(client, session_id, "pause")
    paused = tag(client, session_id)
    send(client, session_id, "resume")
    resumed, before = tag(client, session_id), data(client, session_id)
    assert before["status"] == "active" and resumed != paused
    send(client, session_id, "frames", {"items": frames(10, qualityScore=0.1)})  # the times are those of frames that are there
    send(client, session_id, "tick", {"minuteIndex": 0})
    after = data(client, session_id)
    assert after["stats"]["totalFrames"] == before["stats"]["totalFrames"]
    assert after["minutes"][0]["facialScore"] == 0.1 and tag(client, session_id) != resumed


def test_refused_writes_and_reading_change_no_etag(client):
    session_id = filled(client, "one minute")
    send(client, session_id, "end")
    etag = tag(client, session_id)
    for path, body, status in (
        ("frames", {"items": [{"ts": 0, "qualityScore": 2}]}, 400),
        ("audio", {"items": []}, 400),
        ("feedback", {"rating": 6}, 400),
        ("tick", {"minuteIndex": -1}, 400),
        ("pause", None, 409),
        ("resume", None, 409),
    ):
        assert client.post(place(session_id, path), json=body).status_code == status
    bad = {"sessionId": session_id, "items": [{"minuteIndex": 0, "facialScore": 72.5}]}
    assert client.post("/api/session/batch-tick", json=bad).status_code == 400
    for path in ("", "inferences", *JSON_PATHS, *FILE_PATHS):
        ask(client, session_id, path)
    assert tag(client, session_id) == etag


def test_failures_are_never_kept(client):
    session_id = start_session(client)
    for path in ("report/csv?kind=none", "report/csv?kind=", "report/csv?kind=VAD"):
        answer = client.get(place(session_id, path), headers={"If-None-Match": "*"})
        assert answer.status_code == 400 and answer.json["error"]["message"] == "kind must be one of vad, emotion"
        assert answer.headers["Cache-Control"] == "no-store" and "ETag" not in answer.headers
