"""Marked words, faces, notes, names and tokens go to every endpoint, well-formed and not; then they are looked for where they must not be.

The endpoints and their bodies come from the OpenAPI document: one that is added is tested.
"""

import json

import pytest
import requests

from tests.support.samples import audio, frames, scores, stt
from tests.support.servers import straight, wait_for
from tests.support.signing import HS256, SECRET, token

TEXT, NOTE, FACE, WORD, DEVICE, KEY = (f"marke-{kind}-7c1f" for kind in ("text", "note", "face", "word", "device", "key"))
HANGUL, USER, COUNSELOR, LANDMARK = "비밀이야기", "name-of-the-user-7c1f", "name-of-the-counselor-7c1f", 0.123987456

#: What nobody may find in logs and metrics. Who did something stands in the audit log by the id in the token, and nowhere else.
SECRETS = (TEXT, NOTE, FACE, WORD, DEVICE, KEY, HANGUL, HANGUL.encode("unicode_escape").decode(), str(LANDMARK), SECRET)
NAMES = (USER, COUNSELOR)

_FORMS = {
    "frames": {"items": frames(3, faceLandmarksCompressed=FACE, landmarks=[[LANDMARK, 0.5]])},
    "audio": {"items": audio(3, pitch=LANDMARK)},
    "stt": {"items": stt(3, text=f"{HANGUL} {TEXT}")},
    "notes": {"tStart": 5, "kind": "note", "text": f"{NOTE} {HANGUL}", "visibility": "shared"},
    "{note_id}": {"text": f"{NOTE} {HANGUL}"},
    "feedback": {"rating": 5, "note": f"{NOTE} {HANGUL}"},
    "tick": {"minuteIndex": 0, "note": NOTE},
    "start": {"userId": USER, "counselorId": COUNSELOR},
    "batch-tick": {"items": scores(2, keywords=[WORD, HANGUL])},
    "preferences": {"preferences": {"language": "ko", TEXT: NOTE}},
    "emotion": {"text": f"{HANGUL} {TEXT}"},
}


def spoilt(body):
    """Bodies that are refused, with the marks in them."""
    yield json.dumps(body, ensure_ascii=False).encode()[:-1]
    yield json.dumps([body, TEXT], ensure_ascii=False).encode()
    yield f'"{HANGUL} {TEXT}"'.encode()
    yield json.dumps({name: [TEXT, HANGUL] for name in body}).encode()
    if "items" in body:
        items = [{name: f"{TEXT} {HANGUL}" for name in each} for each in body["items"]]
        yield json.dumps({**body, "items": items}).encode()


def drive(base, document, session, note, good):
    """Call every operation, in every way; answer the texts of all refusals and how often each operation was called."""
    refusals, called = [], {}
    marked = {
        "Authorization": f"Bearer {good}",
        "Idempotency-Key": KEY,
        "X-Device-ID": DEVICE,
        "X-Client-Version": TEXT,
        "User-Agent": TEXT,
        "Referer": f"http://localhost/{TEXT}",
        "Cookie": f"secret={TEXT}",
    }
    deletions = []
    with requests.Session() as http:

        def send(method, path, **options):
            answer = http.request(method, base + path, timeout=30, **{"headers": marked, **options})
            if answer.status_code >= 400:
                refusals.append(answer.text)
            return answer

        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if method == "delete":
                    deletions.append(path)
                    continue
                at = path.format(session_id=session, user_id=USER, file="page.js", note_id=note)
                body = _FORMS.get(path.rpartition("/")[2], {"note": NOTE})
                body = {**body, "sessionId": session} if path.endswith("batch-tick") else body
                answers = [send(method, at, **({"json": body} if "requestBody" in operation else {}))]
                answers.append(send(method, f"{at}?cursor={TEXT}&kind={TEXT}&limit={TEXT}&userId={USER}&{TEXT}={HANGUL}"))
                if "requestBody" in operation:
                    for data in spoilt(body):
                        answers.append(send(method, at, data=data, headers={**marked, "Content-Type": "application/json"}))
                answers.append(send(method, path.format(session_id=TEXT, user_id=f"{USER}%00", file=TEXT, note_id=TEXT)))
                for wrong in ({}, {"Authorization": f"Bearer {TEXT}"}, {"Authorization": f"Bearer {good[:-5]}{TEXT}"}):
                    answers.append(send(method, at, headers=wrong))
                called[method, path] = [answer.status_code for answer in answers]
        # The note first, as it goes with its session.
        for path in sorted(deletions, key=len, reverse=True):
            called["delete", path] = [send("DELETE", path.format(session_id=session, note_id=note)).status_code]
    return refusals, called


# The format of the log and the kind of database have nothing to do with each other: each is once enough.
@pytest.mark.parametrize(("database_url", "log_format"), [("sqlite", "json"), ("postgres", "console")], indirect=["database_url"])
def test_what_is_secret_is_found_in_no_log_no_metric_no_refusal_and_no_audit_entry(service, database_url, log_format):
    running = service(**HS256, LOG_FORMAT=log_format, LOG_LEVEL="debug", RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="9999 per minute")
    good = token("admin-of-the-test", "admin")
    started = requests.post(
        f"{running.url}/api/session/start", json=_FORMS["start"], headers={"Authorization": f"Bearer {good}"}, timeout=30
    )
    session = started.json()["data"]["sessionId"]
    document = requests.get(f"{running.url}/api/openapi.json", timeout=30).json()
    of_session = f"{running.url}/api/session/{session}/notes"
    noted = requests.post(of_session, json=_FORMS["notes"], headers={"Authorization": f"Bearer {good}"}, timeout=30)
    refusals, called = drive(running.url, document, session, noted.json()["data"]["noteId"], good)
    assert {operation: statuses for operation, statuses in called.items() if 500 in statuses} == {}
    assert sum(any(status < 300 for status in statuses) for statuses in called.values()) > 0.9 * len(called), called
    metrics = requests.get(f"{running.url}/metrics", headers={"Authorization": f"Bearer {good}"}, timeout=30)
    assert metrics.status_code == 200 and "bemore" in metrics.text
    count = sum(map(len, called.values()))
    wait_for(lambda: running.log.count("bemore.access") >= count, what="all requests are in the log")
    entries = audited(database_url)
    assert sum(session in entry for entry in entries) >= 8
    running.stop()

    searched = {"log": running.log, "metrics": metrics.text, "refusals": "\n".join(refusals), "audit": "\n".join(entries)}
    result = {(place, mark) for place, text in searched.items() for mark in (*SECRETS, good, good.rpartition(".")[2]) if mark in text}
    result |= {(place, name) for place in ("log", "metrics", "audit") for name in NAMES if name in searched[place]}
    result |= {(place, "the session's id") for place in ("log", "metrics") if session in searched[place]}
    # A path is the caller's own words: "no such session: …" gives it back to whoever sent it, and to nobody else.
    assert result - {("refusals", TEXT)} == set()
    reported = [text for text in refusals if TEXT in text]
    assert all(json.loads(text)["error"]["code"] in ("SESSION_NOT_FOUND", "NOTE_NOT_FOUND") for text in reported)


def audited(database_url):
    with straight(database_url) as connection:
        return [repr(row) for row in connection.execute("SELECT * FROM audit").fetchall()]
