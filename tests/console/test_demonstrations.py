"""The demonstration that "Try it" runs, and what the console shows where there is nothing to show. In Chromium."""

import json
from itertools import pairwise

import pytest

from tests.support.answers import CheckingSession
from tests.support.samples import start_session
from tests.support.servers import Service, wait_for
from tests.support.signing import HS256, token
from tests.support.watching import Console

UNKNOWN = "sess_1_nosuchsession00000000"


@pytest.fixture
def console(chromium, shared):
    with Console(chromium, shared.url) as opened:
        yield opened


def refuse_once(console, path, seconds):
    """Let the next POST to a path be answered as when the quota is used up."""
    left = [1]

    def handle(route):
        if route.request.method != "POST" or not left:
            return route.fallback()
        left.pop()
        body = {"success": False, "error": {"code": "RATE_LIMIT", "message": "Too many requests"}}
        route.fulfill(status=429, headers={"Retry-After": str(seconds), "Content-Type": "application/json"}, body=json.dumps(body))

    console.page.route(path, handle)


def play(console):
    """Start a simulation from the list; its id, once its page is there."""
    console.page.click("[data-try]:visible")
    console.page.wait_for_url("**/session/**")
    console.page.wait_for_selector(".playing")
    return console.page.url.rpartition("/")[2]


# -- Nothing to show -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("session_id", [UNKNOWN, "x", "a" * 300, "%ED%95%9C%EA%B8%80"])
def test_unknown_session_is_an_error_and_nothing_loads(console, session_id):
    console.page.clock.install()
    console.open(f"#/session/{session_id}")
    page = console.page
    page.get_by_role("heading", name="Session not found").wait_for()
    assert "no such session" in console.notice()
    assert page.title() == "Session not found – BeMore"
    assert "Loading" not in page.inner_text("body") and page.locator("main button").count() == 0
    requested = len(console.calls())
    page.clock.fast_forward(600_000)
    assert len(console.calls()) == requested
    page.get_by_role("button", name="한국어").click()
    page.get_by_role("heading", name="세션을 찾을 수 없음").wait_for()
    console.clean("404", "400")


@pytest.mark.parametrize("place", ["#/session/%E0%A4%A", "#/session/", "#/nothing"])
def test_address_that_cannot_be_read_is_nothing(console, place):
    console.open(place).page.get_by_role("heading", name="There is nothing at this address.").wait_for()
    console.clean()


def test_session_that_is_deleted_while_it_is_watched_does_not_seem_to_go_on(console, shared):
    with CheckingSession() as http:
        session_id = start_session(http, base=shared.url)
        console.page.clock.install()
        page = console.session(session_id).page
        page.get_by_role("button", name="Pause").wait_for()
        assert http.delete(f"{shared.url}/api/session/{session_id}").status_code == 200
    page.clock.fast_forward(5100)
    page.get_by_role("heading", name="Session not found").wait_for()
    assert page.get_by_role("button", name="Pause").count() == 0 and page.locator(".minutes").count() == 0
    console.clean("404")


@pytest.mark.parametrize("place", ["", f"#/session/{UNKNOWN}"])
def test_without_a_token_nothing_loads_for_ever(chromium, tmp_path, place):
    with (
        Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", LOG_LEVEL="warning", **HS256) as service,
        Console(chromium, service.url) as console,
    ):
        page = console.open(place).page
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        page.locator("main").get_by_text("asks for a token").wait_for()
        assert "Loading" not in page.inner_text("body")
        page.get_by_role("button", name="Sign in").first.click()
        page.get_by_role("dialog").get_by_label("JSON Web Token").fill(token("counselor-7", "counselor"))
        page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Session not found" if place else "See a session within a minute").wait_for()
        console.clean("401", "404")


# -- The quota -----------------------------------------------------------------------------------------------------------


def test_start_that_waits_for_the_quota_says_how_long_and_goes_on(console):
    console.page.clock.install()
    page = console.open().page
    refuse_once(console, "**/api/session/start", 250)
    page.click("[data-try]:visible")
    assert "The quota of requests is used up. The demonstration starts in about 4 min 10 s." in console.notice()
    button = page.locator("[data-try]:visible")
    assert button.is_disabled() and button.inner_text() == "Starts in 4:10"
    page.clock.fast_forward(10_000)
    wait_for(lambda: button.inner_text() == "Starts in 4:00", what="the countdown")
    page.clock.fast_forward(242_000)
    page.wait_for_selector(".playing")
    console.clean("429")


def test_start_that_waits_is_given_up_when_the_list_is_left(console, shared):
    console.page.clock.install()
    page = console.open().page
    refuse_once(console, "**/api/session/start", 60)
    page.click("[data-try]:visible")
    console.notice()
    page.evaluate(f"() => (location.hash = '#/session/{UNKNOWN}')")
    page.get_by_role("heading", name="Session not found").wait_for()
    page.clock.fast_forward(120_000)
    assert len(console.calls("/start")) == 1
    console.clean("429", "404")


def test_demonstration_that_waits_for_the_quota_says_so_and_loses_nothing(console, shared):
    console.page.clock.install()
    page = console.open().page
    refuse_once(console, "**/audio", 30)
    session_id = play(console)
    page.get_by_text("Waiting for the quota of requests. Continues in 0:").wait_for()
    assert page.get_by_text("Simulated session: minute 0 of 10").is_visible()
    wait_for(lambda: page.locator(".minutes tbody, .score.combined .value").count() and page.clock.fast_forward(1000) or
             page.get_by_text("Simulated session: minute 2 of 10").is_visible(), what="the second minute")  # fmt: skip
    assert "Waiting" not in page.inner_text(".playing")
    page.get_by_role("button", name="End now").click()
    wait_for(lambda: page.locator(".state.ended").count() or page.clock.fast_forward(500), what="the end")
    with CheckingSession() as http:
        minute = http.get(f"{shared.url}/api/session/{session_id}/inferences").json()["data"]["inferences"][0]
    assert minute["dataPoints"] == {"frameCount": 100, "audioChunkCount": 100, "sttSnippetCount": 6}
    console.clean("429")


# -- Marked, and deleted -------------------------------------------------------------------------------------------------


def test_demonstration_is_marked_and_can_be_deleted_after_a_question(console, shared):
    page = console.open().page
    session_id = play(console)
    (start,) = console.calls("/start")
    assert start.post_data_json["demo"] is True
    page.locator("h1 .demo", has_text="Demo").wait_for()
    assert page.get_by_role("button", name="Delete").count() == 0, "not while it runs"
    page.get_by_role("button", name="End now").click()
    delete = page.get_by_role("button", name="Delete", exact=True)
    delete.wait_for()
    assert console.problems() == []
    page.click(".back")
    row = page.locator(f'a.row[href="#/session/{session_id}"]')
    row.locator(".demo", has_text="Demo").wait_for()
    assert console.problems() == []
    row.click()
    delete.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert console.calls(session_id)[-1].method == "GET"
    delete.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Sessions").wait_for()
    page.wait_for_selector("a.row, .none:not([hidden])")
    assert row.count() == 0
    with CheckingSession() as http:
        assert http.get(f"{shared.url}/api/session/{session_id}").status_code == 404
    console.clean()


@pytest.mark.parametrize("demo", [True, False])
def test_what_the_service_says_of_a_session_decides(console, shared, demo):
    with CheckingSession() as http:
        body = {"userId": "somebody", "counselorId": "counselor-1", "demo": demo}
        session_id = http.post(f"{shared.url}/api/session/start", json=body).json()["data"]["sessionId"]
    page = console.open().page
    page.wait_for_selector(f'a.row[href="#/session/{session_id}"]')
    assert page.locator(f'a.row[href="#/session/{session_id}"] .demo').count() == demo
    console.session(session_id)
    page.get_by_role("button", name="Pause").wait_for()
    assert page.locator("h1 .demo").count() == page.get_by_role("button", name="Delete").count() == demo
    console.clean()


def test_user_who_may_not_delete_is_not_asked_to(chromium, tmp_path):
    with (
        Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", LOG_LEVEL="warning", **HS256) as service,
        Console(chromium, service.url) as console,
    ):
        page = console.open().page
        page.get_by_role("dialog").get_by_label("JSON Web Token").fill(token("user-7", "user"))
        page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="See a session within a minute").wait_for()
        play(console)
        page.get_by_role("button", name="End now").click()
        page.get_by_role("heading", name="Report").wait_for()
        assert page.locator("h1 .demo").count() == 1 and page.get_by_role("button", name="Delete").count() == 0
        console.clean("401")


def test_try_it_is_the_main_button_only_while_there_are_no_real_sessions(chromium, tmp_path):
    with (
        Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", LOG_LEVEL="warning") as service,
        Console(chromium, service.url) as console,
        CheckingSession() as http,
    ):
        body = {"userId": "demo_minji", "counselorId": "demo_kim", "demo": True}
        assert http.post(f"{service.url}/api/session/start", json=body).status_code == 200
        page = console.open().page
        page.locator(".welcome .button.primary", has_text="Try it").wait_for()
        assert page.locator("[data-try]:visible").count() == 1
        assert page.locator("a.row .demo").count() == 1, "demonstrations are listed and not counted"
        start_session(http, base=service.url)
        console.open()
        page.wait_for_selector("a.row >> nth=1")
        button = page.locator("[data-try]:visible")
        assert button.count() == 1 and "primary" not in button.get_attribute("class")
        console.clean()


# -- What is made up -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_words_voices_and_loudness_of_a_demonstration_agree(console, lang):
    console.open()
    made = console.page.evaluate(
        "async (lang) => { const {telemetry} = await import('/console/simulation.js');"
        " return Array.from({length: 10}, (_, minute) => telemetry(minute, lang)); }",
        lang,
    )
    for minute, data in enumerate(made):
        for speaker in ("user", "counselor"):
            stt, audio, frames = ([each for each in data[kind] if each["speaker"] == speaker] for kind in ("stt", "audio", "frames"))
            spoken = [(line["tsStart"], line["tsEnd"]) for line in stt]
            assert spoken == sorted(spoken) and 60_000 * minute <= spoken[0][0] and spoken[-1][1] <= 60_000 * (minute + 1)
            assert all(one[1] < other[0] for one, other in pairwise(spoken)), "nobody interrupts themselves"
            for chunk in audio:
                in_words = any(start < chunk["tsEnd"] and chunk["tsStart"] < end for start, end in spoken)
                assert chunk["vad"] is in_words, "there are no words without voice, and no voice without words"
                assert (chunk["rms"] > 0.1) is (chunk["pitch"] is not None) is chunk["vad"]
                assert chunk["vad"] or chunk["rms"] < 0.05
            assert sum(chunk["tsEnd"] - chunk["tsStart"] for chunk in audio) == 60_000
            for line in stt:
                per_second = len(line["text"]) * 1000 / (line["tsEnd"] - line["tsStart"])
                assert 3 < per_second < 15, "as fast as people speak"
            seen = [frame["qualityScore"] for frame in frames]
            assert len(seen) == 50 and all(0.35 <= quality <= 1 for quality in seen)
        seconds = {frame["ts"] // 1000 for frame in data["frames"]}
        assert len(seconds) > 50, "the camera is on"
    shares = [sum(chunk["vad"] for chunk in data["audio"] if chunk["speaker"] == "user") / 50 for data in made]
    assert all(0.15 < share < 0.6 for share in shares) and shares[9] > shares[2], "more is said towards the end"
    lines = [sorted((line["tsStart"], line["tsEnd"], line["speaker"]) for line in data["stt"]) for data in made]
    overlaps = [1 for each in lines for one, other in pairwise(each) if other[0] < one[1] and one[2] != other[2]]
    assert 3 <= len(overlaps) <= 8, "the counselor says yes while the client speaks"


# -- Small things --------------------------------------------------------------------------------------------------------


def test_lengths_have_no_unit_of_zero(console):
    lengths = "async (values) => { const {length} = await import('/console/i18n.js'); return values.map(length); }"
    page = console.open().page
    assert page.evaluate(lengths, [3_600_000, 3_660_000, 120_000, 125_000, 0]) == ["1 h", "1 h 1 min", "2 min", "2 min 5 s", "0 s"]


def test_emotion_of_0_percent_is_left_out(console, shared):
    with CheckingSession() as http:
        session_id = start_session(http, base=shared.url)
        # One minute of 300 is sad: a third of a percent, which rounds to 0.
        good = {"facialScore": 0.9, "vadScore": 0.8, "textScore": 0.9, "combinedScore": 0.87, "sentiment": "positive"}
        sad = {"facialScore": 0.2, "vadScore": 0.1, "textScore": 0.1, "combinedScore": 0.15, "sentiment": "negative"}
        items = [{"minuteIndex": minute, **(good if minute else sad)} for minute in range(300)]
        for first in range(0, 300, 100):
            body = {"sessionId": session_id, "items": items[first : first + 100]}
            assert http.post(f"{shared.url}/api/session/batch-tick", json=body).status_code == 201
        assert http.post(f"{shared.url}/api/session/{session_id}/end").status_code == 200
        distribution = http.get(f"{shared.url}/api/session/{session_id}/report").json()["data"]["emotionDistribution"]
    assert len(distribution) == 2
    page = console.session(session_id).page
    page.get_by_role("heading", name="Estimated emotions").wait_for()
    assert page.locator(".shares li").count() == 1
    console.clean()
