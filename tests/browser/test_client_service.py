"""The browser client with the real service, from a page of another origin: what it sends is stored, once."""

import re

import pytest

from tests.support.browsing import Tab, frame, stored
from tests.support.samples import audio, frames, scores, stt
from tests.support.servers import Service, wait_for
from tests.support.signing import HS256, token


CALM = {"batchMs": 600_000, "saveMs": 5, "waitsMs": [50, 50, 50]}


@pytest.fixture
def special(request, tmp_path):
    """A service for one test; its settings are the test's parameter."""
    with Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", **request.param) as running:
        yield running
        print(running.log)


def opened(tab, service, **options):
    """A tab whose client speaks to a service."""
    return tab.open(**CALM, baseUrl=service.url, **options)


def started(tab):
    return tab.call("start", "user-1", "counselor-1")["sessionId"]


def test_a_whole_session_arrives_once(shared, tab):
    opened(tab, shared)
    session_id = started(tab)
    tab.call("frames", session_id, frames(250))
    tab.call("audio", session_id, audio(59))
    tab.call("stt", session_id, stt(7))
    ticked = tab.call("tick", session_id, 0)
    assert ticked["dataPoints"] == {"frameCount": 250, "audioChunkCount": 59, "sttSnippetCount": 7}
    assert tab.call("pause", session_id)["status"] == "paused"
    assert tab.call("resume", session_id)["status"] == "active"
    tab.call("batchTick", session_id, scores(3, first_minute=1))
    tab.call("frames", session_id, frames(20, start_ms=240_000))

    ended = tab.call("end", session_id)
    assert ended["stats"] == {"totalFrames": 270, "totalAudioChunks": 59, "totalSttSnippets": 7}
    assert ended["inferenceStats"]["totalMinutes"] == 5, "the end scores minute 4, of which there are frames"
    assert [each["source"] for each in tab.call("inferences", session_id)["inferences"]] == ["server", *["client"] * 3, "server"]
    assert tab.call("report", session_id)["status"] == "ended"
    assert tab.call("pending")["items"] == 0 and not tab.events("dropped") and not tab.events("queued")
    assert sum(each["count"] for each in tab.events("sent")) == 270 + 59 + 7 + 3
    assert stored(shared, session_id) == (270, 59, 7)


def test_every_endpoint_has_a_method(shared, tab, http):
    opened(tab, shared, deviceId="a-device")
    session_id = tab.call("start", "user/1 가", "counselor-1")["sessionId"]
    for name, items in (("frames", frames()), ("audio", audio()), ("stt", stt()), ("batchTick", scores(1))):
        tab.call(name, session_id, items)
    for name in ("tick", "pause", "resume", "end", "session", "inferences", "report", "reportSummary", "summary", "vadAnalysis"):
        tab.call(name, session_id)
    tab.call("feedback", session_id, 4, "차분했습니다")
    assert tab.call("userSessions", "user/1 가", {"limit": 1})["sessions"][0]["sessionId"] == session_id
    assert tab.call("progress", "user/1 가", {"limit": 1})["sessions"][0]["sessionId"] == session_id
    assert tab.call("sessions", {"q": "/1 ", "from": 0})["sessions"][0]["sessionId"] == session_id
    assert tab.call("sessions", {"status": "ended", "limit": 5})["sessions"][0]["sessionId"] == session_id
    assert tab.call("transcript", session_id, {"limit": 2})["count"] == 2
    assert tab.call("setPreferences", {"fontScale": "lg"}) and tab.call("preferences")["fontScale"] == "lg"
    for name in ("stats", "dashboard", "devicesCheck", "health", "monitoringHealth", "errorStats"):
        assert tab.call(name), name
    assert tab.call("emotion", "오늘은 정말 행복합니다")["emotion"] == "happy"
    for form in ("pdf", "csv", "html"):
        assert tab.page.evaluate("([id, form]) => client.reportFile(id, form).then(({size}) => size)", [session_id, form]) > 100
    assert tab.page.evaluate("(id) => client.progressFile(id).then((file) => file.name)", "user/1 가") == "bemore-progress.csv"
    note_id = tab.call("addNote", session_id, {"tStart": 1000, "kind": "note", "text": "숨을 고름"})["noteId"]
    assert tab.call("editNote", session_id, note_id, {"visibility": "shared"})["visibility"] == "shared"
    assert [each["noteId"] for each in tab.call("notes", session_id)["notes"]] == [note_id]
    for name, beginning in (("transcriptVtt", "WEBVTT"), ("transcriptText", "-: ")):
        assert tab.page.evaluate("([name, id]) => client[name](id).then((file) => file.text())", [name, session_id]).startswith(beginning)
    assert tab.call("deleteNote", session_id, note_id) == {"noteId": note_id, "deleted": True}
    assert tab.call("erase", session_id) == {"sessionId": session_id, "deleted": True}

    used = {re.sub(r"/session/sess_[^/]+", "/session/{session_id}", each["path"]) for each in tab.fetches()}
    used = {re.sub(r"/user/user[^/]+", "/user/{user_id}", re.sub(r"/note_[^/]+", "/{note_id}", each)) for each in used}
    paths = http.get(f"{shared.url}/api/openapi.json").json()["paths"]
    others = ("/api/docs", "/api/openapi", "/api/health")  # the client asks for /health
    offered = {path for path in paths if path.startswith("/api/") and not path.startswith(others)}
    assert offered - used == set()


def test_files_have_the_name_that_the_service_gives_them(shared, tab, http):
    opened(tab, shared)
    session_id = started(tab)
    tab.call("batchTick", session_id, scores(2))
    tab.call("end", session_id)
    file = tab.page.evaluate(
        """async (id) => {
          const file = await client.reportFile(id, 'csv', {kind: 'emotion'});
          return {blob: file instanceof Blob, name: file.name, type: file.type, text: await file.text()};
        }""",
        session_id,
    )
    assert file["blob"] and file["name"].endswith(".csv") and session_id in file["name"] and "text/csv" in file["type"]
    url = tab.call("reportUrl", session_id, "csv", {"kind": "emotion"})
    assert http.get(url).text.lstrip("\ufeff") == file["text"].lstrip("\ufeff")
    assert tab.error("reportFile", "sess_1_0123456789abcdef", "pdf")["code"] == "SESSION_NOT_FOUND"


def test_times_of_the_epoch_are_stored_relative_to_the_start(shared, tab):
    opened(tab, shared)
    session = tab.call("start", "user-1", "counselor-1")
    # The middle of a minute, as the client can measure the service's clock to some ms only.
    tab.call("frames", session["sessionId"], [frame(session["startedAt"] + 90_000 + number) for number in range(3)])
    assert tab.call("tick", session["sessionId"], 1)["dataPoints"]["frameCount"] == 3


def test_times_with_fractions_are_stored(shared, tab):
    opened(tab, shared)
    session_id = started(tab)
    tab.call("frames", session_id, [frame(number * 16.67) for number in range(10)])
    tab.call("audio", session_id, {"tsStart": 1520.4, "tsEnd": 1620.5, "vad": 1})
    tab.call("stt", session_id, {"tsStart": 1520.4, "tsEnd": 1620.5, "text": "안녕하세요"})
    tab.call("batchTick", session_id, scores(1, durationMs=59_999.7))
    assert tab.call("end", session_id)["stats"] == {"totalFrames": 10, "totalAudioChunks": 1, "totalSttSnippets": 1}
    (snippet,) = tab.call("transcript", session_id)["snippets"]
    assert (snippet["tsStart"], snippet["tsEnd"]) == (1520, 1621) and not tab.events("dropped")
    assert tab.call("inferences", session_id)["inferences"][0]["durationMs"] == 60_000


@pytest.mark.parametrize("ahead_ms", [600_000, -600_000], ids=["ahead", "behind"])
def test_frames_of_a_device_whose_clock_is_wrong_count_in_their_minute(shared, context, ahead_ms):
    context.add_init_script(f"const right = Date.now.bind(Date); Date.now = () => right() + {ahead_ms};")
    tab = opened(Tab(context.new_page()), shared)
    session_id = started(tab)
    tab.page.evaluate("(id) => client.frames(id, [1, 2, 3].map((n) => ({ts: Date.now() + n, qualityScore: 0.9})))", session_id)
    scored = tab.call("tick", session_id, 0)
    assert scored["dataPoints"]["frameCount"] == 3 and scored["facialScore"] == 0.9


def test_what_the_service_refuses_is_left_out_and_the_rest_is_stored(shared, tab):
    opened(tab, shared)
    session_id = started(tab)
    tab.call("frames", session_id, [frame(0), frame(1, qualityScore=2), frame(2), frame("3"), frame(4)])
    tab.call("batchTick", session_id, [*scores(2), *scores(1, first_minute=2, sentiment="merry")])
    ended = tab.call("end", session_id)
    assert ended["stats"]["totalFrames"] == 3 and ended["inferenceStats"]["totalMinutes"] == 2
    dropped = {each["kind"]: each["items"] for each in tab.events("dropped")}
    assert [each["ts"] for each in dropped["frames"]] == [1, "3"]
    assert [each["minuteIndex"] for each in dropped["batchTick"]] == [2]


def test_an_outage_of_the_service_loses_and_doubles_nothing(shared, tab):
    opened(tab, shared)
    session_id = started(tab)
    tab.call("frames", session_id, frames(10))
    tab.call("flush")
    shared.kill()
    tab.call("frames", session_id, frames(110, start_ms=5000))
    tab.call("stt", session_id, stt(2))
    assert tab.error("end", session_id)["kept"] is True
    assert tab.call("pending")["items"] == 112
    shared.start()
    assert tab.call("flush")["items"] == 0
    assert tab.call("session", session_id)["status"] == "ended"
    assert stored(shared, session_id) == (120, 0, 2)


@pytest.mark.parametrize("special", [{"RATE_LIMIT_WRITE": "5 per 2 seconds"}], indirect=True)
def test_more_than_the_quota_arrives_later(special, tab):
    opened(tab, special)
    session_id = started(tab)
    tab.call("frames", session_id, frames(600, step_ms=10))
    assert tab.call("end", session_id)["stats"]["totalFrames"] == 600
    assert tab.events("ratelimited") and not tab.events("dropped")
    assert tab.page.evaluate("() => client.quota.limit") == 5


@pytest.mark.parametrize("special", [{"RATE_LIMIT_WRITE": "5 per 2 seconds", "MAX_BODY_BYTES": "2000"}], indirect=True)
def test_batches_that_are_too_large_arrive_in_parts_within_the_quota(special, tab):
    opened(tab, special)
    session_id = started(tab)
    tab.call("frames", session_id, frames(150, step_ms=10))
    assert tab.call("end", session_id)["stats"]["totalFrames"] == 150
    assert not tab.events("dropped")
    # One that is refused is followed by a wait, not by the next one.
    assert len(tab.events("ratelimited")) <= len(tab.fetches()) / 4


@pytest.mark.parametrize("special", [HS256], indirect=True)
def test_a_token_that_runs_out_is_renewed_and_nobody_elses_session_is_told(special, tab):
    opened(tab, special, token=token("user-1", exp=1))
    assert tab.error("start", "user-1", "counselor-1")["status"] == 401
    tab.page.evaluate(
        "([old, fresh]) => client.setToken(async ({expired}) => (expired ? fresh : old))",
        [token("user-1", exp=1), token("user-1")],
    )
    session_id = started(tab)
    tab.call("frames", session_id, frames())
    assert tab.call("end", session_id)["stats"]["totalFrames"] == 10
    tab.call("setToken", token("user-2"))
    assert tab.error("report", session_id)["code"] == "SESSION_NOT_FOUND"


def test_packed_bodies_are_read_by_the_service(shared, tab):
    """To another origin only if its CORS allows Content-Encoding; if not, the client finds out and sends plain ones, at once."""
    tab.open(**{**CALM, "waitsMs": [60_000]}, baseUrl=shared.url)
    session_id = started(tab)
    tab.call("stt", session_id, stt(100, text="오늘은 기분이 좋아요. " * 20))
    tab.call("stt", session_id, stt(100, start_ms=400_000))
    assert tab.call("end", session_id)["stats"]["totalSttSnippets"] == 200
    assert not tab.events("dropped") and not tab.events("queued")


def test_a_page_that_closes_ends_the_session(shared, tab, http):
    opened(tab, shared)
    session_id = started(tab)
    tab.call("frames", session_id, frames(10))
    tab.page.evaluate("(id) => addEventListener('pagehide', () => client.end(id, {keepalive: true}))", session_id)
    tab.page.close()

    def ended():
        data = http.get(f"{shared.url}/api/session/{session_id}").json()["data"]
        return data["status"] == "ended" and data["stats"]["totalFrames"] == 10

    wait_for(ended)
