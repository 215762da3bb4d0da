"""A session as a counselor reads it: moments, voices, scores, transcript and notes on one timeline. In Chromium."""

import re

import pytest

from tests.support.report_programs import need_program, run
from tests.support.samples import scores, start_session
from tests.support.servers import wait_for
from tests.support.watching import PHONE, Console

#: Who speaks when in each minute of ``conversation``, s; the client is quiet for eight seconds, and both speak at 40 s.
TURNS = (("counselor", 0, 4), ("user", 5, 20), ("user", 28, 42), ("counselor", 40, 44), ("user", 45, 58))


@pytest.fixture
def console(chromium, shared):
    with Console(chromium, shared.url) as opened:
        yield opened
        opened.clean()


def send(http_client, base, session_id, kind, items):
    for first in range(0, len(items), 100):
        answer = http_client.post(f"{base}/api/session/{session_id}/{kind}", json={"items": items[first : first + 100]})
        assert answer.status_code == 201, answer.text


def conversation(http_client, base, minutes=4, silent=(), **people):
    """A session of two speakers, still going on; minutes that are ``silent`` have no audio. Each line names its minute."""
    session_id = start_session(http_client, base=base, **people)
    audio, stt, frames = [], [], []
    for minute in range(minutes):
        at = 60_000 * minute
        for speaker in ("user", "counselor"):
            spoken = [(start, end) for who, start, end in TURNS if who == speaker]
            for second in () if minute in silent else range(60):
                vad = any(start <= second < end for start, end in spoken)
                audio.append({"speaker": speaker, "tsStart": at + 1000 * second, "tsEnd": at + 1000 * second + 1000, "vad": vad})
        for who, start, end in TURNS:
            text = f"{'질문' if who == 'counselor' else '산책'} {minute}분 {start}초"
            stt.append({"speaker": who, "tsStart": at + 1000 * start, "tsEnd": at + 1000 * end, "text": text})
        frames += [{"ts": at + 1000 * second, "qualityScore": 0.2 + 0.6 * minute / minutes} for second in range(60)]
    for kind, items in (("stt", stt), ("audio", audio), ("frames", frames)):
        send(http_client, base, session_id, kind, items)
    return session_id


def end(http_client, base, session_id):
    assert http_client.post(f"{base}/api/session/{session_id}/end").status_code == 200
    return session_id


@pytest.fixture(scope="module")
def ended_id(shared, http_client):
    return end(http_client, shared.url, conversation(http_client, shared.url, 6, silent=(4,), user_id="minji"))


def chosen(page):
    """The highlighted lines of the transcript that are in view."""
    inside = """(region) => [...region.querySelectorAll('.chosen')].filter((line) => {
      const [box, view] = [line.getBoundingClientRect(), region.getBoundingClientRect()];
      return box.top < view.bottom && box.bottom > view.top;
    }).map((line) => line.querySelector('[lang]').textContent)"""
    return page.locator(".transcript").evaluate(inside)


def slider_s(page):
    return int(page.get_by_role("slider").input_value())


# -- One timeline ----------------------------------------------------------------------------------------------------------


def test_an_ended_session_begins_with_what_matters_and_ends_with_ids(console, ended_id):
    page = console.session(ended_id).page
    headings = [text.split("\n")[0] for text in page.locator("main h2").all_inner_texts()]
    expected = [
        "Key moments", "Talk and silence", "Timeline", "Transcript",
        "Notes", "Keywords", "Report", "Feedback", "Technical information",
    ]  # fmt: skip
    assert headings == expected
    assert ended_id not in page.locator("main").inner_text()
    page.get_by_text("Technical information").click()
    assert ended_id in page.locator(".technical").inner_text() and "rules-v1.0" in page.locator(".technical").inner_text()
    kinds = page.locator(".moment-kind").all_inner_texts()
    assert "Lowest score" in kinds and "Longest silence" in kinds and "Longest turn (Client)" in kinds
    assert "Client 8" in page.locator(".talk-names").inner_text()
    assert re.search(r"Silences\s+\d+", page.locator(".talk").inner_text())


def test_everything_leads_to_its_place_in_the_transcript(console, ended_id):
    page = console.session(ended_id).page
    page.locator(".moment", has_text="Highest score").click()
    assert chosen(page)[0] == "질문 5분 0초" and slider_s(page) == 300
    assert re.search(r"5:00–6:00, combined \d\d, Client: 산책 5분", page.locator("#spoken", has_text="combined").inner_text())
    page.locator(".moment", has_text="Lowest score").locator("xpath=..").locator(".quote").first.click()
    assert len(chosen(page)) == 1 and slider_s(page) in range(60)
    page.locator(".sentences .link").first.click()
    assert len(chosen(page)) >= 5
    page.locator(".talk .link").first.click()
    assert chosen(page)

    for place in (".minutes canvas", ".voice canvas"):
        box = page.locator(place).bounding_box()
        page.locator(place).click(position={"x": 58 + 0.42 * (box["width"] - 70), "y": box["height"] / 2})
        wait_for(lambda: slider_s(page) in range(120, 180), what="the third minute")
        assert "2분" in chosen(page)[0]

    page.locator(".chip", has_text="산책").click()
    assert chosen(page) == ["산책 0분 5초"] and page.locator(".line.has-keyword").count() == 18
    page.locator(".chip", has_text="산책").click()
    assert chosen(page) == ["산책 0분 28초"]
    assert "2 of 18" in page.locator("#spoken", has_text="of 18").inner_text()

    page.locator(".line", has_text="산책 3분 45초").click()
    assert slider_s(page) == 225, "a line is a cursor on the charts"


def test_the_timeline_is_used_with_the_keyboard(console, ended_id):
    page = console.session(ended_id).page
    page.get_by_role("slider").focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert slider_s(page) == 70 and chosen(page) == ["산책 1분 5초"]
    assert re.match(r"1:10, combined \d\d, Client: 산책 1분 5초", page.get_by_role("slider").get_attribute("aria-valuetext"))
    page.keyboard.press("End")
    assert chosen(page) == ["산책 5분 45초"]
    page.keyboard.press("Home")
    page.locator(".line .at[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert console.focused() == ["BUTTON", "0:28"]
    page.keyboard.press("Enter")
    assert slider_s(page) == 28
    page.set_viewport_size(PHONE["viewport"])
    assert console.problems() == []


def test_lanes_are_what_was_said_by_whom(console):
    console.open()
    bars = console.page.evaluate(
        "async (lanes) => (await import('/console/chart_data.js')).laneBars(lanes, 60_000)",
        {"user": [[0, 2500], [10_000, 12_000]], "counselor": [[2000, 4000]]},
    )
    assert bars["stepMs"] == 1000 and len(bars["bars"]) == 60
    assert [(bar["user"], bar["counselor"], bar["both"]) for bar in bars["bars"][:5]] == [
        (1, 0, 0), (1, 0, 0), (0.5, 1, 0.5), (0, 1, 0), (0, 0, 0),
    ]  # fmt: skip


# -- Numbers explained -----------------------------------------------------------------------------------------------------


def test_every_score_is_explained_and_shown_from_0_to_100(console, ended_id):
    page = console.session(ended_id).page
    assert all(0 <= int(text) <= 100 for text in page.locator(".score .value").all_inner_texts())
    for name, said in (("Combined", "50% face"), ("Face", "nothing about mood"), ("Voice", "70% share"), ("Text", "positive 70")):
        page.get_by_role("button", name=f"What is this score? {name}").click()
        note = page.locator(".why-text:popover-open")
        assert said in note.inner_text() and "From 0 to 100" in note.inner_text()
    assert "<h1>What the scores mean</h1>" in page.request.get(note.get_by_role("link").get_attribute("href")).text()
    assert console.problems() == []
    page.keyboard.press("Escape")
    assert page.locator(".why-text:popover-open").count() == 0


# -- What was not measured -------------------------------------------------------------------------------------------------


def test_missing_data_is_told_and_hatched(console, ended_id):
    page = console.session(ended_id).page
    assert re.search(r"Not measured: .*audio \d+% of the time", page.locator(".unmeasured").inner_text())
    page.locator(".unmeasured summary").click()
    assert "4:00–5:00 no audio" in page.locator(".gaps").inner_text()
    assert page.locator(".legend", has_text="Less than half measured").count() == 1
    spans = page.evaluate(
        """async (minutes) => (await import('/console/chart_data.js')).uncovered({minutes, coverage: {
             frames: {gaps: []}, audio: {gaps: [{startMs: 230_000, endMs: 300_000}]}}}, 330_000)""",
        [
            {"minuteIndex": 0, "coverage": {"frames": 1, "audio": 0.5}},
            {"minuteIndex": 1, "coverage": {"frames": 1, "audio": 0.49}},
            {"minuteIndex": 2, "coverage": {"frames": 0, "audio": 1}},
            {"minuteIndex": 3, "coverage": None},
        ],
    )
    assert spans == [{"startMs": 60_000, "endMs": 180_000}, {"startMs": 240_000, "endMs": 300_000}]


def test_data_that_stays_away_is_told_in_the_session_and_in_the_list(console, shared, http_client):
    console.page.clock.install()
    session_id = start_session(http_client, base=shared.url, user_id="quiet")
    send(http_client, shared.url, session_id, "frames", [{"ts": 0}])
    send(http_client, shared.url, session_id, "audio", [{"tsStart": 0, "tsEnd": 500, "vad": True, "speaker": "user"}])
    page = console.session(session_id).page
    late = page.locator(".session-head .late")
    assert late.is_hidden()
    # The page goes by the service's clock: it must not hear from it while its own is moved.
    console.context.set_offline(True)
    page.clock.fast_forward(40_000)
    wait_for(lambda: "No audio for 4" in late.inner_text() and "No video for 4" in late.inner_text(), what="what is late")
    page.clock.fast_forward(18 * 60_000)
    wait_for(lambda: re.search("Last data 1[89] minutes ago", late.inner_text()), what="when data last came")
    console.context.set_offline(False)
    row = """async ([status, lastDataAt, nowMs]) => (await import('/console/list_row.js')).row({
      sessionId: 's', userId: 'u', counselorId: 'c', status, startedAt: 1000, duration: 0, lastDataAt, demo: false}, nowMs).textContent"""
    assert "Last data 18 minutes ago" in page.evaluate(row, ["active", 2000, 18 * 60_000 + 2000])
    assert "No data yet" in page.evaluate(row, ["active", None, 62_000])
    assert "ata" not in page.evaluate(row, ["active", 2000, 61_000]) + page.evaluate(row, ["ended", 2000, 9_000_000])
    console.errors.clear()  # of the requests without a network


# -- Long sessions ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_id(shared, http_client):
    """Eight hours with 4,800 lines."""
    session_id = start_session(http_client, base=shared.url)
    for first in range(0, 480, 80):
        body = {"sessionId": session_id, "items": scores(80, first)}
        assert http_client.post(f"{shared.url}/api/session/batch-tick", json=body).status_code == 201
    lines = [
        {"tsStart": 6000 * index, "tsEnd": 6000 * index + 4000, "text": f"산책 {index}", "speaker": ("user", "counselor")[index % 2]}
        for index in range(4800)
    ]
    send(http_client, shared.url, session_id, "stt", lines)
    return end(http_client, shared.url, session_id)


def test_eight_hours_take_few_nodes_and_few_requests(console, long_id):
    page = console.session(long_id).page
    page.locator(".lines .card-head", has_text="4,800 lines").wait_for()
    for summary in page.locator("summary:visible").all():
        summary.click()
    page.wait_for_selector(".minutes tbody tr")
    assert page.evaluate("() => document.querySelectorAll('*').length") <= 3000
    requested = [each.url.rpartition("/")[2].partition("?")[0] for each in console.calls()]
    assert sorted(requested) == sorted(["report", "transcript", "vad-analysis", long_id, "notes"]), "each once"
    assert page.locator(".minutes tbody tr").count() == 240

    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    wait_for(lambda: chosen(page) == ["산책 4799"], what="the last line")
    page.keyboard.press("Home")
    wait_for(lambda: chosen(page) == ["산책 0"], what="the first line")
    assert page.locator(".line").count() <= 400, "lines out of view are let go"


def test_times_of_long_sessions_are_hours_and_minutes(console):
    console.open()
    labels = """async (minutes) => {
      const {ticks, tickLabel} = await import('/console/chart_data.js');
      const endMs = minutes * 60_000;
      return ticks(endMs).map((ms) => tickLabel(ms, endMs));
    }"""
    assert console.page.evaluate(labels, 480) == ["0:00", "1:00", "2:00", "3:00", "4:00", "5:00", "6:00", "7:00", "8:00"]
    assert console.page.evaluate(labels, 50) == ["0", "10", "20", "30", "40", "50"]


def test_a_week_is_binned_and_complete(console, shared, http_client):
    session_id = start_session(http_client, base=shared.url)
    for first in range(0, 1600, 100):
        body = {"sessionId": session_id, "items": scores(100, first)}
        assert http_client.post(f"{shared.url}/api/session/batch-tick", json=body).status_code == 201
    page = console.session(end(http_client, shared.url, session_id)).page
    assert "Means of 1600 minutes" in page.locator(".timeline .card-head").inner_text()
    page.locator(".minutes summary").click()
    page.wait_for_selector(".minutes tbody tr")
    assert page.locator(".minutes tbody tr").count() == 160
    assert page.locator(".minutes tbody tr").last.locator("th").inner_text() == "26:30:00–26:40:00"


# -- Notes -----------------------------------------------------------------------------------------------------------------


def notes(http_client, base, session_id):
    return http_client.get(f"{base}/api/session/{session_id}/notes").json()["data"]["notes"]


def test_a_key_marks_the_moment_and_another_one_opens_a_note(console, shared, http_client):
    session_id = start_session(http_client, base=shared.url)
    page = console.session(session_id).page
    page.keyboard.press("b")
    item = page.locator(".notes-list li")
    item.wait_for()
    (mark,) = notes(http_client, shared.url, session_id)
    assert (mark["kind"], mark["visibility"], mark["text"]) == ("bookmark", "private", None) and 0 <= mark["tStart"] < 60_000
    assert "Private" in item.inner_text()

    page.keyboard.press("n")
    assert console.focused()[0] == "TEXTAREA"
    page.keyboard.type("bnb <b>잠</b> 이야기")
    page.get_by_label("Shared").check()
    page.get_by_role("button", name="Save note").click()
    page.locator(".notes-list li.shared").wait_for()
    written = next(each for each in notes(http_client, shared.url, session_id) if each["kind"] == "note")
    assert (written["text"], written["visibility"]) == ("bnb <b>잠</b> 이야기", "shared"), "keys are letters where somebody writes"
    assert len(notes(http_client, shared.url, session_id)) == 2
    assert console.problems() == []

    page.locator("li.shared").get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Note").fill("다음 주에 이어서")
    page.get_by_label("Private").check()
    page.get_by_role("button", name="Save note").click()
    page.locator(".notes-list li.private", has_text="다음 주에 이어서").wait_for()
    page.locator(".notes-list li", has_text="다음 주").get_by_role("button", name="Delete").click()
    wait_for(lambda: item.count() == 1, what="one note less")
    assert [each["kind"] for each in notes(http_client, shared.url, session_id)] == ["bookmark"]

    page.get_by_label("Keys B and N work").uncheck()
    page.get_by_label("Keys B and N work").blur()
    page.keyboard.press("b")
    page.keyboard.press("n")
    assert page.locator(".note-form").is_hidden()
    assert len(notes(http_client, shared.url, session_id)) == 1


def test_a_note_of_an_ended_session_belongs_to_the_moment_looked_at(console, shared, http_client):
    session_id = end(http_client, shared.url, conversation(http_client, shared.url, 3))
    page = console.session(session_id).page
    page.locator(".line", has_text="산책 1분 28초").click()
    page.locator("h1").focus()
    page.keyboard.press("n")
    assert "At 1:28" in page.locator(".note-form").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".note-form").is_hidden() and console.focused()[0] == "H1"
    page.keyboard.press("b")
    page.locator(".notes-list li", has_text="1:28").wait_for()
    (mark,) = notes(http_client, shared.url, session_id)
    assert mark["tStart"] == 88_000
    page.get_by_role("slider").press("Home")
    page.locator(".notes-list .at").click()
    assert chosen(page) == ["산책 1분 28초"]
    page.locator(".legend", has_text="Bookmark").wait_for()


# -- The list --------------------------------------------------------------------------------------------------------------


def test_the_list_tells_how_sessions_went_and_tiles_filter(console, shared, http_client, ended_id):
    assert http_client.post(f"{shared.url}/api/session/{ended_id}/feedback", json={"rating": 4}).status_code == 201
    running = start_session(http_client, base=shared.url, user_id="still-here")
    page = console.open().page
    row = page.locator(f'a.row[href="#/session/{ended_id}"]')
    row.wait_for()
    assert re.search(r"Mean:\s*\d\d\b", row.inner_text()) and "★ 4.0" in row.inner_text() and ended_id not in row.inner_text()
    assert len(row.locator("polyline").first.get_attribute("points").split()) == 6
    assert row.locator(".col-scoredShort").inner_text().endswith("6")
    page.get_by_role("button", name="Active").click()
    wait_for(lambda: row.count() == 0 and page.locator("a.row", has_text="still-here").count(), what="active sessions only")
    assert page.get_by_role("button", name="Active").get_attribute("aria-pressed") == "true" and "status=active" in page.url
    assert page.locator(f'[data-delete="{running}"]').count() == 0
    page.set_viewport_size(PHONE["viewport"])
    assert console.problems() == []


def test_a_session_is_deleted_from_the_list_after_a_question(console, shared, http_client):
    session_id = end(http_client, shared.url, start_session(http_client, base=shared.url, user_id="to-delete"))
    page = console.open().page
    page.locator(f'[data-delete="{session_id}"]').click()
    assert "to-delete" in page.get_by_role("dialog").inner_text()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert http_client.get(f"{shared.url}/api/session/{session_id}").status_code == 200
    page.locator(f'[data-delete="{session_id}"]').click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.locator(f'a.row[href="#/session/{session_id}"]').wait_for(state="detached")
    assert http_client.get(f"{shared.url}/api/session/{session_id}").status_code == 404


# -- Language, zone, paper -------------------------------------------------------------------------------------------------


def test_sentences_and_times_follow_the_language_and_the_zone(chromium, shared, ended_id):
    with Console(chromium, shared.url, timezone_id="Asia/Seoul") as console:
        page = console.session(ended_id).page
        page.get_by_role("heading", name="Report").wait_for()
        assert re.match("The average score", page.locator(".sentences li").first.inner_text())
        seoul = page.locator(".facts").inner_text()
        page.get_by_role("button", name="Time zone: Asia/Seoul").click()
        page.get_by_role("dialog").get_by_label("Time zone").select_option("America/New_York")
        page.get_by_role("dialog").get_by_role("button", name="Choose").click()
        page.get_by_role("button", name="Time zone: America/New_York").wait_for()
        assert page.locator(".facts").inner_text() != seoul
        wait_for(lambda: "tz=America%2FNew_York" in console.calls("/report")[-1].url, what="a report in that zone")
        page.get_by_role("button", name="한국어").click()
        wait_for(lambda: "평균 점수" in page.locator(".sentences li").first.inner_text(), what="Korean sentences")
        page.locator(".sentences .link").first.click()
        assert chosen(page), "minutes in Korean sentences lead there as well"
        assert console.problems() == []
        page.reload()
        page.get_by_role("button", name="시간대: America/New_York").wait_for()
        console.clean()


def test_a_printed_session_is_light_whole_and_without_buttons(chromium, shared, ended_id, tmp_path):
    with Console(chromium, shared.url, color_scheme="dark") as console:
        page = console.session(ended_id).page
        page.get_by_role("heading", name="Report").wait_for()
        (tmp_path / "x.pdf").write_bytes(page.pdf(prefer_css_page_size=True, print_background=True))
        text = run(need_program("pdftotext", "poppler-utils"), "-layout", tmp_path / "x.pdf", "-").decode()
        order = [
            "Session of minji", "Key moments", "Talk and silence", "Timeline", "Notes", "Keywords", "Report", "Feedback",
            "Transcript", "산책 5분 45초",
        ]  # fmt: skip
        assert [text.index(part) for part in order] == sorted(text.index(part) for part in order), text
        assert "All sessions" not in text and "Save feedback" not in text and "PDF" not in text and "Delete" not in text
        pages = run(need_program("pdftoppm", "poppler-utils"), "-r", "20", "-gray", tmp_path / "x.pdf").count(b"P5")
        assert pages <= 5

        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen", color_scheme="dark")
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 19)"
        console.clean()
