"""Several tabs with a browser client each: one sends at a time, and none waits for ever for another."""

import pytest

from tests.support.browsing import ORIGIN, SESSION, Tab, advance, frame, until
from tests.support.scripted import HANG, Delayed
from tests.support.servers import wait_for


#: A client that sends when it is told to, and gives up soon.
CALM = {"batchMs": 600_000, "saveMs": 5, "waitsMs": [], "timeoutMs": 5000, "user": "u"}


def collect(tab, *numbers):
    tab.call("frames", SESSION, [frame(number) for number in numbers])


def numbers(requests):
    """The frames of some requests in the order in which they came."""
    return [item["ts"] for each in requests for item in each.items]


#: What the clients of CALM call their log.
LOG = f"bemore-client|{ORIGIN}|u"


# -- Taking turns --------------------------------------------------------------------------------------------------------


def send_from_two_tabs(tabs, scripted):
    scripted.delay_s = 0.05
    for number in range(5):
        for offset, tab in enumerate(tabs):
            collect(tab, 10 * number + offset)
    wait_for(lambda: not any(tab.call("pending")["items"] for tab in tabs))
    return sorted(numbers(scripted.sent("frames"))), [10 * number + offset for number in range(5) for offset in range(2)]


def test_of_two_tabs_one_sends_at_a_time_and_each_item_once(context, scripted):
    tabs = [Tab(context.new_page()).open(**{**CALM, "batchMs": 20}) for _ in range(2)]
    arrived, collected = send_from_two_tabs(tabs, scripted)
    assert arrived == collected and scripted.most_at_once == 1


def test_without_web_locks_tabs_hold_a_lease_and_everything_arrives(context, scripted):
    """A page without https has none. What localStorage tells comes late to other tabs, so that both may send for a moment."""
    context.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")
    tabs = [Tab(context.new_page()).open(**{**CALM, "batchMs": 20}) for _ in range(2)]
    scripted.answers["stt"] = [HANG]
    tabs[0].call("stt", SESSION, {"tsStart": 0, "tsEnd": 1, "text": "잠시만요"})
    scripted.wait_for(1, "stt")
    assert "bemore-client" in tabs[0].page.evaluate("() => localStorage.key(0)")
    collect(tabs[1], 1)
    tabs[1].page.wait_for_timeout(500)
    assert not scripted.sent("frames"), "the other tab sent while the lease was held"
    scripted.released.set()  # a broken connection to the tab, which then waits for its next round
    assert tabs[0].call("flush")["items"] == 0
    arrived, collected = send_from_two_tabs(tabs, scripted)
    assert {*arrived} == {*collected, 1}


def test_another_tab_goes_on_when_the_one_that_sends_is_closed(tab, scripted):
    # The 503 is for what the closed tab sends at last; where the other one is faster and gets it, it tries again.
    other = Tab(tab.page.context.new_page()).open(**{**CALM, "waitsMs": [300]})
    tab.open(**CALM)
    scripted.script = [HANG]
    collect(tab, 1)
    tab.begin("flush")
    scripted.wait_for(1)
    collect(other, 2)
    other.begin("flush")
    other.page.wait_for_timeout(100)
    assert len(scripted.sent()) == 1
    scripted.answers["frames"] = [503]
    tab.page.close()
    assert other.outcome()["value"]["items"] == 0
    assert [1, 2] == sorted({*numbers(scripted.sent())}) and numbers(scripted.sent()[-1:])[-1] == 2


def test_end_is_answered_when_another_tab_has_sent_it(tab, scripted):
    other = Tab(tab.page.context.new_page()).open(**CALM)
    tab.open(**CALM)
    scripted.answers["audio"] = [HANG]
    other.call("audio", "sess_1_a", {"tsStart": 0, "tsEnd": 1, "vad": True})
    other.begin("flush")
    scripted.wait_for(1, "audio")
    tab.begin("end", SESSION)
    wait_for(lambda: '"kind":"end"' in tab.stored())
    scripted.released.set()
    assert tab.outcome()["value"]["sessionId"] == SESSION
    assert len(scripted.sent("end")) >= 1


# -- Tabs that do not answer ---------------------------------------------------------------------------------------------


@pytest.fixture
def tabs(held_tab, context):
    """Two tabs of one profile; their clock stands still, and ``advance`` and ``until`` move it for both."""
    other = Tab(context.new_page())
    for each in (held_tab, other):
        each.page.goto(ORIGIN + "/")
    return held_tab, other


def client(tab, **options):
    """A client that may have to wait for its turn already."""
    return tab.make_only(**{**CALM, "timeoutMs": 600_000, **options})


def finished(tab):
    """What the call that was begun has returned, when the clock has gone on as long as it needs."""
    outcome = until(tab, tab.settled)
    assert "value" in outcome, outcome
    return outcome["value"]


def test_a_lock_that_a_suspended_tab_holds_is_taken_over(tabs, scripted):
    tab, suspended = tabs
    suspended.page.evaluate("(name) => void navigator.locks.request(name, () => new Promise(() => undefined))", LOG)
    client(tab).begin("frames", SESSION, frame(1))
    tab.begin("end", SESSION)
    advance(tab, 14_000, 1000)
    assert not scripted.sent()
    assert finished(tab)["sessionId"] == SESSION
    assert [each.kind for each in scripted.sent()] == ["frames", "end"] and not tab.events("storage")


def test_a_tab_that_was_overtaken_stops_sending(tabs, scripted):
    """It wakes up in the middle of its round, when another tab has sent what is left."""
    tab, slow = tabs
    answer = Delayed()
    scripted.answers["frames"] = [answer]
    client(slow).begin("frames", SESSION, frame(1))
    slow.page.evaluate("(session) => void client.audio(session, {tsStart: 0, tsEnd: 1, vad: true})", SESSION)
    advance(slow, 100)
    slow.begin("flush")
    until(slow, lambda: scripted.sent("frames"))
    client(tab).begin("flush")
    advance(tab, 14_000, 1000)
    assert finished(tab)["items"] == 0
    answer.give()
    assert finished(slow)["items"] == 0
    assert [each.kind for each in scripted.sent()] == ["frames", "frames", "audio"]


def test_an_end_in_a_tab_that_was_overtaken_is_answered(tabs, scripted):
    tab, slow = tabs
    answer = Delayed()
    scripted.answers["frames"] = [answer]
    client(slow).begin("frames", SESSION, frame(1))
    slow.begin("end", SESSION)
    until(slow, lambda: scripted.sent("frames"))
    client(tab)
    advance(tab, 14_000, 1000)
    until(tab, lambda: scripted.sent("end"))
    answer.give()
    assert finished(slow)["sessionId"] == SESSION


# -- Without Web Locks ---------------------------------------------------------------------------------------------------

FULL = "Storage.prototype.setItem = () => { throw new DOMException('no room', 'QuotaExceededError'); };"


@pytest.fixture
def without_locks(context):
    context.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")


def test_a_full_localstorage_is_no_obstacle(without_locks, tab, scripted):
    tab.page.add_init_script(FULL)
    tab.open(**CALM)
    scripted.script = [503]
    collect(tab, 1)
    assert tab.call("flush")["items"] == 1 and SESSION in tab.stored()
    assert tab.call("end", SESSION)["sessionId"] == SESSION
    assert numbers(scripted.sent("frames")) == [1, 1] and not tab.events("storage")


def test_a_localstorage_that_becomes_full_while_a_tab_sends_stops_nobody(without_locks, held_tab, scripted):
    faults = []
    held_tab.page.on("pageerror", lambda error: faults.append(str(error)))
    held_tab.page.goto(ORIGIN + "/")
    answer = Delayed()
    scripted.answers["frames"] = [answer]
    client(held_tab).begin("frames", SESSION, frame(1))
    held_tab.begin("end", SESSION)
    until(held_tab, lambda: scripted.sent("frames"))
    held_tab.page.evaluate(f"() => {{ {FULL} }}")
    advance(held_tab, 20_000, 1000)  # the lease would have been renewed
    answer.give()
    assert finished(held_tab)["sessionId"] == SESSION
    assert not faults and not held_tab.events("storage")


def test_a_lease_from_a_clock_that_was_set_back_runs_out(without_locks, held_tab, scripted):
    held_tab.page.goto(ORIGIN + "/")
    held_tab.page.evaluate("(name) => localStorage.setItem(name, `somebody ${Date.now() + 40 * 864e5}`)", LOG)
    client(held_tab).begin("end", SESSION)
    advance(held_tab, 14_000, 1000)
    assert not scripted.sent()
    assert finished(held_tab)["sessionId"] == SESSION


def test_a_lease_that_another_tab_renews_is_waited_for(without_locks, tabs, scripted):
    tab, slow = tabs
    answer = Delayed()
    scripted.answers["frames"] = [answer]
    client(slow).begin("frames", SESSION, frame(1))
    advance(slow, 100)
    slow.begin("flush")
    until(slow, lambda: scripted.sent("frames"))
    client(tab).begin("flush")
    advance(tab, 40_000, 1000)
    assert len(scripted.sent()) == 1
    answer.give()
    assert finished(tab)["items"] == 0 and len(scripted.sent()) == 1
