"""Exports over HTTP: JSON lines of all that is stored of a session, and a FHIR document of its measures."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor, wait

import fhirkit
import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.support.reported import filled, place, send, talk
from tests.support.samples import frames, scores, start_session, stt
from tests.support.signing import HS256, bearer

from bemore.api import exports
from bemore.api.http import heavy
from bemore.models import audit

authenticated = pytest.mark.settings(**HS256)
USER, COUNSELOR, ADMIN = bearer("user-1"), bearer("counselor-1", "counselor"), bearer("admin-1", "admin")


def exported(client, session_id, headers=None):
    answer = client.get(place(session_id, "export"), headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/x-ndjson" and session_id in answer.headers["Content-Disposition"]
    assert answer.text.endswith("}\n")
    return [json.loads(line) for line in answer.text.split("\n")[:-1]]


def actions(session_id):
    return [(entry.action, entry.actor) for entry in audit.entries(session_id)]


def test_an_export_has_all_that_is_stored_and_a_last_line(client):
    session_id = filled(client)
    lines = exported(client, session_id)
    kinds = [line["type"] for line in lines]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert counts == {"session": 1, "frame": 30, "audio": 168, "stt": 15, "minute": 6, "feedback": 1, "end": 1}
    assert lines[-1] == {"type": "end", "lines": len(lines) - 1}
    assert [action for action, _ in actions(session_id)] == ["session.export"]


def test_an_export_of_an_unknown_session_is_a_404_and_leaves_nothing_in_the_audit_log(client):
    for path in ("export", "export/fhir"):
        assert client.get(place("sess_1_aaaaaaaaaaaaaaaa", path)).json["error"]["code"] == "SESSION_NOT_FOUND"
    assert actions("sess_1_aaaaaaaaaaaaaaaa") == []


@authenticated
def test_an_export_leaves_out_the_private_notes_of_others_and_stored_answers_with_their_notes(client):
    session_id = start_session(client, headers=USER)
    for number, (who, visibility) in enumerate(((USER, "private"), (COUNSELOR, "private"), (COUNSELOR, "shared"))):
        body = {"tStart": 0, "kind": "note", "text": f"note {number}", "visibility": visibility}
        headers = {**who, "Idempotency-Key": f"key-{number}"}
        assert client.post(place(session_id, "notes"), json=body, headers=headers).status_code == 201
    for who, notes, keys in ((USER, {0, 2}, {0}), (COUNSELOR, {1, 2}, {1, 2}), (ADMIN, {2}, set())):
        lines = exported(client, session_id, who)
        assert {int(line["text"][-1]) for line in lines if line["type"] == "note"} == notes
        assert {int(line["key"][-1]) for line in lines if line["type"] == "idempotentAnswer" and "/notes" in line["path"]} == keys
    for stranger in (bearer("user-2"), bearer("counselor-2", "counselor")):
        assert client.get(place(session_id, "export"), headers=stranger).status_code == 404
        assert client.get(place(session_id, "export/fhir"), headers=stranger).status_code == 404
    assert actions(session_id) == [("session.export", who) for who in ("user-1", "counselor-1", "admin-1")]


def test_without_authentication_an_export_has_every_note(client):
    session_id = start_session(client)
    send(client, session_id, "notes", {"tStart": 0, "kind": "note", "text": "private"})
    assert [line["text"] for line in exported(client, session_id) if line["type"] == "note"] == ["private"]


def test_an_export_that_takes_too_long_ends_without_its_last_line_and_frees_its_turn(client, monkeypatch):
    session_id = filled(client)
    monkeypatch.setattr(exports, "PIECE_BYTES", 1)
    monkeypatch.setattr(exports, "MAX_EXPORT_S", -1)
    assert '"end"' not in client.get(place(session_id, "export")).text
    monkeypatch.undo()
    assert exported(client, session_id)[-1]["type"] == "end"


def test_an_export_holds_its_turn_until_it_is_read_and_reports_do_not_wait(client):
    session_id = filled(client)
    reading = client.get(place(session_id, "export"), buffered=False)
    waiting = heavy.MAX_WAIT_S
    try:
        heavy.MAX_WAIT_S = 0
        assert client.get(place(session_id, "export")).status_code == 503
        assert client.get(place(session_id, "export/fhir")).status_code == 200
    finally:
        heavy.MAX_WAIT_S = waiting
        reading.close()
    assert exported(client, session_id)


def test_exports_of_small_sessions_wait_for_each_other(client):
    session_id = filled(client)
    reading = client.get(place(session_id, "export"), buffered=False)
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(client.application.test_client().get, place(session_id, "export"), buffered=True) for _ in range(16)]
        done, _ = wait(asked, timeout=0.2)
        assert done == set()
        reading.close()
        assert [each.result(30).status_code for each in asked] == [200] * 16


# -- FHIR ----------------------------------------------------------------------------------------------------------------------


def document(client, session_id, query=""):
    """The resources of a session's FHIR document by their type, held against the R4 definitions by two independent libraries."""
    answer = client.get(place(session_id, f"export/fhir{query}"))
    assert answer.status_code == 200 and answer.content_type == "application/fhir+json", answer.text
    bundle = json.loads(answer.data)
    Bundle.model_validate(bundle)
    assert [str(issue) for issue in fhirkit.validate(bundle)] == []
    for name in "interpretation", "Condition":
        assert f'"{name}"' not in answer.text
    entries = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(entries) == len(bundle["entry"]) and bundle["type"] == "document"
    assert set(references(bundle)) <= set(entries), "a reference to nothing in the document"
    found = {}
    for resource in entries.values():
        fhirkit.parse(resource, strict=True)
        found.setdefault(resource["resourceType"], []).append(resource)
    assert next(iter(found)) == "Composition"
    return found


def references(value):
    if isinstance(value, dict):
        yield from ([value["reference"]] if "reference" in value else [])
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from references(each)


def measures(found):
    """``{code: value, or None}`` of the Observations."""
    return {
        each["code"]["coding"][0]["code"]: each["valueQuantity"]["value"] if "valueQuantity" in each else None
        for each in found["Observation"]
        if ("valueQuantity" in each) is not ("dataAbsentReason" in each)
    }


def statuses(found):
    (composition,), (file,) = found["Composition"], found["DocumentReference"]
    assert composition["status"] == file["docStatus"]
    assert {each["status"] for each in found["Observation"]} == {composition["status"]}
    return composition["status"], found["Encounter"][0]["status"]


def test_a_fhir_document_has_the_measures_the_people_by_id_and_the_pdf(client, clock):
    session_id = start_session(client)
    clock.advance(60_000)
    send(client, session_id, "frames", {"items": frames(10)})
    for speaker, chunks in (("user", talk(30)), ("counselor", talk(10, start_ms=35_000))):
        send(client, session_id, "audio", {"items": [{**each, "speaker": speaker} for each in chunks]})
    quiet = {"tsStart": 30_000, "tsEnd": 35_000, "vad": 0, "speaker": "user"}
    send(client, session_id, "audio", {"items": [quiet]})
    send(client, session_id, "tick", {"minuteIndex": 0})
    found = document(client, session_id, "?lang=en")
    assert {kind: len(each) for kind, each in found.items()} == {
        "Composition": 1, "Encounter": 1, "Patient": 1, "Practitioner": 1, "Device": 1, "DocumentReference": 1, "Observation": 10,
    }  # fmt: skip
    assert set(found["Patient"][0]) == set(found["Practitioner"][0]) == {"resourceType", "id", "identifier"}
    assert [found[kind][0]["identifier"][0]["value"] for kind in ("Patient", "Practitioner", "Encounter")] == [
        "user-1", "counselor-1", session_id,
    ]  # fmt: skip
    assert base64.b64decode(found["DocumentReference"][0]["content"][0]["attachment"]["data"]).startswith(b"%PDF-")
    report = client.get(place(session_id, "report")).json["data"]
    assert measures(found) == {
        "combined-score": report["stats"]["avgCombinedScore"], "facial-score": report["stats"]["avgFacialScore"],
        "voice-score": report["stats"]["avgVadScore"], "text-score": None, "speech-ratio": report["vadSummary"]["speechRatio"],
        "longest-silence": 5000, "talk-share-user": 0.75, "talk-share-counselor": 0.25,
        "coverage-frames": report["coverage"]["frames"]["share"], "coverage-audio": report["coverage"]["audio"]["share"],
    }  # fmt: skip
    assert {each["valueQuantity"]["code"] for each in found["Observation"] if "valueQuantity" in each} == {"1", "ms"}
    assert [action for action, _ in actions(session_id)] == ["session.export", "report.read"]


def test_what_was_not_measured_has_a_reason_instead_of_a_value(client):
    found = document(client, start_session(client))
    assert measures(found) == {**dict.fromkeys(measures(found)), "coverage-frames": 0, "coverage-audio": 0}
    assert statuses(found) == ("preliminary", "in-progress")


LATE = {
    "frames": lambda client, session_id: send(client, session_id, "frames", {"items": frames(1)}),
    "snippets": lambda client, session_id: send(client, session_id, "stt", {"items": stt(1)}),
    "tick": lambda client, session_id: send(client, session_id, "tick", {"minuteIndex": 0}),
    "scores": lambda client, session_id: client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(1)}),
}


@pytest.mark.parametrize("late", LATE)
def test_a_document_is_final_after_the_end_and_amended_when_data_comes_later(client, late):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(1)})
    send(client, session_id, "pause")
    assert statuses(document(client, session_id)) == ("preliminary", "onleave")
    send(client, session_id, "end")
    assert statuses(document(client, session_id)) == ("final", "finished")
    send(client, session_id, "feedback", {"rating": 5})
    send(client, session_id, "notes", {"tStart": 0, "kind": "bookmark"})
    assert statuses(document(client, session_id)) == ("final", "finished")
    LATE[late](client, session_id)
    assert statuses(document(client, session_id)) == ("amended", "finished")
