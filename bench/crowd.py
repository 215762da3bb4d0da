"""Active sessions: what they send, and when."""

import heapq
import random

from bench import payloads
from bench.http1 import request

#: Requests of a session minute, in their order: 300 frames, 60 audio chunks, 10 snippets, a tick, a batch-tick of 1.
KINDS = ("frames", "frames", "frames", "audio", "stt", "tick", "batch-tick")

_MINUTE_S = 60.0

#: Different bodies of a kind; times are put in when a request is sent.
_VARIANTS = 8

#: A time that no body holds by chance: its first digits mark where times are to be put in, the others are offsets.
_MARK_MS = 9_753_000_000


class Crowd:
    """Sessions and what they send; every call of ``arrivals`` goes on where the last one ended."""

    def __init__(self, most):
        self._source = random.Random(6)
        self._phases = [self._source.random() * _MINUTE_S for _ in range(most)]
        self._ids = [(payloads.session_id(each), payloads.address(each)) for each in range(most)]
        self._minute = 0
        self._bodies = {
            "frames": [_timeless(payloads.frames(_MARK_MS, 100, self._source)) for _ in range(_VARIANTS)],
            "audio": [_timeless(payloads.audio(_MARK_MS, 60, self._source)) for _ in range(_VARIANTS)],
            "stt": [_timeless(payloads.stt(_MARK_MS, 10, self._source)) for _ in range(_VARIANTS)],
        }

    def arrivals(self, sessions, seconds):
        """(due, kind, bytes) of ``sessions`` sessions for ``seconds``, in the order of time."""
        first, self._minute = self._minute, self._minute + int(seconds // _MINUTE_S) + 2
        return heapq.merge(*(self._of_one(number, first, seconds) for number in range(sessions)))

    def schedule(self, sessions, seconds):
        """``[(due, kind)]`` of what ``arrivals`` sends, without the bytes."""
        return sorted((due, KINDS[place % len(KINDS)]) for number in range(sessions) for due, place in self._dues(number, seconds))

    def at_once(self, sessions, minutes):
        """All requests of whole minutes, due now; for filling a database."""
        first, self._minute = self._minute, self._minute + minutes
        return (
            (0.0, kind, self._request(number, minute, place))
            for minute in range(first, first + minutes)
            for place, kind in enumerate(KINDS)
            for number in range(sessions)
        )

    def _of_one(self, number, first, seconds):
        for due, place in self._dues(number, seconds):
            minute, within = divmod(place, len(KINDS))
            yield due, KINDS[within], self._request(number, first + minute, within)

    def _dues(self, number, seconds):
        """(due, place) of a session's requests; places count on from the begin of its minute."""
        step = _MINUTE_S / len(KINDS)
        place = int(self._phases[number] / step) + 1
        due = place * step - self._phases[number]
        while due < seconds:
            yield due, place
            place, due = place + 1, due + step

    def _request(self, number, minute, place):
        session, address = self._ids[number]
        kind, begin = KINDS[place], minute * payloads.MINUTE_MS
        if kind == "tick":
            return request("POST", f"/api/session/{session}/tick", {"minuteIndex": minute}, address)
        if kind == "batch-tick":
            # Minutes that no tick scores, so that each is a row of its own.
            body = payloads.batch(5_000 + minute, 1, self._source, session=session)
            return request("POST", "/api/session/batch-tick", body, address)
        if kind == "frames":
            begin += 20_000 * place
        template, offsets = self._bodies[kind][(number + minute + place) % _VARIANTS]
        body = template % tuple(begin + offset for offset in offsets)
        return request("POST", f"/api/session/{session}/{kind}", body, address)


def _timeless(body):
    """A body made for the time _MARK_MS as a template for any time: bytes with ``%d``, and the offset in ms of each."""
    text = str(_MARK_MS).encode()
    mark, digits = b":" + text[:4], len(text) - 4
    first, *rest = body.replace(b"%", b"%%").split(mark)
    return b"".join((first, *(b":%d" + part[digits:] for part in rest))), [int(part[:digits]) for part in rest]
