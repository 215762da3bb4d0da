"""The browser client and clocks: those that are set while it waits, those that are wrong, and the service's, which counts."""

import pytest

from tests.support.browsing import SESSION, Tab, frame
from tests.support.scripted import Delayed, success
from tests.support.servers import wait_for

#: A client that sends when it is told to, and does not repeat.
CALM = {"batchMs": 600_000, "saveMs": 5, "waitsMs": [], "timeoutMs": 5000, "user": "u"}

HOUR_MS, DAY_MS = 3_600_000, 86_400_000

#: How far the estimate of the service's clock may be off on a busy machine; a clock that is not corrected is off by minutes.
LEEWAY_MS = 5000

#: A device whose clock the test sets: ``setClock(ms)`` is how far it is ahead.
SETTABLE = """
const clockOfDevice = Date.now.bind(Date);
window.setClock = (ms) => { Date.now = () => clockOfDevice() + ms; };
setClock(%d);
"""


@pytest.fixture
def device(context):
    """A function that opens a tab on a device whose clock is so many ms ahead."""

    def opened(ahead_ms=0):
        page = context.new_page()
        page.add_init_script(SETTABLE % ahead_ms)
        return Tab(page)

    return opened


def set_clock(tab, ahead_ms):
    tab.page.evaluate("(ms) => setClock(ms)", ahead_ms)


def collect_now(tab, count=3):
    """Collect frames of this moment, dated by the device's clock."""
    tab.page.evaluate(
        """([session, count]) => {
          const now = Date.now();
          return client.frames(session, Array.from({length: count}, (_, number) => ({ts: now + number, qualityScore: 0.5})));
        }""",
        [SESSION, count],
    )


def times(scripted):
    return [item["ts"] for each in scripted.sent("frames") for item in each.items]


def answered_at(server_ts):
    """The answer of a service whose clock shows this."""
    return (200, {}, success(serverTs=server_ts))


# -- Waits and ages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("set_by", [-HOUR_MS, HOUR_MS], ids=["back", "forward"])
def test_a_429_lasts_as_long_as_it_says_though_the_clock_is_set(device, scripted, set_by):
    scripted.script = [(429, {"Retry-After": "1"}, None)]
    tab = device().open(**CALM)
    tab.call("frames", SESSION, frame(1))
    tab.call("flush")
    tab.wait_for_events("ratelimited")
    set_clock(tab, set_by)
    first, second = scripted.wait_for(2)
    assert second.at_s - first.at_s >= 1.0
    tab.wait_for_events("sent")


def test_an_end_waits_out_a_429_though_the_clock_is_set_back(device, scripted):
    scripted.answers["end"] = [(429, {"Retry-After": "1"}, None)]
    tab = device().open(**{**CALM, "waitsMs": [5]})
    tab.begin("end", SESSION)
    tab.wait_for_events("ratelimited")
    set_clock(tab, -HOUR_MS)
    assert tab.outcome()["value"]["sessionId"] == SESSION


def test_a_clock_that_jumps_by_40_days_drops_nothing(device, scripted):
    first = device().open(**CALM)
    first.call("pause", SESSION)  # it knows the service's time
    scripted.answers["frames"] = [503] * 3
    first.call("frames", SESSION, frame(1))
    set_clock(first, 40 * DAY_MS)
    first.call("frames", SESSION, frame(2))
    assert first.call("flush")["items"] == 2
    first.call("close")

    scripted.answers["frames"] = [401]
    second = device(40 * DAY_MS).open(**CALM)  # the 401 tells it the service's time
    assert second.call("flush")["items"] == 0
    assert times(scripted)[-2:] == [1, 2] and not [*first.events("dropped"), *second.events("dropped")]


def test_what_was_saved_before_the_services_time_was_known_is_as_old_as_that_knowledge(device, scripted):
    scripted.answers["frames"] = [503, 401, 401]
    device(-40 * DAY_MS).open(**CALM).call("frames", SESSION, frame(1))
    tab = device().open(**CALM)
    tab.call("flush")
    assert tab.call("flush")["items"] == 0 and not tab.events("dropped")

    scripted.answers["frames"] = [401]
    tab.call("frames", SESSION, frame(2))
    assert tab.call("flush")["items"] == 1
    scripted.ahead_ms = 31 * DAY_MS
    tab.call("pause", SESSION)
    assert tab.call("flush")["items"] == 0
    assert [(each["reason"], each["items"][0]["ts"]) for each in tab.events("dropped")] == [("expired", 2)]


# -- A clock that is wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead_ms", [0, 600_000, -600_000, 40 * DAY_MS], ids=["right", "ahead", "behind", "far ahead"])
def test_times_of_a_wrong_clock_are_sent_relative_to_the_sessions_start(device, scripted, ahead_ms):
    scripted.started_ms = scripted.now_ms - 120_000
    tab = device(ahead_ms).open(**CALM)
    tab.call("start", "user-1", "counselor-1")
    collect_now(tab)
    assert tab.call("flush")["items"] == 0
    first, second, third = times(scripted)
    assert (second, third) == (first + 1, first + 2)
    assert 120_000 - LEEWAY_MS <= first <= scripted.now_ms - scripted.started_ms + LEEWAY_MS


def test_times_since_the_start_and_other_values_are_left_as_they_are(device, scripted):
    tab = device(600_000).open(**CALM)
    tab.call("start", "user-1", "counselor-1")
    tab.call("frames", SESSION, [frame(59_999), frame("1737250800000"), frame(None), frame(-3)])
    tab.call("flush")
    assert times(scripted) == [59_999, "1737250800000", None, -3]


def test_a_clock_that_is_set_during_a_session_moves_no_item(device, scripted):
    scripted.started_ms = scripted.now_ms
    tab = device().open(**CALM)
    tab.call("start", "user-1", "counselor-1")
    for ahead_ms in (0, -HOUR_MS, DAY_MS):
        set_clock(tab, ahead_ms)
        collect_now(tab, 1)
    tab.call("flush")
    assert len(times(scripted)) == 3 and max(times(scripted)) <= scripted.now_ms - scripted.started_ms + LEEWAY_MS


def test_after_the_machine_has_slept_items_are_where_they_belong(device, scripted):
    """The page's clock stood still, the service's did not. To the page that looks as if somebody had set the device's clock."""
    scripted.started_ms = scripted.now_ms
    tab = device().open(**CALM)
    tab.call("start", "user-1", "counselor-1")
    collect_now(tab, 1)
    scripted.ahead_ms = HOUR_MS
    set_clock(tab, HOUR_MS)
    collect_now(tab, 1)
    tab.call("flush")
    before, after = times(scripted)
    assert before < LEEWAY_MS and HOUR_MS <= after + LEEWAY_MS and after <= scripted.now_ms - scripted.started_ms + LEEWAY_MS


def test_after_a_reload_the_service_is_asked_for_the_start_once(device, scripted):
    """The page knows the id of its session only, and what it collects must not wait for an answer before it is on disk."""
    scripted.started_ms = scripted.now_ms - 60_000
    tab = device(600_000).open(**CALM)
    collect_now(tab)
    assert SESSION in tab.stored() and not scripted.sent()
    collect_now(tab)
    assert tab.call("flush")["items"] == 0
    assert [(each.method, each.kind) for each in scripted.sent()] == [("GET", SESSION), ("POST", "frames")]
    collect_now(tab)
    tab.call("flush")
    assert [each.kind for each in scripted.sent()] == [SESSION, "frames", "frames"]
    assert 60_000 - LEEWAY_MS <= min(times(scripted)) and max(times(scripted)) <= scripted.now_ms - scripted.started_ms + LEEWAY_MS


def test_all_of_what_is_collected_at_once_is_corrected_even_if_it_fills_several_batches(device, scripted):
    scripted.started_ms = scripted.now_ms - 60_000
    tab = device(600_000).open(**CALM)
    collect_now(tab, 250)
    assert tab.call("flush")["items"] == 0
    assert len(times(scripted)) == 250
    assert 60_000 - LEEWAY_MS <= min(times(scripted)) and max(times(scripted)) <= scripted.now_ms - scripted.started_ms + LEEWAY_MS


def test_a_second_attempt_sends_the_same_times_though_the_clock_was_set_in_between(device, scripted):
    """Else the service would store the same frames twice."""
    scripted.started_ms = scripted.now_ms - 60_000
    scripted.answers["frames"] = [503]
    first = device(600_000).open(**CALM)
    collect_now(first)
    first.call("flush")
    first.call("close")
    device(5000).open(**CALM)
    one, other = scripted.sent("frames")
    assert one.raw == other.raw


def test_without_an_answer_about_the_session_its_items_are_kept(device, scripted):
    scripted.answers[SESSION] = [503]
    tab = device(600_000).open(**CALM)
    collect_now(tab)
    assert tab.call("flush")["items"] == 3 and not scripted.sent("frames")
    assert tab.call("flush")["items"] == 0 and len(times(scripted)) == 3


# -- The estimate ----------------------------------------------------------------------------------------------------------


def ahead(tab, service_ms):
    """How far the client takes the held clock to be ahead of the service's, less what it is ahead of ``service_ms``."""
    return tab.page.evaluate("(ms) => client.clockOffsetMs - (Date.now() - ms)", service_ms)


def slowly(tab, scripted, server_ts, ms):
    """A request whose answer takes so long on the page's clock, and says that it is ``server_ts`` for the service."""
    answer = Delayed(answered_at(server_ts))
    scripted.script = [answer]
    before = len(scripted.sent())
    tab.begin("pause", SESSION)
    scripted.wait_for(before + 1)
    tab.page.clock.run_for(ms)
    answer.give()
    assert "value" in tab.outcome()


def test_the_quickest_answer_tells_the_services_time(held_tab, scripted):
    service_ms = 1_800_000_000_000
    held_tab.make(**CALM)
    assert held_tab.page.evaluate("() => client.clockOffsetMs") is None
    slowly(held_tab, scripted, service_ms, 4000)
    # Half way between the request and the answer the service's clock showed this, so now it shows two seconds more.
    assert ahead(held_tab, service_ms) == -2000
    slowly(held_tab, scripted, service_ms + 10, 100)
    assert ahead(held_tab, service_ms + 10) == -50
    # One that is slower and does not contradict.
    slowly(held_tab, scripted, service_ms + 1000, 2000)
    assert ahead(held_tab, service_ms + 10 + 2000) == -50


def test_an_answer_that_contradicts_replaces_the_estimate(held_tab, scripted):
    """Somebody has set the service's clock, or the page's machine has slept."""
    service_ms = 1_800_000_000_000
    held_tab.make(**CALM)
    slowly(held_tab, scripted, service_ms, 100)
    slowly(held_tab, scripted, service_ms + HOUR_MS, 1000)
    assert ahead(held_tab, service_ms + HOUR_MS) == -500


def test_answers_that_may_come_from_the_browsers_cache_tell_no_time(tab, scripted):
    tab.open(**CALM)
    tab.call("pause", SESSION)
    before = tab.page.evaluate("() => client.clockOffsetMs")
    scripted.answers["report"] = [answered_at(scripted.now_ms - DAY_MS)]
    tab.call("report", SESSION)
    after = tab.page.evaluate("() => client.clockOffsetMs")
    wait_for(lambda: len(scripted.sent()) == 2)
    assert abs(after - before) < HOUR_MS
