"""What the load sends: bodies like the browser's, for many sessions, each of a client with an address of its own."""

import hashlib
import json
import random
from dataclasses import dataclass

from bench.http1 import request

#: Stand in a template for what changes from request to request.
SESSION, ADDRESS = b"@session@", b"@address@"

#: Characters of the face landmarks that a frame carries.
LANDMARK_CHARACTERS = 200

MINUTE_MS = 60_000

_SENTENCES = (
    "요즘 잠을 잘 못 자서 많이 피곤합니다",
    "그래도 산책을 하고 나면 기분이 조금 나아져요",
    "회사에서 발표할 때 너무 불안했어요",
    "가족과 이야기하니 마음이 편안해졌습니다",
    "I felt calm after the walk, but the evening was hard",
)


def session_id(number):
    """An id of the service's form; as random as real ones, the same in every run."""
    # Sessions of one second have keys of six characters (bemore.models.keys), of which tens of thousands would not all differ.
    return f"sess_{1_795_000_000 + number % 3600}_{hashlib.sha256(b'%d' % number).hexdigest()[:20]}"


def address(number):
    """A client address of the loopback network."""
    return f"127.{1 + (number >> 16) % 250}.{number >> 8 & 255}.{number & 255}"


def _dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _score(random_source):
    return random_source.randrange(1001) / 1000


def minute(index, random_source):
    """An item of a batch-tick: the five required fields."""
    return {"minuteIndex": index, **{f"{part}Score": _score(random_source) for part in ("facial", "vad", "text", "combined")}}


def batch(first, count, random_source, session="@session@"):
    """A batch-tick's body of ``count`` minutes."""
    return _dump({"sessionId": session, "items": [minute(first + each, random_source) for each in range(count)]}).encode()


def frames(first_ms, count, random_source, step_ms=200):
    """A frames body, 200 ms apart; landmarks look like the packed ones of the browser."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    items = [
        {
            "ts": first_ms + step_ms * each,
            "faceLandmarksCompressed": "".join(random_source.choices(alphabet, k=LANDMARK_CHARACTERS)),
            "qualityScore": _score(random_source),
        }
        for each in range(count)
    ]
    return _dump({"items": items}).encode()


def audio(first_ms, count, random_source):
    """An audio body of chunks of a second."""
    items = [
        {
            "tsStart": first_ms + 1000 * each,
            "tsEnd": first_ms + 1000 * (each + 1),
            "vad": random_source.random() < 0.4,
            "rms": _score(random_source),
            "pitch": round(random_source.uniform(90, 260), 1),
        }
        for each in range(count)
    ]
    return _dump({"items": items}).encode()


def stt(first_ms, count, random_source):
    """An stt body of snippets of six seconds."""
    items = [
        {"tsStart": first_ms + 6000 * each, "tsEnd": first_ms + 6000 * each + 5500, "text": random_source.choice(_SENTENCES), "lang": "ko"}
        for each in range(count)
    ]
    return _dump({"items": items}).encode()


@dataclass(frozen=True)
class Workload:
    """Requests of one kind: ``templates`` with the marks SESSION and ADDRESS, to be sent for ``sessions`` sessions each.

    ``items`` rows of ``table`` come from one request; they are new until every template has been sent for every session.
    All sessions send one template after the other; ``mixed``: each session is at another one.
    """

    name: str
    templates: tuple
    sessions: int
    items: int = 0
    table: str = ""
    mixed: bool = False

    @property
    def different(self):
        """How many requests there are before the first one comes again."""
        return self.sessions * len(self.templates)

    def raw(self, position):
        """The bytes of the request at a place of the sequence, in the order in which load.lua sends them."""
        turn, number = divmod(position, self.sessions)
        template = self.templates[(turn + number * self.mixed) % len(self.templates)]
        return template.replace(SESSION, session_id(number).encode()).replace(ADDRESS, address(number).encode())


def template(method, path, body=None):
    """A template's bytes. ``path`` and ``body`` may hold SESSION; the length is that of a body with an id in its place."""
    sized = body if body is None else body.replace(SESSION, session_id(0).encode())
    raw = request(method, path, sized, ADDRESS.decode())
    return raw if body is None else raw[: len(raw) - len(sized)] + body


_BATCH, _FRAMES = "/api/session/batch-tick", "/api/session/@session@/frames"


#: The comparison's workloads: batch-ticks of one and of a hundred minutes, uploads of a hundred frames.
WORKLOADS = ("batch1", "batch100", "frames100")


def workloads(sessions=500):
    """The comparison's workloads by name."""
    source = random.Random(4)
    # Minutes of one workload are not those of another, so that each stores rows of its own.
    one = tuple(template("POST", _BATCH, batch(5_000 + each, 1, source)) for each in range(100))
    hundred = tuple(template("POST", _BATCH, batch(100 * each, 100, source)) for each in range(32))
    upload = tuple(template("POST", _FRAMES, frames(MINUTE_MS * each, 100, source)) for each in range(16))
    return {
        "batch1": Workload("batch1", one, sessions, 1, "minute_score"),
        "batch100": Workload("batch100", hundred, sessions, 100, "minute_score"),
        "frames100": Workload("frames100", upload, sessions, 100, "frame"),
    }


def life(sessions):
    """What a session sends and reads, mostly small requests: for a long run whose data do not grow without end."""
    source = random.Random(5)
    path = "/api/session/@session@"
    one = [template("POST", _BATCH, batch(each, 1, source)) for each in range(10)]
    reads = [template("GET", path)] * 3 + [template("GET", f"{path}/inferences")]
    ticks = [template("POST", f"{path}/tick", b'{"minuteIndex":0}')] * 2
    uploads = [
        template("POST", f"{path}/frames", frames(0, 100, source)),
        template("POST", f"{path}/audio", audio(0, 60, source)),
        template("POST", f"{path}/stt", stt(0, 10, source)),
        template("POST", _BATCH, batch(0, 100, source)),
    ]
    templates = one + reads + ticks + uploads
    source.shuffle(templates)
    return Workload("life", tuple(templates), sessions, mixed=True)
