"""``bemore check``: what is wrong with the environment, in sentences, and as an exit status."""

import re
import subprocess
import sys
import time
from dataclasses import replace

import psycopg
import pytest

from bemore.reports.pdf import document
from bemore.lifecycle import check
from bemore.settings import Settings
from tests.support.servers import REPOSITORY, free_port

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: A production service with nothing to complain of, but for its database and Redis.
PRODUCTION = {
    "BEMORE_ENV": "production", "AUTH_ENABLED": "true", "JWT_SECRET": "geheim" * 6, "TRUSTED_PROXIES": "1",
    "FRONTEND_URLS": "https://app.example.org",
}  # fmt: skip


def found(settings, processes=1, known=()):
    """The findings that are not OK, as (level, part, text), but for those whose text contains one of ``known``."""
    wrong = [each for each in check.environment(Settings.from_env(settings), processes) if each.level > check.OK]
    assert all(each.mend.endswith(".") and each.text.endswith(".") for each in wrong)
    assert "geheim" not in str(wrong)
    return [each[:3] for each in wrong if not any(word in each.text for word in known)]


#: What the tests' PostgreSQL does for the sake of speed.
FAST = ("fsync=off", "full_page_writes=off")


def test_nothing_is_wrong_with_a_sound_environment(database_url, own_redis):
    own_redis.execute("CONFIG SET save ''")
    assert found({**PRODUCTION, "DATABASE_URL": database_url, "REDIS_URL": own_redis.url}, known=FAST) == []


@on_sqlite
def test_open_service_and_fast_commits_are_named(database_url):
    settings = {"DATABASE_URL": database_url, "BEMORE_ENV": "production", "ALLOW_ANONYMOUS": "true", "SQLITE_SYNCHRONOUS": "NORMAL"}
    wrong = found(settings)
    assert [(level, part) for level, part, _ in wrong] == [(1, "auth"), (1, "proxy"), (1, "proxy"), (2, "database")]
    assert found({"DATABASE_URL": database_url, "HOST": "0.0.0.0"})[0][:2] == (1, "auth")
    assert found({"DATABASE_URL": database_url}) == []


@on_postgres
def test_postgresql_that_loses_commits_is_an_error(database_url):
    name = database_url.rpartition("/")[2]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        wrong = found({"DATABASE_URL": database_url})
        connection.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    assert [(level, re.search(r"\w+=off", text)[0]) for level, _, text in wrong] == [
        (2, "fsync=off"), (2, "full_page_writes=off"), (2, "synchronous_commit=off")
    ]  # fmt: skip


@on_postgres
def test_more_connections_than_the_server_has_are_counted(database_url, postgres):
    ((limit,),) = postgres.execute("SHOW max_connections")
    settings = {"DATABASE_URL": database_url, "RATE_LIMIT_ENABLED": "false"}
    few, most, many = (int(limit) // 8 - 2), (int(limit) - 3) // 8, int(limit)
    assert [found(settings, number, FAST) for number in (few,)] == [[]]
    ((level, part, text),) = found(settings, most, FAST)
    assert (level, part) == (1, "connections") and f"{most} processes × 8 connections are {most * 8} of the {int(limit) - 3}" in text
    assert [each[:2] for each in found(settings, many, FAST)] == [(2, "connections")]
    ((level, part, text),) = found({**settings, "DATABASE_PGBOUNCER": "true"}, many, FAST)
    assert (level, part) == (1, "connections") and "no time limits" in text


@on_postgres
def test_missing_migrations_and_those_of_a_newer_version_are_named(database_url, request, postgres):
    empty = postgres.create_database()
    ((level, _, text),) = found({"DATABASE_URL": postgres.url(empty)}, known=FAST)
    assert level == 1 and "lacks" in text
    postgres.drop_database(empty)
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO migration VALUES ('m9999_future', 0)")
    ((level, _, text),) = found({"DATABASE_URL": database_url}, known=FAST)
    assert level == 2 and "m9999_future" in text
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM migration WHERE name = 'm9999_future'")


@on_sqlite
def test_redis_is_judged_by_what_it_does_when_memory_or_disk_is_full(database_url, own_redis):
    settings = {"DATABASE_URL": database_url, "REDIS_URL": own_redis.url}
    for command in ("save ''", "maxmemory 100mb", "maxmemory-policy noeviction"):
        own_redis.execute(f"CONFIG SET {command}")
    ((level, part, text),) = found(settings)
    assert (level, part) == (1, "redis") and "noeviction" in text
    own_redis.execute("CONFIG SET maxmemory-policy volatile-ttl")
    assert found(settings) == []
    own_redis.execute("CONFIG SET save '3600 1'")
    ((level, _, text),) = found(settings)
    assert level == 1 and "disk" in text
    assert found({**settings, "RATE_LIMIT_ENABLED": "false"}) == []


@on_sqlite
def test_every_node_of_a_cluster_is_asked(database_url, own_redis):
    own_redis.execute("CONFIG SET save ''")
    nodes = f"redis+cluster://127.0.0.1:{own_redis.port},127.0.0.1:{free_port()}"
    settings = replace(Settings.from_env({"DATABASE_URL": database_url}), redis_url=nodes)
    found = [(each.level, each.text.partition(" ")[0]) for each in check.environment(settings, 1) if each.part == "redis"]
    one, other = (f"redis://{each}" for each in nodes.partition("//")[2].split(","))
    assert found == [(check.OK, one), (check.WARNING, other)]


@on_sqlite
def test_clock_of_another_machine_is_compared(database_url, own_redis, monkeypatch):
    own_redis.execute("CONFIG SET save ''")
    monkeypatch.setattr(check.time, "time", lambda now=time.time: now() - 90)
    ((level, part, text),) = found({"DATABASE_URL": database_url, "REDIS_URL": own_redis.url})
    assert (level, part) == (1, "clock") and re.search(r"Redis differ by (89|90)\.\d s", text)


@on_sqlite
def test_what_is_away_is_named_without_its_password(database_url, tmp_path):
    port = free_port()
    wrong = found({"DATABASE_URL": f"postgresql://bemore:geheim@127.0.0.1:{port}/x", "REDIS_URL": f"redis://:geheim@127.0.0.1:{port}"})
    assert [(level, part) for level, part, _ in wrong] == [(2, "database"), (1, "redis")]
    assert found({"DATABASE_URL": f"sqlite:///{tmp_path}/no/such/x.db"})[0][:2] == (2, "database")
    keys = Settings.from_env({"AUTH_ENABLED": "true", "JWT_JWKS_URL": f"http://localhost:{port}/keys"})
    assert [each.level for each in check.key_set(keys)] == [check.ERROR]


def test_body_limits_port_and_origins_are_compared_with_nginx():
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text("utf-8")

    def told(text, **settings):
        settings = Settings.from_env({"TRUSTED_PROXIES": "1", **settings})
        return [each.text for each in check.nginx(settings, text) if each.level > check.OK]

    assert told(text) == []
    assert "8,388,608 bytes, the service of up to 9,000,000" in told(text, MAX_BODY_BYTES="9000000")[0]
    assert "up to 1,048,576 bytes" in told(text.replace("client_max_body_size 8m;", "# client_max_body_size 8m;"))[0]
    assert "up to unlimited bytes" in told(text.replace("client_max_body_size 8m;", "client_max_body_size 0;"))[0]
    assert told(text, PORT="8001", TRUSTED_PROXIES="0", FRONTEND_URLS="https://a.example.org,https://*.example.org") == [
        "nginx sends nothing to port 8001.",
        "TRUSTED_PROXIES=0 ignores the address that nginx gives of a client.",
        "Pages at https://a.example.org cannot read nginx's own errors.",
    ]


def test_font_without_hangul_is_an_error(monkeypatch):
    assert [each.level for each in check.fonts()] == [check.OK]
    monkeypatch.setattr(document, "_fonts", lambda: document.typst.Fonts(include_system_fonts=False, include_embedded_fonts=False))
    assert [each.level for each in check.fonts()] == [check.ERROR]


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({}, 0, ["ok       database"]),
        ({"HOST": "0.0.0.0"}, 1, ["warning  auth", "→ Set AUTH_ENABLED=true."]),
        ({"PORT": "http"}, 2, ["error    settings     PORT must be"]),
    ],
)
def test_exit_status_and_lines(settings, status, words, tmp_path):
    env = {"PYTHONPATH": str(REPOSITORY), "DATABASE_URL": f"sqlite:///{tmp_path}/x.db", **settings}
    nginx = [] if status else ["--nginx", "-"]
    if nginx:
        env["TRUSTED_PROXIES"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "bemore", "check", *nginx], env=env, cwd=tmp_path, capture_output=True, text=True, check=False,
        input=(REPOSITORY / "deploy" / "nginx.conf").read_text("utf-8"), encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    assert all(word in done.stdout for word in words)
    assert not (tmp_path / "x.db").exists(), "it changes nothing"


@on_sqlite
def test_start_logs_what_is_wrong_in_a_line_each(service):
    running = service(SQLITE_SYNCHRONOUS="NORMAL", LOG_FORMAT="json")
    assert '"check":"database"' in running.log and "power cut" in running.log
