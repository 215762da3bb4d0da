"""The browser client's requests: when they are repeated, after how long, and what happens to those that are refused."""

from tests.support.browsing import QUICK, SESSION, advance, frame, numbers, send, until
from tests.support.scripted import HANG, RESET, failure, success
from tests.support.servers import wait_for


# -- The schedule --------------------------------------------------------------------------------------------------------


def test_a_batch_is_tried_again_after_1_3_and_10_seconds_and_then_kept(held_tab, scripted):
    scripted.script = [503] * 4
    held_tab.make()
    held_tab.begin("frames", SESSION, frame())
    advance(held_tab, 10_000)
    for count, usual in enumerate((1000, 3000, 10_000), 1):
        reported = held_tab.wait_for_events("retry", count)[-1]
        assert usual <= reported["waitMs"] <= 1.2 * usual
        until(held_tab, lambda count=count: len(held_tab.fetches()) > count)
        waited = held_tab.fetches()[-1]["at"] - reported["at"]
        assert reported["waitMs"] - 1 <= waited <= reported["waitMs"] + 100
    held_tab.wait_for_events("queued")
    assert len(scripted.sent()) == 4
    assert [each["attempt"] for each in held_tab.events("retry")] == [1, 2, 3]
    assert held_tab.events("queued")[0]["status"] == 503 and not held_tab.events("dropped")
    assert held_tab.call("pending")["items"] == 1


def test_the_first_wait_lasts_a_second_of_real_time(tab, scripted):
    scripted.script = [503]
    tab.open(batchMs=10)
    tab.call("frames", SESSION, frame())
    first, second = scripted.wait_for(2)
    assert 1.0 <= second.at_s - first.at_s <= 1.2 + 0.4  # what the machine takes
    assert first.raw == second.raw


def test_jitter_makes_waits_up_to_a_fifth_longer_and_never_shorter(tab, scripted):
    scripted.script = [503] * 40
    tab.open(waitsMs=[10] * 40)
    assert send(tab, 0)["items"] == 0
    waits = [each["waitMs"] for each in tab.events("retry")]
    assert len(waits) == 40 and 10 <= min(waits) < 10.5 and 11.5 < max(waits) <= 12


def test_a_503_that_names_a_longer_wait_gets_it(tab, scripted):
    scripted.script = [(503, {"Retry-After": "1"}, None)]
    tab.open(**QUICK)
    send(tab, 0)
    assert tab.events("retry")[0]["waitMs"] == 1000


# -- What is repeated, and what is not -----------------------------------------------------------------------------------


def test_408_5xx_and_a_broken_connection_are_repeated(tab, scripted):
    tab.open(**QUICK)
    for answer in (408, 500, 502, 503, 504, RESET):
        before = len(scripted.sent())
        scripted.script = [answer, 200]
        assert tab.call("report", SESSION)["sessionId"] == SESSION, answer
        assert len(scripted.sent()) == before + 2, answer
    codes = [each["code"] for each in tab.events("retry")]
    assert codes == ["REQUEST_TIMEOUT", "INTERNAL_ERROR", "HTTP_502", "SERVICE_UNAVAILABLE", "HTTP_504", "NETWORK"]


def test_a_request_without_an_answer_is_given_up_and_repeated(tab, scripted):
    scripted.script = [HANG]
    tab.open(**{**QUICK, "timeoutMs": 500})
    assert send(tab, 1)["items"] == 0
    assert tab.events("retry")[0]["code"] == "TIMEOUT"
    first, second = tab.fetches()[:2]
    assert second["at"] - first["at"] >= 500


def test_other_refusals_are_not_repeated(tab, scripted):
    tab.open(**QUICK)
    for status in (400, 401, 403, 404, 405, 409, 413, 415, 422):
        before = len(scripted.sent())
        scripted.script = [status]
        error = tab.error("pause", SESSION)
        assert error["name"] == "BeMoreError" and error["status"] == status and error["message"] == "said by the script"
        assert len(scripted.sent()) == before + 1, status
    assert not tab.events("retry")


def test_a_success_that_is_not_the_services_own_loses_nothing(tab, scripted):
    """A hotel's log-in page answers 200 to whatever is asked."""
    scripted.script = [(200, {"Content-Type": "text/html"}, b"<h1>Welcome</h1>")] * 4
    tab.open(**QUICK)
    assert send(tab, 7)["items"] == 1
    assert tab.events("queued")[0]["code"] == "BAD_ANSWER"
    assert tab.call("flush")["items"] == 0 and numbers(scripted.sent()[-1]) == [7]


def test_a_call_can_be_given_up_between_attempts(tab, scripted):
    scripted.script = [503]
    tab.open()
    error = tab.page.evaluate(
        """async (session) => {
          const stop = new AbortController();
          client.addEventListener('retry', () => stop.abort());
          try { await client.report(session, {signal: stop.signal}); } catch (error) { return error.code; }
        }""",
        SESSION,
    )
    assert error == "ABORTED" and len(scripted.sent()) == 1


def test_start_and_feedback_keep_their_idempotency_key_over_attempts(tab, scripted):
    tab.open(**QUICK)
    for name, values in (("start", ["u", "c"]), ("feedback", [SESSION, 5, "좋았습니다"]), ("start", ["u", "c"])):
        scripted.script = [503, RESET, 201]
        tab.call(name, *values)
    keys = [each.headers["Idempotency-Key"] for each in scripted.sent()]
    assert [keys.count(key) for key in keys] == [3] * 9 and len(set(keys)) == 3
    tab.call("start", "u", "c", {"idempotencyKey": "my-own"})
    assert scripted.sent()[-1].headers["Idempotency-Key"] == "my-own"


def test_every_attempt_has_a_request_id_and_those_of_one_call_belong_together(tab, scripted):
    scripted.script = [503, 503, 201]
    tab.open(**QUICK)
    send(tab, 0)
    ids = [each.headers["X-Request-ID"] for each in scripted.sent()]
    assert [each.partition(".")[2] for each in ids] == ["1", "2", "3"] and len({each.partition(".")[0] for each in ids}) == 1
    assert [each["requestId"] for each in tab.events("retry")] == ids[:2]


# -- Too many requests ---------------------------------------------------------------------------------------------------


def test_a_429_holds_all_batches_for_as_long_as_it_says(held_tab, scripted):
    scripted.script = [(429, {"Retry-After": "30"}, None)]
    held_tab.make()
    held_tab.begin("frames", SESSION, frame(1))
    advance(held_tab, 10_000)
    (reported,) = held_tab.wait_for_events("ratelimited")
    assert reported["retryAfterMs"] == 30_000 and reported["kind"] == "frames"

    advance(held_tab, 15_000, 1000)
    held_tab.begin("audio", SESSION, {"tsStart": 0, "tsEnd": 1, "vad": True})
    advance(held_tab, 14_900)
    assert len(scripted.sent()) == 1
    until(held_tab, lambda: len(scripted.sent()) == 3)
    held = held_tab.fetches()[1]["at"] - reported["at"]
    assert 30_000 <= held <= 31_300
    assert not held_tab.events("queued") and not held_tab.events("dropped")


def test_a_call_waits_out_a_429(tab, scripted):
    scripted.script = [(429, {"Retry-After": "1"}, None)]
    tab.open(**QUICK, jitter=0)
    assert tab.call("report", SESSION)
    first, second = scripted.sent()
    assert 1.0 <= second.at_s - first.at_s < 1.5


# -- What is refused -----------------------------------------------------------------------------------------------------


def test_a_batch_is_mended_by_leaving_out_what_the_service_names(tab, scripted):
    details = [{"index": index, "field": "ts", "message": "must not be negative"} for index in (1, 3, 3)]
    scripted.script = [(400, {}, failure(400, details))]
    tab.open(**QUICK)
    assert send(tab, 0, -1, 2, -3, 4)["items"] == 0
    assert [numbers(each) for each in scripted.sent()] == [[0, -1, 2, -3, 4], [0, 2, 4]]
    (dropped,) = tab.events("dropped")
    assert dropped["reason"] == "refused" and dropped["count"] == 2 and [each["ts"] for each in dropped["items"]] == [-1, -3]
    assert dropped["details"] == details
    assert [each["count"] for each in tab.events("sent")] == [3]


def test_a_batch_that_cannot_be_mended_is_dropped_with_the_reason(tab, scripted):
    tab.open(**QUICK)
    every = [{"index": index, "field": "ts", "message": "must be an integer"} for index in range(2)]
    for answer, reason in (
        ((400, {}, failure(400)), "refused"),
        ((400, {}, failure(400, every)), "refused"),
        (404, "not-found"),
        (409, "refused"),
    ):
        scripted.script = [answer]
        assert send(tab, 1, 2)["items"] == 0
        assert (tab.events("dropped")[-1]["reason"], tab.events("dropped")[-1]["count"]) == (reason, 2)
    assert len(scripted.sent()) == 4 and not tab.events("sent")


def test_a_refusal_that_is_not_the_services_own_drops_nothing(tab, scripted):
    """A proxy whose routes are wrong for a moment answers 404 as well, or 403."""
    tab.open(**QUICK)
    for answer in ((404, {}, b"<h1>Not found</h1>"), (400, {}, b"Bad request"), (403, {}, b"Forbidden"), 403, 405):
        scripted.script = [answer]
        assert send(tab, 1)["items"] == 1
        assert tab.call("flush")["items"] == 0
    assert not tab.events("dropped") and not tab.events("retry") and len(tab.events("queued")) == 5


def test_minutes_that_were_taken_in_part_are_not_sent_again(tab, scripted):
    refused = {"index": 1, "minuteIndex": 1, "field": "facialScore", "message": "must be between 0 and 1"}
    scripted.script = [(201, {}, success(errors=[refused]))]
    tab.open(**QUICK)
    tab.call("batchTick", SESSION, [{"minuteIndex": 0, "facialScore": 0.5}, {"minuteIndex": 1, "facialScore": 5}])
    assert tab.call("flush")["items"] == 0
    (request,) = scripted.sent()
    assert request.path == "/api/session/batch-tick" and request.body["sessionId"] == SESSION
    assert tab.events("sent")[0]["count"] == 1
    assert tab.events("dropped")[0]["items"] == [{"minuteIndex": 1, "facialScore": 5}]


# -- Tokens --------------------------------------------------------------------------------------------------------------


def test_a_401_keeps_the_batches_until_there_is_a_token(tab, scripted):
    scripted.script = [401]
    tab.open(**QUICK, token="old")
    assert send(tab, 1)["items"] == 1
    assert tab.events("unauthorized")[0]["code"] == "UNAUTHORIZED" and len(scripted.sent()) == 1
    tab.call("setToken", "new")
    wait_for(lambda: len(scripted.sent()) == 2)
    assert [each.headers["Authorization"] for each in scripted.sent()] == ["Bearer old", "Bearer new"]
    assert numbers(scripted.sent()[1]) == [1]


def test_a_token_function_is_asked_again_after_a_401(tab, scripted):
    scripted.script = [401]
    tab.open(**QUICK)
    tab.page.evaluate("() => client.setToken(async ({expired}) => (expired ? 'fresh' : 'stale'))")
    assert send(tab, 1)["items"] == 0
    assert [each.headers["Authorization"] for each in scripted.sent()] == ["Bearer stale", "Bearer fresh"]
    assert not tab.events("unauthorized") and not tab.events("retry")


def test_a_token_function_that_fails_loses_nothing(tab, scripted):
    tab.open(**QUICK)
    tab.page.evaluate("() => client.setToken(() => { throw new Error('logged out'); })")
    assert send(tab, 1)["items"] == 1 and not scripted.sent()
    assert tab.events("unauthorized")[0]["code"] == "TOKEN"


# -- Options -------------------------------------------------------------------------------------------------------------


def test_an_impossible_option_is_a_type_error(tab):
    tab.open()
    made = "(options) => { try { new BeMoreClient(options); } catch (error) { return error.name; } }"
    for wrong in ({"baseurl": "x"}, {"batchItems": 101}, {"timeoutMs": -1}, {"storage": "cookies"}, {"keepBytes": "1"}):
        assert tab.page.evaluate(made, wrong) == "TypeError", wrong


def test_a_call_without_a_session_is_a_type_error_and_leaves_nothing(tab, scripted):
    tab.open(**QUICK)
    for name in ("end", "frames", "session", "tick", "erase"):
        assert tab.error(name, None)["name"] == "TypeError", name
    assert tab.call("pending")["batches"] == 0 and not scripted.sent()
