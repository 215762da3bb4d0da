"""The browser client's batches: when they leave, how large they are, how they are split and compressed."""

from tests.support.browsing import QUICK, SESSION, advance, frame, numbers, send, until
from tests.support.scripted import HANG, RESET, failure


def all_numbers(scripted):
    return [numbers(each) for each in scripted.sent("frames")]


# -- When and how large -------------------------------------------------------------------------------------------------------------


def test_a_batch_goes_out_when_it_is_full(tab, scripted):
    tab.open(batchMs=600_000, saveMs=600_000)
    tab.begin("frames", SESSION, [frame(number) for number in range(250)])
    tab.wait_for_events("sent", 2)
    # Only now: `pending` saves what is collected, and a round sends whatever was saved before it began.
    assert tab.call("pending")["items"] == 50
    tab.call("flush")
    assert [numbers(each) for each in scripted.sent()] == [[*range(100)], [*range(100, 200)], [*range(200, 250)]]


def test_a_batch_goes_out_when_its_time_has_come(held_tab, scripted):
    held_tab.make()
    held_tab.begin("frames", SESSION, frame(1))
    advance(held_tab, 9500)
    held_tab.begin("frames", SESSION, frame(2))
    assert not scripted.sent()
    until(held_tab, lambda: held_tab.events("sent"))
    assert [numbers(each) for each in scripted.sent()] == [[1, 2]]
    assert 10_000 <= held_tab.fetches()[0]["at"] - 1_737_250_800_000 <= 11_000


def test_no_body_is_larger_than_asked(tab, scripted):
    tab.open(**QUICK, batchBytes=4000)
    tab.call("stt", SESSION, [{"tsStart": number, "tsEnd": number, "text": "가나다" * 100} for number in range(9)])
    assert tab.call("flush")["items"] == 0
    assert [item["tsStart"] for each in scripted.sent() for item in each.items] == [*range(9)]
    assert max(each["bytes"] for each in tab.events("sent")) <= 4000 and len(scripted.sent()) > 2


def test_an_item_larger_than_a_body_may_be_is_dropped_at_once(tab, scripted):
    tab.open(**QUICK, batchBytes=2000)
    tab.call("stt", SESSION, [{"tsStart": 0, "tsEnd": 1, "text": "가" * 700}, {"tsStart": 1, "tsEnd": 2, "text": "나"}])
    assert tab.call("flush")["items"] == 0
    assert [item["text"] for item in scripted.sent()[0].items] == ["나"]
    assert tab.events("dropped")[0]["reason"] == "too-large"


# -- Splitting ---------------------------------------------------------------------------------------------------------------


def test_a_batch_that_is_too_large_is_sent_in_two_and_the_next_one_whole(tab, scripted):
    scripted.script = [413, (413, {}, b"<h1>Too large</h1>")]
    tab.open(**QUICK)
    assert send(tab, *range(8))["items"] == 0
    assert all_numbers(scripted) == [[*range(8)], [0, 1, 2, 3], [0, 1], [2, 3], [4, 5, 6, 7]]
    scripted.received.clear()
    assert send(tab, *range(250))["items"] == 0
    assert [len(each) for each in all_numbers(scripted)] == [100, 100, 50]
    assert not tab.events("dropped")


def test_a_batch_is_split_down_to_the_one_item_that_is_too_large(tab, scripted):
    scripted.script = [413, 201, 413, 413, 201, 413]
    tab.open(**QUICK)
    assert send(tab, *range(8))["items"] == 0
    assert all_numbers(scripted) == [[*range(8)], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6, 7]]
    (dropped,) = tab.events("dropped")
    assert dropped["reason"] == "too-large" and [each["ts"] for each in dropped["items"]] == [5]


def test_a_batch_without_an_answer_in_time_is_split_and_the_next_one_is_whole(tab, scripted):
    scripted.script = [HANG]
    tab.open(**{**QUICK, "waitsMs": [], "timeoutMs": 500})
    assert send(tab, *range(8))["items"] == 8
    assert tab.events("queued")[0]["code"] == "TIMEOUT"
    assert send(tab, *range(8, 16))["items"] == 0
    assert all_numbers(scripted) == [[*range(8)], [0, 1, 2, 3], [4, 5, 6, 7], [*range(8, 16)]]


def test_a_batch_stays_split_for_the_next_visit(tab, scripted):
    scripted.script = [413, 503]
    tab.open(**{**QUICK, "waitsMs": []})
    assert send(tab, *range(8))["items"] == 8
    tab.call("close")
    tab.make(**QUICK)
    assert all_numbers(scripted) == [[*range(8)], [0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]


def test_the_parts_of_a_split_batch_wait_for_a_429(held_tab, scripted):
    scripted.script = [413, (429, {"Retry-After": "30"}, None)]
    held_tab.make()
    held_tab.begin("frames", SESSION, [frame(number) for number in range(8)])
    advance(held_tab, 10_000)
    held_tab.wait_for_events("ratelimited")
    advance(held_tab, 29_900, 1000)
    assert len(scripted.sent()) == 2
    until(held_tab, lambda: len(held_tab.events("sent")) == 2)
    assert all_numbers(scripted)[2:] == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_session_that_is_full_does_not_split_its_batches(tab, scripted):
    """That 413 names the session; a smaller body would not help."""
    scripted.script = [(413, {}, failure(413, [{"field": "sessionId", "message": "the session is full"}]))]
    tab.open(**QUICK)
    assert send(tab, *range(8))["items"] == 0
    (dropped,) = tab.events("dropped")
    assert dropped["reason"] == "too-large" and dropped["count"] == 8 and len(scripted.sent()) == 1


# -- Compression -------------------------------------------------------------------------------------------------------------


def encodings(scripted):
    return [each.headers.get("Content-Encoding") for each in scripted.sent("frames")]


def test_large_bodies_are_compressed_and_small_ones_are_not(tab, scripted):
    tab.open(**QUICK)
    send(tab, 1)
    send(tab, *range(100))
    small, large = scripted.sent()
    assert encodings(scripted) == [None, "gzip"]
    assert numbers(large) == [*range(100)] and len(large.raw) < tab.events("sent")[1]["bytes"] / 4


def test_compression_ends_where_it_is_not_understood(tab, scripted):
    scripted.script = [415]
    tab.open(**QUICK)
    assert send(tab, *range(100))["items"] == 0
    assert send(tab, *range(100))["items"] == 0
    assert encodings(scripted) == ["gzip", None, None]
    assert not tab.events("dropped")


def test_the_first_large_body_to_another_origin_is_compressed(tab, scripted):
    tab.open(**QUICK, baseUrl=scripted.url)
    assert send(tab, *range(100))["items"] == 0
    assert encodings(scripted) == ["gzip"]


def test_where_another_origin_refuses_compression_no_batch_waits_for_it(tab, scripted):
    scripted.refused_headers = {"content-encoding"}
    # A wait of a minute would outlast the test.
    tab.open(**{**QUICK, "waitsMs": [60_000]}, baseUrl=scripted.url)
    for _ in range(3):
        assert send(tab, *range(100))["items"] == 0
    assert encodings(scripted) == [None] * 3 and not tab.events("retry")
    tried = [each for each in tab.fetches() if each["path"].endswith("/frames")]
    assert len(tried) == 5, "it is tried twice, and then no more"


def test_a_connection_that_breaks_once_does_not_end_compression(tab, scripted):
    scripted.script = [RESET]
    tab.open(**QUICK)
    for _ in range(3):
        assert send(tab, *range(100))["items"] == 0
    assert encodings(scripted) == ["gzip", None, "gzip", "gzip"]


def test_without_a_network_compressed_batches_are_repeated_as_others_are(tab, scripted):
    tab.open(**QUICK)
    tab.page.context.set_offline(True)
    assert send(tab, *range(99))["items"] == 99
    assert [each["attempt"] for each in tab.events("retry")] == [1, 2, 3]
    tab.page.context.set_offline(False)
    assert send(tab, *range(100))["items"] == 0
    assert {*encodings(scripted)} == {"gzip"}


# -- Times -------------------------------------------------------------------------------------------------------------------


def test_times_are_rounded_to_whole_milliseconds(tab, scripted):
    tab.open(**QUICK)
    tab.call("frames", SESSION, [frame(16.67), frame(33.5), frame(50.49), frame(2)])
    tab.call("audio", SESSION, {"tsStart": 1520.4, "tsEnd": 1620.5, "vad": 0.25, "rms": 0.125, "pitch": 180.5})
    tab.call("stt", SESSION, {"tsStart": 0.5, "tsEnd": 999.9999, "text": "반올림"})
    tab.call("batchTick", SESSION, {"minuteIndex": 0, "facialScore": 0.55, "durationMs": 59_999.7})
    assert tab.call("flush")["items"] == 0
    assert numbers(scripted.sent("frames")[0]) == [17, 34, 50, 2]
    assert scripted.sent("audio")[0].items == [{"tsStart": 1520, "tsEnd": 1621, "vad": 0.25, "rms": 0.125, "pitch": 180.5}]
    assert scripted.sent("stt")[0].items == [{"tsStart": 1, "tsEnd": 1000, "text": "반올림"}]
    assert scripted.sent("batch-tick")[0].items == [{"minuteIndex": 0, "facialScore": 0.55, "durationMs": 60_000}]
