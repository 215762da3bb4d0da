"""A page of another origin with plain fetch: the guide's own snippets, against a real service whose answers fail as the test says.

The page's clock is held, so that nobody waits through its waits; what is stored is looked up in the service's database.
"""

from tests.support import guide
import pytest

from tests.support.browsing import database_of, stored
from tests.support.samples import audio, frames, scores, stt
from tests.support.scripted import LOST, PASS, RESET
from tests.support.servers import wait_for


@pytest.fixture
def page(held_tab, scripted, shared):
    """A tab with the guide's code up to what it says of uploads; its ``session`` has been started, its requests are forgotten."""
    scripted.behind = shared
    console = held_tab.page.context.new_cdp_session(held_tab.page)
    # What scripts declare is no property of the window, where the test would find it.
    offered = "Object.assign(window, {upload, resend, start, kept, session, signIn: (value) => { token = value; }});"
    for text in (*scripts_before_uploads(), offered):
        expression = {"expression": text.replace(guide.SERVICE, scripted.url), "awaitPromise": True, "replMode": True}
        reported = console.send("Runtime.evaluate", expression)
        assert "exceptionDetails" not in reported, reported["exceptionDetails"]
    scripted.received.clear()
    held_tab.page.evaluate(
        """() => {
          fetches.length = 0;
          window.waits = [];
          const after = setTimeout;
          window.setTimeout = (act, ms) => { waits.push(ms); return after(act, ms); };
        }"""
    )
    return held_tab


def scripts_before_uploads():
    result = guide.of("en")
    uploads = next(index for index, section in enumerate(result) if "qualityScore" in section.literals)
    return [text for kind, text in guide.blocks(result[:uploads]) if kind == "javascript"]


def session_of(page):
    return page.page.evaluate("() => session.sessionId")


def begin(page, kind, items):
    """Call the page's ``upload`` and do not wait for it."""
    session_id = session_of(page)
    path, body = f"/api/session/{session_id}/{kind}", {"items": items}
    if kind == "batch-tick":
        path, body = "/api/session/batch-tick", {"sessionId": session_id, **body}
    page.page.evaluate("([path, body]) => { window.outcome = upload(path, body); }", [path, body])


def kept(page):
    return page.page.evaluate("() => kept.length")


def let_wait(page, times=1):
    """Let the page wait as long as it wants before each of its next attempts, and not less; how long that was, in ms."""
    waits = []
    for _ in range(times):
        ms = wait_for(lambda: page.page.evaluate("() => waits.shift()"), what="a wait")
        before = len(page.fetches())
        page.page.clock.run_for(int(ms) - 1)
        assert len(page.fetches()) == before
        page.page.clock.run_for(2)
        wait_for(lambda before=before: len(page.fetches()) > before, what="the next attempt")
        waits.append(ms)
    return waits


# -- The policy ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_sent_again_after_1_3_and_10_seconds_and_stored_once(page, scripted, shared):
    scripted.script = [503, 503, 503]
    begin(page, "batch-tick", scores(3))
    for waited, usual in zip(let_wait(page, 3), (1000, 3000, 10_000), strict=True):
        assert usual <= waited <= 1.2 * usual
    assert page.outcome()["count"] == 3
    assert len(scripted.sent()) == 4 and len({each.raw for each in scripted.sent()}) == 1
    with database_of(shared) as connection:
        query = "select count(*) from minute_score join session on session_id = session.id where public_id = ?"
        assert connection.execute(query, [session_of(page)]).fetchone() == (3,)


def test_what_failed_four_times_is_kept_and_sent_again_after_five_minutes(page, scripted, shared):
    scripted.script = [503] * 4
    begin(page, "frames", frames(10))
    let_wait(page, 3)
    assert page.outcome() is None and kept(page) == 1 and stored(shared, session_of(page)) == (0, 0, 0)
    page.page.clock.fast_forward(300_000)
    scripted.wait_for(5)
    wait_for(lambda: stored(shared, session_of(page)) == (10, 0, 0))
    assert kept(page) == 0


def test_a_429_is_waited_out_as_long_as_it_says(page, scripted, shared):
    scripted.script = [(429, {"Retry-After": "7"}, None)]
    begin(page, "stt", stt(5))
    assert let_wait(page) == [7000]
    assert page.outcome()["data"] == {"sttSnippetCount": 5, "totalSttSnippetsInSession": 5}
    assert stored(shared, session_of(page)) == (0, 0, 5)


def test_a_longer_wait_that_a_503_asks_for_is_kept(page, scripted):
    scripted.script = [(503, {"Retry-After": "4"}, None)]
    begin(page, "frames", frames(1))
    assert let_wait(page) == [4000]
    assert page.outcome()["success"]


def test_what_is_refused_is_told_and_not_sent_again(page, scripted, shared):
    begin(page, "frames", [*frames(2), {"ts": 5, "qualityScore": 8}])
    assert page.outcome() is None
    scripted.script = [404]
    begin(page, "frames", frames(1))
    assert page.outcome() is None
    page.page.clock.fast_forward(400_000)
    page.page.evaluate("() => resend()")
    assert len(scripted.sent()) == 2 and kept(page) == 0
    assert stored(shared, session_of(page)) == (0, 0, 0)


def test_an_answer_that_was_lost_leaves_one_of_everything(page, scripted, shared):
    """The service has stored it, the page does not know: it sends again, and no total grows."""
    scripted.answers = {"frames": [LOST, RESET, PASS], "start": [LOST, PASS]}
    begin(page, "frames", frames(10))
    let_wait(page, 2)
    assert page.outcome()["data"]["totalFramesInSession"] == 10
    assert stored(shared, session_of(page)) == (10, 0, 0)

    page.page.evaluate("() => { window.outcome = start('client-lost', 'counselor-1'); }")
    let_wait(page)
    started = page.outcome()["sessionId"]
    first, second = (each.headers["Idempotency-Key"] for each in scripted.sent("start"))
    assert first == second
    with database_of(shared) as connection:
        assert connection.execute("select public_id from session where user_id = 'client-lost'").fetchall() == [(started,)]


def test_what_came_without_a_good_token_is_kept_until_there_is_one(page, scripted, shared):
    scripted.script = [401]
    begin(page, "audio", audio(4))
    assert page.outcome() is None and kept(page) == 1
    page.page.evaluate("() => { signIn('header.claims.signature'); return resend(); }")
    assert [each.headers["Authorization"] for each in scripted.sent()] == [None, "Bearer header.claims.signature"]
    assert kept(page) == 0 and stored(shared, session_of(page)) == (0, 4, 0)


# -- The end -------------------------------------------------------------------------------------------------------------


def test_a_page_that_closes_sends_what_it_keeps_and_ends_the_session(page, scripted, shared, http):
    session_id = session_of(page)
    scripted.script = [401]
    begin(page, "frames", frames(10))
    assert page.outcome() is None
    page.page.close()

    def whole():
        data = http.get(f"{shared.url}/api/session/{session_id}").json()["data"]
        return data["status"] == "ended" and data["stats"]["totalFrames"] == 10

    wait_for(whole)
