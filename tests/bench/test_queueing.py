"""The queueing model agrees with what is known of queues, and a fit finds the model that made the data."""

import random
import sys
from statistics import fmean

import pytest

from tests.support.servers import REPOSITORY

sys.path.insert(0, str(REPOSITORY))  # bench is no part of what is installed

from bench.crowd import KINDS  # noqa: E402
from bench.queueing import Model, crowd, fit, queue  # noqa: E402


def test_a_request_waits_for_those_before_it():
    requests = [(0.0, 0.0, 1.0), (0.25, 0.25, 1.0), (0.5, 0.5, 1.0), (5.0, 5.0, 1.0)]
    assert queue(requests, 1) == [(1.0, 0.0), (2.0, 0.25), (3.0, 0.5), (6.0, 5.0)]
    assert queue(requests, 2) == [(1.0, 0.0), (1.25, 0.25), (2.0, 0.5), (6.0, 5.0)]


@pytest.mark.parametrize("use", [0.5, 0.8])
def test_mean_wait_is_that_of_the_formula(use):
    """M/D/1: the mean wait is use / (2 (1 - use)) service times (Pollaczek and Khinchine)."""
    source, now, requests = random.Random(3), 0.0, []
    for _ in range(200_000):
        now += source.expovariate(use)
        requests.append((now, now, 1.0))
    waits = [end - due - 1.0 for end, due in queue(requests, 1)]
    assert fmean(waits) == pytest.approx(use / (2 * (1 - use)), rel=0.05)


def test_crowd_sends_seven_requests_a_minute():
    arrivals = crowd(200, 60, random.Random(1))
    assert len(arrivals) == 1_400
    assert {kind: sum(each == kind for _, each in arrivals) for kind in KINDS} == {kind: 200 * KINDS.count(kind) for kind in KINDS}


def test_fit_finds_the_model_behind_the_figures():
    true = Model(dict.fromkeys(KINDS, 0.002), [0.001, 0.002, 0.003], stretch=1.5)

    def measured(sessions):
        latencies = true.latencies(sessions, 15)
        by_kind = {kind: [1000 * each for each in latencies[place :: len(KINDS)]] for place, kind in enumerate(KINDS)}
        return {"sessions": sessions, "seconds": 15, "processes": 1, "cpu_ms": 2.0, "latencies_ms": by_kind}

    found = fit(measured(50), measured(1_800))
    assert found.stretch == pytest.approx(1.5, rel=0.1)
    for sessions in (2_100, 2_400):
        assert found.percentile_ms(99, sessions, 60) == pytest.approx(true.percentile_ms(99, sessions, 60), rel=0.25)
