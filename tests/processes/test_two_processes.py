"""Several processes on one database at once: no error, nothing lost, nothing counted twice."""

import re
import subprocess
import sys
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.answers import CheckingSession
from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.databases import empty_database
from tests.support.servers import REPOSITORY, Service, straight, wait_for

from bemore.db.migrate import names

CLIENTS = 8
MINUTES = 2


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database_url(request, tmp_path_factory):
    """The DATABASE_URL of a database without a table; all tests of this module are done with one of each kind."""
    with empty_database(request, request.param, tmp_path_factory.mktemp("two")) as url:
        yield url


@pytest.fixture(scope="module")
def urls(database_url, redis_server, tmp_path_factory):
    """The addresses to send to: two worker processes behind one. On SQLite, which takes one, a service at each of two; so do commands."""
    home = tmp_path_factory.mktemp("services")
    if database_url.startswith("sqlite"):
        services = [Service(home, DATABASE_URL=database_url, RATE_LIMIT_ENABLED="false") for _ in range(2)]
    else:
        quotas = {"RATE_LIMIT_ALL": "100000 per hour", "RATE_LIMIT_WRITE": "100000 per hour"}
        services = [Service(home, DATABASE_URL=database_url, REDIS_URL=redis_server.url, WEB_CONCURRENCY=2, **quotas)]
    with ExitStack() as stack:
        for each in services:
            stack.enter_context(each)
        yield ([each.url for each in services] * 2)[:2]
    for each in services:
        print(each.log)


def numbers(database_url, statement):
    """The first row of what a statement finds in the database, past the service."""
    with straight(database_url) as connection:
        return list(connection.execute(statement).fetchone())


@pytest.fixture
def counted(urls, http):
    """``counted()``: how much the totals of ``stats/summary`` have grown since the test began; all that serve must agree."""

    def totals():
        at_each = []
        for url in urls:
            data = http.get(f"{url}/api/session/stats/summary").json()["data"]
            at_each.append(Counter({name: data[name] for name in ("total", "active", "paused", "ended", "totalDuration")}))
        assert at_each[0] == at_each[1]
        return at_each[0]

    before = totals()
    return lambda: {name: total - before[name] for name, total in totals().items()}


class Browser:
    """One client: a session of its own, a share of everybody's session, and a new address for each request."""

    def __init__(self, number, urls, shared):
        self.number, self.urls, self.shared = number, urls, shared
        self.sent = 0
        self.http = CheckingSession()

    def send(self, path, body):
        self.sent += 1
        answer = self.http.post(f"{self.urls[self.sent % len(self.urls)]}/api/session/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def upload(self, session_id, start_ms):
        """30 frames, 20 chunks and 6 snippets, a third of each sent a second time within the next batch."""
        for kind, items in (
            ("frames", frames(30, start_ms)),
            ("audio", audio(20, start_ms, 300)),
            ("stt", stt(6, start_ms, 1000)),
        ):
            half, third = len(items) // 2, len(items) // 3
            self.send(f"{session_id}/{kind}", {"items": items[:half]})
            self.send(f"{session_id}/{kind}", {"items": items[half - third :]})

    def run(self, together):
        with self.http:
            together.wait()
            own = start_session(self.http, f"user-{self.number}", base=self.urls[self.number % 2])
            for minute in range(MINUTES):
                self.upload(own, minute * 60_000)
                # Everybody has a piece of 6 s of the shared minute, and scores it while the others still upload.
                self.upload(self.shared, minute * 60_000 + self.number * 6000)
                ticked = self.send(f"{own}/tick", {"minuteIndex": minute})
                assert ticked["dataPoints"] == {"frameCount": 30, "audioChunkCount": 20, "sttSnippetCount": 6}
                self.send(f"{self.shared}/tick", {"minuteIndex": minute})
            items = scores(5, 100 + 5 * self.number, confidence=self.number / 10)
            assert self.send("batch-tick", {"sessionId": own, "items": items})["count"] == 5
            # All write the same five minutes of the shared session: whoever comes last stays.
            self.send("batch-tick", {"sessionId": self.shared, "items": scores(5, 200, confidence=self.number / 10)})
            self.send(f"{own}/feedback", {"rating": 5})
            ended = self.http.post(f"{self.urls[0]}/api/session/{own}/end")
            assert ended.status_code == 200, ended.text
            return own, ended.json()["data"]


@pytest.mark.alone  # a PostgreSQL that gets no turn for half a second is taken for one that is away
def test_eight_clients_write_at_once_and_nothing_is_lost(urls, http, counted):
    shared = start_session(http, "everybody", base=urls[0])
    together = threading.Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        ended = list(pool.map(lambda number: Browser(number, urls, shared).run(together), range(CLIENTS)))

    each = {"totalFrames": 30 * MINUTES, "totalAudioChunks": 20 * MINUTES, "totalSttSnippets": 6 * MINUTES}
    for url in urls:
        for number, (own, end) in enumerate(ended):
            data = http.get(f"{url}/api/session/{own}").json()["data"]
            assert data["stats"] == end["stats"] == each
            assert data["status"] == "ended" and data["endedAt"] == end["endedAt"]
            rows = http.get(f"{url}/api/session/{own}/inferences").json()["data"]["inferences"]
            assert [row["minuteIndex"] for row in rows] == [*range(MINUTES), *range(100 + 5 * number, 105 + 5 * number)]

        data = http.get(f"{url}/api/session/{shared}").json()["data"]
        assert data["stats"] == {name: total * CLIENTS for name, total in each.items()}
        rows = http.get(f"{url}/api/session/{shared}/inferences").json()["data"]["inferences"]
        assert [row["minuteIndex"] for row in rows] == [*range(MINUTES), *range(200, 205)]
        # A batch is stored whole: the five minutes are of one client.
        assert len({row["confidence"] for row in rows[MINUTES:]}) == 1

    duration = sum(end["duration"] for _, end in ended)
    assert counted() == {"total": CLIENTS + 1, "active": 1, "paused": 0, "ended": CLIENTS, "totalDuration": duration}

    # What was counted on the way is what a look at the rows themselves finds.
    counted = http.post(f"{urls[0]}/api/session/{shared}/tick", json={"minuteIndex": 0}).json()["data"]["dataPoints"]
    assert counted == {"frameCount": 30 * CLIENTS, "audioChunkCount": 20 * CLIENTS, "sttSnippetCount": 6 * CLIENTS}


def test_same_batch_sent_to_both_at_once_is_stored_once(urls, http):
    session_id = start_session(http, base=urls[0])
    together = threading.Barrier(4)

    def send(number):
        with CheckingSession() as own:
            totals = []
            for turn in range(5):
                together.wait()
                items = frames(100, turn * 10_000, qualityScore=number / 4)
                # In opposite orders, so that two that lock row by row would each wait for the other.
                body = {"items": items if number < 2 else items[::-1]}
                answer = own.post(f"{urls[number % 2]}/api/session/{session_id}/frames", json=body)
                assert answer.status_code == 201, answer.text
                totals.append(answer.json()["data"]["totalFramesInSession"])
            return totals

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(send, range(4))) == [[100, 200, 300, 400, 500]] * 4


def test_same_minutes_scored_by_both_at_once_are_stored_whole(urls, http):
    session_id = start_session(http, base=urls[0])
    together = threading.Barrier(4)

    def send(number):
        with CheckingSession() as own:
            for _ in range(5):
                together.wait()
                items = scores(100, confidence=number / 4)
                body = {"sessionId": session_id, "items": items if number < 2 else items[::-1]}
                answer = own.post(f"{urls[number % 2]}/api/session/batch-tick", json=body)
                assert answer.status_code == 201, answer.text

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    rows = http.get(f"{urls[0]}/api/session/{session_id}/inferences").json()["data"]["inferences"]
    assert [row["minuteIndex"] for row in rows] == [*range(100)]
    assert len({row["confidence"] for row in rows}) == 1


def test_state_changes_at_once_agree_on_one_time(urls, http, counted):
    """Of eight that end a session at once all are told the same ``endedAt``, and it is counted as ended once."""
    session_id = start_session(http, base=urls[0])
    together = threading.Barrier(CLIENTS)

    def send(number):
        with CheckingSession() as own:
            own.get(f"{urls[number % 2]}/health/live")
            together.wait()
            return own.post(f"{urls[number % 2]}/api/session/{session_id}/end")

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(send, range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({(answer.json()["data"]["endedAt"], answer.json()["data"]["duration"]) for answer in answers}) == 1
    (duration,) = {answer.json()["data"]["duration"] for answer in answers}
    assert counted() == {"total": 1, "active": 0, "paused": 0, "ended": 1, "totalDuration": duration}


def test_same_idempotency_key_at_two_processes_starts_one_session(urls, http, counted):
    """Two at once: one runs, the other waits for its answer or gets 409."""
    together, key = threading.Barrier(CLIENTS), f"key-{uuid.uuid4()}"

    def send(number):
        with CheckingSession() as own:
            own.get(f"{urls[number % 2]}/health/live")
            together.wait()
            body = {"userId": "user-1", "counselorId": "counselor-1"}
            return own.post(f"{urls[number % 2]}/api/session/start", json=body, headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(send, range(CLIENTS)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    good = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.json()["data"]["sessionId"] for answer in good}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in good) == 1
    assert counted()["total"] == 1


def test_erasing_at_one_while_the_other_stores_leaves_nothing(urls, http, counted, database_url):
    session_id = start_session(http, base=urls[0])
    erased = threading.Event()

    def upload(number):
        with CheckingSession() as own:
            for turn in range(1000):
                body = {"items": frames(50, (turn * 3 + number) * 10_000)}
                answer = own.post(f"{urls[number % 2]}/api/session/{session_id}/frames", json=body)
                if answer.status_code != 201:
                    return answer.status_code, erased.wait(10), turn
        return None

    with ThreadPoolExecutor(3) as pool:
        uploads = [pool.submit(upload, number) for number in range(3)]
        # Once it is under way.
        wait_for(lambda: http.get(f"{urls[0]}/api/session/{session_id}").json()["data"]["stats"]["totalFrames"] >= 300)
        assert http.delete(f"{urls[0]}/api/session/{session_id}").status_code == 200
        erased.set()
        assert [upload.result()[:2] for upload in uploads] == [(404, True)] * 3
    for url in urls:
        answer = http.get(f"{url}/api/session/{session_id}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SESSION_NOT_FOUND")
    assert counted()["total"] == 0
    assert numbers(database_url, f"SELECT count(*) FROM session WHERE public_id = '{session_id}'") == [0]
    for table in ("frame", "audio_chunk", "stt_snippet", "minute_score", "feedback"):
        assert numbers(database_url, f"SELECT count(*) FROM {table} WHERE session_id NOT IN (SELECT id FROM session)") == [0]


# -- Starting at once ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request, tmp_path):
    """The DATABASE_URL of a database without a table."""
    with empty_database(request, request.param, tmp_path) as url:
        yield url


MIGRATE = """
import sys
from bemore.db.migrate import migrate
from bemore.settings import Settings
settings = Settings.from_env()
print("ready", flush=True)
sys.stdin.readline()
print(*migrate(settings))
"""


def test_processes_that_migrate_in_the_same_moment_do_it_once(empty_url, tmp_path):
    env = {"PYTHONPATH": str(REPOSITORY), "DATABASE_URL": empty_url}
    with ExitStack() as stack:
        members = []
        for _ in range(4):
            command, pipe = [sys.executable, "-c", MIGRATE], subprocess.PIPE
            member = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=env, cwd=tmp_path)
            stack.callback(member.kill)
            members.append(stack.enter_context(member))
        assert [member.stdout.readline() for member in members] == ["ready\n"] * 4
        for member in members:
            member.stdin.write("now\n")
            member.stdin.flush()
        reported = [member.communicate(timeout=20)[0].split() for member in members]
    assert [member.returncode for member in members] == [0] * 4, reported
    assert sorted(reported) == [[], [], [], names()]


def test_services_that_start_at_once_on_an_empty_database_migrate_once(empty_url, tmp_path, http):
    services = [Service(tmp_path, DATABASE_URL=empty_url, RATE_LIMIT_ENABLED="false") for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(Service.start, services))
        log = "".join(each.log for each in services)
        assert len(re.findall(rf"migrated.*{names()[0]} to {names()[-1]}", log)) == len(re.findall("migrated", log)) == 1
        session_id = start_session(http, base=services[0].url)
        for each in services:
            assert http.get(f"{each.url}/api/session/{session_id}").status_code == 200
    finally:
        for each in services:
            each.close()
        print(*(each.log for each in services), sep="\n--\n")
    assert numbers(empty_url, "SELECT count(*) FROM migration") == [len(names())]
