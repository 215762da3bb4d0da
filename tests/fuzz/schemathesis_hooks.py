"""What the OpenAPI document says in words only, told to schemathesis, and sessions that exist for its requests.

Requests are changed only where schemathesis means them to be good; those that it made bad go out as they are.
"""

import atexit
import base64
import itertools
import json
import os
import time
from collections import Counter
from pathlib import Path

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

#: From here on a time counts from the epoch, below from the session's start.
EPOCH_MS = 10**11

#: The latest time since the start that a session takes which began just now.
DAY_MS = 86_400_000

#: Once an operation has worked, every so many requests for a session ask for the one that schemathesis made up, which is none.
UNKNOWN_EVERY = 4

#: Names of time zones that every database of them has.
_ZONES = ("UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")

#: Files with captions, by their media type.
_FILES = {
    "text/vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v someone>x\n",
    "application/x-subrip": "1\n00:00:01,000 --> 00:00:02,000\nx\n",
}

_alive = []
#: Notes that exist: (session, note).
_notes = []
_asked = itertools.count(1)
_statuses = {}


@schemathesis.serializer("application/x-subrip")
def as_text(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None:
        return
    if _is_good(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        _agree(case.body)
        if case.operation.path.endswith("/notes/{note_id}") and {"tStart", "tEnd"} & set(case.body):
            # The other time of the stored note may not go with it.
            first = case.body.get("tStart") or 0
            case.body.update(tStart=first, tEnd=max(first, case.body.get("tEnd") or first))
    if _is_good(case, ParameterLocation.QUERY) and "cursor" in case.query:
        # Where the page before ended, packed: a time and a number; a minute; a time, another and a speaker.
        first, path = 10**12 + len(case.query["cursor"]), case.operation.path
        rest = "" if path.endswith(("/inferences", "/report")) else ".1.1" if path.endswith("/transcript") else ".1"
        case.query["cursor"] = base64.urlsafe_b64encode(f"{first}{rest}".encode()).decode()
    if _is_good(case, ParameterLocation.BODY) and isinstance(case.body, str):
        case.body = _FILES[case.media_type]
    if _is_good(case, ParameterLocation.QUERY) and "voice" in case.query:
        case.query["voice"] = "someone=user"
    if _is_good(case, ParameterLocation.QUERY) and "offset" in case.query:
        case.query["offset"] = abs(int(case.query["offset"])) % DAY_MS
    if _is_good(case, ParameterLocation.QUERY) and "tz" in case.query:
        case.query["tz"] = _ZONES[len(case.query["tz"]) % len(_ZONES)]
    if case.meta.phase.name.value != "stateful":
        _name_one_that_is(case)


def _is_good(case, part):
    component = case.meta.components.get(part)
    return component is not None and component.mode is GenerationMode.POSITIVE


def _agree(body):
    """A span ends after it began, both counted from the same moment, no time is long after the session, and not every snippet is empty;
    JSON Schema cannot say so."""
    if "tStart" in body or body.get("kind") == "note":
        _agree_note(body)
    items = body.get("items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            for name in {"ts", "tsStart", "tsEnd"} & set(item):
                item[name] = min(item[name], DAY_MS) if item[name] < EPOCH_MS else min(item[name], int(time.time() * 1000))
            if isinstance(item.get("text"), str) and not item["text"].strip():
                item["text"] = "x"
        if isinstance(item, dict) and {"tsStart", "tsEnd"} <= set(item):
            item["tsStart"], item["tsEnd"] = sorted((item["tsStart"], item["tsEnd"]))
            if item["tsStart"] < EPOCH_MS:
                item["tsEnd"] = min(item["tsEnd"], DAY_MS)


def _agree_note(note):
    """The same of a note; and what is one has words."""
    times = {name: note[name] for name in ("tStart", "tEnd") if isinstance(note.get(name), (int, float))}
    for name, time_ms in zip(times, sorted(min(each, DAY_MS) for each in times.values())):
        note[name] = time_ms
    if note.get("kind") == "note" and note.get("text") is None:
        note["text"] = "x"


def _name_one_that_is(case):
    """Put the id of a session that exists into a good request for one: what does not exist is a 404 and tells little."""
    in_path = "session_id" in case.path_parameters and _is_good(case, ParameterLocation.PATH)
    in_body = isinstance(case.body, dict) and "sessionId" in case.body and _is_good(case, ParameterLocation.BODY)
    turn = next(_asked) % UNKNOWN_EVERY
    worked = any(status < 300 for status in _statuses.get(_name(case), ()))
    # The session of the newest note stays: other requests need one.
    kept = _notes[-1][0] if _notes and worked and _name(case) == "DELETE /api/session/{session_id}" else None
    alive = [each for each in _alive if each != kept]
    if (in_path or in_body) and alive and (turn or not worked):
        # The oldest is soon one that has ended; the newest stays open.
        last = case.method == "DELETE" or case.operation.path.endswith("/end") or turn == 1
        place = case.path_parameters if in_path else case.body
        place["session_id" if in_path else "sessionId"] = alive[0 if last else -1]
        if in_path and "note_id" in place and _notes:
            place["session_id"], place["note_id"] = _notes[-1]


def _name(case):
    return f"{case.method} {case.operation.path}"


@schemathesis.hook
def after_call(context, case, response):
    """Count the answer, and keep account of the sessions that were started and erased."""
    operation = _name(case)
    _statuses.setdefault(operation, Counter())[response.status_code] += 1
    if response.status_code == 200 and operation == "POST /api/session/start":
        _alive.append(response.json()["data"]["sessionId"])
    elif response.status_code == 200 and operation == "DELETE /api/session/{session_id}":
        erased = case.path_parameters["session_id"]
        if erased in _alive:
            _alive.remove(erased)
        _notes[:] = [note for note in _notes if note[0] != erased]
    elif response.status_code == 201 and operation == "POST /api/session/{session_id}/notes":
        note = response.json()["data"]
        _notes.append((note["sessionId"], note["noteId"]))
    elif response.status_code == 200 and operation == "DELETE /api/session/{session_id}/notes/{note_id}":
        _notes[:] = [note for note in _notes if note[1] != case.path_parameters["note_id"]]


@atexit.register
def _tell():
    """How often each operation answered with which status, as JSON for the test."""
    Path(os.environ["FUZZ_STATUSES"]).write_text(json.dumps(_statuses), "utf-8")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one; not where the contract goes beyond what can be told of a single request.

    A batch of minutes is taken in part, and the answer lists what was refused. A key that came before, with another body,
    is refused whatever the body.
    """
    if case.operation.path.endswith("/batch-tick") and response.status_code == 201 and response.json().get("errors"):
        return not isinstance(failure, AcceptedNegativeData)
    reused = response.status_code == 422 and response.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    return not (reused and type(failure).__name__ == "RejectedPositiveData")
