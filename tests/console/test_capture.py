"""The capture sample in Chromium: a microphone that plays a known sound, through the client library into the database."""

import math
import struct
import wave

import pytest

from bemore.models.speaker import NAMES

from tests.support.browser_fixtures import ARGUMENTS
from tests.support.browsing import database_of
from tests.support.servers import Service, need, wait_for
from tests.support.signing import HS256, bearer, token
from tests.support.watching import PHONE, Console

pytestmark = pytest.mark.first

#: What the microphone plays, again and again: 1.5 s of a voice of this pitch, 1.5 s of silence.
PITCH_HZ, PART_MS = 220, 1500

#: A browser that finds a face in the middle of every picture, which Chromium on Linux does not.
FACES = """
window.FaceDetector = class {
  async detect({videoWidth: width, videoHeight: height}) {
    return [{boundingBox: {x: width / 4, y: height / 4, width: width / 4, height: height / 2}}];
  }
};
"""

#: Speech recognition of a test, as the real one asks a server of the browser's maker: it hears what ``hear(text)`` says.
RECOGNITION = """
window.recognitions = [];
window.SpeechRecognition = window.webkitSpeechRecognition = class {
  constructor() { recognitions.push(this); this.starts = 0; }
  start() { this.starts += 1; }
  stop() { this.onend?.(); }
};
window.hear = (text, isFinal) => {
  const result = Object.assign([{transcript: text}], {isFinal});
  recognitions.at(-1).onresult({results: [result], resultIndex: 0});
};
"""


def record(path):
    """Write what the microphone plays."""
    rate, count = 48_000, 48 * PART_MS
    at = lambda n: 0.15 * sum(math.sin(2 * math.pi * PITCH_HZ * part * n / rate) / part for part in (1, 2, 3))  # noqa: E731
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", int(32_767 * at(n))) for n in range(count)) + bytes(2 * count))


@pytest.fixture(scope="module")
def speaking(chromium, tmp_path_factory):
    """Chromium with a camera and with a microphone that plays the record; it refuses them to pages without the permission."""
    path = tmp_path_factory.mktemp("sound") / "voice.wav"
    record(path)
    devices = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={path}"]
    browser = chromium.browser_type.launch(executable_path=need("chromium"), args=[*ARGUMENTS, *devices])
    yield browser
    browser.close()


class Live(Console):
    """A tab with the capture sample in it."""

    def __init__(self, browser, base, scripts=(), **profile):
        super().__init__(browser, base, **{"permissions": ["microphone", "camera"], **profile})
        for script in scripts:
            self.context.add_init_script(script)

    def open(self, place=""):
        self.page.clock.install()
        self.load(f"{self.base}/console/live{place}")
        self.page.wait_for_selector("h1")
        return self

    def begin(self):
        """Start, and wait until a voice has been measured; the session's id."""
        self.page.click(".button.primary")
        self.page.locator(".strip rect.voiced").first.wait_for()
        return self.page.get_by_role("link", name="console").get_attribute("href").rpartition("/")[2]

    def reach_a_score(self):
        """Let so much of the page's time pass that the first minute is scored for the first time."""
        self.page.clock.fast_forward(5000)

    def end(self):
        self.page.click(".button.danger")
        self.page.locator("#over-title").wait_for()


@pytest.fixture
def live(speaking, shared):
    """``live(**profile)``: a tab of its own profile; at the end it must have done nothing wrong."""
    opened = []

    def make(browser=speaking, **profile):
        opened.append(Live(browser, shared.url, **profile))
        return opened[-1].open()

    yield make
    for each in opened:
        try:
            each.clean()
        finally:
            each.context.close()


def chunks(service, session_id):
    """The audio chunks that the database has of a session, as (start, end, speaker, vad, rms, pitch) in the order of time."""
    with database_of(service) as connection:
        query = """select audio_chunk.ts_start_ms, ts_end_ms, speaker, vad, rms, pitch from audio_chunk
                   join session on session_id = session.id where public_id = ? order by 1"""
        return connection.execute(query, [session_id]).fetchall()


def session_of(http, service, session_id, rest="", **options):
    return http.get(f"{service.url}/api/session/{session_id}{rest}", **options).json()["data"]


# -- One's own voice ---------------------------------------------------------------------------------------------------------


def test_a_newcomer_sees_their_voice_scored_and_can_delete_it(live, shared, http_client):
    tab = live()
    page = tab.page
    page.get_by_role("heading", name="Try it with your own voice").wait_for()
    assert page.get_by_label("Client").is_checked()
    session_id = tab.begin()
    page.get_by_text("You are speaking").wait_for()
    page.get_by_text(f"Pitch: {PITCH_HZ} Hz").wait_for()
    page.get_by_text("Silence").wait_for()
    page.locator(".strip rect:not(.voiced)").first.wait_for()

    tab.reach_a_score()
    page.locator(".tiles").wait_for()
    shown = page.locator(".tiles > div").all_inner_texts()
    assert [each.split("\n")[0] for each in shown] == ["Combined", "Voice", "Face", "Text"]
    assert 0 < int(shown[1].split("\n")[1]) < 100
    assert [each.split("\n")[1:] for each in shown[2:]] == [["–", "not measured, counts as 50"]] * 2
    assert "Minute 1: combined" in page.locator("#spoken", has_text="Minute").inner_text()
    (minute,) = session_of(http_client, shared, session_id, "/inferences")["inferences"]
    assert int(shown[1].split("\n")[1]) == pytest.approx(minute["vadScore"] * 100, abs=0.51)

    tab.end()
    data = session_of(http_client, shared, session_id)
    assert data["status"] == "ended" and data["demo"] is True
    assert page.locator(".tiles").is_visible()

    page.get_by_role("button", name="Delete the session").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    assert "are deleted" in tab.notice()
    assert http_client.get(f"{shared.url}/api/session/{session_id}").status_code == 404
    assert page.get_by_role("button", name="Start").is_enabled()


def test_what_the_microphone_plays_arrives_with_its_speaker(live, shared, http_client):
    tab = live()
    tab.page.get_by_label("Counselor").check()
    session_id = tab.begin()
    tab.page.wait_for_function("() => document.querySelectorAll('.strip rect').length >= 6")
    tab.end()
    stored = chunks(shared, session_id)
    assert len(stored) >= 5
    assert {NAMES[speaker] for _, _, speaker, *_ in stored} == {"counselor"}
    voiced = [each for each in stored if each[3] == 1]
    silent = [each for each in stored if each[3] == 0]
    assert voiced and silent
    for start, end, _, _, rms, pitch in voiced:
        assert end - start == 500 and 0.05 < rms < 0.2 and pitch == pytest.approx(PITCH_HZ, rel=0.01)
    assert all(rms < 0.01 and pitch is None for *_, rms, pitch in silent)
    for (_, end, *_), (start, *_) in zip(stored, stored[1:], strict=False):
        assert -20 <= start - end <= 20, "one after the other"
    assert session_of(http_client, shared, session_id)["stats"]["totalAudioChunks"] == len(stored)


def test_two_people_take_part_in_one_session(live, shared, http_client):
    client = live()
    session_id = client.begin()
    link = client.page.locator("[data-link]").get_attribute("data-link")
    counselor = live()
    counselor.open(link.removeprefix(f"{shared.url}/console/live"))
    counselor.page.get_by_role("heading", name="Join a session").wait_for()
    assert counselor.page.get_by_label("Counselor").is_checked()
    assert counselor.begin() == session_id
    counselor.end()
    assert session_of(http_client, shared, session_id)["status"] == "active", "who joins does not end it"
    counselor.page.get_by_role("heading", name="You have left the session").wait_for()
    client.end()
    assert {NAMES[speaker] for _, _, speaker, *_ in chunks(shared, session_id)} == {"user", "counselor"}
    talk = session_of(http_client, shared, session_id, "/report")["talk"]
    assert talk["basis"] == "audio" and all(talk["speakers"][each]["speechMs"] > 0 for each in ("user", "counselor"))

    counselor.open(link.removeprefix(f"{shared.url}/console/live"))
    counselor.page.click(".button.primary")
    assert "has ended" in counselor.notice()


def test_the_console_shows_the_session_beside_it(live, shared):
    tab = live()
    session_id = tab.begin()
    with tab.context.expect_page() as opened:
        tab.page.get_by_role("link", name="Show in the console").click()
    beside = opened.value
    beside.get_by_role("heading", name="Session of live_client").wait_for()
    assert beside.url == f"{shared.url}/console#/session/{session_id}"
    beside.get_by_text("Active", exact=True).wait_for()
    tab.page.bring_to_front()
    before = tab.page.locator(".strip rect").count()
    beside.bring_to_front()
    tab.page.wait_for_function("(before) => document.querySelectorAll('.strip rect').length > before + 2", arg=before)
    tab.end()


def test_leaving_the_page_ends_the_session(live, shared, http_client):
    tab = live()
    session_id = tab.begin()
    tab.page.goto("about:blank")
    wait_for(lambda: session_of(http_client, shared, session_id)["status"] == "ended", what="the end of the session")
    tab.open()


def test_a_session_that_was_ended_elsewhere_is_told(live, shared, http_client):
    tab = live()
    session_id = tab.begin()
    assert http_client.post(f"{shared.url}/api/session/{session_id}/end").status_code == 200
    tab.reach_a_score()
    assert "was ended" in tab.notice()
    tab.page.locator("#over-title").wait_for()


# -- Devices -----------------------------------------------------------------------------------------------------------------


def test_a_refusal_is_told_and_nothing_is_started(live):
    tab = live(permissions=["camera"])
    tab.page.click(".button.primary")
    assert "not allowed" in tab.notice()
    assert tab.page.get_by_role("button", name="Start").is_enabled() and tab.calls() == []


def test_a_machine_without_a_microphone_is_told(live, chromium):
    tab = live(browser=chromium)
    tab.page.click(".button.primary")
    assert "No microphone was found" in tab.notice()
    assert tab.page.get_by_role("button", name="Start").is_enabled() and tab.calls() == []


def test_a_page_that_is_not_secure_is_told(live):
    # Of a page of http on another host than this browsers say that there are no devices at all.
    tab = live(scripts=["Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"])
    tab.page.click(".button.primary")
    assert "localhost" in tab.notice()


def test_without_a_camera_it_goes_on(live):
    tab = live(permissions=["microphone"])
    tab.page.get_by_label("Turn on the camera").check()
    tab.begin()
    assert "camera is not allowed" in tab.notice() and tab.page.locator("video").count() == 0
    tab.end()


def test_a_microphone_that_is_taken_away_is_told(live):
    tab = live()
    tab.begin()
    tab.context.clear_permissions()
    assert "microphone is gone" in tab.notice()
    tab.end()


def test_the_camera_shows_its_picture_and_says_that_no_face_is_measured(live, shared, http_client):
    tab = live()
    assert "cannot detect faces" in tab.page.locator("#camera-what").inner_text()
    tab.page.get_by_label("Turn on the camera").check()
    session_id = tab.begin()
    tab.page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    tab.page.get_by_text("No face measurement in this browser").wait_for()
    tab.end()
    assert session_of(http_client, shared, session_id)["stats"]["totalFrames"] == 0


def test_a_face_that_the_browser_finds_is_measured(live, shared, http_client):
    tab = live(scripts=[FACES])
    tab.page.get_by_label("Turn on the camera").check()
    session_id = tab.begin()
    tab.page.get_by_text("Face visible: 100%").wait_for()
    tab.end()
    assert session_of(http_client, shared, session_id)["stats"]["totalFrames"] >= 1
    (minute,) = session_of(http_client, shared, session_id, "/inferences")["inferences"]
    assert minute["facialScore"] == 1


# -- Words -------------------------------------------------------------------------------------------------------------------


def test_words_are_written_down_only_with_consent(live, shared, http_client):
    tab = live(scripts=[RECOGNITION])
    assert "send the sound of your voice to their maker" in tab.page.locator("#speech-what").inner_text()
    assert not tab.page.get_by_label("Write down what I say").is_checked()
    tab.begin()
    assert tab.page.evaluate("() => recognitions.length") == 0
    tab.end()
    tab.page.get_by_role("button", name="Start another one").click()

    tab.page.get_by_label("Write down what I say").check()
    session_id = tab.begin()
    assert tab.page.evaluate("() => [recognitions.length, recognitions[0].lang, recognitions[0].starts]") == [1, "en-US", 1]
    tab.page.evaluate("() => { hear('I am', false); hear(' I am happy today ', true); recognitions[0].onend(); }")
    tab.page.get_by_text("I am happy today").wait_for()
    tab.page.wait_for_function("() => recognitions[0].starts === 2")
    tab.end()
    (snippet,) = session_of(http_client, shared, session_id, "/transcript")["snippets"]
    assert (snippet["text"], snippet["speaker"], snippet["lang"]) == ("I am happy today", "user", "en-US")


def test_a_recognition_that_does_not_work_is_told(live):
    tab = live(scripts=[RECOGNITION])
    tab.page.get_by_label("Write down what I say").check()
    tab.begin()
    tab.page.evaluate("() => { recognitions[0].onerror({error: 'no-speech'}); recognitions[0].onerror({error: 'network'}); }")
    assert "(network)" in tab.notice()
    tab.end()


def test_a_browser_without_recognition_says_so(live):
    tab = live(scripts=["delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"])
    assert "no speech recognition" in tab.page.locator("#speech-what").inner_text()
    assert tab.page.get_by_label("Write down what I say").is_disabled()


# -- For everybody -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [{"color_scheme": "light", **PHONE}, {"color_scheme": "dark"}], ids=["light phone", "dark"])
def test_axe_finds_nothing(live, profile):
    tab = live(**profile)
    assert tab.problems() == []
    tab.page.get_by_label("Turn on the camera").check()
    tab.begin()
    assert tab.problems() == []
    tab.end()
    tab.page.locator(".tiles").wait_for()
    tab.page.locator("summary").click()
    assert tab.problems() == []


def test_it_speaks_both_languages_and_is_one_column_on_a_phone(live):
    tab = live(locale="ko-KR", **PHONE)
    page = tab.page
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("heading", name="내 목소리로 체험하기").wait_for()
    page.get_by_label("상담사").check()
    page.get_by_label("카메라 켜기").check()
    page.click("#language")
    page.get_by_role("heading", name="Try it with your own voice").wait_for()
    assert page.get_by_label("Counselor").is_checked() and page.get_by_label("Turn on the camera").is_checked()
    assert tab.widest() <= 390
    page.click("#language")
    page.click(".button.primary")
    page.get_by_text("말하는 중").wait_for()
    page.click("#language")
    page.get_by_text("You are speaking").or_(page.get_by_text("Silence")).first.wait_for()
    assert tab.widest() <= 390
    cards = page.locator(".live > section")
    assert cards.nth(1).bounding_box()["y"] > cards.nth(0).bounding_box()["y"]
    tab.end()
    assert tab.widest() <= 390


def test_it_can_be_used_with_the_keyboard(live):
    tab = live()
    press = tab.page.keyboard.press

    def tab_to(*wanted):
        for _ in range(30):
            press("Tab")
            tag, name = tab.focused()
            if tag == wanted[0] and wanted[1] in name:
                return
        raise AssertionError(f"{wanted} is not reached")

    tab.page.locator("[name=speaker]").first.focus()
    press("ArrowRight")
    assert tab.page.get_by_label("Counselor").is_checked()
    tab_to("BUTTON", "Start")
    press("Enter")
    tab.page.locator(".strip rect").first.wait_for()
    assert tab.focused()[0] == "H1"
    tab_to("BUTTON", "Stop and end")
    press("Space")
    tab.page.locator("#over-title").wait_for()
    assert tab.focused()[0] == "H1"
    tab_to("BUTTON", "Start another one")


# -- Tokens ------------------------------------------------------------------------------------------------------------------


def test_with_authentication_it_takes_part_as_the_owner_of_the_token(speaking, tmp_path, http_client):
    with Service(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/x.db", LOG_LEVEL="warning", **HS256) as service:
        with Live(speaking, service.url) as tab:
            page = tab.open().page
            page.click(".button.primary")
            dialog = page.get_by_role("dialog")
            dialog.get_by_label("JSON Web Token").fill(token("counselor-7", "counselor"))
            dialog.get_by_role("button", name="Sign in").click()
            # The page learns of the token's role after the dialog has closed.
            page.locator("input[type=radio]:disabled:checked").wait_for()
            assert page.get_by_label("Counselor").is_checked() and page.get_by_label("Client").is_disabled()
            session_id = tab.begin()
            with tab.context.expect_page() as opened:
                page.get_by_role("link", name="Show in the console").click()
            opened.value.get_by_text("with counselor-7").wait_for()
            tab.end()
            data = session_of(http_client, service, session_id, headers=bearer("counselor-7", "counselor"))
            assert data["counselorId"] == "counselor-7" and data["status"] == "ended"
            tab.clean("401")
