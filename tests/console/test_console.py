"""The console end to end: a real Chromium, the service as it is delivered, quotas on."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.support.answers import CheckingSession
from tests.support.samples import audio, frames, start_session, stt
from tests.support.servers import Service, wait_for
from tests.support.signing import HS256, token
from tests.support.watching import PHONE, Console

pytestmark = pytest.mark.first

#: Quotas off: a run of tests is busier than any visitor. The newcomer's service has them.
CALM = {"RATE_LIMIT_ENABLED": "false"}


@pytest.fixture
def open_console(chromium, shared):
    """``open_console(**profile)``: a tab of its own profile; at the end it must have done nothing wrong."""
    opened = []

    def make(**profile):
        opened.append(Console(chromium, shared.url, **profile))
        return opened[-1]

    yield make
    for each in opened:
        try:
            each.clean()
        finally:
            each.context.close()


def scored_session(http, base, minutes=3, user="user-1", counselor="counselor-1"):
    """A session with some minutes in it, still going on; its id."""
    session_id = start_session(http, user, counselor, base)
    for minute in range(minutes):
        at = {"start_ms": 60_000 * minute}
        for kind, items in (("frames", frames(**at)), ("audio", audio(**at)), ("stt", stt(**at))):
            assert http.post(f"{base}/api/session/{session_id}/{kind}", json={"items": items}).status_code == 201
        assert http.post(f"{base}/api/session/{session_id}/tick", json={"minuteIndex": minute}).status_code == 201
    return session_id


@pytest.fixture(scope="module")
def live_id(shared, http_client):
    return scored_session(http_client, shared.url)


@pytest.fixture(scope="module")
def ended_id(shared, http_client):
    session_id = scored_session(http_client, shared.url, user="민지", counselor="김상담")
    assert http_client.post(f"{shared.url}/api/session/{session_id}/end").status_code == 200
    return session_id


# -- A newcomer ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def new_service(tmp_path_factory):
    home = tmp_path_factory.mktemp("new")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", LOG_LEVEL="warning") as running:
        yield running
        print(running.log)


def saved(console, name):
    """A file as the browser saves it: its name, its bytes."""
    with console.page.expect_download() as waiting:
        console.page.click(f'[data-file="{name}"]')
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_a_newcomer_sees_a_session_grow_end_and_its_report_within_a_minute(chromium, new_service):
    began = time.monotonic()
    with Console(chromium, new_service.url) as console:
        console.page.clock.install()
        page = console.open().page
        page.get_by_role("heading", name="See a session within a minute").wait_for()
        page.click(".welcome [data-try]")

        # It grows: minute by minute in the tiles, the chart's table, the transcript, the voice, and for those who listen.
        page.locator(".minutes summary").click()
        for minute in (1, 4):
            page.wait_for_selector(f".minutes tbody tr:nth-child({minute})")
        assert page.locator(".state").inner_text() == "Active"
        assert 0 < int(console.text(".score.combined .value")) < 100
        assert page.locator(".lines li").count() >= 12 and page.locator(".keywords li").count() >= 5
        assert {"Client", "Counselor"} == set(page.locator(".lines .speaker").all_inner_texts())
        assert re.search(r"combined \d\d, face", page.locator("#spoken", has_text="Minute").inner_text())
        assert re.search(r"minutes\. Combined score from \d\d to", page.locator(".minutes canvas").get_attribute("aria-label"))
        page.locator(".voice canvas[aria-label*='Two lanes of voices']").wait_for()
        assert console.problems() == []

        # Enough waited: the other minutes take as long as their requests do.
        report = page.get_by_role("heading", name="Report")
        wait_for(lambda: report.is_visible() or page.clock.fast_forward(400), timeout_s=30)
        assert page.locator(".state").inner_text() == "Ended"
        assert page.locator(".minutes tbody tr").count() in (0, 10), "the table is there again, opened or not"
        assert page.locator(".sentences li").count() >= 2
        assert page.locator(".lines .card-head").inner_text().endswith("60 lines")
        assert page.locator(".moments-list > li").count() >= 4 and page.locator(".moments-list blockquote").count() >= 4
        assert console.focused()[0] == "H1", "what had the focus is gone with the state"

        name, content = saved(console, "pdf")
        assert re.fullmatch(r"bemore-\d{4}-\d\d-\d\d-demo_minji\.pdf", name) and content.startswith(b"%PDF-")
        assert saved(console, "html")[1].startswith(b"<!DOCTYPE html>")
        for table, column in (("csvVad", "arousal"), ("csvEmotion", "emotion")):
            lines = saved(console, table)[1].decode("utf-8-sig").splitlines()
            assert column in lines[0] and len(lines) == 11

        page.get_by_role("button", name="Save feedback").click()
        page.get_by_text("Choose a rating first.").wait_for()
        page.get_by_label("4 of 5").check(force=True)
        page.get_by_label("Note (optional)").fill("<b>Good</b> questions")
        page.get_by_role("button", name="Save feedback").click()
        assert "<b>Good</b> questions" in page.locator(".given li").inner_text()

        assert time.monotonic() - began < 60
        meter = page.get_by_role("meter")
        assert int(meter.get_attribute("aria-valuemax")) in (300, 600)
        assert int(meter.get_attribute("aria-valuenow")) >= int(meter.get_attribute("aria-valuemax")) - 120
        writes = [each for each in console.calls() if each.method == "POST"]
        assert len(writes) == 42 + 1, "as the page says, and the feedback"

        page.click(".back")
        page.get_by_role("link", name="demo_minji").wait_for()
        console.clean()


def test_leaving_the_page_ends_the_simulated_session(open_console, http_client, shared):
    console = open_console()
    console.open().page.click("[data-try]:visible")
    console.page.wait_for_url("**/session/**")
    session_id = console.page.url.rpartition("/")[2]
    console.page.wait_for_selector(".playing")
    console.page.goto("about:blank")
    state = lambda: http_client.get(f"{shared.url}/api/session/{session_id}").json()["data"]["status"]  # noqa: E731
    wait_for(lambda: state() == "ended", what="the end of the session")
    console.open()


# -- The list ------------------------------------------------------------------------------------------------------------


def rows(page):
    return page.locator("a.row").evaluate_all("(links) => links.map((link) => link.hash.split('/').at(-1))")


def test_search_and_state_find_sessions_and_stand_in_the_address(open_console, live_id, ended_id, shared, http_client):
    other = start_session(http_client, "seo-yeon", "dr-park", shared.url)
    page = open_console().open().page
    page.wait_for_selector("a.row")
    assert {live_id, ended_id, other} <= set(rows(page))

    search = page.get_by_role("searchbox")
    for text, found in (("민지", ended_id), ("dr-park", other), ("seo-y", other), (live_id, live_id)):
        search.fill(text)
        wait_for(lambda: rows(page) == [found], what=f"only {found} for {text}")
    search.fill("nobody of that name")
    page.get_by_text("No session matches.").wait_for()

    search.fill("")
    page.get_by_role("group", name="State").get_by_role("button", name="Ended").click()
    wait_for(lambda: ended_id in rows(page) and live_id not in rows(page), what="ended sessions only")
    search.fill("민지")
    wait_for(lambda: rows(page) == [ended_id] and "status=ended" in page.url and "q=" in page.url)
    address = page.url
    page.click("a.row")
    page.get_by_role("heading", name="Report").wait_for()
    page.go_back()
    wait_for(lambda: page.locator("a.row").count() == 1 and rows(page) == [ended_id])
    page.reload()
    wait_for(lambda: page.locator("a.row").count() == 1 and rows(page) == [ended_id])
    assert page.url == address and page.get_by_role("searchbox").input_value() == "민지"


def test_a_session_that_is_not_there_is_told(open_console):
    console = open_console()
    console.open("#/session/sess_1_nosuchsession00000000")
    assert "no such session" in console.notice()
    asked = len(console.calls("/report"))
    console.page.click(".back")
    console.page.wait_for_selector("a.row, .none")
    assert asked == 1 and console.page.locator("#notice").is_hidden()
    console.errors.clear()  # Chromium logs every 404


# -- A session -----------------------------------------------------------------------------------------------------------


def test_a_live_session_is_paused_goes_on_and_ends_after_a_question(open_console, shared, http_client):
    session_id = scored_session(http_client, shared.url, minutes=1)
    page = open_console().session(session_id).page
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_role("button", name="End session").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.locator(".state").inner_text() == "Active"
    page.get_by_role("button", name="End session").click()
    page.get_by_role("dialog").get_by_role("button", name="End session").click()
    page.get_by_role("heading", name="Report").wait_for()


def test_what_has_not_changed_is_not_sent_again_and_new_minutes_are(open_console, live_id, shared, http_client):
    console = open_console()
    answers = []
    console.page.on("response", lambda answer: answers.append((answer.url.rpartition("/")[2].partition("?")[0], answer.status)))
    console.page.clock.install()
    page = console.session(live_id).page
    page.locator(".minutes summary").click()
    # Chromium tells that it was opened a moment later; the rows are made then.
    page.wait_for_selector(".minutes tbody tr")
    before = page.locator(".minutes tbody tr").count()
    for _ in range(3):
        count = len(answers)
        page.clock.fast_forward(5100)
        wait_for(lambda: len(answers) > count or page.wait_for_timeout(20))
    assert [each for each in answers if each[0] == "report"][1:] == [("report", 304)] * 3
    # They are asked for at the same time.
    assert sorted(each for each in answers if each[1] != 304 and each[0] in ("transcript", "vad-analysis")) == [
        ("transcript", 200), ("vad-analysis", 200),
    ]  # fmt: skip

    assert http_client.post(f"{shared.url}/api/session/{live_id}/tick", json={"minuteIndex": before}).status_code == 201
    page.clock.fast_forward(5100)
    page.wait_for_selector(f".minutes tbody tr:nth-child({before + 1})")
    assert answers.count(("transcript", 200)) == 1, "no line is new"
    # It is said a moment after it was drawn, by the page's clock.
    said = f"Minute {before}:00–{before + 1}:00: combined"
    wait_for(lambda: page.clock.fast_forward(100) or said in console.text("#spoken"), what="the words for it")


def test_an_ended_session_is_asked_for_once(open_console, ended_id):
    console = open_console()
    console.page.clock.install()
    console.session(ended_id)
    console.page.clock.fast_forward(600_000)
    assert len(console.calls("/report")) == 1


def test_a_service_that_is_away_is_told_and_found_again(chromium, shared, live_id):
    with Console(chromium, shared.url) as console:
        console.page.clock.install()
        console.session(live_id)
        console.context.set_offline(True)
        console.page.clock.fast_forward(5100)
        assert "does not answer" in console.notice()
        console.context.set_offline(False)
        console.page.clock.fast_forward(10_100)
        console.page.locator("#notice").wait_for(state="hidden")
        console.clean("ERR_INTERNET_DISCONNECTED")


# -- Language, colors, keyboard, narrow screens -------------------------------------------------------------------------


def test_language_is_the_browsers_and_can_be_chosen(open_console, ended_id):
    console = open_console(locale="ko-KR")
    page = console.session(ended_id).page
    assert page.evaluate("() => document.documentElement.lang") == "ko"
    page.get_by_role("heading", name="리포트").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Report").wait_for()
    assert console.focused() == ["BUTTON", "한국어"]
    page.reload()
    page.get_by_role("heading", name="Report").wait_for()
    assert page.evaluate("() => document.documentElement.lang") == "en"
    assert page.title() == "Session of 민지 – BeMore"


def test_colors_are_the_systems_and_can_be_chosen(open_console):
    console = open_console(color_scheme="dark")
    page = console.open().page
    shade = lambda: page.evaluate("() => getComputedStyle(document.body).backgroundColor")  # noqa: E731
    assert shade() == "rgb(16, 20, 19)"
    page.get_by_role("button", name="Light colors").click()
    assert shade() == "rgb(245, 246, 244)"
    page.reload()
    page.get_by_role("button", name="Dark colors").wait_for()
    assert shade() == "rgb(245, 246, 244)"


@pytest.mark.parametrize("profile", [{"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}], ids=["light", "dark phone"])
def test_axe_finds_nothing(open_console, live_id, ended_id, profile):
    console = open_console(reduced_motion="reduce", **profile)
    console.open().page.wait_for_selector("a.row")
    assert console.problems() == []
    console.session(live_id).page.locator(".minutes summary").click()
    assert console.problems() == []
    console.page.get_by_role("button", name="End session").click()
    assert console.problems() == []
    console.session(ended_id).page.locator(".voice summary").click()
    assert console.problems() == []


def test_everything_can_be_done_with_the_keyboard(open_console, ended_id):
    console = open_console()
    page = console.open().page
    page.wait_for_selector("a.row")
    press = page.keyboard.press
    press("Tab")
    assert console.focused()[1] == "Skip to content"
    press("Enter")
    assert console.focused()[0] == "MAIN" and "#/session" not in page.url

    def tab_to(*wanted, most=80):
        for _ in range(most):
            press("Tab")
            if console.focused()[0] == wanted[0] and wanted[1] in console.focused()[1]:
                return
        raise AssertionError(f"{wanted} is not reached")

    tab_to("A", "민지")
    press("Enter")
    page.get_by_role("heading", name="Report").wait_for()
    assert console.focused() == ["H1", "Session of 민지 Ended"]
    tab_to("BUTTON", "Report, PDF")
    tab_to("BUTTON", "Text")
    press("Space")
    assert page.locator(".score.text").get_attribute("aria-pressed") == "false"
    tab_to("SUMMARY", "Values as a table")
    press("Enter")
    page.wait_for_selector(".minutes tbody tr:nth-child(3)")
    tab_to("INPUT", "of 5")
    press("ArrowRight")
    press("ArrowRight")
    tab_to("TEXTAREA", "")
    page.keyboard.type("with keys")
    tab_to("BUTTON", "Save feedback")
    press("Enter")
    page.get_by_text("with keys", exact=True).wait_for()
    assert page.locator(".given .unseen").first.inner_text() == "3 of 5"


def test_nothing_is_wider_than_a_phone(open_console, live_id, ended_id):
    console = open_console(**PHONE)
    for _ in ("en", "ko"):
        for show in (console.open, lambda: console.session(live_id), lambda: console.session(ended_id)):
            show()
            console.page.wait_for_selector("a.row, .minutes")
            assert console.widest() <= 390
        console.page.click("#language")


# -- Tokens and quotas ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A service that asks for tokens and gives each subject 60 requests."""
    home = tmp_path_factory.mktemp("strict")
    with Service(
        home, DATABASE_URL=f"sqlite:///{home}/x.db", LOG_LEVEL="warning", RATE_LIMIT_ALL="60 per 10 minutes", **HS256
    ) as running:
        yield running
        print(running.log)


def sign_in(page, text):
    page.get_by_role("dialog").get_by_label("JSON Web Token").fill(text)
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()


def test_a_token_is_asked_for_used_and_forgotten(chromium, strict):
    good = token("counselor-7", "counselor")
    with Console(chromium, strict.url) as console:
        page = console.open().page
        assert "asks for a token" in console.notice()
        assert console.problems() == []
        sign_in(page, "no token at all")
        page.get_by_text("The token is not accepted").wait_for()
        sign_in(page, f"Bearer {good}")
        page.get_by_role("heading", name="See a session").wait_for()

        page.click(".welcome [data-try]")
        page.get_by_text("with counselor-7").wait_for()
        page.get_by_role("button", name="End now").click()
        page.get_by_role("heading", name="Report").wait_for()
        assert saved(console, "csvVad")[1]
        page.reload()
        page.get_by_role("heading", name="Report").wait_for()
        kept = page.evaluate("() => JSON.stringify([Object.values(localStorage), document.cookie])")
        assert good not in kept and json.loads(kept)[1] == ""

        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("dialog").wait_for()
        assert page.evaluate("() => sessionStorage.length") == 0
        assert page.locator(".minutes").count() == 0, "nothing of the session stays on the screen"
        console.clean("401")


def test_a_used_up_quota_is_told_and_waited_for(chromium, strict):
    good = token("admin-9", "admin", exp=int(time.time()) + 3600)
    with CheckingSession() as http:
        for _ in range(60):
            answer = http.get(f"{strict.url}/api/session/stats/summary", headers={"Authorization": f"Bearer {good}"})
    assert answer.headers["RateLimit-Remaining"] == "0"
    with Console(chromium, strict.url) as console:
        console.page.clock.install()
        sign_in(console.open().page, good)
        console.page.get_by_text("The quota of requests is used up.").wait_for()
        assert console.page.get_by_role("meter").get_attribute("aria-valuenow") == "0"
        asked = len(console.calls())
        console.page.clock.fast_forward(120_000)
        assert len(console.calls()) == asked
        console.clean("401", "429")


def test_tabs_left_open_use_up_no_quota(open_console):
    # Ten minutes and more of tabs that watch a busy session each, against the service's own way of counting.
    most = """async ([tabs, cost]) => {
      const {waitMs, LIVE_MS} = await import('/console/pace.js');
      const [window, limit] = [600_000, 600];
      const next = Array.from({length: tabs}, (_, index) => index * 100);
      let [times, most] = [[], 0];
      for (let now = 0; now < 3 * window; now = Math.min(...next)) {
        const tab = next.indexOf(now);
        times = times.filter((time) => time > now - window);
        for (let request = 0; request < cost; request += 1) times.push(now);
        most = Math.max(most, times.length);
        if (tab >= 0) next[tab] = now + waitMs({base: LIVE_MS, cost, remaining: limit - times.length});
      }
      return most;
    }"""
    page = open_console().open().page
    assert page.evaluate(most, [1, 1]) <= 130
    assert page.evaluate(most, [1, 4]) <= 250
    assert page.evaluate(most, [3, 3]) <= 500
    assert page.evaluate(most, [6, 3]) < 600


def test_a_tab_that_is_not_looked_at_asks_seldom_and_a_slow_service_less(open_console):
    wait = "async (values) => (await import('/console/pace.js')).waitMs(values)"
    page = open_console().open().page
    assert page.evaluate(wait, {"base": 5000, "cost": 1}) == 5000
    assert page.evaluate(wait, {"base": 5000, "cost": 1, "hidden": True}) == 60_000
    assert page.evaluate(wait, {"base": 5000, "cost": 1, "tookMs": 800}) == 16_000
    assert page.evaluate(wait, {"base": 5000, "cost": 1, "failures": 3}) == 40_000
    assert page.evaluate(wait, {"base": 5000, "cost": 1, "remaining": 0}) == 300_000
