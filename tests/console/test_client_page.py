"""The page of a client in a real Chromium: charts over sessions, two side by side, notes; found from the list, by keyboard as well."""

from urllib.parse import quote

import pytest

from tests.support.samples import audio, frames, scores, start_session
from tests.support.servers import wait_for
from tests.support.watching import Console

USER = "하늘 & 바다/progress"


@pytest.fixture(scope="module")
def sessions(shared, http_client):
    """Ids of four sessions of the client, the oldest first: the second has no audio and cannot be compared, the last has a counselor of
    its own.
    """

    def post(path, body):
        answer = http_client.post(f"{shared.url}/api/session{path}", json=body)
        assert answer.status_code < 300, answer.text

    ids = []
    for number in range(4):
        session_id = start_session(http_client, USER, "dr-park" if number == 3 else "이상담", shared.url)
        ids.append(session_id)
        if number != 1:
            for minute in range(3):
                for speaker, vad in (("user", True), ("counselor", False)):
                    post(f"/{session_id}/audio", {"items": audio(60, minute * 60_000, vad=vad, speaker=speaker)})
                post(f"/{session_id}/frames", {"items": frames(60, minute * 60_000, 1000, qualityScore=0.2 * (number + 1))})
        post("/batch-tick", {"sessionId": session_id, "items": scores(3, combinedScore=0.2 * (number + 1))})
        post(f"/{session_id}/notes", {"tStart": 5000, "kind": "note", "text": f"<i>메모 {number}</i>", "visibility": "shared"})
        post(f"/{session_id}/end", {})
        post(f"/{session_id}/feedback", {"rating": number + 1})
    return ids


@pytest.fixture
def console(chromium, shared, request):
    with Console(chromium, shared.url, **getattr(request, "param", {})) as console:
        yield console
        console.clean()


def opened(console):
    console.open(f"#/client/{quote(USER, safe='')}")
    console.page.wait_for_selector(".sessions-table td")
    console.page.wait_for_selector(".client-notes li")
    return console.page


def test_sessions_over_time_and_only_comparable_ones_are_joined(console, sessions):
    page = opened(console)
    assert page.title() == f"{USER} over time – BeMore"
    scores_of = ".progress-scoresOverTime .over-time.combined"
    assert page.locator(f"{scores_of} circle").evaluate_all("(all) => all.map((each) => each.getAttribute('class'))") == [
        "full", "hollow", "full", "full",
    ]  # fmt: skip
    assert len(page.locator(f"{scores_of} polyline").get_attribute("points").split()) == 3
    assert "3 of 4 sessions can be compared; lines join these. Hollow points stand apart" in page.locator(".compare-note").inner_text()
    label = page.locator(".progress-scoresOverTime svg[role=img]").get_attribute("aria-label")
    assert label.startswith("Mean scores of 4 sessions: first 20, last 80, lowest 20, highest 80.")
    assert page.locator(".progress-coverageOverTime .measured.audio").count() == 4
    # The newest two that can be compared; then one that cannot.
    assert page.locator(".pair-table .change").nth(1).inner_text() == "+20"
    page.get_by_label("Earlier session").select_option(sessions[1])
    page.get_by_text("One of the two cannot be compared").wait_for()
    assert page.locator(".pair-table .change").all_inner_texts() == [""] * 10
    assert page.locator(".client-notes .note-text").all_inner_texts() == [f"<i>메모 {number}</i>" for number in (3, 2, 1, 0)]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Progress, CSV").click()
    assert waiting.value.suggested_filename == "bemore-progress.csv"
    page.get_by_role("combobox", name="Counselor").select_option("dr-park")
    page.get_by_text("1 session,").wait_for()
    assert page.url.endswith("?counselor=dr-park") and len(console.calls("/notes")) == 4, "notes are read once"
    page.click(".progress-scoresOverTime .combined circle")
    page.wait_for_url(f"**/session/{sessions[3]}")


@pytest.mark.parametrize("console", [{}, {"color_scheme": "dark", "locale": "ko-KR"}], indirect=True, ids=["light", "dark"])
def test_axe_finds_nothing(console, sessions):
    opened(console)
    assert console.problems() == []


@pytest.mark.parametrize("console", [{"viewport": {"width": 390, "height": 844}, "locale": "ko-KR"}], indirect=True)
def test_nothing_is_wider_than_a_phone(console, sessions):
    opened(console)
    assert console.widest() <= 390


def test_it_is_reached_and_used_by_keyboard(console, sessions):
    page = console.open(f"#/?q={quote('늘 & 바')}").page
    wait_for(lambda: page.locator("a.row").count() == 4, what="the four sessions")

    def tab_to(tag, text, most=60):
        for _ in range(most):
            page.keyboard.press("Tab")
            if console.focused()[0] == tag and text in console.focused()[1]:
                return
        raise AssertionError(f"{tag} {text} is not reached")

    tab_to("A", f"Sessions of {USER} over time")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sessions-table td")
    assert console.focused() == ["H1", f"{USER} over time"]
    tab_to("BUTTON", "Progress, CSV")
    tab_to("SELECT", "")
    page.keyboard.press("ArrowDown")
    page.get_by_text("One of the two cannot be compared").or_(page.locator(".pair-table .change", has_text="+")).first.wait_for()
    tab_to("A", ":")
    page.keyboard.press("Enter")
    page.wait_for_url("**/session/**")


def test_the_list_asks_the_service_and_keeps_its_filters_in_the_address(console, sessions):
    page = console.open("#/?q=%EB%B0%94%EB%8B%A4&counselor=dr-park").page
    wait_for(lambda: page.locator("a.row").count() == 1, what="one session")
    assert page.get_by_label("Counselor").input_value() == "dr-park"
    page.get_by_label("Counselor").fill("")
    wait_for(lambda: page.locator("a.row").count() == 4, what="all four")
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_label("To").fill("2020-01-31")
    page.get_by_text("No session matches.").wait_for()
    assert "from=2020-01-01" in page.url and "to=2020-01-31" in page.url
    page.reload()
    page.get_by_text("No session matches.").wait_for()
    page.get_by_label("To").fill("")
    wait_for(lambda: page.locator("a.row").count() == 4, what="all since then")
    query = [each.url.partition("?")[2] for each in console.calls("/api/session")][-1]
    assert "from=1577836800000" in query or "from=15778" in query
