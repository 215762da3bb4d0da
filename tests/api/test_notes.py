"""Notes on the timeline: what they are, who sees, changes and deletes them, and what goes with them."""

import json
import re

import pytest

from tests.support.reported import data, place, send
from tests.support.samples import START_MS, start_session
from tests.support.signing import HS256, bearer
from tests.support.stocked import everything, in_process

authenticated = pytest.mark.settings(**HS256)

USER, COUNSELOR, ADMIN = bearer("user-1"), bearer("counselor-1", "counselor"), bearer("admin-1", "admin")
OTHER = bearer("counselor-2", "counselor")

MARK = {"tStart": 12_000, "kind": "bookmark"}
WORDS = {"tStart": 3000, "tEnd": 4000, "kind": "note", "text": "목소리가 작아짐"}
SHARED = {"tStart": 8000, "kind": "note", "text": "함께 볼 것", "visibility": "shared"}


def write(client, session_id, body, headers=None):
    answer = client.post(place(session_id, "notes"), json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def listed(client, session_id, headers=None):
    answer = client.get(place(session_id, "notes"), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]["notes"]


def call(client, method, session_id, note_id, headers=None, body=None):
    """(status, code of the error or None) of a call of one note."""
    answer = client.open(place(session_id, f"notes/{note_id}"), method=method, headers=headers, json=body)
    return answer.status_code, answer.json.get("error", {}).get("code")


def refused(client, path, body, method="POST"):
    """The message of a 400."""
    answer = client.open(path, method=method, json=body)
    assert answer.status_code == 400, answer.text
    return answer.json["error"]["message"]


def test_a_note_comes_back_whole_and_in_the_order_of_the_timeline(client, clock):
    session_id = start_session(client)
    clock.advance(20_000)
    mark = write(client, session_id, MARK)
    assert re.fullmatch(r"note_\d+_[0-9a-f]{16}", mark["noteId"])
    assert mark == {
        "noteId": mark["noteId"], "sessionId": session_id, "author": None, "role": None, "kind": "bookmark", "tStart": 12_000, "tEnd": None,
        "text": None, "visibility": "private", "createdAt": START_MS + 20_000, "editedAt": None,
    }  # fmt: skip
    words = write(client, session_id, WORDS)
    assert (words["kind"], words["tStart"], words["tEnd"], words["text"]) == ("note", 3000, 4000, "목소리가 작아짐")
    clock.advance(-1)
    earlier = write(client, session_id, {**MARK, "text": "같은 순간"})
    answer = client.get(place(session_id, "notes")).json["data"]
    assert answer == {"sessionId": session_id, "count": 3, "notes": [words, earlier, mark]}


def test_times_are_as_in_uploads(client, clock):
    session_id = start_session(client)
    note = write(client, session_id, {**WORDS, "tStart": START_MS + 1000.4, "tEnd": START_MS + 1500.5})
    assert (note["tStart"], note["tEnd"]) == (1000, 1501)
    assert write(client, session_id, {**MARK, "tStart": START_MS - 9000, "tEnd": None})["tStart"] == 0
    send(client, session_id, "end")
    assert write(client, session_id, {**MARK, "tStart": 86_400_000})["tStart"] == 86_400_000, "also after the end"
    late = "tStart must not be more than 24 hours after the session; it counts milliseconds"
    assert refused(client, place(session_id, "notes"), {**MARK, "tStart": 86_400_001}) == late
    mixed = {**MARK, "tEnd": START_MS + 20_000}
    assert refused(client, place(session_id, "notes"), mixed) == (
        "tEnd must count from the same moment as tStart: the session's start or the epoch"
    )


@pytest.mark.parametrize(("body", "message"), [
    ({"kind": "bookmark"}, "tStart is required"),
    ({"tStart": 5}, "kind is required"),
    ({**MARK, "kind": "todo"}, "kind must be one of bookmark, note"),
    ({**MARK, "kind": "note"}, "text is required in a note"),
    ({**MARK, "kind": "note", "text": None}, "text is required in a note"),
    ({**MARK, "text": ""}, "text must be a string of 1 to 2000 characters"),
    ({**MARK, "text": "가" * 2001}, "text must be a string of 1 to 2000 characters"),
    ({**MARK, "text": "a\0"}, "text must not contain NUL"),
    ({**MARK, "tEnd": 11_999}, "tEnd must not be before tStart"),
    ({**MARK, "visibility": "public"}, "visibility must be one of private, shared"),
    ({**MARK, "tStart": -1}, "tStart must be a number between 0 and 9999999999999"),
])  # fmt: skip
def test_a_note_that_is_wrong_is_refused_by_the_name_of_its_field(client, body, message):
    session_id = start_session(client)
    assert refused(client, place(session_id, "notes"), body) == message
    assert listed(client, session_id) == []


def test_a_change_keeps_what_is_left_out_and_the_result_must_be_valid(client, clock):
    session_id = start_session(client)
    note = write(client, session_id, WORDS)
    at = place(session_id, f"notes/{note['noteId']}")
    clock.advance(5000)
    changed = client.put(at, json={"text": "가" * 2000, "tEnd": START_MS + 9000, "visibility": "shared", "kind": None}).json["data"]
    assert changed == {**note, "text": "가" * 2000, "tEnd": 9000, "visibility": "shared", "editedAt": START_MS + 5000}
    assert refused(client, at, {"tStart": 9001}, "PUT") == "tEnd must not be before tStart"
    assert refused(client, at, {"text": ""}, "PUT") == "text must be a string of 1 to 2000 characters"
    assert refused(client, at, {"tStart": 5, "tEnd": START_MS + 9}, "PUT").startswith("tEnd must count from the same moment")
    mark = write(client, session_id, MARK)
    assert refused(client, place(session_id, f"notes/{mark['noteId']}"), {"kind": "note"}, "PUT") == "text is required in a note"
    assert listed(client, session_id) == [changed, mark]


def test_a_change_of_nothing_changes_nothing(client, clock):
    session_id = start_session(client)
    note = write(client, session_id, WORDS)
    known = client.get(place(session_id, "report")).headers["ETag"]
    clock.advance(5000)
    at = place(session_id, f"notes/{note['noteId']}")
    for body in ({}, {"text": None, "unknown": 1}):
        assert client.put(at, json=body).json["data"] == note
    assert client.get(place(session_id, "report"), headers={"If-None-Match": known}).status_code == 304
    assert client.put(at, json={"text": WORDS["text"]}).json["data"] == note, "the same again is no change"


def test_an_unknown_note_is_a_404_of_its_own(client):
    session_id, other = start_session(client), start_session(client)
    note_id = write(client, other, MARK)["noteId"]
    for unknown in (note_id, "note_1_0123456789abcdef", "nonsense", "%00"):
        for method in ("PUT", "DELETE"):
            assert call(client, method, session_id, unknown, body={}) == (404, "NOTE_NOT_FOUND")
    assert call(client, "PUT", "sess_1_aaaaaaaaaaaaaaaa", note_id, body={}) == (404, "SESSION_NOT_FOUND")
    assert len(listed(client, other)) == 1


def test_a_note_is_deleted_once(client):
    session_id = start_session(client)
    note_id = write(client, session_id, MARK)["noteId"]
    deleted = client.delete(place(session_id, f"notes/{note_id}"))
    assert deleted.json["data"] == {"noteId": note_id, "deleted": True}
    assert call(client, "DELETE", session_id, note_id) == (404, "NOTE_NOT_FOUND") and listed(client, session_id) == []


@authenticated
def test_private_notes_are_their_authors_alone_and_shared_ones_everybodys(client):
    session_id = start_session(client, headers=COUNSELOR)
    own, shared = (write(client, session_id, body, COUNSELOR) for body in (WORDS, SHARED))
    of_user = write(client, session_id, MARK, USER)
    assert (own["author"], own["role"], of_user["author"], of_user["role"]) == ("counselor-1", "counselor", "user-1", "user")
    assert listed(client, session_id, COUNSELOR) == [own, shared]
    assert listed(client, session_id, USER) == [shared, of_user]
    assert listed(client, session_id, ADMIN) == [shared]
    assert client.get(place(session_id, "notes"), headers=OTHER).json["error"]["code"] == "SESSION_NOT_FOUND"
    for headers in (COUNSELOR, USER, ADMIN):
        assert client.get(place(session_id, "report"), headers=headers).json["data"]["notes"] == [shared]


@authenticated
def test_only_the_author_changes_a_note_and_an_admin_deletes_what_an_admin_sees(client):
    session_id = start_session(client, headers=COUNSELOR)
    private, shared, kept = (write(client, session_id, body, COUNSELOR)["noteId"] for body in (WORDS, SHARED, SHARED))
    change = {"text": "anders"}
    for headers in (USER, ADMIN):
        assert call(client, "PUT", session_id, private, headers, change) == (404, "NOTE_NOT_FOUND")
        assert call(client, "PUT", session_id, shared, headers, change) == (403, "FORBIDDEN")
        assert call(client, "PUT", session_id, shared, headers, {}) == (403, "FORBIDDEN")
        assert call(client, "DELETE", session_id, private, headers) == (404, "NOTE_NOT_FOUND")
    assert call(client, "PUT", session_id, shared, OTHER, change) == (404, "SESSION_NOT_FOUND")
    assert call(client, "DELETE", session_id, shared, USER) == (403, "FORBIDDEN")
    assert {each["text"] for each in listed(client, session_id, COUNSELOR)} == {WORDS["text"], SHARED["text"]}
    assert call(client, "DELETE", session_id, shared, ADMIN) == (200, None)
    assert call(client, "PUT", session_id, private, COUNSELOR, change) == (200, None)
    assert [each["noteId"] for each in listed(client, session_id, COUNSELOR)] == [private, kept]
    assert call(client, "DELETE", session_id, kept, COUNSELOR) == (200, None)


@authenticated
def test_the_etag_of_one_reader_is_not_that_of_another(client):
    session_id = start_session(client, headers=COUNSELOR)
    write(client, session_id, WORDS, COUNSELOR)
    seen = client.get(place(session_id, "notes"), headers=COUNSELOR).headers["ETag"]
    assert client.get(place(session_id, "notes"), headers={**COUNSELOR, "If-None-Match": seen}).status_code == 304
    assert client.get(place(session_id, "notes"), headers={**USER, "If-None-Match": seen}).status_code == 200
    write(client, session_id, MARK, COUNSELOR)
    assert client.get(place(session_id, "notes"), headers={**COUNSELOR, "If-None-Match": seen}).status_code == 200


@authenticated
def test_feedback_names_its_author(client):
    session_id = start_session(client, headers=COUNSELOR)
    for headers in (USER, COUNSELOR):
        assert client.post(place(session_id, "feedback"), json={"rating": 4}, headers=headers).status_code == 201
    reported = client.get(place(session_id, "report"), headers=ADMIN).json["data"]["feedback"]
    assert [(each["author"], each["role"]) for each in reported] == [("user-1", "user"), ("counselor-1", "counselor")]


def test_without_authentication_feedback_and_notes_have_no_author_and_a_report_has_the_shared_ones(client):
    session_id = start_session(client)
    send(client, session_id, "feedback", {"rating": 4})
    private, shared = (write(client, session_id, body) for body in (WORDS, SHARED))
    report = data(client, session_id)
    assert [(each["author"], each["role"]) for each in report["feedback"]] == [(None, None)]
    assert report["notes"] == [shared] and listed(client, session_id) == [private, shared]


@authenticated
def test_notes_in_the_audit_log_are_read_and_erased_by_somebody(client, database_url):
    session_id = start_session(client, headers=COUNSELOR)
    note_id = write(client, session_id, SHARED, COUNSELOR)["noteId"]
    listed(client, session_id, USER)
    assert call(client, "DELETE", session_id, note_id, USER)[0] == 403
    assert call(client, "DELETE", session_id, note_id, ADMIN)[0] == 200
    entries = [row[2:6] for row in sorted(everything(database_url)["audit"])]
    assert entries == [
        ("user-1", "user", "note.read", session_id), ("admin-1", "admin", "note.erase", session_id),
    ]  # fmt: skip


def answers_kept(database_url):
    return [json.loads(row[5]) for row in everything(database_url)["idempotency_key"]]


def test_a_note_under_a_key_is_written_once_and_its_stored_answer_goes_with_it(client, database_url):
    session_id = start_session(client)
    key = {"Idempotency-Key": "note-1"}
    note = write(client, session_id, WORDS, key)
    again = client.post(place(session_id, "notes"), json=WORDS, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true" and again.json["data"] == note
    assert client.post(place(session_id, "notes"), json=MARK, headers=key).status_code == 422
    assert listed(client, session_id) == [note] and [each["data"] for each in answers_kept(database_url)] == [note]
    assert call(client, "DELETE", session_id, note["noteId"])[0] == 200
    assert answers_kept(database_url) == [] and WORDS["text"] not in repr(everything(database_url))
    assert write(client, session_id, WORDS, key)["noteId"] != note["noteId"]


def test_notes_are_erased_with_their_session(client, database_url):
    session_id, other = start_session(client), start_session(client)
    write(client, session_id, WORDS, {"Idempotency-Key": "k"})
    kept = write(client, other, SHARED)
    assert client.delete(place(session_id)).status_code == 200
    assert WORDS["text"] not in repr(everything(database_url)) and listed(client, other) == [kept]


@authenticated
def test_notes_are_erased_with_their_author_in_the_sessions_of_others(client, database_url):
    mine, other = start_session(client, headers=COUNSELOR), start_session(client, user_id="user-2", headers=COUNSELOR)
    write(client, mine, WORDS, {**COUNSELOR, "Idempotency-Key": "k"})
    write(client, other, SHARED, COUNSELOR)
    kept = write(client, mine, MARK, USER)
    known = client.get(place(other, "report"), headers=COUNSELOR).headers["ETag"]
    before = len(everything(database_url)["audit"])
    dry = in_process("erase", "counselor-1", "--dry-run", url=database_url)
    reported = "0 sessions, 0 frames, 0 audio chunks, 0 snippets, 0 preference sets, 2 notes in sessions of others"
    assert dry.output == f"would erase {reported} of that user\n"
    done = in_process("erase", "counselor-1", "--yes", url=database_url)
    assert done.exit_code == 0 and f"erased {reported}\n" in done.output
    left = everything(database_url)
    assert [row[1] for row in left["note"]] == [kept["noteId"]] and left["idempotency_key"] == []
    assert sorted(row[4:6] for row in sorted(left["audit"])[before:]) == sorted([("note.erase", mine), ("note.erase", other)])
    assert client.get(place(other, "report"), headers={**COUNSELOR, "If-None-Match": known}).status_code == 200, "the report shows it"
    assert in_process("erase", "counselor-1", "--yes", url=database_url).exit_code == 1, "nothing is left"


@pytest.mark.own_app
def test_a_session_has_a_bounded_number_of_notes(client, monkeypatch):
    monkeypatch.setattr("bemore.models.note.MAX_NOTES", 2)
    session_id = start_session(client)
    for _ in range(2):
        write(client, session_id, MARK)
    assert refused(client, place(session_id, "notes"), MARK) == "notes must be at most 2 of a session"
