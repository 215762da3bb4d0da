"""How the service starts and ends, what stops its start, and what its other commands do."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tests.support.samples import start_session
from tests.support.running import ALIVE, HOST, PRODUCTION, answers_on, log_lines
from tests.support.servers import REPOSITORY, ServerFailed, Service, free_port, wait_for
from tests.support.stocked import in_process

import bemore
from bemore.db import connections
from bemore.db.migrate import names
from bemore.settings import Settings, SettingsError, variable

pytestmark = pytest.mark.by_command


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(arguments, tmp_path, **env):
    """The command ``bemore`` run to its end."""
    env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "PORT": str(free_port()), **env}
    command = [sys.executable, "-m", "bemore", *arguments]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=30)


# -- Wrong settings ------------------------------------------------------------------------------------------------------

WRONG = {
    "HOST": ["not a host", "http://localhost", "256.0.0.1", "localhost:8000"],
    "PORT": ["0", "65536", "-1", "http", "80.5", "8000 8001"],
    "BEMORE_ENV": ["prod", "staging", "developmen"],
    "DATABASE_URL": [
        "bemore.db", "sqlite://", "sqlite:///", "mysql://user@host/name", "postgresql://", "postgresql://host:port/name", "oracle",
    ],
    "DATABASE_PGBOUNCER": ["maybe", "transaction"],
    "DATABASE_REPLICA_URL": ["sqlite:///replica.db", "postgresql://", "postgresql://localhost/bemore"],  # the last needs PostgreSQL
    "DATABASE_POOL_SIZE": ["0", "many", "-3", "1e9"],
    "DATABASE_REQUEST_IDS": ["maybe", "2"],
    "SQLITE_SYNCHRONOUS": ["OFF", "2", "ful"],
    "REDIS_URL": [
        "localhost:6379", "http://localhost", "redis", "redis://localhost:port/0", "redis+cluster://", "redis+cluster://one:7000,",
        "redis+cluster://one,two", "redis+cluster://one:7000,two:0", "redis+cluster://one:7000/0",
    ],
    "RATE_LIMIT_ENABLED": ["maybe", "2", "tru"],
    "RATE_LIMIT_ALL": ["many", "600", "600 per", "-1 per minute", "0 per minute", "600 per 10 fortnights", "5 per second; 9 per minute"],
    "RATE_LIMIT_WRITE": ["300 minutes", "per 10 minutes", "0 per minute", "1 per 0 seconds", "0.5 per minute"],
    "TRUSTED_PROXIES": ["-1", "one", "true", "11"],
    "FRONTEND_URLS": ["localhost:5173", "*", "http://localhost:5173/app", "http://localhost:5173 http://localhost:3000", "http://"],
    "MAX_BODY_BYTES": ["0", "8MB", "-1", "10000000000000000000"],
    "MAX_SESSION_BYTES": ["0", "2GiB", "-1", "10000000000000000000"],
    "AUTH_ENABLED": ["maybe", "ture", "true"],  # true: without a key
    "JWT_SECRET": ["short", "x" * 31],
    "JWT_PUBLIC_KEY": [],  # only looked at with AUTH_ENABLED: see the tests of tokens
    "JWT_JWKS_URL": ["http://login.example.org/keys", "login.example.org/keys", "file:///keys", "https://"],
    "JWT_ISSUER": [],
    "JWT_AUDIENCE": [],
    "ALLOW_ANONYMOUS": ["maybe", "ture"],
    "INFERENCE_FACIAL_WEIGHT": ["-0.1", "1.1", "half", "nan", "inf", "0.6"],
    "INFERENCE_VAD_WEIGHT": ["-1", "2", "0.31"],
    "INFERENCE_TEXT_WEIGHT": ["1,5", "NaN", "0.19"],
    "INFERENCE_MODEL_VERSION": ["v" * 65, "rules\n2"],
    "SCORE_SPEAKER": ["counselor", "both", "user"],
    "REPORT_LANGUAGE": ["de", "korean", "ko-KR"],
    "REPORT_TIME_ZONE": ["Seoul", "asia/seoul", "localtime", "../zone.tab", "UTC+9"],
    "CONSOLE_ENABLED": ["maybe", "2", "fales"],
    "RETENTION_DAYS": ["0", "36501", "-1", "90d", "1.5"],
    "WEBHOOK_URLS": ["example.org", "ftp://example.org/x", "https://", "https://example.org/webhook"],  # the last lacks a secret
    "WEBHOOK_SECRET": ["short", "whsec_c2hvcnQ=", "whsec_%%%"],
    "LOG_LEVEL": ["loud", "trace", "10"],
    "LOG_FORMAT": ["xml", "JSON lines"],
    "OTEL_EXPORTER_OTLP_ENDPOINT": ["localhost:4318", "grpc://localhost:4317", "http://", "http://localhost:port"],
    "WEB_CONCURRENCY": ["0", "257", "two", "-1", "2"],
    "WEB_THREADS": ["0", "201", "1.5", "many"],
}


def test_table_of_wrong_values_has_every_setting():
    assert set(WRONG) == {variable(each) for each in fields(Settings)}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_wrong_value_is_refused_with_a_sentence_that_names_the_setting(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({name: value})
    sentence = str(refusal.value)
    assert re.search(rf"\b{name}\b", sentence)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:geheim@host/name"),
        ("REDIS_URL", "http://:geheim@host"),
        ("REDIS_URL", "redis+cluster://bemore:geheim@one,two"),
    ],
)  # fmt: skip
def test_refusal_keeps_the_password(name, value):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_env({name: value})
    assert "geheim" not in str(refusal.value)


def test_password_in_the_query_of_a_database_url_is_not_told():
    settings = Settings.from_env({"DATABASE_URL": "postgresql://bemore@host/name?password=geheim&sslmode=require"})
    assert "geheim" not in settings.database_label and settings.database_label.startswith("postgresql://bemore@host/name")


def test_several_hosts_are_told_without_the_password():
    several = "one:7000,[::1]:7001"
    database = f"postgresql://u:geheim@{several}/name?target_session_attrs=read-write"
    settings = Settings.from_env({"DATABASE_URL": database, "REDIS_URL": f"redis+cluster://u:geheim@{several}"})
    assert settings.database_label == f"postgresql://u@{several}/name"
    assert settings.quota_storage_label == f"redis+cluster://u@{several}"


def test_empty_values_are_as_if_not_set():
    assert Settings.from_env(dict.fromkeys(WRONG, "")) == Settings.from_env({})


def test_production_without_authentication_has_to_be_meant():
    with pytest.raises(SettingsError, match="ALLOW_ANONYMOUS=true"):
        Settings.from_env({"BEMORE_ENV": "production"})
    assert Settings.from_env({"BEMORE_ENV": "production", "ALLOW_ANONYMOUS": "true"}).log_format == "json"
    assert Settings.from_env({"BEMORE_ENV": "production", "AUTH_ENABLED": "true", "JWT_SECRET": "s" * 32}).auth_enabled


def test_other_weights_need_another_model_version():
    weights = {"INFERENCE_FACIAL_WEIGHT": "0.4", "INFERENCE_VAD_WEIGHT": "0.4"}
    with pytest.raises(SettingsError, match="INFERENCE_MODEL_VERSION"):
        Settings.from_env(weights)
    assert Settings.from_env({**weights, "INFERENCE_MODEL_VERSION": "rules-mine"}).model_version == "rules-mine"


def test_environment_goes_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nWEB_THREADS=3\n", "utf-8")
    settings = Settings.from_env({"PORT": "9002"}, tmp_path / ".env")
    assert (settings.port, settings.web_threads) == (9002, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("RATE_LIMIT_ALL", "many"), ("BEMORE_ENV", "production")],
)
def test_command_stops_with_that_one_sentence(name, value, tmp_path):
    ended = run(["serve"], tmp_path, **{"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", name: value})
    assert ended.returncode != 0
    (sentence,) = (ended.stdout + ended.stderr).strip().splitlines()
    assert name in sentence
    assert not (tmp_path / "x.db").exists()


def test_command_reads_the_env_file_of_its_directory(tmp_path):
    (tmp_path / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/from-file.db\nWEB_THREADS=none\n", "utf-8")
    ended = run(["migrate"], tmp_path)
    assert ended.returncode != 0 and "WEB_THREADS" in ended.stderr
    (tmp_path / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/from-file.db\n", "utf-8")
    assert run(["migrate"], tmp_path).returncode == 0
    assert (tmp_path / "from-file.db").exists()


@pytest.mark.parametrize("url", ["sqlite:///{home}/no/such/directory/x.db", "postgresql://bemore@127.0.0.1:{port}/bemore"])
def test_database_that_is_away_ends_the_start_without_a_stack_trace(url, tmp_path):
    url = url.format(home=tmp_path, port=free_port())
    ended = run(["serve"], tmp_path, DATABASE_URL=url)
    assert ended.returncode != 0
    assert "database" in ended.stderr and "Traceback" not in ended.stderr
    ended = in_process("migrate", url=url)
    assert ended.exit_code != 0 and "database" in ended.output


# -- The command ---------------------------------------------------------------------------------------------------------


def test_version_of_the_command_is_that_of_the_package(tmp_path):
    ended = run(["--version"], tmp_path)
    assert ended.returncode == 0 and ended.stdout.split()[-1] == bemore.__version__


def test_help_lists_the_commands():
    ended = in_process("--help", url="")
    assert ended.exit_code == 0 and {"serve", "migrate"} <= set(ended.output.split())


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_migrate_makes_the_tables_once(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    if kind == "postgres":
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(name := postgres.create_database())
    first, second = (in_process("migrate", url=url) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.split() == names()
    assert second.stdout.strip() == "The database is up to date."
    connections.close()
    if kind == "postgres":
        postgres.drop_database(name)


# -- The end -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database_url", "processes", "number"),
    [("sqlite", 1, signal.SIGTERM), ("sqlite", 1, signal.SIGINT), ("postgres", 2, signal.SIGTERM)],
    indirect=["database_url"],
)
def test_signal_ends_it_cleanly(service, http, processes, number):
    running = service(RATE_LIMIT_ENABLED="false", WEB_CONCURRENCY=processes, **PRODUCTION)
    start_session(http, base=running.url)
    http.close()
    members = running.processes
    running.stop_signal = number
    running.stop()
    assert running.process.returncode == 0
    assert not any(member.is_running() for member in members)
    assert all(line["level"] in ("info", "warning") for line in log_lines(running))
    if processes == 1:
        # The write-ahead log was folded into the file: that alone is the whole database.
        path = Path(running.env["DATABASE_URL"].removeprefix("sqlite:///"))
        assert path.exists() and not path.with_name(f"{path.name}-wal").exists()


@only_sqlite
def test_kept_connections_without_a_request_do_not_hold_up_the_end(service):
    """As nginx and every browser keep them."""
    running = service(**PRODUCTION)
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(ALIVE)
        assert answers_on(connection, 1) == [200]
        running.stop()
        assert connection.recv(1) == b""
    assert running.process.returncode == 0


@only_sqlite
def test_request_that_has_begun_is_answered_before_the_end(service):
    running = service()
    body = b'{"userId": "user-1", "counselorId": "counselor-1"}'
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        head = f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        # This tells that a thread has taken it on.
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        running.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Handling signal: term" in running.log, what="the signal")
        connection.sendall(body)
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            assert answer.status == 200
    running.stop()
    assert running.process.returncode == 0


@only_sqlite
def test_refused_start_ends_with_its_reason_in_the_log(environ, tmp_path):
    with pytest.raises(ServerFailed, match="ALLOW_ANONYMOUS"):
        Service(tmp_path, **environ, BEMORE_ENV="production").start()
