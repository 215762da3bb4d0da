"""Clients that use the service as browsers do, try on until they are answered, and keep a ledger of what was acknowledged."""

import http.client
import itertools
import json
import random
import threading
import time
import uuid
from contextlib import closing
from typing import NamedTuple

from tests.support.samples import audio, frames, scores, stt
from tests.support.answers import check_envelope
from tests.support.ledger import Ledger

#: How long a client waits until it tries again what failed, and until it takes the service for lost.
AGAIN_S, LOST_S = 0.03, 60

BROKEN, REFUSED = 0, -1

#: Numbers of the addresses that roaming clients have had.
_addresses = itertools.count()


class Answered(NamedTuple):
    """One attempt: when it began and how long it took, its status and Retry-After.

    Status REFUSED: nobody listened; BROKEN: the connection was taken, and then broke.
    """

    began_s: float
    took_s: float
    status: int
    retry_after: str | None


class _Stopped(Exception):
    """The load ends."""


class Load:
    """``with Load(port) as load:`` clients work on until the block is left; then each has an answer to all it had begun.

    ``attempts`` are all of the Answered; ``ledger`` what was acknowledged. ``patient`` clients send each request until it is
    acknowledged; others give some up at the first failure, of which then all or nothing must be stored. Every other client makes a
    new connection for each request, the others keep theirs. Between two requests a client waits ``pause_s``. Clients that ``roam`` use
    another address of the loopback for each session, so that none of them uses up a quota.
    """

    def __init__(self, port, clients=4, patient=False, pause_s=0, roam=False):
        self.port, self.clients, self.patient, self.pause_s, self.roam = port, clients, patient, pause_s, roam
        self.ledger = Ledger()
        self.attempts = []
        self.longest_outage_s = 0.0
        self.stopping = threading.Event()
        self.shared = None
        self._problems = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self):
        first = _Client(self, 99)
        self.shared = first.start()
        first.connection.close()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.stopping.set()
        for thread in self._threads:
            thread.join(LOST_S + 30)
        if kind is None and self._problems:
            raise self._problems[0]

    def _run(self, number):
        client = _Client(self, number)
        try:
            while not self.stopping.is_set():
                client.session()
        except _Stopped:
            pass
        except Exception as error:
            self._problems.append(error)
        finally:
            client.connection.close()

    def failed(self):
        """Whether a client has met what it must not meet."""
        return bool(self._problems)

    def of_status(self, *statuses):
        """The attempts that ended so."""
        return [each for each in list(self.attempts) if each.status in statuses]

    def statuses(self):
        return sorted({each.status for each in list(self.attempts)})


class _Client:
    """One client with a connection, and sessions one after the other. A session is only written by one client at a time."""

    def __init__(self, load, number):
        self.load, self.number = load, number
        self.random = random.Random(number)
        self.connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=LOST_S)
        self.sent = 0

    # -- Sending -----------------------------------------------------------------------------------------------------

    def attempt(self, method, path, body, key):
        """One try: (status, the answer's ``data``)."""
        self.load.stopping.wait(self.load.pause_s)
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        if self.number % 2:
            headers["Connection"] = "close"
        began, retry_after, data = time.monotonic(), None, None
        try:
            self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = self.connection.getresponse()
            text = answer.read()
            status, retry_after = answer.status, answer.headers.get("Retry-After")
            check_envelope(method, path, status, answer.headers, text)
            data = json.loads(text).get("data")
        except (OSError, http.client.HTTPException) as error:
            status = REFUSED if isinstance(error, ConnectionRefusedError) else BROKEN
            self.connection.close()
        self.load.attempts.append(Answered(began, time.monotonic() - began, status, retry_after))
        return status, data

    def send(self, method, path, body=None, key=None, may_give_up=False, gone=404):
        """Send until it is done: ``data``; None if it was given up. A 404 after a failure means that the failed one was done."""
        began = time.monotonic()
        failed_at = None
        while True:
            tried_at = time.monotonic()
            status, data = self.attempt(method, path, body, key)
            if 200 <= status < 300 or (status == gone and failed_at and method == "DELETE"):
                if failed_at is not None:
                    self.load.longest_outage_s = max(self.load.longest_outage_s, time.monotonic() - failed_at)
                return data or {}
            assert status in (BROKEN, REFUSED, 503), f"{method} {path.rpartition('/')[2]} -> {status}"
            failed_at = failed_at or tried_at
            if may_give_up and not self.load.patient and self.random.random() < 0.3:
                return None
            assert time.monotonic() - began < LOST_S, "the service does not come back"
            time.sleep(AGAIN_S)

    # -- What a client does ------------------------------------------------------------------------------------------

    def start(self):
        body = {"userId": f"user-{self.number}", "counselorId": "counselor"}
        session_id = self.send("POST", "/api/session/start", body, key=uuid.uuid4().hex)["sessionId"]
        self.load.ledger.started(session_id)
        return session_id

    def session(self):
        """A whole session of some 20 requests."""
        if self.load.roam:
            number = next(_addresses)
            self.connection.close()
            self.connection.source_address = f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}", 0
        session_id = self.start()
        for turn in range(self.random.randrange(8, 24)):
            self._one_of(session_id, turn)
            if self.load.stopping.is_set():
                raise _Stopped
        if self.random.random() < 0.3:
            self.send("DELETE", f"/api/session/{session_id}")
            self.load.ledger.changed(session_id, erased=True)
        else:
            ended = self.send("POST", f"/api/session/{session_id}/end")
            self.load.ledger.changed(session_id, status="ended", ended_ms=ended["endedAt"])

    def _one_of(self, session_id, turn):
        chance = self.random.random()
        if chance < 0.55:
            self._upload(self.load.shared if chance < 0.15 else session_id)
        elif chance < 0.7:
            self._tick(session_id)
        elif chance < 0.85:
            self._score(session_id)
        elif chance < 0.93:
            self._feedback(session_id, turn)
        else:
            for what, status in (("pause", "paused"), ("resume", "active")):
                self.send("POST", f"/api/session/{session_id}/{what}")
                self.load.ledger.changed(session_id, status=status)

    def _upload(self, session_id):
        """Frames, chunks or snippets at times that no other request has, so that they are stored by this one or not at all."""
        self.sent += 1
        start_ms = (self.sent * max(10, self.load.clients) + self.number) * 1_000  # the service refuses times of more than a day ahead
        kind = self.random.choice(("frames", "audio", "stt"))
        if kind == "frames":
            value = self.random.randrange(1000) / 1000
            items = frames(30, start_ms, step_ms=30, qualityScore=value)
            booked = {(each["ts"],): (value,) for each in items}
        elif kind == "audio":
            value = self.random.randrange(1000) / 1000
            items = audio(20, start_ms, 40, rms=value)
            booked = {(each["tsStart"], each["tsEnd"]): (value,) for each in items}
        else:
            text = f"오늘은 {self.sent}번 말했어요"
            items = stt(8, start_ms, 100, text=text)
            booked = {(each["tsStart"], each["tsEnd"]): (text,) for each in items}
        told = self.send("POST", f"/api/session/{session_id}/{kind}", {"items": items}, may_give_up=True)
        self._book(session_id, kind, booked, told)

    def _tick(self, session_id):
        """Score a minute here: the answer tells what must be stored."""
        minute = self.random.randrange(4)
        told = self.send("POST", f"/api/session/{session_id}/tick", {"minuteIndex": minute})
        parts = [told[name] for name in ("facialScore", "vadScore", "textScore", "combinedScore")]
        self._book(session_id, "minutes", {(minute,): ("server", *parts)}, told)

    def _score(self, session_id):
        """Scores of minutes that were scored before, mostly: the last acknowledged ones count."""
        first, value = 10 + self.random.randrange(6), self.random.randrange(1000) / 1000
        items = scores(4, first, facialScore=value)
        booked = {
            (each["minuteIndex"],): ("client", value, each["vadScore"], each["textScore"], each["combinedScore"]) for each in items
        }
        told = self.send("POST", "/api/session/batch-tick", {"sessionId": session_id, "items": items})
        self._book(session_id, "minutes", booked, told)

    def _feedback(self, session_id, turn):
        body = {"rating": 1 + turn % 5, "note": f"{turn}"}
        told = self.send("POST", f"/api/session/{session_id}/feedback", body, key=uuid.uuid4().hex)
        self._book(session_id, "feedback", {(told["feedbackId"],): (body["rating"], body["note"])}, told)

    def _book(self, session_id, kind, booked, told):
        if told is None:
            self.load.ledger.gave_up(session_id, kind, booked)
        else:
            self.load.ledger.stored(session_id, kind, booked)


class Pulse:
    """Asks ``/health/live``, which needs no database, again and again: what of a delay is the machine's and not the service's.

    ``longest_s`` is the longest wait for an answer.
    """

    def __init__(self, port):
        self.port, self.longest_s, self.ended = port, 0.0, threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.ended.wait(0.02):
            began = time.monotonic()
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                connection.request("GET", "/health/live", headers={"Connection": "close"})
                assert connection.getresponse().read()
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.ended.set()
        self.thread.join(40)
