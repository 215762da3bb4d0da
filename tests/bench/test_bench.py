"""The benchmark measures what it says: real servers, real load, figures that add up; and it stops where they would lie."""

import contextlib
import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.support.servers import REPOSITORY, need

sys.path.insert(0, str(REPOSITORY))  # bench is no part of what is installed

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None and os.environ.get("BEMORE_TEST_ALL") != "1",
    reason="the extra bench is not installed (pip install '.[bench]')",
)


def fill_up_as_wrk_does(counts, interval):
    """What wrk makes of the latencies it saw, for every answer that took longer than two intervals."""
    filled = Counter(counts)
    for value in sorted(counts):
        if value >= 2 * interval:
            for added in range(value - interval, interval, -interval):
                filled[added] += counts[value]
    return filled


def split(raw):
    """The path, the client's address and the JSON body of a request's bytes; its length must be as it says."""
    head, _, body = raw.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ") for line in lines)
    assert int(headers["Content-Length"]) == len(body)
    return request_line.split(" ")[1], headers["X-Forwarded-For"], json.loads(body)


def test_short_run_compares_service_and_floor(tmp_path):
    need("wrk")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--short", "--subjects", "bemore-1,floor-1", "--workloads", "batch1", "--out", tmp_path],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "comparison.json").read_text("utf-8"))
    (ours,), (floor,) = (told["trials"][subject]["batch1"] for subject in ("bemore-1", "floor-1"))
    for load in (ours, floor):
        assert load["failures"] == 0 and load["requests"] > 50
        assert 0 < load["p50_ms"] <= load["p99_ms"] <= load["longest_ms"]
    ratios = {each["label"]: each for each in told["ratios"]}
    ratio = ratios.pop("batch-tick of 1, of the floor; quotas in process")
    assert ratio["measured"] == pytest.approx(ours["per_second"] / floor["per_second"])
    assert ratio["reached"] is (ratio["measured"] >= 0.7)
    assert list(ratios) == ["p99 / p50, batch-tick of 1; quotas in process"]
    assert ratio["label"] in done.stdout
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_peer_that_stores_nothing_is_found_out(tmp_path):
    need("wrk")
    from bench.compare import Plan, measure
    from bench.database import Direct, prepare
    from bench.load import LoadFailed
    from bench.payloads import workloads
    from bench.stage import SUBJECTS, Stage

    class Liar(Stage):
        """Serves the view that only reads where the floor is asked for, with a database beside it that stays empty."""

        @contextlib.contextmanager
        def running(self, subject, *rest, **more):
            url = f"sqlite:///{tmp_path}/empty.db"
            prepare(url)
            with super().running(SUBJECTS["bare-2"], *rest, **more) as running, Direct(url) as direct:
                yield dataclasses.replace(running, direct=direct)

    with Liar(tmp_path) as stage, pytest.raises(LoadFailed, match="0 rows are stored where"):
        measure(Plan(("floor-1",), (workloads(2)["batch1"],), 1, 1, 0), stage, print)


def test_kept_connections_are_there_while_others_are_measured(tmp_path, monkeypatch):
    need("wrk")
    from bench import connections
    from bench.report import Results

    monkeypatch.setattr(connections, "CROWDS", ((2, 0), (2, 5)))
    held = []

    def trial(port, requests, seconds, busy, silent):
        load = measured(port, requests, seconds, busy, silent)
        held.append((busy, silent, load.requests))
        return load

    measured = connections._trial
    monkeypatch.setattr(connections, "_trial", trial)
    text = connections.run(Results(tmp_path, "connections"), ["bemore-1"], 1, 1)
    assert [each[:2] for each in held] == [(2, 0), (2, 5)] and all(each[2] > 20 for each in held)
    told = json.loads((tmp_path / "connections.json").read_text("utf-8"))["measured"]
    assert [(each["busy"], each["silent"]) for each in told] == [(2, 0), (2, 5)] and all(each["per_second"] > 20 for each in told)
    assert "2 busy, 5 silent" in text


def test_slow_answers_count_once():
    from bench.load import summarise

    seen = Counter({1_000: 700, 1_500: 250, 9_000: 30, 40_000: 19, 120_000: 1})
    duration_us = 1_000_000
    told = {"requests": seen.total(), "duration_us": duration_us, "connect": 0, "read": 0, "write": 0, "status": 2, "timeout": 0}
    filled = fill_up_as_wrk_does(seen, duration_us // (seen.total() // 8))
    assert filled.total() > seen.total()
    load = summarise({**told, "latency_us": list(filled.items())}, connections=8)
    assert (load.p50_ms, load.p99_ms, load.longest_ms) == (1.0, 40.0, 120.0)
    assert load.per_second == seen.total() and load.failures == 2


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
