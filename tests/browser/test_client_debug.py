"""With ``debug: true`` the browser client says in the console what it decides, and never what was said or seen."""

import pytest

from tests.support.browsing import SESSION, frame
from tests.support.scripted import failure, success

#: What no line may hold.
SECRETS = ("비밀입니다", "0.1234567", "landmark-data", "a-secret-token", "secret-note")


@pytest.fixture
def console(tab):
    lines = []
    tab.page.on("console", lambda message: lines.append(message.text))
    return lines


def live(tab, scripted, **options):
    """A session in which everything happens of which the client tells."""
    tab.open(batchMs=600_000, saveMs=5, waitsMs=[5], token="a-secret-token", **options)
    quoting = failure(400, [{"index": 0, "field": "text", "message": "text must not be 비밀입니다"}])
    scripted.answers["stt"] = [(400, {}, quoting), 503, 413]
    scripted.answers["frames"] = [503, 503, 401]
    scripted.answers["batch-tick"] = [(201, {}, success(errors=[{"index": 0, "field": "keywords", "message": "not 비밀입니다"}]))]
    tab.call("start", "user-1", "counselor-1")
    tab.call("stt", SESSION, [{"tsStart": n, "tsEnd": n, "text": "비밀입니다"} for n in range(3)])
    tab.call("frames", SESSION, frame(1, landmarks=[[0.1234567, 0.2]], faceLandmarksCompressed="landmark-data"))
    tab.call("batchTick", SESSION, {"minuteIndex": 0, "keywords": ["비밀입니다"]})
    for _ in range(4):
        tab.call("flush")
    scripted.script = [(429, {"Retry-After": "1"}, None)]
    tab.call("feedback", SESSION, 5, "secret-note")
    names = {each["name"] for each in tab.events()}
    assert {"sent", "retry", "queued", "dropped", "unauthorized", "ratelimited"} <= names
    return names


def test_the_console_tells_every_decision_and_no_content(tab, scripted, console):
    names = live(tab, scripted, debug=True)
    reported = {line.removeprefix("bemore-client: ").split(" ")[0] for line in console}
    assert names | {"clock", "split"} <= reported
    assert any(SESSION in line and '"count":2' in line for line in console)
    for line in console:
        assert not any(secret in line for secret in SECRETS), line


def test_without_it_the_console_stays_empty(tab, scripted, console):
    live(tab, scripted)
    # What the browser itself writes of answers that are errors is not the client's.
    assert not [line for line in console if not line.startswith("Failed to load resource")]
