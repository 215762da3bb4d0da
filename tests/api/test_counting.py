"""The table that processes count in: nothing is lost between threads or processes, and nothing when a process dies."""

import json
import multiprocessing
import os
import signal
import threading

import pytest

from bemore.observability import metrics
from bemore.observability.metrics import Counted, SharedTable

_fork = multiprocessing.get_context("fork")


@pytest.fixture
def table():
    return SharedTable()


@pytest.fixture
def counting(table, monkeypatch):
    """The module's own functions on a table of this test."""
    monkeypatch.setattr(metrics, "table", table)
    monkeypatch.setattr(metrics, "_requests", {})
    monkeypatch.setattr(metrics, "_watched", {})
    return metrics


def in_children(count, work):
    """Run ``work(number)`` in so many processes of their own, all at once."""
    children = [_fork.Process(target=work, args=(number,)) for number in range(count)]
    for child in children:
        child.start()
    for child in children:
        child.join(20)
        assert child.exitcode == 0


def test_threads_and_processes_lose_nothing(table):
    table.add("before")

    def work(number):
        def add():
            for _ in range(2000):
                table.add("shared")
                table.add(f"of {number % 2}")

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    in_children(4, work)
    assert table.sums() == {"before": [1], "shared": [32_000], "of 0": [16_000], "of 1": [16_000]}


def test_processes_that_name_things_in_different_orders_mean_the_same(table):
    names = [f"name {number}" for number in range(50)]

    def work(number):
        for name in names[number * 10 :] + names[: number * 10]:
            table.add(name, number + 1)

    in_children(4, work)
    assert table.sums() == {name: [10] for name in names}


def test_a_process_that_dies_leaves_its_count_and_its_row(table):
    table.add("all")

    def work(told):
        table.add("all", 5)
        told.send("counted")
        told.recv()

    def child():
        here, there = _fork.Pipe()
        process = _fork.Process(target=work, args=(there,))
        process.start()
        assert here.poll(20) and here.recv() == "counted"
        return process, here

    first, _ = child()
    assert set(table.processes().values()) == {os.getpid(), first.pid}
    os.kill(first.pid, signal.SIGKILL)
    first.join(20)
    assert set(table.processes().values()) == {os.getpid()}
    second, line = child()
    assert table.processes() == {0: os.getpid(), 1: second.pid}, "the dead one's row was not used again"
    assert table.sums() == {"all": [11]}
    line.send("end")
    second.join(20)
    assert second.exitcode == 0


def test_more_names_than_there_is_room_for_do_no_harm(table):
    for number in range(200):
        table.block(f"large {number}", 100)
    for number in range(200):
        table.add(f"large {number}")
        table.add(f"small {number}")
    found = table.sums()
    assert 50 < len(found) < 300, "all found room, or hardly any"
    assert {tuple(numbers) for name, numbers in found.items() if name.startswith("large")} == {(1.0, *[0.0] * 99)}
    table.add("large 0")
    assert table.sums()["large 0"][0] == 2


def test_requests_are_counted_by_rule_and_class_and_time(counting, table):
    for status, seconds in ((200, 0.001), (201, 0.0011), (404, 0.3), (503, 7), (304, 0.0)):
        counting.count_request("GET", "/a", status, seconds)
    counting.count_request("BREW", "/a", 405, 0.1)
    counting.count_request("POST", None, 404, 0.1)
    counted = Counted(table.sums())
    assert set(counted.requests) == {("GET", "/a"), ("other", "/a"), ("POST", "none")}
    found = counted.requests["GET", "/a"]
    assert found.by_class == [0, 2, 1, 1, 1] and found.total == 5
    assert found.by_duration == [2, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1] and found.seconds == pytest.approx(7.3021)
    assert counted.failures == {404: 2, 405: 1, 503: 1}
    assert json.dumps(counted.items) == "{}"


def test_methods_that_clients_make_up_take_no_room(counting, table):
    for number in range(300):
        counting.count_request(f"METHOD{number}", "/a", 405, 0.1)
    assert list(Counted(table.sums()).requests) == [("other", "/a")] and not counting._requests


def test_outages_of_all_processes_add_up(counting, table):
    class Outage:
        count = 3

    def work(number):
        outage = Outage()
        counting.watch("redis_outages", outage)
        for _ in range(number):
            outage.count += 1
            for _ in range(3):
                counting.count_request("GET", "/a", 200, 0.1)

    in_children(3, work)
    assert Counted(table.sums()).outages("redis_outages") == 0 + 1 + 2
