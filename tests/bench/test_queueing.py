"""The queueing model agrees with what is known of queues, and a fit finds the model that made the data."""

import random
import sys
from statistics import fmean

import pytest

from tests.support.servers import REPOSITORY

sys.path.insert(0, str(REPOSITORY))  # bench is no part of what is installed

from bench.crowd import KINDS, Crowd  # noqa: E402
from bench.paced import Request  # noqa: E402
from bench.queueing import Measured, Model, Work, fit, knee, serve  # noqa: E402

_COUNT = 30_000


def poisson(rate, work):
    """Works that arrive at random, ``rate`` a second; ``work(arrival, source)`` makes each."""
    source, now, works = random.Random(3), 0.0, []
    for _ in range(_COUNT):
        now += source.expovariate(rate)
        works.append(work(now, source))
    return works


def mean_time(works, cores):
    return fmean(end - each.arrival for end, each in zip(serve(works, cores), works, strict=True))


def test_requests_in_a_process_share_its_time():
    works = [Work(0.0, 0, 1.0), Work(0.5, 0, 1.0), Work(0.5, 1, 1.0), Work(5.0, 0, 1.0, behind=0.25, wait=0.5)]
    # The first is alone for half a second, then both get half of the process; the other process has the other core.
    assert serve(works, 2) == pytest.approx([1.5, 2.0, 1.5, 6.75])
    # On one core the two processes share as well.
    assert serve(works[:3], 1) == pytest.approx([2.5, 3.0, 2.5])


def test_work_behind_the_service_runs_on_any_core():
    works = [Work(0.0, 0, 0.0, behind=1.0)] * 3
    assert serve(works, 4) == pytest.approx([1.0] * 3)
    assert serve(works, 2) == pytest.approx([1.5] * 3)


@pytest.mark.parametrize("use", [0.5, 0.8])
@pytest.mark.parametrize("held", [lambda source: 1.0, lambda source: source.expovariate(1)], ids=["M/D/1", "M/M/1"])
def test_process_takes_as_long_as_the_formula_says(use, held):
    """M/G/1 with processor sharing: 1 / (1 - use) service times, however they are distributed."""
    assert mean_time(poisson(use, lambda now, source: Work(now, 0, held(source))), 1) == pytest.approx(1 / (1 - use), rel=0.1)


@pytest.mark.parametrize("rate", [1.0, 1.6])
def test_cores_take_as_long_as_the_formula_says(rate):
    """M/M/2: 1 / (1 - use²) service times (Erlang's C for two servers)."""
    works = poisson(rate, lambda now, source: Work(now, 0, 0.0, behind=source.expovariate(1)))
    assert mean_time(works, 2) == pytest.approx(1 / (1 - (rate / 2) ** 2), rel=0.1)


def test_schedule_is_what_a_crowd_sends():
    arrivals = Crowd(200).schedule(200, 60)
    assert {kind: sum(each == kind for _, each in arrivals) for kind in KINDS} == {kind: 200 * KINDS.count(kind) for kind in KINDS}
    assert arrivals[:500] == [(due, kind) for (due, kind, _), _ in zip(Crowd(200).arrivals(200, 60), range(500))]


def test_times_alone_are_of_requests_that_met_no_other():
    requests = [Request("tick", 0.0, 0.0, 1.0), Request("stt", 0.5, 0.5, 2.0), Request("audio", 3.0, 3.25, 4.0)]
    times = Measured(requests, 4.0, {}, [1.0]).times_alone()
    assert {kind: each for kind, each in times.items() if each} == {"tick": [1.0], "audio": [0.75]}


def test_fit_finds_the_model_behind_the_figures():
    crowd, seconds, shares = Crowd(2_400), 10, [3.0, 1.0]
    times = {kind: [0.002, 0.003, 0.004, 0.005] for kind in KINDS}
    true = Model(times, [0.0005], 70.0, {"service": (0.02, 0.002), "postgres": (0.0, 0.0005)}, part=0.8)

    def measured(sessions):
        arrivals = crowd.schedule(sessions, seconds)
        latencies = zip(arrivals, true.latencies(arrivals, seconds, shares, 2), strict=False)  # those of the first simulation
        requests = [Request(kind, due, due + 0.0005, due + latency) for (due, kind), latency in latencies]
        rate = len(arrivals) / seconds
        return Measured(requests, seconds, {name: seconds * rate * true.cpu_per_request(name, rate) for name in true.cpu}, shares)

    found = fit(measured(600), measured(1_800), 2)
    assert found.cpu_per_request("service", 400) == pytest.approx(true.cpu_per_request("service", 400))
    for sessions in (1_200, 2_400):
        load = crowd.schedule(sessions, seconds), seconds, shares, 2
        assert found.percentile_ms(99, *load) == pytest.approx(true.percentile_ms(99, *load), rel=0.2)


def test_knee_is_where_the_model_passes_the_bound():
    model, crowd = Model({kind: [0.010] for kind in KINDS}, [0.0], 70.0, {"service": (0.0, 0.010)}), Crowd(2_000)
    carried = knee(model, crowd, [1.0], 2, 100, 2_000, seconds=10)
    assert 300 < carried < 857  # 100 requests a second are the end of it
    assert knee(model, crowd, [1.0, 1.0], 2, 100, 2_000, seconds=10) > 1.5 * carried
