"""An export over HTTP by the running service: streamed in little memory, and whole behind nginx."""

import json

import psutil
import pytest
import requests

from tests.support.figures import LONG
from tests.support.reported import place
from tests.support.samples import start_session
from tests.support.servers import NginxServer, straight

#: Eight hours at thirty frames a second.
FRAMES = 860_000 if LONG else 30_000

_NUMBERS = {
    "sqlite": f"WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {FRAMES - 1}) SELECT n FROM numbers",
    "postgres": f"SELECT generate_series(0, {FRAMES - 1}) AS n",
}


def fill(url, session_id):
    """Store that many frames of a session, past the service."""
    points = json.dumps([[0.1, 0.2, 0.3]] * 5)
    numbers = _NUMBERS["sqlite" if url.startswith("sqlite") else "postgres"]
    with straight(url) as connection:
        connection.execute(
            "INSERT INTO frame (session_id, ts_ms, speaker, quality, landmarks)"
            f" SELECT session.id, n * 33, 2, 0.5, '{points}' FROM session, ({numbers}) AS numbers WHERE public_id = '{session_id}'"
        )
        connection.commit()


def read(http, base, session_id):
    """(number of lines, the last one) of an export."""
    count, last = 0, b""
    with http.get(base + place(session_id, "export"), stream=True) as answer:
        assert answer.status_code == 200
        for each in answer.iter_lines(chunk_size=1 << 16):
            count, last = count + 1, each
    return count, json.loads(last)


@pytest.mark.parametrize("database_url", ["sqlite", *(["postgres"] if FRAMES > 100_000 else [])], indirect=True)
def test_an_export_takes_little_memory_and_is_whole_behind_nginx(service, database_url, tmp_path, plain):
    running = service()
    small, large = (start_session(plain, base=running.url) for _ in range(2))
    fill(database_url, large)
    read(plain, running.url, small)
    (worker,) = running.workers
    before = psutil.Process(worker.pid).memory_info().rss
    most = 0
    with plain.get(running.url + place(large, "export"), stream=True) as answer:
        for number, _ in enumerate(answer.iter_content(1 << 16)):
            if number % 20 == 0:
                most = max(most, psutil.Process(worker.pid).memory_info().rss)
    print(f"{FRAMES} frames: resident memory grew by {(most - before) / 1e6:.1f} MB")
    assert most - before < 20e6
    with NginxServer(tmp_path, running) as nginx:
        assert read(plain, nginx.url, large) == (FRAMES + 2, {"type": "end", "lines": FRAMES + 1})


@pytest.fixture
def plain():
    """A client that does not keep what it reads, as the one that checks answers does."""
    with requests.Session() as session:
        session.trust_env = False
        yield session
