"""The browser client and its disk: each fault that a browser's storage shows is got over, and what it held is sent."""

import pytest

from tests.support.browsing import ORIGIN, SESSION, Tab, advance, frame, until
from tests.support.scripted import Delayed, failure
from tests.support.servers import wait_for

#: A client that sends when it is told to and does not repeat. Its requests do not time out while a held clock is moved on.
CALM = {"batchMs": 600_000, "saveMs": 5, "waitsMs": [], "timeoutMs": 600_000, "user": "u"}

#: A browser whose IndexedDB fails as the page's ``fault`` says: null (it works), throw (each transaction fails), once (one does),
#: abort (one breaks off), hang (no database opens).
FAULTS = """
window.fault = null;
window.handles = [];
window.late = [];
const {open} = IDBFactory.prototype, {transaction} = IDBDatabase.prototype;
IDBFactory.prototype.open = function (...values) {
  const request = open.apply(this, values);
  request.addEventListener('success', () => handles.push(request.result));
  if (fault !== 'hang') return request;
  // The page's handler is called when the fault is over.
  const hanging = {};
  const pass = (name) => { hanging.result = request.result; hanging[name](); };
  request.onupgradeneeded = () => pass('onupgradeneeded');
  request.onsuccess = () => late.push(() => pass('onsuccess'));
  return hanging;
};
IDBDatabase.prototype.transaction = function (...values) {
  if (fault === 'throw' || fault === 'once') {
    if (fault === 'once') window.fault = null;
    throw new DOMException('the disk is gone', 'UnknownError');
  }
  const made = transaction.apply(this, values);
  if (fault === 'abort') {
    window.fault = null;
    setTimeout(() => made.abort());
  }
  return made;
};
"""


def fail(tab, fault):
    """Let the disk of a page fail, or with None work again."""
    tab.page.evaluate("(fault) => { window.fault = fault; if (!fault) late.splice(0).forEach((answer) => answer()); }", fault)


def collect(tab, *numbers):
    tab.call("frames", SESSION, [frame(number) for number in numbers])


def numbers(requests):
    """The frames of some requests in the order in which they came."""
    return [item["ts"] for each in requests for item in each.items]


def persistence(tab):
    """What the page was told of its disk: whether it works, each time that changed."""
    return [each["persistent"] for each in tab.events("storage")]


@pytest.fixture
def faulty(tab):
    """A tab whose disk can fail."""
    tab.page.add_init_script(FAULTS)
    return tab


@pytest.fixture
def held(held_tab):
    """A tab whose disk can fail and whose clock is held."""
    held_tab.page.add_init_script(FAULTS)
    held_tab.page.goto(ORIGIN + "/")
    return held_tab


def finished(tab):
    """What the call that was begun has returned, when the held clock has gone on as long as it needs."""
    outcome = until(tab, tab.settled)
    assert "value" in outcome, outcome
    return outcome.get("value")


# -- Faults that pass --------------------------------------------------------------------------------------------------------


def test_a_handle_that_the_browser_has_closed_is_opened_again(faulty, scripted):
    """iOS closes all of them whenever it suspends the page."""
    faulty.open(**CALM)
    for number in range(3):
        faulty.page.evaluate("() => handles.forEach((database) => database.close())")
        collect(faulty, number)
        assert f'\\"ts\\":{number}' in faulty.stored()
    faulty.page.evaluate("() => handles.forEach((database) => database.close())")
    assert faulty.call("flush")["items"] == 0 and numbers(scripted.sent()) == [0, 1, 2]
    assert not faulty.events("storage")


@pytest.mark.parametrize("fault", ["once", "abort"])
def test_a_transaction_that_fails_once_is_repeated(faulty, scripted, fault):
    faulty.open(**CALM)
    fail(faulty, fault)
    collect(faulty, 1)
    assert SESSION in faulty.stored()
    fail(faulty, fault)
    assert faulty.call("flush")["items"] == 0
    fail(faulty, fault)
    assert faulty.call("end", SESSION)["sessionId"] == SESSION
    assert [each.kind for each in scripted.sent()] == ["frames", "end"] and not faulty.events("storage")


def test_a_write_that_fails_half_way_changes_nothing(tab, scripted):
    """A batch of which an item is refused is replaced by the rest: if that fails, the batch is still there."""
    tab.page.add_init_script(
        """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (record) {
          if (window.failing && window.failing--) throw new DOMException('a bad sector', 'UnknownError');
          return put.call(this, record);
        };"""
    )
    tab.open(**CALM)
    collect(tab, 1, 2)
    scripted.script = [(400, {}, failure(400, [{"index": 0, "field": "ts", "message": "is wrong"}])), 503]
    tab.page.evaluate("() => { window.failing = 1; }")
    assert tab.call("flush")["items"] == 1
    tab.call("close")
    tab.make(**CALM)
    assert [numbers([each]) for each in scripted.sent()] == [[1, 2], [2], [2]]


# -- Faults that last --------------------------------------------------------------------------------------------------------


def test_while_the_disk_fails_batches_are_in_memory_and_then_on_disk_again(held, scripted):
    held.make(**{**CALM, "resendMs": 3_600_000})
    scripted.script = [503] * 2
    fail(held, "throw")
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    held.begin("flush")
    assert finished(held)["items"] == 1 and persistence(held) == [False]
    assert SESSION not in held.stored()

    fail(held, None)
    until(held, lambda: persistence(held) == [False, True], step_ms=1000)
    scripted.wait_for(2)
    assert SESSION in held.stored()
    held.begin("flush")
    assert finished(held)["items"] == 0
    assert numbers(scripted.sent()) == [1, 1, 1] and SESSION not in held.stored()


def test_the_disk_is_tried_again_every_half_minute(held):
    held.make(**CALM)
    fail(held, "throw")
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    advance(held, 100_000, 1000)
    assert persistence(held) == [False]
    fail(held, None)
    advance(held, 29_000, 1000)
    wait_for(lambda: persistence(held) == [False, True])


def test_what_was_sent_while_the_disk_failed_is_not_sent_again(held, scripted):
    """It was on disk before, and could not be removed."""
    held.make(**CALM)
    scripted.script = [503]
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    held.begin("flush")
    assert finished(held)["items"] == 1
    answer = Delayed()
    scripted.script = [answer]
    held.begin("flush")
    scripted.wait_for(2)
    fail(held, "throw")
    answer.give()
    assert finished(held)["items"] == 0 and persistence(held) == [False]
    fail(held, None)
    until(held, lambda: persistence(held) == [False, True], step_ms=1000)
    held.begin("flush")
    assert finished(held)["items"] == 0
    assert SESSION not in held.stored() and len(scripted.sent()) == 2


def test_a_database_that_never_opens_holds_nothing_up_and_what_it_holds_is_sent_when_it_opens(held, scripted):
    scripted.script = [503]
    held.make(**CALM)
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    held.begin("flush")
    assert finished(held)["items"] == 1  # this is what the earlier visit leaves
    scripted.script = [503]
    held.page.goto(ORIGIN + "/")
    scripted.wait_for(2)  # the closing page has tried it once more
    scripted.received.clear()

    fail(held, "hang")
    held.make_only(**CALM)
    held.begin("frames", SESSION, [frame(2)])
    finished(held)
    assert persistence(held) == [False]
    held.begin("end", SESSION)
    assert finished(held)["sessionId"] == SESSION
    assert numbers(scripted.sent("frames")) == [2]
    before_ms = held.page.evaluate("() => performance.now()")

    fail(held, None)
    wait_for(lambda: persistence(held) == [False, True])
    wait_for(lambda: numbers(scripted.sent("frames")) == [2, 1])
    assert held.page.evaluate("() => performance.now()") == before_ms, "it was sent at once"


def test_a_database_that_answers_again_later_is_used_again(held, scripted):
    """The first request to open it stays without an answer; a later one gets one."""
    fail(held, "hang")
    held.make_only(**CALM)
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    held.page.evaluate("() => { window.fault = null; late.length = 0; }")
    until(held, lambda: persistence(held) == [False, True], step_ms=1000)
    scripted.wait_for(1)
    assert numbers(scripted.sent()) == [1]


def test_a_store_of_the_pages_own_that_does_not_answer_holds_nothing_up(held, scripted):
    held.make(**CALM, storage="memory")
    held.page.evaluate(
        """(options) => {
          const never = () => new Promise(() => undefined);
          const storage = {append: never, list: never, replace: never, size: never, clear: never};
          client = new BeMoreClient({...options, storage});
          client.addEventListener('storage', ({detail}) => events.push({name: 'storage', ...detail}));
        }""",
        CALM,
    )
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    held.begin("end", SESSION)
    assert finished(held)["sessionId"] == SESSION and persistence(held) == [False]
    assert [each.kind for each in scripted.sent()] == ["frames", "end"]


def test_a_log_that_cannot_be_deleted_says_so_and_is_deleted_when_it_can_be(held, scripted):
    held.make(**CALM)
    scripted.script = [503]
    held.begin("stt", SESSION, {"tsStart": 0, "tsEnd": 1, "text": "비밀입니다"})
    finished(held)
    fail(held, "throw")
    held.begin("clear")
    outcome = until(held, held.settled)
    assert outcome["error"]["code"] == "STORAGE"
    held.begin("pending")
    assert finished(held)["items"] == 0
    fail(held, None)
    until(held, lambda: persistence(held) == [False, True], step_ms=1000)
    assert SESSION not in held.stored() and not scripted.sent()


def test_a_page_that_closes_while_its_disk_fails_writes_everything_down_if_it_can(held, scripted):
    held.make(**CALM)
    fail(held, "throw")
    held.begin("frames", SESSION, [frame(1)])
    finished(held)
    fail(held, None)
    held.begin("close")
    until(held, held.settled)
    assert SESSION in held.stored() and not scripted.sent()


# -- An end always settles ---------------------------------------------------------------------------------------------------


def test_an_end_that_is_refused_by_the_quota_again_and_again_is_kept(held, scripted):
    scripted.script = [(429, {"Retry-After": "30"}, None)] * 20
    held.make(**{**CALM, "waitsMs": [5, 5]})
    held.begin("end", SESSION)
    outcome = until(held, held.settled, 200_000, step_ms=1000)
    assert outcome["error"]["kept"] is True and outcome["error"]["status"] == 429
    assert len(scripted.sent()) == 3
    assert '"kind":"end"' in held.stored()


def test_an_end_does_not_wait_for_ever_for_a_token(tab, scripted):
    tab.open(**{**CALM, "timeoutMs": 500})
    tab.page.evaluate("() => client.setToken(() => new Promise(() => undefined))")
    error = tab.error("end", SESSION)
    assert error["kept"] is True and error["code"] == "TOKEN" and not scripted.sent()
    tab.call("setToken", "a-token")
    scripted.wait_for(1, "end")


# -- Other places, and their limits ------------------------------------------------------------------------------------------


def test_without_a_database_batches_are_kept_in_memory_and_the_page_is_told(context, scripted):
    context.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    tab = Tab(context.new_page()).open(**CALM)
    scripted.script = [503]
    collect(tab, 1)
    assert tab.call("flush")["items"] == 1 and tab.call("flush")["items"] == 0
    assert [each["persistent"] for each in tab.events("storage")] == [False]
    assert numbers(scripted.sent()) == [1, 1]


def test_a_database_that_fails_under_way_loses_nothing_of_what_is_being_written(tab, scripted):
    tab.page.add_init_script(
        """const transaction = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (...given) {
          if (window.broken) throw new DOMException('the disk is gone', 'UnknownError');
          return transaction.apply(this, given);
        };"""
    )
    tab.open(**CALM)
    tab.page.evaluate("() => { window.broken = true; }")
    tab.page.evaluate(
        "([session, item, chunk]) => Promise.all([client.frames(session, item), client.audio(session, chunk)])",
        [SESSION, frame(1), {"tsStart": 0, "tsEnd": 1, "vad": True}],
    )
    assert len(tab.events("storage")) == 1 and tab.call("flush")["items"] == 0
    assert sorted(each.kind for each in scripted.sent()) == ["audio", "frames"]


def test_a_full_disk_drops_the_oldest_and_keeps_the_newest(tab, scripted):
    tab.page.add_init_script(
        """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (record) {
          if (window.full && window.full--) throw new DOMException('no room', 'QuotaExceededError');
          return put.call(this, record);
        };"""
    )
    tab.open(**CALM)
    collect(tab, 1)
    collect(tab, 2)
    tab.page.evaluate("() => { window.full = 1; }")
    collect(tab, 3)
    assert [each["items"][0]["ts"] for each in tab.events("dropped")] == [1] and not tab.events("storage")
    tab.call("flush")
    assert numbers(scripted.sent()) == [2, 3]


@pytest.mark.parametrize("storage", ["memory", "own"])
def test_batches_can_be_kept_elsewhere(tab, scripted, storage):
    tab.open(**CALM)
    tab.page.evaluate(
        """([options, storage]) => {
          const kept = new Map();
          const own = {
            append: async (record) => void kept.set(record.id, record),
            list: async (lanes, after, limit) =>
              [...kept.values()].filter(({id, lane}) => id > after && (!lanes || lanes.includes(lane)))
                .sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit),
            replace: async (ids, record) => { ids.forEach((id) => kept.delete(id)); if (record) kept.set(record.id, record); },
            size: async () => ({batches: kept.size, items: [...kept.values()].flatMap(({items}) => items).length, bytes: 0}),
            clear: async () => kept.clear(),
          };
          window.client = new BeMoreClient({...options, storage: storage === 'own' ? own : storage});
        }""",
        [CALM, storage],
    )
    scripted.script = [503]
    collect(tab, 1)
    assert tab.call("flush")["items"] == 1 and tab.call("flush")["items"] == 0
    assert tab.call("end", SESSION)["sessionId"] == SESSION and SESSION not in tab.stored()
    assert [each.kind for each in scripted.sent()] == ["frames", "frames", "end"]
