"""gunicorn with the configuration of ``bemore/server/``: hooks, middleware, ``max_requests``, open files, headers of proxies."""

import json
import re
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from tests.support.load import Load
from tests.support.running import HOST
from tests.support.samples import frames, start_session
from tests.support.servers import NginxServer, Service, raw_request, wait_for

pytestmark = pytest.mark.by_command

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


# -- An operator's own configuration ---------------------------------------------------------------------------------------

CONFIGURATION = """
from bemore.server.config import gunicorn_options
from bemore.settings import Settings

globals().update(gunicorn_options(Settings.from_env()))
max_requests = 150

def post_request(worker, request, environ, response):
    with open("hook", "a") as file:
        file.write(f"{response.status_code} {environ['REQUEST_METHOD']}\\n")
"""

#: As Sentry's and OpenTelemetry's do: around the application and around its answer.
MIDDLEWARE = """
from bemore.app import create_app
from bemore.settings import Settings

app = create_app(Settings.from_env())

class Counting:
    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            with open("middleware", "a") as file:
                file.write(f"{status.split()[0]} {environ['REQUEST_METHOD']}\\n")
            return start_response(status, [*headers, ("X-Counted", "yes")], exc_info)

        yield from self.application(environ, start)

app.wsgi_app = Counting(app.wsgi_app)
"""


class Customized(Service):
    """gunicorn as an operator starts it who has hooks and middleware of their own."""

    def _command(self):
        (self.directory / "gunicorn.conf.py").write_text(CONFIGURATION, "utf-8")
        (self.directory / "wsgi.py").write_text(MIDDLEWARE, "utf-8")
        return [sys.executable, "-m", "gunicorn", "wsgi:app"]


@pytest.mark.parametrize(("database_url", "processes"), [("sqlite", 1), ("postgres", 2)], indirect=["database_url"])
def test_hooks_and_middleware_work_and_max_requests_fails_none(environ, database_url, tmp_path, http, processes):
    settings = {**environ, "TRUSTED_PROXIES": 1, "WEB_CONCURRENCY": processes, "LOG_LEVEL": "warning"}
    with Customized(tmp_path, **settings) as running, NginxServer(tmp_path, running) as nginx:
        assert http.get(f"{nginx.url}/api/session/stats/summary").headers["X-Counted"] == "yes"
        first = set(running.workers)
        with Load(nginx.port, clients=4, patient=True) as load:
            wait_for(lambda: load.failed() or running.workers and not first & set(running.workers), 60, "other workers")
            wait_for(lambda done=len(load.attempts): load.failed() or len(load.attempts) > done + 50, 60, "answers of theirs")
        print(running.log)
        assert not load.ledger.differences(database_url)
        assert set(load.statuses()) <= {200, 201}
        hook, middleware = ((tmp_path / name).read_text().splitlines() for name in ("hook", "middleware"))
        assert sorted(hook) == sorted(middleware) and len(hook) > 150 * processes
        assert {"200 POST", "201 POST", "200 DELETE"} <= set(hook)


# -- The end ---------------------------------------------------------------------------------------------------------------


@on_postgres
def test_requests_that_wait_for_a_thread_are_answered_before_the_end(service, http, database_url):
    """Three times as many as there are threads are under way when the signal comes: all are answered, and stored."""
    running = service(WEB_THREADS=4)
    session_id = start_session(http, base=running.url)

    def upload(number):
        body = json.dumps({"items": frames(5, number * 1000)})
        head = f"POST /api/session/{session_id}/frames HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\n\r\n"
        return raw_request(running.url, (head + body).encode(), timeout_s=30).status

    with psycopg.connect(database_url) as connection, ThreadPoolExecutor(12) as pool:
        connection.execute("SELECT 1 FROM session WHERE public_id = %s FOR UPDATE", (session_id,))
        uploads = [pool.submit(upload, number) for number in range(12)]
        (worker,) = running.workers
        wait_for(lambda: len(worker.net_connections("tcp")) > 12 + 4, what="connections of the clients, and of four threads")
        running.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Handling signal: term" in running.log, what="the signal")
        connection.rollback()
        assert [each.result() for each in uploads] == [201] * 12
    running.stop()
    assert running.process.returncode == 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM frame").fetchone() == (60,)


# -- Open files ------------------------------------------------------------------------------------------------------------


class FewFiles(Service):
    """A service whose processes may have no more than 128 files open."""

    def _command(self):
        return ["/bin/sh", "-c", 'ulimit -n 128; exec "$@"', "sh", *super()._command()]


@on_sqlite
def test_more_connections_than_open_files_end_no_worker(environ, tmp_path, http):
    with FewFiles(tmp_path, **environ) as running:
        session_id = start_session(http, base=running.url)
        http.close()
        (worker,) = running.workers
        with ExitStack() as stack:
            for _ in range(300):
                stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=10))
            # It takes as many as it can have, and leaves the others to the system until there is room.
            taken = wait_for(lambda: len(worker.net_connections("tcp")) > 25 and worker.num_fds(), what="the connections")
            assert taken < 128
        wait_for(lambda: http.get(f"{running.url}/api/session/{session_id}").status_code == 200, what="room")
        assert running.workers == [worker]
        assert " error " not in running.log and " critical " not in running.log


# -- Headers of proxies ----------------------------------------------------------------------------------------------------


@on_sqlite
def test_nobody_on_this_machine_is_taken_for_a_proxy(service):
    """gunicorn by itself believes the loopback: SCRIPT_NAME would cut off a path's beginning, past what nginx lets through."""
    running = service()
    for header in ("SCRIPT_NAME: /x", "PATH_INFO: /metrics", "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off"):
        sent = f"GET /x/metrics HTTP/1.1\r\n{HOST}{header}\r\nConnection: close\r\n\r\n"
        assert raw_request(running.url, sent.encode()).status == 404, header
    assert not re.search("route=/metrics", running.log)
