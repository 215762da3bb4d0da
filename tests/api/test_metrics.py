"""What the service tells of itself: over all its processes, in Prometheus's format and as JSON, without an id."""

import http.client
import re
import signal
from contextlib import ExitStack, closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.databases import empty_database
from tests.support.servers import Service, free_port, wait_for

from bemore.app import create_app
from bemore.db.connections import close
from bemore.settings import Settings
from tests.support.answers import CheckingClient
from tests.support.samples import audio, frames, scores, start_session, stt

STATISTICS = "/api/session/stats/summary"


def samples(text):
    """``{(name, labels): value}`` of a text in Prometheus's format, read by its own parser."""
    values = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type != "unknown", family.name
        for each in family.samples:
            key = each.name, frozenset(each.labels.items())
            assert key not in values, f"{key} is there twice"
            values[key] = each.value
    return values


def value(values, name, **labels):
    return values.get((name, frozenset(labels.items())), 0)


def metrics_of(client):
    response = client.get("/metrics")
    assert response.status_code == 200 and response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return samples(response.get_data(as_text=True))


def grown(before, after, name, **labels):
    """How much a count of this process has grown, as other tests of the run count in it, too."""
    return value(after, name, **labels) - value(before, name, **labels)


# -- In one process ------------------------------------------------------------------------------------------------------


def test_requests_items_and_sessions_are_told(client):
    before = metrics_of(client)
    session_id = start_session(client)
    place, rule = f"/api/session/{session_id}", "/api/session/<session_id:session_id>"
    for kind, items in (("frames", frames(7)), ("audio", audio(5)), ("stt", stt(3))):
        assert client.post(f"{place}/{kind}", json={"items": items}).status_code == 201
    assert client.post(f"{place}/frames", json={"items": [*frames(2), {}]}).status_code == 400
    assert client.post(f"{place}/tick", json={"minuteIndex": 0}).status_code == 201
    partly = [*scores(2, 1), {"minuteIndex": 4, "facialScore": 2}]
    assert client.post("/api/session/batch-tick", json={"sessionId": session_id, "items": partly}).status_code == 201
    assert client.get("/no/such/address").status_code == 404
    after = metrics_of(client)
    assert grown(before, after, "bemore_http_requests_total", method="POST", route=f"{rule}/frames", status="2xx") == 1
    assert grown(before, after, "bemore_http_requests_total", method="POST", route=f"{rule}/frames", status="4xx") == 1
    assert grown(before, after, "bemore_http_requests_total", method="GET", route="none", status="4xx") == 1
    assert grown(before, after, "bemore_http_request_duration_seconds_count", method="POST", route=f"{rule}/frames") == 2
    assert (
        grown(before, after, "bemore_http_request_duration_seconds_bucket", method="POST", route=f"{rule}/frames", le="+Inf") == 2
    )
    assert grown(before, after, "bemore_http_errors_total", status="400") == 1
    stored = {
        kind: grown(before, after, "bemore_items_stored_total", kind=kind)
        for kind in ("frame", "audio_chunk", "stt_snippet", "minute_score")
    }
    assert stored == {"frame": 7, "audio_chunk": 5, "stt_snippet": 3, "minute_score": 3}
    assert {state: value(after, "bemore_sessions", state=state) for state in ("active", "paused", "ended")} == {
        "active": 1,
        "paused": 0,
        "ended": 0,
    }
    assert value(after, "bemore_database_up") == 1
    assert 10e6 < value(after, "bemore_worker_resident_memory_bytes", worker="0") < 1e9


def test_the_classes_of_duration_add_up(client):
    for _ in range(3):
        client.get(STATISTICS)
    values = metrics_of(client)
    where = {"method": "GET", "route": STATISTICS}
    buckets = sorted(
        (float(dict(labels)["le"]), number)
        for (name, labels), number in values.items()
        if name.endswith("_bucket") and where.items() <= dict(labels).items()
    )
    counts = [number for _, number in buckets]
    assert counts == sorted(counts) and counts[-1] == value(values, "bemore_http_request_duration_seconds_count", **where) >= 3
    assert value(values, "bemore_http_request_duration_seconds_sum", **where) > 0


def test_no_id_and_no_name_is_told(client):
    session_id = start_session(client, "marke-c4f1a7")
    for path in (
        f"/api/session/{session_id}",
        "/api/session/user/marke-c4f1a7",
        "/marke-c4f1a7",
        f"/api/session/{session_id}/marke-c4f1a7",
    ):
        client.get(path)
    client.put("/api/user/preferences", json={"preferences": {"language": "en"}}, headers={"X-Device-ID": "marke-c4f1a7"})
    client.open("/health", method="MARKE-C4F1A7")
    for path in ("/metrics", "/api/monitoring/health", "/api/monitoring/error-stats"):
        text = client.get(path).get_data(as_text=True)
        assert session_id not in text and "marke-c4f1a7" not in text.lower()


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="2 per hour")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_refusals_of_the_quota_are_counted_and_asking_costs_none(client):
    before = metrics_of(client)
    assert [client.get(STATISTICS).status_code for _ in range(5)] == [200, 200, 429, 429, 429]
    after = metrics_of(client)
    assert grown(before, after, "bemore_quota_refusals_total") == 3
    assert grown(before, after, "bemore_http_errors_total", status="429") == 3


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_with_the_database_away_all_but_the_sessions_is_told(kind, tmp_path):
    urls = {"sqlite": f"sqlite:///{tmp_path}/nowhere/x.db", "postgres": f"postgresql://nobody@127.0.0.1:{free_port()}/nowhere"}
    app = create_app(Settings.from_env({"DATABASE_URL": urls[kind], "RATE_LIMIT_ENABLED": "false"}))
    app.test_client_class = CheckingClient
    client = app.test_client()
    before = metrics_of(client)
    assert client.get(STATISTICS).status_code == client.get("/health/ready").status_code == 503
    after = metrics_of(client)
    assert value(after, "bemore_database_up") == 0 and not any(name == "bemore_sessions" for name, _ in after)
    assert grown(before, after, "bemore_unavailable_total") == 1, "a load balancer's question is no refusal"
    assert value(after, "bemore_database_outages_total") >= (kind == "postgres")
    state = client.get("/api/monitoring/health").json["data"]
    assert (state["status"], state["database"], state["sessions"]) == ("degraded", "down", None)
    close()


def test_outages_of_redis_are_counted(environ):
    away = {"RATE_LIMIT_ENABLED": "true", "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "WEB_CONCURRENCY": "1"}
    client = create_app(Settings.from_env({**environ, **away})).test_client()
    before = metrics_of(client)
    for _ in range(3):
        assert client.get(STATISTICS).status_code == 200
    after = metrics_of(client)
    assert grown(before, after, "bemore_redis_outages_total") == 1 and value(after, "bemore_redis_up") == 0
    assert client.get("/api/monitoring/health").json["data"]["status"] == "degraded"
    close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_errors_are_told_by_status_and_rule(client):
    before = client.get("/api/monitoring/error-stats").json["data"]
    for _ in range(3):
        assert client.post("/api/session/start", json={}).status_code == 400
    assert client.get("/no/such/address").status_code == 404
    after = client.get("/api/monitoring/error-stats").json["data"]
    assert after["totalErrors"] - before["totalErrors"] == after["clientErrors"] - before["clientErrors"] == 4
    assert after["totalRequests"] - before["totalRequests"] == 5, "the first question itself, too"
    assert after["byStatus"]["400"] - before["byStatus"].get("400", 0) == 3
    routes = {(each["method"], each["route"]): each["clientErrors"] for each in after["byRoute"]}
    assert routes["POST", "/api/session/start"] >= 3 and routes["GET", "none"] >= 1
    assert after["since"] == before["since"] and 0 < after["errorRate"] <= 1


# -- Over several processes ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(request, tmp_path_factory):
    """A service of two worker processes."""
    home = tmp_path_factory.mktemp("metrics")
    with empty_database(request, "postgres", home) as url:
        settings = {"DATABASE_URL": url, "RATE_LIMIT_ENABLED": "false", "WEB_CONCURRENCY": 2}
        with Service(home, **settings) as service:
            yield service
            service.stop()
            print(service.log)
        assert not list(home.glob("bemore-metrics-*")), "the files are left behind"


def spread(service, count):
    """Send requests over kept connections, which the workers share; how many were sent."""
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=10))) for _ in range(8)]
        for number in range(count):
            line = lines[number % len(lines)]
            line.request("GET", STATISTICS)
            with line.getresponse() as response:
                response.read()
                assert response.status == 200
    return count


def scrape(http, service):
    response = http.get(f"{service.url}/metrics")
    assert response.status_code == 200, response.text
    return samples(response.text)


def counted(http, service):
    return value(scrape(http, service), "bemore_http_requests_total", method="GET", route=STATISTICS, status="2xx")


def test_whichever_process_is_asked_it_tells_of_all(two, http):
    before = counted(http, two)
    sent = spread(two, 80)
    # Each question goes over a connection of its own, to whichever worker takes it.
    for _ in range(6):
        with closing(type(http)()) as other:
            assert counted(other, two) - before == sent
    values = scrape(http, two)
    assert value(values, "bemore_workers") == 2
    memory = [number for (name, _), number in values.items() if name == "bemore_worker_resident_memory_bytes"]
    assert len(memory) == 2 and all(10e6 < each < 1e9 for each in memory)


def test_counts_outlive_a_worker_that_dies(two, http):
    sent = counted(http, two) + spread(two, 40)
    dying = two.workers[0]
    dying.kill()
    dying.wait(10)
    wait_for(lambda: value(scrape(http, two), "bemore_workers") == 2, what="a new worker")
    assert counted(http, two) == sent
    sent += spread(two, 40)
    assert counted(http, two) == sent


def test_the_empty_file_of_a_process_killed_at_its_start_hides_nothing(two, http):
    sent = counted(http, two) + spread(two, 8)
    (directory,) = two.directory.glob("bemore-metrics-*")
    (directory / "counter_1.db").touch()
    assert counted(http, two) == sent


def test_counts_outlive_a_reload(two, http):
    sent, started = counted(http, two) + spread(two, 40), value(scrape(http, two), "bemore_start_time_seconds")
    old = set(two.workers)
    two.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(two.workers) == 2 and not old & set(two.workers), what="new workers")
    wait_for(lambda: value(scrape(http, two), "bemore_workers") == 2, what="the end of the old ones")
    assert counted(http, two) == sent
    sent += spread(two, 40)
    assert counted(http, two) == sent
    assert value(scrape(http, two), "bemore_start_time_seconds") == started


def test_monitoring_speaks_of_the_whole_service(two, http):
    spread(two, 16)
    state = http.get(f"{two.url}/api/monitoring/health").json()["data"]
    assert (state["status"], state["database"], state["redis"], state["processes"]) == ("ok", "up", "none", 2)
    assert state["uptime"] > 0 and state["memoryBytes"] > 20e6 and state["requests"] > 16
    assert re.fullmatch(r"[0-9.]+", state["version"])
