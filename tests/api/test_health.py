"""Whether the service lives and is ready, also with its database away."""

import pytest

from bemore import __version__
from bemore.app import create_app
from bemore.db.connections import close
from bemore.settings import Settings
from tests.support.answers import CheckingClient
from tests.support.samples import scores, start_session
from tests.support.servers import free_port, wait_for

HEALTH = ("/health", "/health/live")


@pytest.fixture(params=["sqlite", "postgres"])
def client_without_database(request, tmp_path):
    """A client of an application whose database cannot be reached."""
    urls = {
        "sqlite": f"sqlite:///{tmp_path}/nowhere/test.db",
        "postgres": f"postgresql://nobody@127.0.0.1:{free_port()}/nowhere",
    }
    app = create_app(Settings.from_env({"DATABASE_URL": urls[request.param], "RATE_LIMIT_ENABLED": "false"}))
    app.test_client_class = CheckingClient
    yield app.test_client()
    close()


@pytest.mark.parametrize("path", [*HEALTH, "/health/ready"])
def test_a_healthy_service_says_so_in_plain_json(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json["status"] == "ok" and answer.json["version"] == __version__
    assert type(answer.json["uptime"]) in (int, float) and answer.json["uptime"] >= 0
    assert set(answer.json) == {"status", "uptime", "version"} | ({"database", "redis"} if path.endswith("ready") else set())
    assert answer.headers["X-Request-Id"]
    assert client.head(path).status_code == 200


def test_the_uptime_grows(client):
    first = client.get("/health").json["uptime"]
    start_session(client)
    for path in HEALTH:
        wait_for(lambda: client.get(path).json["uptime"] > first, what="a later uptime")


def test_a_ready_service_tells_of_its_database_and_redis(client):
    answer = client.get("/health/ready").json
    assert (answer["database"], answer["redis"]) == ("up", "none")


def test_redis_is_reported(environ, redis_url):
    """One that is away is no reason to be not ready: the quotas go on without it."""
    for address, state in ((redis_url, "up"), (f"redis://127.0.0.1:{free_port()}/0", "down")):
        quotas_on = {"RATE_LIMIT_ENABLED": "true", "REDIS_URL": address}
        app = create_app(Settings.from_env({**environ, **quotas_on}))
        answer = app.test_client().get("/health/ready")
        assert answer.status_code == 200
        assert (answer.json["status"], answer.json["database"], answer.json["redis"]) == ("ok", "up", state)
        close()


@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="1 per 10 minutes")
def test_health_costs_no_quota_and_is_always_told(client):
    for path in (*HEALTH, "/health/ready") * 2:
        answer = client.get(path)
        assert answer.status_code == 200
        assert not any("ratelimit" in name.lower() for name in answer.headers.keys())
    assert [client.get("/api/session/stats/summary").status_code for _ in range(2)] == [200, 429]
    assert client.get("/health").status_code == 200


def test_without_its_database_a_service_lives_and_is_not_ready(client_without_database):
    for path in HEALTH:
        assert client_without_database.get(path).status_code == 200
    answer = client_without_database.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["database"] == "down" and answer.json["status"] != "ok"


def test_without_its_database_every_endpoint_is_503(client_without_database):
    unknown = "/api/session/sess_1_aaaaaaaaaaaaaaaa"
    requests = [
        ("POST", "/api/session/start", {"userId": "u", "counselorId": "c"}),
        ("GET", unknown, None),
        ("DELETE", unknown, None),
        ("POST", f"{unknown}/end", None),
        ("POST", f"{unknown}/tick", None),
        ("POST", f"{unknown}/feedback", {"rating": 1}),
        ("POST", "/api/session/batch-tick", {"sessionId": "sess_1_aaaaaaaaaaaaaaaa", "items": scores(1)}),
        ("GET", f"{unknown}/inferences", None),
        ("GET", "/api/session/stats/summary", None),
        ("GET", "/api/session/user/u", None),
    ]
    for method, path, body in requests:
        answer = client_without_database.open(path, method=method, json=body)
        assert (answer.status_code, answer.json["error"]["code"]) == (503, "SERVICE_UNAVAILABLE"), path
        assert int(answer.headers["Retry-After"]) >= 1
        assert "sqlite" not in answer.text and "127.0.0.1" not in answer.text
    # What is wrong by itself is told though the database is away.
    assert client_without_database.post("/api/session/start", json={}).status_code == 400
