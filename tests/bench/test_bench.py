"""The benchmark measures what it says: real servers, real load, figures that add up; and it stops where they would lie."""

import contextlib
import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from statistics import fmean, median

import pytest

from tests.support.figures import LONG
from tests.support.servers import REPOSITORY, Server, need, wait_for

sys.path.insert(0, str(REPOSITORY))  # bench is no part of what is installed

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None and os.environ.get("BEMORE_TEST_ALL") != "1",
    reason="the extra bench is not installed (pip install '.[bench]')",
)


def run_bench(out, *arguments):
    """Run a command of the bench from the repository's root; what it printed, and its JSON."""
    command = [sys.executable, "-m", "bench", *map(str, arguments), "--out", str(out)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (results,) = out.glob("*.json")
    assert results.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    return done.stdout, json.loads(results.read_text("utf-8"))


def split(raw):
    """The path, the client's address and the JSON body of a request's bytes; its length must be as it says."""
    head, _, body = raw.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines)
    assert int(headers["Content-Length"]) == len(body)
    return request_line.split(" ")[1], headers["X-Forwarded-For"], json.loads(body)


# -- The mix -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stage():
    from bench.stage import Stage

    with Stage() as stage:
        yield stage


@pytest.mark.parametrize("name", ["bemore-1", "fastapi-full-pg", *(["fastapi-full-1", "bemore-pg"] if LONG else [])])
def test_subject_of_the_mix_does_its_duties(stage, name):
    from bench.crowd import Crowd
    from bench.http1 import Connection, request
    from bench.payloads import session_id
    from bench.stage import SUBJECTS

    path = f"/api/session/{session_id(0)}"
    minute = {"minuteIndex": 7, "facialScore": 0.5, "vadScore": 1, "textScore": 0, "combinedScore": 0.25}

    with contextlib.ExitStack() as exits:
        running = exits.enter_context(stage.running(SUBJECTS[name], 2, RATE_LIMIT_WRITE="40 per 10 minutes"))
        connection = exits.enter_context(Connection(running.port))

        def post(path, content, status=201, address="127.9.9.9"):
            answer = connection.send_request(request("POST", path, content, address))
            assert answer.status == status, answer
            assert answer.json["requestId"] == answer.headers["x-request-id"]
            return answer

        def stored():
            return [running.direct.count(table) for table in ("frame", "audio_chunk", "stt_snippet", "minute_score")]

        # A minute as the load sends it, and the same once more.
        answers = {}
        requests = [split(raw) for _, _, raw in Crowd(1).at_once(1, 1)]
        for each_path, address, body in (*requests, *requests):
            answer = post(each_path, body, address=address)
            answers[each_path.rpartition("/")[2]] = answer
        assert stored() == [300, 60, 10, 2]
        assert answers["frames"].json["data"] == {"frameCount": 100, "totalFramesInSession": 300}
        assert answers["audio"].json["data"] == {"audioChunkCount": 60, "totalAudioChunksInSession": 60}
        assert answers["stt"].json["data"] == {"sttSnippetCount": 10, "totalSttSnippetsInSession": 10}
        assert answers["batch-tick"].json["count"] == answers["batch-tick"].json["data"]["count"] == 1
        assert answers["batch-tick"].headers["ratelimit-limit"] == "40" and answers["batch-tick"].headers["ratelimit-remaining"] == "26"
        ticked = answers["tick"].json["data"]
        quality = fmean(item["qualityScore"] for each, _, body in requests if each.endswith("frames") for item in body["items"])
        assert ticked["dataPoints"] == {"frameCount": 300, "audioChunkCount": 60, "sttSnippetCount": 10}
        assert ticked["facialScore"] == pytest.approx(quality, abs=0.001) and 0.3 < ticked["textScore"] < 0.7

        # A batch of which a part is valid, or nothing.
        partly = post("/api/session/batch-tick", {"sessionId": session_id(0), "items": [minute, {**minute, "facialScore": 1.5}]}).json
        assert (partly["success"], partly["count"]) == (True, 1) and "1개 오류" in partly["message"]
        (error,) = partly["errors"]
        assert (error["index"], error["minuteIndex"], error["field"]) == (1, 7, "facialScore")
        post("/api/session/batch-tick", {"sessionId": session_id(0), "items": [{**minute, "facialScore": True}]}, 400)

        # Uploads are stored whole or not at all, and only in a session that exists.
        post(f"{path}/frames", {"items": [{"ts": 100_000}, {"ts": -1}]}, 400)
        unknown = f"/api/session/{session_id(99)}"
        for each, body in (("frames", {"items": [{"ts": 1}]}), ("tick", {"minuteIndex": 0})):
            assert post(f"{unknown}/{each}", body, 404).json["error"]["code"] == "SESSION_NOT_FOUND"
        post("/api/session/batch-tick", {"sessionId": session_id(99), "items": [minute]}, 404)
        assert stored() == [300, 60, 10, 3]

        # The quota of another client, whose requests go to all processes.
        for _ in range(40):
            with Connection(running.port) as another:
                assert another.send_request(request("POST", f"{path}/tick", {"minuteIndex": 0}, "127.7.7.7")).status == 201
        refused = post(f"{path}/tick", {"minuteIndex": 0}, 429, address="127.7.7.7")
        assert int(refused.headers["retry-after"]) >= 1 and refused.json["error"]["code"] == "RATE_LIMIT"

        wait_for(lambda: f'"{refused.json["requestId"]}"' in running.server.log, what="the request's line in the access log")
        used = running.cpu_seconds()
        assert list(used) == ["service", *(["postgres", "redis"] if name.endswith("pg") else [])] and used["service"] > 0


@pytest.mark.skipif(not LONG, reason="takes long: BEMORE_TEST_LONG=1")
def test_two_checkouts_are_measured_in_turn(tmp_path):
    arguments = ("mix", "--sessions", 100, "--seconds", 1, "--warm", 0, "--rounds", 1, "--subjects", "bemore-1", "--against", REPOSITORY)
    printed, results = run_bench(tmp_path, *arguments)
    ours, other = results["rounds"].values()
    for one in (*ours, *other):
        assert one["requests"] > 3 and not one["refused"] and 0 < one["p50_ms"] <= one["p99_ms"] and one["cpu_ms"]["service"] > 0
    assert len(ours) == len(other) == 1
    ((label, ratio),) = results["ratios"].items()
    each = [mine["cpu_ms"]["service"] / theirs["cpu_ms"]["service"] for mine, theirs in zip(ours, other)]
    assert float(ratio.split()[0]) == pytest.approx(median(each), abs=0.01)
    assert label in printed and "CPU/request" in printed


def test_every_second_round_goes_backwards():
    from bench.mix import _in_turn

    assert "".join(_in_turn("AB", 3)) == "ABBAAB"


def test_search_ends_within_a_twentieth_of_what_is_carried(monkeypatch):
    from bench import mix
    from bench.stage import SUBJECTS, Running

    class Progress:
        def step(self, line, count):
            pass

    def step(running, crowd, sessions, seconds):
        return {"sessions": sessions, "kept": sessions <= carried, "cpu_ms": {}, "p50_ms": 1.0, "p99_ms": 1.0, "refused": {}}

    monkeypatch.setattr(mix, "step", step)
    monkeypatch.setattr(mix, "drive", lambda *_: None)
    for carried in (60, 399, 3000, 20_000):
        running = Running(SUBJECTS["bemore-1"], type("Server", (), {"port": 0}), None, {})
        steps = mix._search(running, type("Crowd", (), {"arrivals": lambda *_: ()})(), 1, 10_000, Progress())
        kept = max(each["sessions"] for each in steps if each["kept"])
        assert min(carried, 10_000) * 0.94 <= kept <= carried
        assert len(steps) < 30


@pytest.mark.skipif(not LONG, reason="takes long: BEMORE_TEST_LONG=1")
def test_capacity_predicts_and_measures(tmp_path):
    arguments = ("capacity", "--fitted", "60,120", "--predicted", "90", "--seconds", 3, "--rounds", 1, "--subjects", "bemore-pg")
    _, results = run_bench(tmp_path, *arguments)
    (subject,) = results["subjects"].values()
    assert [(each["sessions"], each["use"]) for each in subject["loads"]] == [(60, "fitted"), (90, "predicted"), (120, "fitted")]
    assert all(0 < figure < 1_000 for each in subject["loads"] for figure in (*each["p99_ms"], *each["measured_p99_ms"]))
    assert 120 < subject["carried"][0] <= subject["carried_with_equal_shares"][0] and 0 < subject["held_ms"][0] < 50
    assert list(subject["cpu"][0]) == ["service", "postgres", "redis", "generator"]


def test_more_machines_are_faster(tmp_path):
    _, results = run_bench(tmp_path, "fleet", "--sessions", 5_000, "--machines", "1,2", "--seconds", 4, "--processes", 2)
    one, two = results["steps"]
    assert one["service_use"] == pytest.approx(5_000 * 7 / 60 * 0.0024 / 2, rel=0.02) and two["service_use"] == one["service_use"] / 2
    assert 2.4 + 0.9 < two["p50_ms"] < one["p50_ms"] < one["p99_ms"] and two["p99_ms"] < one["p99_ms"]


def test_cpu_time_includes_processes_that_have_ended(tmp_path):
    from bench.cpu import cpu_seconds

    burn = "import time\nwhile time.process_time() < 0.45: pass"  # more than is asked for: the system counts whole ticks
    program = f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {burn!r}])\nprint('done', flush=True)\ntime.sleep(600)"

    class Burner(Server):
        def _command(self):
            return [sys.executable, "-c", program]

        def _ready(self):
            return True

    with Burner(tmp_path) as server:
        wait_for(lambda: "done" in server.log, 60)
        assert len(server.processes) == 1
        assert 0.4 <= cpu_seconds(server) < 30


def test_session_minute_of_the_mix_is_what_the_mix_says():
    from bench.crowd import Crowd

    minute = [(kind, *split(raw)) for _, kind, raw in Crowd(1).at_once(1, 1)]
    assert Counter(kind for kind, *_ in minute) == {"frames": 3, "audio": 1, "stt": 1, "tick": 1, "batch-tick": 1}
    bodies = {kind: [body for named, _, _, body in minute if named == kind] for kind in ("frames", "audio", "stt")}
    times = [item["ts"] for body in bodies["frames"] for item in body["items"]]
    assert len(set(times)) == 300 and 0 <= min(times) and max(times) < 60_000
    assert {len(item["faceLandmarksCompressed"]) for body in bodies["frames"] for item in body["items"]} == {200}
    for kind, count in (("audio", 60), ("stt", 10)):
        (body,) = bodies[kind]
        assert len(body["items"]) == count
        assert all(0 <= item["tsStart"] <= item["tsEnd"] <= 60_000 for item in body["items"])


def test_crowd_sends_at_its_rate_from_as_many_clients():
    from bench.crowd import Crowd

    sessions, seconds = 60, 6
    arrivals = list(Crowd(sessions).arrivals(sessions, seconds))
    assert len(arrivals) == pytest.approx(sessions * seconds * 7 / 60, rel=0.3)
    assert [due for due, *_ in arrivals] == sorted(due for due, *_ in arrivals)
    addresses = {split(raw)[1] for _, _, raw in arrivals}
    assert len(addresses) > sessions / 2 and all(each.startswith("127.") for each in addresses)


# -- Single endpoints ----------------------------------------------------------------------------------------------------------------


def test_comparison_of_service_and_floor(tmp_path):
    need("wrk")
    printed, results = run_bench(
        tmp_path, "compare", "--rounds", 1, "--seconds", 1, "--warm", 0, "--subjects", "bemore-1,floor-1", "--workloads", "batch1"
    )
    for (load,) in (results["trials"][subject]["batch1"] for subject in ("bemore-1", "floor-1")):
        assert load["failures"] == 0 and load["requests"] > 20
        assert 0 < load["p50_ms"] <= load["p99_ms"] <= load["longest_ms"]
    ((label, ratios),) = results["ratios"].items()
    ours, floor = (results["trials"][subject]["batch1"][0] for subject in ("bemore-1", "floor-1"))
    assert ratios[0] == [pytest.approx(ours["per_second"] / floor["per_second"])]
    assert label in printed


@pytest.mark.skipif(not LONG, reason="takes long: BEMORE_TEST_LONG=1")
def test_a_costly_client_is_measured_beside_a_well_behaved_one(tmp_path):
    from bench import abuse
    from bench.report import Results

    kinds = ("nobody", "2,700,000 arrays in 8 KB of gzip")
    text = abuse.run(Results(tmp_path, "abuse"), ("bemore-1",), kinds, 1, str(tmp_path), fronts=("directly",))
    alone, beside = json.loads((tmp_path / "abuse.json").read_text("utf-8"))["measured"]
    assert alone["failures"] == beside["failures"] == 0 and 0 < alone["p50_ms"] <= alone["p99_ms"]
    assert alone["costly"] == {} and set(beside["costly"]) <= {"400", "429"} and beside["costly"]["400"] > 0
    assert 30 < alone["peak_mb"] < 1000 and all(kind in text for kind in kinds)


def test_peer_that_stores_nothing_is_found_out(tmp_path):
    need("wrk")
    from bench.compare import Plan, measure
    from bench.database import Direct
    from bench.load import LoadFailed
    from bench.peers.floor_tables import script
    from bench.stage import Stage

    class Liar(Stage):
        """Counts the rows of a database that stays empty."""

        @contextlib.contextmanager
        def running(self, *arguments, **env):
            with super().running(*arguments, **env) as running, Direct(f"sqlite:///{tmp_path}/empty.db") as direct:
                direct.script(script("sqlite"))
                yield dataclasses.replace(running, direct=direct)

    with Liar(tmp_path) as stage, pytest.raises(LoadFailed, match="0 rows are stored where"):
        measure(Plan(("floor-1",), ("batch1",), 1, 1, 0), stage, print)


def fill_up_as_wrk_does(counts, interval):
    """What wrk makes of the latencies it saw, for every answer that took longer than two intervals."""
    filled = Counter(counts)
    for value in sorted(counts):
        if value >= 2 * interval:
            for added in range(value - interval, interval, -interval):
                filled[added] += counts[value]
    return filled


def test_slow_answers_count_once():
    from bench.load import summarize

    seen = Counter({1_000: 700, 1_500: 250, 9_000: 30, 40_000: 19, 120_000: 1})
    duration_us = 1_000_000
    counted = {"requests": seen.total(), "duration_us": duration_us, "connect": 0, "read": 0, "write": 0, "status": 2, "timeout": 0}
    filled = fill_up_as_wrk_does(seen, duration_us // (seen.total() // 8))
    assert filled.total() > seen.total()
    load = summarize({**counted, "latency_us": list(filled.items())}, connections=8)
    assert (load.p50_ms, load.p99_ms, load.longest_ms) == (1.0, 40.0, 120.0)
    assert load.per_second == seen.total() and load.failures == 2


def test_workload_sends_every_session_before_it_repeats():
    from bench.payloads import workloads

    workload = workloads(3)["frames100"]
    sent = [workload.raw(position) for position in range(workload.different)]
    assert len(set(sent)) == workload.different == 3 * 16
    paths = [split(raw)[0] for raw in sent]
    assert len(set(paths[:3])) == 3 and paths[3:6] == paths[:3]


def test_mixed_sessions_send_different_things_at_any_time():
    from bench.payloads import ADDRESS, SESSION, address, life, session_id

    workload = life(40)
    known = sorted(each.replace(SESSION, b"").replace(ADDRESS, b"") for each in workload.templates)
    sent = [
        workload.raw(position).replace(session_id(position % 40).encode(), b"").replace(address(position % 40).encode(), b"")
        for position in range(workload.different)
    ]
    assert sorted(sent[: len(known)]) == known, "of the first sessions each sends something else"
    assert all(sorted(sent[number::40]) == known for number in range(40)), "every session sends everything once"


def test_table_is_aligned_where_hangul_is_wide():
    from bench.figures import table

    lines = table(("이름", "value"), [("a", 12345), ("b", 0.5)]).splitlines()
    assert lines == ["====  ======", "이름  value", "====  ======", "a     12,345", "b     0.50", "====  ======"]
