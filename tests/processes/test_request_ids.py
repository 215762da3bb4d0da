"""One id leads from nginx's log over the service's to PostgreSQL's sessions and slow log."""

import contextvars
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from bemore.observability import logs
from tests.support.running import log_lines
from tests.support.samples import start_session, stt
from tests.support.servers import NginxServer, wait_for


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_id_of_a_request_stands_in_both_logs_and_in_the_application_name(service, http, tmp_path, database_url):
    running = service(DATABASE_REQUEST_IDS="true", TRUSTED_PROXIES=1, LOG_FORMAT="json")
    with (
        NginxServer(tmp_path, running) as nginx, psycopg.connect(database_url) as blocker,
        psycopg.connect(database_url, autocommit=True) as watcher, ThreadPoolExecutor(1) as pool,
    ):  # fmt: skip
        session_id = start_session(http, base=nginx.url)
        blocker.execute("SELECT FROM session FOR UPDATE")
        upload = pool.submit(http.post, f"{nginx.url}/api/session/{session_id}/stt", json={"items": stt(1)})
        query = "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ((name,),) = wait_for(lambda: watcher.execute(query).fetchall(), what="the upload that waits")
        blocker.rollback()
        answer = upload.result()
        assert answer.status_code == 201
        request_id = answer.json()["requestId"]
        assert name == f"bemore {request_id}" and len(request_id) == 32, "nginx made it"
        query = "SELECT DISTINCT application_name FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        assert ("bemore",) in watcher.execute(query).fetchall(), "it is taken back with the end of the transaction"
        (line,) = [line for line in log_lines(running) if line.get("route", "").endswith("/stt")]
        assert line["request_id"] == request_id
        assert request_id in [json.loads(line)["request_id"] for line in nginx.access_log.splitlines()]


@pytest.mark.parametrize("formatter", [logs.JsonFormatter(), logs.ConsoleFormatter()])
def test_lines_of_any_part_of_the_application_name_the_request(formatter):
    record = logging.makeLogRecord({"msg": "database unavailable", "error": "x"})

    def line():
        logs.request_id.set("seen-below")
        return formatter.format(record)

    assert "seen-below" in contextvars.copy_context().run(line)
    assert "request_id" not in contextvars.Context().run(formatter.format, record), "commands have none"
