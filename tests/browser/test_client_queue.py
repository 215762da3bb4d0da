"""What the browser client keeps over an outage, a reload, a closed tab and a crash, and how much it keeps."""

import pytest

from tests.support.browsing import ORIGIN, SESSION, Tab, advance, frame
from tests.support.scripted import HANG
from tests.support.servers import wait_for


#: A client that sends when it is told to, and gives up soon.
CALM = {"batchMs": 600_000, "saveMs": 5, "waitsMs": [], "timeoutMs": 5000, "user": "u"}


def collect(tab, *numbers):
    tab.call("frames", SESSION, [frame(number) for number in numbers])


def numbers(requests):
    """The frames of some requests in the order in which they came."""
    return [item["ts"] for each in requests for item in each.items]


def another_tab(tab):
    return Tab(tab.page.context.new_page())


# -- An outage -----------------------------------------------------------------------------------------------------------


def test_what_is_collected_offline_is_sent_when_the_browser_is_online_again(tab, scripted):
    tab.open(**CALM)
    tab.page.context.set_offline(True)
    for number in range(3):
        collect(tab, number)
        assert tab.call("flush")["items"] == number + 1
    assert tab.events("queued")[0]["code"] == "NETWORK" and not scripted.sent()

    tab.page.context.set_offline(False)
    scripted.wait_for(1, "frames")
    tab.wait_for_events("sent")
    assert numbers(scripted.sent()) == [0, 1, 2]
    assert tab.call("pending") == {"batches": 0, "items": 0, "bytes": 0}


def test_waiting_between_attempts_ends_when_the_browser_is_online_again(tab, scripted):
    tab.open(**{**CALM, "waitsMs": [60_000]})
    tab.page.context.set_offline(True)
    collect(tab, 1)
    tab.begin("flush")
    tab.wait_for_events("retry")
    tab.page.context.set_offline(False)
    assert tab.outcome()["value"]["items"] == 0 and numbers(scripted.sent()) == [1]


def test_what_could_not_be_sent_is_tried_again_every_five_minutes(held_tab, scripted):
    scripted.script = [503, 503]
    held_tab.make(waitsMs=[])
    held_tab.begin("frames", SESSION, frame(1))
    advance(held_tab, 10_000, 1000)
    held_tab.wait_for_events("queued", 1)
    advance(held_tab, 295_000, 5000)
    assert len(scripted.sent()) == 1
    advance(held_tab, 10_000, 5000)
    held_tab.wait_for_events("queued", 2)
    advance(held_tab, 305_000, 5000)
    held_tab.wait_for_events("sent")
    first, second, third = [each["at"] for each in held_tab.fetches()]
    # The clock goes in steps of 5 s, and several may pass while the network and the database do their part.
    assert 300_000 <= second - first <= 320_000 and 300_000 <= third - second <= 320_000


def test_a_new_batch_looks_after_half_a_minute_whether_the_service_is_back_and_the_oldest_goes_first(held_tab, scripted):
    scripted.script = [503]
    held_tab.make(waitsMs=[])
    held_tab.begin("frames", SESSION, frame(1))
    advance(held_tab, 10_000, 1000)
    held_tab.wait_for_events("queued")
    held_tab.begin("audio", SESSION, {"tsStart": 2, "tsEnd": 2, "vad": True})
    advance(held_tab, 12_000, 1000)
    assert len(scripted.sent()) == 1
    advance(held_tab, 10_000, 1000)
    held_tab.begin("stt", SESSION, {"tsStart": 3, "tsEnd": 3, "text": "다시"})
    advance(held_tab, 12_000, 1000)
    held_tab.wait_for_events("sent", 3)
    assert [each.kind for each in scripted.sent()] == ["frames", "frames", "audio", "stt"]


def test_a_batch_that_breaks_the_service_holds_up_no_other(tab, scripted):
    tab.open(**CALM)
    scripted.answers["frames"] = [500]
    collect(tab, 1)
    tab.call("audio", SESSION, {"tsStart": 0, "tsEnd": 1, "vad": True})
    assert tab.call("flush")["items"] == 1
    assert [each["kind"] for each in tab.events("sent")] == ["audio"]
    assert tab.call("flush")["items"] == 0


def test_what_is_collected_while_a_batch_is_under_way_waits_for_its_own_time(tab, scripted):
    """Else a slow network would see one tiny batch after the other, and the quota used up."""
    tab.open(**{**CALM, "batchItems": 10})
    scripted.delay_s = 0.3
    collect(tab, *range(10))
    scripted.wait_for(1)
    collect(tab, 10)
    tab.wait_for_events("sent")
    tab.page.wait_for_timeout(300)
    assert len(scripted.sent()) == 1 and tab.call("pending")["items"] == 1


# -- Reload, close, crash ------------------------------------------------------------------------------------------------


def test_a_full_queue_survives_a_reload_and_is_sent_once_oldest_first(tab, scripted):
    tab.open(**CALM)
    scripted.script = [503] * 50
    tab.call("frames", SESSION, [frame(number) for number in range(250)])
    tab.call("stt", SESSION, [{"tsStart": 1000, "tsEnd": 1001, "text": "안녕하세요"}])
    tab.call("flush")
    assert tab.call("pending")["items"] == 251
    tried = len(scripted.sent())
    tab.page.goto("about:blank")
    scripted.wait_for(tried + 4)  # of the closing page, told 503 like all others
    scripted.reset()
    tab.open(**CALM)
    assert [each.kind for each in scripted.sent()] == ["frames", "frames", "frames", "stt"]
    assert numbers(scripted.sent("frames")) == [*range(250)]
    assert tab.call("pending")["items"] == 0


def test_a_closed_page_sends_its_newest_items_and_the_next_visit_the_rest(tab, scripted):
    keeper = another_tab(tab)
    keeper.page.goto(ORIGIN + "/")
    tab.open(**CALM)
    large = "x" * 30_000
    for number in range(4):
        tab.call("frames", SESSION, frame(number, faceLandmarksCompressed=large))
    tab.call("stt", SESSION, {"tsStart": 9, "tsEnd": 9, "text": "마지막"})
    tab.page.evaluate(
        """() => {
          const fetchOfTest = window.fetch;
          window.fetch = (url, options) => {
            // A page that is hidden, as one that closes is first, begins to send in the ordinary way; sometimes it gets as far as this.
            if (!options.keepalive) return new Promise(() => undefined);
            localStorage.setItem(url, String(options.keepalive));
            return fetchOfTest(url, options);
          };
        }"""
    )
    tab.page.close()
    scripted.wait_for(2)
    assert sorted(each.kind for each in scripted.sent()) == ["frames", "stt"]
    assert sum(len(each.raw) for each in scripted.sent()) <= 64 * 1024
    assert scripted.sent("frames")[0].headers.get("X-Request-ID") is None, "a request that needs a preflight"
    reported = "() => Object.entries(localStorage).filter(([name]) => name.includes('/api/')).map(([, value]) => value)"
    wait_for(lambda: keeper.page.evaluate(reported) == ["true", "true"], what="that both requests outlive their page")

    keeper.make(**CALM)
    wait_for(lambda: keeper.call("pending")["items"] == 0)
    assert {*numbers(scripted.sent("frames"))} == {0, 1, 2, 3}


def test_a_page_that_closes_while_it_sends_loses_nothing(tab, scripted):
    keeper = another_tab(tab)
    keeper.page.goto(ORIGIN + "/")
    scripted.script = [HANG, 503]
    tab.open(**CALM)
    collect(tab, 1, 2)
    tab.begin("flush")
    scripted.wait_for(1)
    tab.page.close()
    scripted.wait_for(2)
    keeper.make(**CALM)
    wait_for(lambda: keeper.call("pending")["items"] == 0)
    assert numbers(scripted.sent()[-1:]) == [1, 2]


def test_items_collected_just_before_a_page_closes_are_sent(tab, scripted):
    """Items of the last moment are in memory only; the closing page sends and saves them."""
    keeper = another_tab(tab)
    keeper.page.goto(ORIGIN + "/")
    scripted.script = [503]
    tab.open(**{**CALM, "saveMs": 60_000})
    tab.page.evaluate("([session, item]) => void client.frames(session, item)", [SESSION, frame(5)])
    tab.page.close()
    scripted.wait_for(1)
    keeper.make(**CALM)
    scripted.wait_for(2)
    assert numbers(scripted.sent()) == [5, 5]


def test_a_crash_loses_nothing_that_was_saved(tab, scripted):
    tab.open(**CALM)
    collect(tab, 1)
    collect(tab, 2)
    tab.crash()
    another_tab(tab).open(**CALM)
    assert numbers(scripted.sent()) == [1, 2]


def test_what_is_collected_is_on_disk_within_saveMs(held_tab):
    held_tab.make()
    held_tab.begin("frames", SESSION, frame(1))
    advance(held_tab, 200)
    assert SESSION not in held_tab.stored()
    advance(held_tab, 100)
    wait_for(lambda: SESSION in held_tab.stored())


def test_a_closed_client_sends_nothing_and_the_next_one_everything(tab, scripted):
    tab.open(**{**CALM, "saveMs": 60_000, "batchMs": 50})
    tab.page.evaluate("([session, item]) => { client.frames(session, item); return client.close(); }", [SESSION, frame(1)])
    tab.page.wait_for_timeout(100)
    assert not scripted.sent()
    assert (
        tab.page.evaluate("([session, item]) => client.frames(session, item).catch((error) => error.name)", [SESSION, frame(2)])
        == "TypeError"
    )
    tab.make(**CALM)
    scripted.wait_for(1)
    assert numbers(scripted.sent()) == [1]


def test_end_from_a_closing_page_sends_what_is_pending_and_ends(tab, scripted):
    tab.open(**CALM)
    tab.page.evaluate("(session) => addEventListener('pagehide', () => client.end(session, {keepalive: true}))", SESSION)
    collect(tab, 1)
    tab.page.goto("about:blank")
    scripted.wait_for(1, "end")
    assert numbers(scripted.wait_for(1, "frames")) == [1]
    assert len(scripted.sent("end")) == 1


def test_an_end_that_could_not_be_sent_is_sent_later_after_the_batches(tab, scripted):
    tab.open(**CALM)
    scripted.script = [503]
    collect(tab, 1)
    error = tab.error("end", SESSION)
    assert error["kept"] is True and error["status"] == 503 and not scripted.sent("end")
    tab.call("flush")
    assert [each.kind for each in scripted.sent()] == ["frames", "frames", "end"]
    assert [each["kind"] for each in tab.events("sent")] == ["frames", "end"]


# -- How much, and whose -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", [{"keepItems": 5}, {"keepBytes": 150}], ids=["items", "bytes"])
def test_the_oldest_is_dropped_when_more_is_kept_than_allowed(tab, scripted, bound):
    tab.open(**CALM, **bound)
    for number in range(10, 18):
        collect(tab, number)
    dropped = tab.events("dropped")
    assert [each["items"][0]["ts"] for each in dropped] == [10, 11, 12] and {each["reason"] for each in dropped} == {"full"}
    assert tab.call("pending")["items"] == 5 and tab.call("flush")["items"] == 0
    assert numbers(scripted.sent()) == [13, 14, 15, 16, 17]


def test_what_is_too_old_is_dropped(tab, scripted):
    tab.open(**CALM, keepMs=0)
    tab.call("pause", SESSION)  # it tells the service's time
    collect(tab, 1)
    assert tab.call("flush")["items"] == 0
    assert tab.events("dropped")[0]["reason"] == "expired" and not scripted.sent("frames")


def test_another_user_neither_sees_nor_sends_what_is_kept(tab, scripted):
    scripted.script = [503, 503]
    tab.open(**CALM)
    collect(tab, 1)
    tab.call("flush")
    tab.make(**{**CALM, "user": "v"})
    assert tab.call("flush") == {"batches": 0, "items": 0, "bytes": 0}
    assert len(scripted.sent()) == 1


def test_clear_forgets_everything_also_what_is_being_sent(tab, scripted):
    scripted.script = [HANG]
    tab.open(**{**CALM, "timeoutMs": 60_000})
    tab.call("stt", SESSION, {"tsStart": 0, "tsEnd": 1, "text": "비밀입니다"})
    tab.begin("flush")
    scripted.wait_for(1)
    tab.call("audio", SESSION, {"tsStart": 0, "tsEnd": 1, "vad": True})
    assert "비밀입니다" in tab.stored()
    tab.call("clear")
    assert tab.outcome()["value"] == {"batches": 0, "items": 0, "bytes": 0}
    assert "비밀입니다" not in tab.stored() and SESSION not in tab.stored()
    tab.open(**CALM)
    tab.call("flush")
    assert len(scripted.sent()) == 1


def test_no_token_is_written_to_disk(tab, scripted):
    scripted.script = [503]
    tab.open(**CALM, token="a-secret-token", headers={"X-CSRF-Token": "another-secret"})
    collect(tab, 1)
    tab.call("flush")
    assert scripted.sent()[0].headers["Authorization"] == "Bearer a-secret-token"
    assert scripted.sent()[0].headers["X-CSRF-Token"] == "another-secret"
    assert SESSION in tab.stored() and "secret" not in tab.stored()
    assert "secret" not in tab.page.evaluate("() => JSON.stringify({...localStorage, ...sessionStorage})")
