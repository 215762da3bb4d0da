"""One client that is as costly as its quota allows, and a well-behaved one beside it.

The well-behaved client sends 100 frames 12 times a second, for which its quota lasts 20 s; latency counts from when a request was due. The
costly client has another address and runs in another process on the same machine, so making its requests costs the first one, too.
"""

import gzip
import json
import multiprocessing
import random
import threading
import time
from collections import Counter
from contextlib import ExitStack, nullcontext
from itertools import product

import psutil

from bench import payloads
from bench.figures import table
from bench.http1 import Connection, request
from bench.paced import drive
from bench.progress import bar
from bench.stage import SUBJECTS, Stage
from bench.surroundings import sentence, surroundings
from tests.support.servers import NginxServer

_GOOD, _COSTLY, _FILLING = "127.0.0.1", "127.0.0.2", "127.0.{}.3"

_RATE = 12

_WEEK_MINUTES = 10_080

_MB = 1 << 20


def _upload(session, kind, raw):
    """A request whose body is compressed."""
    body = gzip.compress(raw)
    head = f"POST /api/session/{session}/{kind} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {_COSTLY}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _long_snippets(session):
    text = "너무 슬퍼요 나는밤마다 " * 400
    items = [{"tsStart": at, "tsEnd": at, "text": f"{at} {text}"[:5000]} for at in range(100)]
    return _upload(session, "stt", json.dumps({"items": items}).encode())


def _nested(session):
    return _upload(session, "frames", b'{"items":[' + b"[]," * 2_700_000 + b"[]]}")


def _large_rows(session, number_of_it=0):
    items = [{"ts": 1000 * number_of_it + at, "qualityScore": 0.5, "faceLandmarksCompressed": "x" * 60_000} for at in range(100)]
    return _upload(session, "frames", json.dumps({"items": items}).encode())


def _get(path):
    return lambda session: request("GET", f"/api/session/{session}{path}", address=_COSTLY)


#: Label: (bytes of the request of a session, connections at once). None: no costly client.
KINDS = {
    "nobody": (None, 0),
    "100 snippets of 5,000 characters": (_long_snippets, 20),
    "2,700,000 arrays in 8 KB of gzip": (_nested, 20),
    "reports of a week, 50 keywords a minute": (_get("/report"), 16),
    "PDFs of a week": (_get("/report/pdf"), 16),
    "6 MB of frames in 16 KB of gzip": (_large_rows, 4),
    "250 MB erased": (lambda session: request("DELETE", f"/api/session/{session}", address=_COSTLY), 1),
    "responses that are not read": (_get("/inferences"), 200),
}
#: Those whose session has a week of minutes, is large, and whose responses nobody reads.
_LONG = {"reports of a week, 50 keywords a minute", "PDFs of a week", "responses that are not read"}
_LARGE, _UNREAD = "250 MB erased", "responses that are not read"


def run(results, subjects, kinds, seconds, directory=None, fronts=("directly", "nginx")):
    """Measure each kind of costly client on each subject, directly and behind nginx; write the results, return their text."""
    surrounding, rows, values = surroundings(directory), [], []
    with Stage(directory) as stage, bar("abuse", len(fronts) * len(subjects) * len(kinds)) as progress:
        for name in subjects:
            for front, kind in product(fronts, kinds):
                with ExitStack() as exits:
                    running = exits.enter_context(stage.running(SUBJECTS[name], 2))
                    server = NginxServer(stage.directory, running.server) if front == "nginx" else nullcontext(running.server)
                    one = _measure(running.server, exits.enter_context(server).port, kind, seconds)
                values.append({"subject": name, "front": front, "kind": kind, **one})
                statuses = ", ".join(f"{count} × {status}" for status, count in sorted(one["costly"].items(), key=str))
                where = f"{running.subject.label}, {front}"
                rows.append((kind, where, one["p50_ms"], one["p99_ms"], one["failures"], one["peak_mb"], statuses or "–"))
                progress.step(f"{where}, {kind}: p99 {one['p99_ms']:.0f} ms, {one['peak_mb']:.0f} MB, {statuses}")
    head = ("the costly client", "service", "p50, ms", "p99, ms", "failures", "memory at most, MB", "what the costly client got")
    note = f"A client that sends 100 frames {_RATE} times a second for {seconds} s, beside one that is costly."
    return results.write(f"{sentence(surrounding)}\n\n{note}\n\n{table(head, rows)}", {"surroundings": surrounding, "measured": values})


def _measure(server, port, kind, seconds):
    make, connections = KINDS[kind]
    good, costly = payloads.session_id(0), payloads.session_id(1)
    if kind in _LONG:
        _fill_week(server.port, costly)
    if kind == _LARGE:
        _fill_large(server.port, costly)
    outcomes = multiprocessing.Queue()
    abuser = None
    if make is not None:
        abuser = multiprocessing.Process(
            target=_abuse, args=(port, make(costly), connections, time.time() + seconds, kind == _UNREAD, outcomes), daemon=True
        )
        abuser.start()
    with _Peak(server) as peak:
        outcome = drive(port, _frames(good, seconds), connections=8, hopeless_s=60)
    result = Counter()
    if abuser is not None:
        result = outcomes.get(timeout=120)
        abuser.join()
    return {
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": outcome.percentile_ms(99),
        "failures": sum(outcome.refused.values()) + outcome.broken_off,
        "peak_mb": peak.mb,
        "costly": dict(result),
    }


def _frames(session, seconds):
    source = random.Random(1)
    for turn in range(int(seconds * _RATE)):
        body = payloads.frames(turn * 1000, 100, source, step_ms=10)
        yield turn / _RATE, "frames", request("POST", f"/api/session/{session}/frames", body, _GOOD)


def _abuse(port, raw, connections, until, unread, outcomes):
    """Send ``raw`` again and again on all connections; a Counter of statuses (``broken``: the connection)."""
    result, lock = Counter(), threading.Lock()

    def one():
        try:
            with Connection(port, address=_COSTLY) as connection:
                if unread:
                    connection.send(raw * 20)
                    time.sleep(max(0.0, until - time.time()))
                    return
                while time.time() < until:
                    status = connection.send_request(raw).status
                    with lock:
                        result[status] += 1
                    if status in (404, 429):
                        return
        except OSError:
            with lock:
                result["broken"] += 1

    threads = [threading.Thread(target=one) for _ in range(connections)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    outcomes.put(result)


def _fill_week(port, session):
    source, keywords = random.Random(2), [f"낱말{number:03}" * 4 for number in range(50)]
    with Connection(port) as connection:
        for first in range(0, _WEEK_MINUTES, 100):
            items = [{**payloads.minute(index, source), "keywords": keywords} for index in range(first, min(first + 100, _WEEK_MINUTES))]
            body = {"sessionId": session, "items": items}
            _expect(connection.send_request(request("POST", "/api/session/batch-tick", body, _FILLING.format(0))), 201)


def _fill_large(port, session):
    with Connection(port) as connection:
        for each in range(42):
            raw = _large_rows(session, each).replace(_COSTLY.encode(), _FILLING.format(1).encode())
            _expect(connection.send_request(raw), 201)


def _expect(answer, status):
    if answer.status != status:
        raise RuntimeError(f"{answer.status}: {answer.body[:300]}")


class _Peak:
    """The most memory of all processes of a server while it is entered, in MB; what they share counts once (PSS)."""

    def __init__(self, server):
        self._server, self._stop, self.mb = server, threading.Event(), 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        processes = self._server.processes
        while not self._stop.wait(0.1):
            try:
                self.mb = max(self.mb, sum(each.memory_full_info().pss for each in processes) / _MB)
            except psutil.NoSuchProcess:
                processes = self._server.processes
