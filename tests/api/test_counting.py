"""What is counted, and that nothing of it is lost between threads or processes, nor when a process dies."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from bemore.observability import metrics
from bemore.observability.metrics import BOUNDS_S, Counts
from bemore.server import metrics_files


def grown(before, name, **labels):
    """How much a count has grown since ``before``, as other tests of the run count in this process, too."""
    return Counts().total(name, **labels) - before.total(name, **labels)


# -- In one process ------------------------------------------------------------------------------------------------------


def test_requests_are_counted_by_rule_and_class_and_time():
    before = Counts()
    for status, seconds in ((200, 0.001), (201, 0.0011), (404, 0.3), (503, 7), (304, 0.0)):
        metrics.count_request("GET", "/counted", status, seconds)
    where = {"method": "GET", "route": "/counted"}
    for status, number in (("2xx", 2), ("3xx", 1), ("4xx", 1), ("5xx", 1)):
        assert grown(before, "bemore_http_requests_total", **where, status=status) == number
    name = "bemore_http_request_duration_seconds"
    counts = [grown(before, f"{name}_bucket", **where, le=str(bound)) for bound in (*BOUNDS_S, "+Inf")]
    assert counts == [2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5]
    assert grown(before, f"{name}_count", **where) == 5
    assert grown(before, f"{name}_sum", **where) == pytest.approx(7.3021)


def test_errors_are_counted_by_status():
    before = Counts()
    for status in (400, 404, 404, 429, 503):
        metrics.count_request("POST", "/counted", status, 0.1)
    metrics.count_request("GET", "/health/ready", 503, 0.1)
    assert [grown(before, "bemore_http_errors_total", status=str(each)) for each in (400, 404, 429, 503)] == [1, 2, 1, 2]
    assert grown(before, "bemore_quota_refusals_total") == 1
    assert grown(before, "bemore_unavailable_total") == 1, "a load balancer's question is no refusal"


def test_methods_and_addresses_that_do_not_exist_are_counted_as_one():
    before = Counts()
    for number in range(20):
        metrics.count_request(f"METHOD{number}", "/counted", 405, 0.1)
        metrics.count_request("POST", None, 404, 0.1)
    assert grown(before, "bemore_http_requests_total", method="other", route="/counted") == 20
    assert grown(before, "bemore_http_requests_total", method="POST", route="none") == 20
    assert not any("METHOD" in method for method in Counts().by("bemore_http_requests_total", "method"))


def test_threads_lose_nothing():
    before = Counts()

    def count():
        for _ in range(2000):
            metrics.count_items("counted", 2)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grown(before, "bemore_items_stored_total", kind="counted") == 32_000


# -- In several processes, as the server starts them ---------------------------------------------------------------------

#: The process that starts the workers: it counts nothing, and answers what all of them have counted.
_FIRST = """
import os, sys
from bemore.server import metrics_files
metrics_files.make(2)
from bemore.observability import metrics
metrics_files.worker_exited(os.getpid())
print(os.environ["PROMETHEUS_MULTIPROC_DIR"], flush=True)

def work(number):
    metrics.start_worker()
    for _ in range(1000):
        metrics.count_request("GET", f"/{number % 2}", 200, 0.1)
        metrics.count_items("frame", number)
    print("counted", flush=True)
    sys.stdin.read()

workers = {}
for line in sys.stdin:
    what, _, number = line.strip().partition(" ")
    if what == "start":
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(write)
            os.dup2(read, 0)
            work(int(number))
            os._exit(0)
        workers[number] = pid
    elif what == "kill":
        os.kill(workers[number], 9)
        os.waitpid(workers[number], 0)
        metrics_files.worker_exited(workers.pop(number))
        print("killed", flush=True)
    else:
        counts = metrics.Counts()
        items = counts.total("bemore_items_stored_total", kind="frame")
        requests = sorted(counts.by("bemore_http_requests_total", "route").items())
        print([int(items), requests, counts.workers == sorted(workers.values()), counts.started_s > 0], flush=True)
metrics_files.remove()
"""


@pytest.fixture
def first():
    """``first("start 1")``: the next line that the process which starts the workers prints."""
    command = [sys.executable, "-c", _FIRST]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:

        def say(line):
            if line:
                process.stdin.write(f"{line}\n")
                process.stdin.flush()
            return process.stdout.readline().strip()

        say.end = lambda: process.communicate(timeout=30)
        yield say
        os.killpg(process.pid, signal.SIGKILL)


def test_processes_lose_nothing_and_leave_what_they_counted(first):
    directory = first(None)
    assert os.listdir(directory)
    for number in (1, 2):
        assert first(f"start {number}") == "counted"
    assert first("tell") == str([3000, [("/0", 1000.0), ("/1", 1000.0)], True, True])
    assert first("kill 2") == "killed"
    assert first("tell") == str([3000, [("/0", 1000.0), ("/1", 1000.0)], True, True])
    assert first("start 4") == "counted"
    assert first("tell") == str([7000, [("/0", 2000.0), ("/1", 1000.0)], True, True])
    first.end()
    assert not os.path.exists(directory)


def test_server_says_where_to_count_before_anything_counts():
    """prometheus_client would count in each process for itself if it were imported before that."""
    program = "import sys, bemore.cli.main, bemore.server.config; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_one_process_counts_in_its_memory(monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/of/the/process/that/started/this/one")
    metrics_files.make(1)
    metrics_files.worker_exited(os.getpid())
    metrics_files.remove()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
