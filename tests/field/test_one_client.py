"""One client, within its quota, must not stall the others: each kind of costly request has a bound, by counted work where that can be."""

import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import storing
from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.statements import recorded
from tests.support.stocked import NOW_MS, started, unrestricted
from tests.support.stored import counts, totals

from bemore.api.http import heavy as heavy_work
from bemore.api import minutes, reports, telemetry
from bemore.db.connections import execute, write
from bemore.lifecycle import transcripts
from bemore.models import coverage, minute, session
from bemore.schemas import base
from bemore.scoring.text.sentiment import sentiment

WEEK = 10_080


def many_minutes(scope, count, first=0, keywords=None):
    """Store scores of the client for this many minutes."""
    for start in range(first, first + count, 5000):
        rows = range(start, min(start + 5000, first + count))
        minute.store(scope, [(index, 0.8, 0.6, 0.7, 0.72, keywords, None, None, None, None) for index in rows], "rules-v1.0")


def test_structure_is_counted_before_it_is_decoded(client, monkeypatch):
    session_id = start_session(client)
    decoded = []
    decode = base._decode
    monkeypatch.setattr(base, "_decode", lambda raw: decoded.append(len(raw)) or decode(raw))
    for body in (b'{"items":[' + b"[]," * 2_700_000 + b"[]]}", b'{"x":{"a":[' + b"0," * 4_000_000 + b"0]}}"):
        packed = gzip.compress(body)
        assert len(packed) < 50_000
        answer = client.post(
            f"/api/session/{session_id}/frames", data=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
        )
        assert answer.status_code == 400 and "arrays and objects" in answer.json["error"]["message"]
    assert decoded == []
    points = [[0.123456, 0.234567, 0.345678]] * 478
    answer = client.post(f"/api/session/{session_id}/frames", json={"items": [{**each, "landmarks": points} for each in frames(100)]})
    assert answer.status_code == 201, "the largest honest upload has half as many"


#: Seconds of CPU of the request alone, ten times what it takes; unbounded, it took eleven.
MOST_CPU_S = 3.0


@pytest.mark.parametrize("text", ["가나다라마 " * 833, "너무 슬퍼요 " * 714, "word " * 1000, "가" * 5000, "나는밤마다" * 1000], ids=range(5))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_hundred_long_snippets_take_bounded_work(client, text):
    session_id = start_session(client)
    items = [{"tsStart": at, "tsEnd": at, "text": f"{at} {text}"[:5000]} for at in range(100)]
    packed = gzip.compress(json.dumps({"items": items}).encode())
    began = time.thread_time()
    answer = client.post(
        f"/api/session/{session_id}/stt", data=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert answer.status_code == 201 and len(packed) < 20_000
    assert time.thread_time() - began < MOST_CPU_S


def test_a_session_of_a_week_is_shown_without_reading_its_minutes(client):
    session_id = start_session(client)
    many_minutes(unrestricted(session_id), WEEK)
    with recorded(transactions=False) as statements:
        shown = client.get(f"/api/session/{session_id}").json["data"]
    assert shown["emotionCount"] == WEEK
    assert len(statements) == 1 and "minute_score" not in statements[0][0]


def test_a_session_takes_the_minutes_of_a_week_and_no_more(client):
    session_id = start_session(client)
    scope = unrestricted(session_id)
    many_minutes(scope, WEEK - 1)
    place = f"/api/session/{session_id}"
    storing.store_frames(scope, [(ms, 0.5, None, None) for ms in (0, 10_080 * 60_000, 10_081 * 60_000)])
    refused = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(2, 50_000)})
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert refused.json["error"]["message"].startswith("minuteIndex must be one of at most 10080 scored minutes")
    assert client.post(f"{place}/tick", json={"minuteIndex": 60_000}).status_code == 201, "one has room"
    for index in (60_001, 99_999):
        refused = client.post(f"{place}/tick", json={"minuteIndex": index})
        assert (refused.status_code, refused.json["error"]["message"].split()[0]) == (400, "minuteIndex")
    again = client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": scores(100)})
    assert again.status_code == 201, "minutes that it has already are overwritten"
    assert client.post(f"{place}/tick", json={"minuteIndex": 60_000}).status_code == 201
    assert client.post(f"{place}/end").status_code == 200, "minutes without room do not keep it from ending"
    assert client.get(place).json["data"]["emotionCount"] == counts()["minute_score"] == WEEK


@pytest.mark.parametrize("path", ["inferences", "report"])
def test_minutes_come_in_pages_and_statistics_are_of_all(client, path):
    session_id = start_session(client)
    many_minutes(unrestricted(session_id), 1_500, keywords=["잠"])
    name = "inferences" if path == "inferences" else "minutes"

    def ask(**query):
        answer = client.get(f"/api/session/{session_id}/{path}", query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    first = ask()
    assert [each["minuteIndex"] for each in first[name]] == list(range(1440)) and first["nextCursor"]
    last = ask(cursor=first["nextCursor"])
    assert [each["minuteIndex"] for each in last[name]] == list(range(1440, 1500)) and last["nextCursor"] is None
    assert last[name][0]["keywords"] == ["잠"]
    assert first["stats"] == last["stats"] and last["stats"]["totalMinutes"] == len(last["stats"]["timeline"]) == 1500
    seen, cursor = [], None
    while True:
        page = ask(limit=600, **({"cursor": cursor} if cursor else {}))
        seen += [each["minuteIndex"] for each in page[name]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == list(range(1500))
    for query in ({"limit": 0}, {"limit": 1441}, {"cursor": "x"}, {"cursor": "MS4x"}):
        refused = client.get(f"/api/session/{session_id}/{path}", query_string=query)
        assert (refused.status_code, refused.json["error"]["message"].split()[0]) == (400, next(iter(query)))


def test_of_sixteen_heavy_reports_at_once_few_run_and_few_wait(client, monkeypatch):
    heavy, light = start_session(client), start_session(client)
    many_minutes(unrestricted(heavy), reports.HEAVY_MINUTES + 1)
    running, most, go_on, lock = 0, 0, threading.Event(), threading.Lock()
    report = reports.build.report

    def slow(data, *more):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if data.session.session_id == heavy:
            assert go_on.wait(30)
        with lock:
            running -= 1
        return report(data, *more)

    monkeypatch.setattr(reports.build, "report", slow)

    def ask(session_id):
        return client.application.test_client().get(f"/api/session/{session_id}/report")

    with ThreadPoolExecutor(17) as pool:
        requested = [pool.submit(ask, heavy) for _ in range(16)]
        refused = []
        deadline = time.monotonic() + 30
        while len(refused) < 12 and time.monotonic() < deadline:
            refused = [each.result() for each in requested if each.done()]
        assert pool.submit(ask, light).result(30).status_code == 200, "a light report waits for nobody"
        go_on.set()
        answers = [each.result(30) for each in requested]
    assert sorted(each.status_code for each in answers) == [200] * 4 + [503] * 12
    assert all(each.headers["Retry-After"] == "1" for each in answers if each.status_code == 503)
    assert most <= heavy_work.MAX_AT_ONCE + 1


@pytest.mark.parametrize("kind", ["long texts", "minutes of a week"])
def test_costly_requests_take_turns_and_leave_threads_for_others(client, monkeypatch, kind):
    """Of twelve at once one runs, three wait, the others are refused; a usual request of that kind waits for nobody."""
    session_id, usual = start_session(client), start_session(client)
    go_on, lock, running, most = threading.Event(), threading.Lock(), 0, 0

    def slow(original):
        def call(*arguments):
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            assert go_on.wait(30)
            with lock:
                running -= 1
            return original(*arguments)

        return call

    if kind == "long texts":
        text = "가나다 " * (telemetry.HEAVY_BYTES // 100)
        items = [{"tsStart": at, "tsEnd": at + 1, "text": text} for at in range(11)]
        monkeypatch.setattr(transcripts, "sentiment", lambda text, lang: (slow(sentiment) if len(text) > 1000 else sentiment)(text, lang))
        costly = ("POST", f"/api/session/{session_id}/stt", {"json": {"items": items}})
        cheap = ("POST", f"/api/session/{usual}/stt", {"json": {"items": stt(100)}})
    else:
        many_minutes(unrestricted(session_id), minutes.MAX_MINUTES_ON_PAGE + 1)
        many_minutes(unrestricted(usual), minutes.MAX_MINUTES_ON_PAGE)
        page = minutes.minute.page_of_session
        # Only after it had to wait for a turn does it ask for any number of minutes.
        monkeypatch.setattr(minutes.minute, "page_of_session", lambda *wanted: (slow(page) if len(wanted) == 3 else page)(*wanted))
        costly = ("GET", f"/api/session/{session_id}/inferences", {})
        cheap = ("GET", f"/api/session/{usual}/inferences", {})

    def ask(method, path, options):
        return client.application.test_client().open(path, method=method, **options)

    with ThreadPoolExecutor(13) as pool:
        requested = [pool.submit(ask, *costly) for _ in range(12)]
        deadline = time.monotonic() + 30
        while sum(each.done() for each in requested) < 12 - heavy_work.MAX_AT_ONCE - heavy_work.MAX_WAITING and time.monotonic() < deadline:
            time.sleep(0.001)
        assert pool.submit(ask, *cheap).result(30).status_code in (200, 201)
        go_on.set()
        answers = [each.result(30) for each in requested]
    served = [each for each in answers if each.status_code in (200, 201)]
    refused = [each for each in answers if each.status_code == 503]
    assert len(served) == heavy_work.MAX_AT_ONCE + heavy_work.MAX_WAITING and len(served) + len(refused) == 12
    assert all(each.headers["Retry-After"] == "1" for each in refused)
    assert most == heavy_work.MAX_AT_ONCE


@pytest.mark.settings(MAX_SESSION_BYTES=1 << 20)
def test_a_session_has_room_for_so_many_bytes(client):
    session_id = start_session(client)
    place = f"/api/session/{session_id}"

    def upload(start_ms, characters=60_000):
        items = [{**each, "faceLandmarksCompressed": "x" * characters} for each in frames(5, start_ms)]
        return client.post(f"{place}/frames", json={"items": items})

    assert [upload(at * 1000).status_code for at in range(3)] == [201] * 3
    refused = upload(9_000)
    assert (refused.status_code, refused.json["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "1,048,576바이트" in refused.json["error"]["message"]
    assert [each["field"] for each in refused.json["error"]["details"]] == ["sessionId"], "no smaller batch would do"
    assert totals(client, session_id)[0] == 15, "nothing of it is stored"
    assert client.post(f"{place}/audio", json={"items": audio(5)}).status_code == 201, "what still has room is taken"
    assert [upload(0).status_code for _ in range(2)] == [413] * 2, "what is sent again counts, as it may be larger"
    assert client.post(f"{place}/end").status_code == 200


def test_chunks_of_a_week_cost_no_more_than_their_seconds(app, database_url):
    week_ms = WEEK * 60_000
    minutes = coverage.of_audio([(start, week_ms + start) for start in range(100)])
    assert len(minutes) == WEEK and all(bits == (1 << 60) - 1 for _, bits, _ in minutes.values())
    scope = unrestricted(started(NOW_MS).public_id)
    with recorded() as statements:
        storing.store_audio(scope, [(start, week_ms + start, 1.0, 0.5, None) for start in range(100)])
    assert len(statements) < 150
    with recorded() as statements:
        storing.store_audio(scope, [(5_000, 6_000, 1.0, 0.5, None)])
    assert len(statements) < 20


def test_erasing_gives_others_their_turn_however_large_the_rows_are(app, monkeypatch):
    monkeypatch.setattr(session, "ERASE_S", 0)
    row = started(NOW_MS)
    scope = unrestricted(row.public_id)
    storing.store_frames(scope, [(ms, 0.5, "x" * 10_000, None) for ms in range(230)])
    storing.store_audio(scope, [(0, end, 1.0, 0.5, None) for end in range(120)])
    write(lambda: session.hide(scope))
    batches = []
    session.erase_hidden(row.key, batches.append)
    assert max(batches) <= session.ERASE_PIECE and sum(batches) >= 350
    assert counts() == {}


def test_a_stalled_writer_is_told_of_and_the_next_one_goes_on(client):
    """An upload that is refused in the group of others costs them nothing."""
    session_id = start_session(client)
    with ThreadPoolExecutor(8) as pool:

        def post(number):
            target = session_id if number % 2 else "sess_1_" + "a" * 20
            return client.application.test_client().post(f"/api/session/{target}/frames", json={"items": frames(5, number * 1000)})

        answers = [each.status_code for each in pool.map(post, range(16))]
    assert answers == [404, 201] * 8 and totals(client, session_id)[0] == 40


def test_uploads_at_once_agree_with_what_is_stored(client, database_url):
    session_id = start_session(client)

    def post(number):
        path = ("frames", "audio")[number % 2]
        items = frames(10, number * 30_000, 1000) if path == "frames" else audio(10, number * 30_000)
        return client.application.test_client().post(f"/api/session/{session_id}/{path}", json={"items": items}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, range(24))) == {201}
    assert totals(client, session_id)[:2] == (120, 120)

    def row():
        names = "frame_count, audio_count, revision, last_frame_ms, last_audio_ms"
        return execute(f"SELECT {names} FROM session WHERE public_id = ?", (session_id,)).fetchone()

    def covered():
        return execute("SELECT minute_index, frame_seconds, audio_seconds, data_revision FROM minute_coverage").fetchall()

    frame_count, audio_count, revision, last_frame, last_audio = write(row)
    assert (frame_count, audio_count, revision) == (120, 120, 24)
    assert (last_frame, last_audio) == (22 * 30_000 + 9_000, 23 * 30_000 + 10_000)
    rows = write(covered)
    assert {index: (frame, sound) for index, frame, sound, _ in rows} == {
        index: ((1 << 10) - 1, ((1 << 10) - 1) << 30) for index in range(12)
    }
    assert all(0 < data <= revision for *_, data in rows)


def test_a_body_of_many_gzip_members_is_refused(client):
    body = b"".join([gzip.compress(b" ")] * 5000) + gzip.compress(json.dumps({"userId": "u", "counselorId": "c"}).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    assert client.post("/api/session/start", data=body, headers=headers).status_code == 400
