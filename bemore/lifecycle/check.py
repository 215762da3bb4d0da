"""Whether the environment fits the service: ``bemore check`` prints these findings, ``bemore serve`` logs what is wrong in short.

An *error* stops the start, fails requests, or can lose data that was acknowledged. A *warning* is something that works otherwise than
it should. No finding shows a secret.
"""

import errno
import os
import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bemore.db import connections
from bemore.db.version import WrongVersion, applied, check_known
from bemore.db.migrate import names
from bemore.errors import DatabaseUnavailable
from bemore.setting_parsers import without_secrets

OK, WARNING, ERROR = range(3)

#: How far two clocks may differ, in seconds.
CLOCK_S = 1.0

#: Connections that commands, backups and administrators need beside the service's own.
SPARE_CONNECTIONS = 5

#: How far a replica may be behind the database, in bytes of its log: one file of it.
BEHIND_BYTES = 16 << 20

#: Settings of PostgreSQL without which a commit may not survive a crash, and what each does.
_DURABLE = {
    "fsync": "writes nothing through to the disk",
    "full_page_writes": "cannot mend half-written pages",
    "synchronous_commit": "confirms commits before they are on the disk",
}


class Finding(NamedTuple):
    """One sentence about a part of the environment; ``level`` is OK, WARNING or ERROR, ``mend`` says what to do."""

    level: int
    part: str
    text: str
    mend: str = ""


def environment(settings, processes):
    """Findings about what ``processes`` workers with these settings depend on; it takes a few queries."""
    yield from _access(settings)
    yield from _database(settings, processes)
    if settings.redis_url and settings.rate_limit_enabled:
        cluster = settings.redis_url.partition("redis+cluster://")[2]
        credentials, at, hosts = cluster.rpartition("@")
        for url in [f"redis://{credentials}{at}{host}" for host in hosts.split(",")] if cluster else [settings.redis_url]:
            yield from _redis(url, alone=not cluster)


# -- Access --------------------------------------------------------------------------------------------------------------------


def _access(settings):
    production, local = settings.environment == "production", settings.host in ("127.0.0.1", "::1", "localhost")
    if settings.auth_enabled:
        yield Finding(OK, "auth", "Every request needs a token.")
    elif production or not local:
        yield Finding(
            WARNING, "auth", "Authentication is off: whoever reaches the port reads and writes all sessions.", "Set AUTH_ENABLED=true."
        )
    else:
        yield Finding(OK, "auth", "Authentication is off, and only this machine reaches the port.")
    if production and not settings.trusted_proxies:
        yield Finding(
            WARNING, "proxy", "No proxy is trusted: behind nginx all clients share one quota, and logs name nginx as the client.",
            "Set TRUSTED_PROXIES=1.",
        )  # fmt: skip
    if production and all("//localhost" in origin for origin in settings.frontend_urls):
        yield Finding(WARNING, "proxy", "Browsers may call the service from localhost only.", "List the pages' origins in FRONTEND_URLS.")


def key_set(settings):
    """Findings about JWT_JWKS_URL, which is fetched."""
    import jwt  # takes memory and time that bemore serve's first process does without

    if settings.auth_enabled and settings.jwt_jwks_url:
        try:
            keys = jwt.PyJWKClient(settings.jwt_jwks_url, timeout=3).get_jwk_set().keys
        except (jwt.PyJWTError, OSError, ValueError) as error:
            yield Finding(
                ERROR, "auth", f"JWT_JWKS_URL sends no key set ({type(error).__name__}): no token can be checked.",
                "Open the address from this machine; mend the network, the certificate or JWT_JWKS_URL.",
            )  # fmt: skip
        else:
            yield Finding(OK, "auth", f"JWT_JWKS_URL sends {len(keys)} keys.")


def port_problem(host, port):
    """Why no server can listen on a port, as (errno, sentence); None if it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            # One without a number is a name that is not found.
            code = error.errno if error.errno and error.errno > 0 else errno.EADDRNOTAVAIL
        else:
            return None
    reasons = {
        errno.EADDRINUSE: f"port {port} is in use; set PORT",
        errno.EACCES: f"port {port} is not allowed for this account; set PORT",
        errno.EADDRNOTAVAIL: f"{host} is not an address of this machine; set HOST",
    }
    return code, reasons.get(code, f"{host}, port {port}: {os.strerror(code)}; set HOST and PORT")


# -- Database ------------------------------------------------------------------------------------------------------------------


def _database(settings, processes):
    path = Path(settings.database_url.removeprefix("sqlite:///"))
    if settings.uses_sqlite and not path.exists():
        if path.absolute().parent.is_dir():
            yield Finding(OK, "database", f"{path} does not exist yet: bemore serve makes it.")
        else:
            yield Finding(ERROR, "database", f"The directory of {path} does not exist.", "Make it, or set DATABASE_URL.")
        return
    connections.connect(settings, create=False)
    try:
        yield from _version(settings)
        yield from _sqlite() if settings.uses_sqlite else _postgres(settings, processes)
        if settings.database_replica_url:
            yield from _replica(settings)
    except DatabaseUnavailable as error:
        yield Finding(
            ERROR, "database", f"{settings.database_label} cannot be used: {_why(error)}.",
            "Check that the file is writable." if settings.uses_sqlite else "Check DATABASE_URL and that PostgreSQL runs and lets us in.",
        )  # fmt: skip
    finally:
        connections.close()


def _why(error):
    return str(error.__cause__ or "it does not answer").partition("\n")[0].strip()


def _version(settings):
    versions = applied()
    try:
        check_known(versions, "The database")
    except WrongVersion as error:
        yield Finding(ERROR, "database", f"{error}.", "Install that version, or restore a backup of this one.")
        return
    missing = len(names()) - len(versions)
    if missing:
        yield Finding(
            WARNING, "database", f"{settings.database_label} lacks {missing} of {len(names())} migrations.",
            "Back it up and run bemore migrate; bemore serve does that first as well.",
        )  # fmt: skip
    else:
        yield Finding(OK, "database", f"{settings.database_label} answers and is up to date.")


def _sqlite():
    with connections.read():
        (mode,), (synchronous,) = (connections.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "synchronous"))
    if mode != "wal":
        yield Finding(ERROR, "database", f"SQLite's journal mode is {mode} instead of WAL.", "Keep the file on a local disk.")
    if synchronous < 2:
        yield Finding(
            ERROR, "database", "SQLITE_SYNCHRONOUS=NORMAL: a power cut may lose the last commits.", "Set SQLITE_SYNCHRONOUS=FULL."
        )


def _postgres(settings, processes):
    before = time.time()
    with connections.read():
        now, standby = connections.execute("SELECT extract(epoch FROM clock_timestamp()), pg_is_in_recovery()").fetchone()
        yield from _clock("PostgreSQL", float(now), before)
        values = dict(connections.execute("SELECT name, setting FROM pg_settings").fetchall())
    for name, effect in _DURABLE.items():
        if values[name] == "off":
            yield Finding(ERROR, "database", f"PostgreSQL runs with {name}=off: it {effect}.", f"Set {name}=on in postgresql.conf.")
    if standby:
        yield Finding(
            ERROR, "database", "This PostgreSQL is a standby and takes no writes.",
            "Name the primary in DATABASE_URL, or all hosts with ?target_session_attrs=read-write.",
        )  # fmt: skip
    if values["server_encoding"] != "UTF8":
        yield Finding(
            ERROR, "database", f"The database is encoded in {values['server_encoding']}: Korean cannot be stored.",
            "Make it anew with ENCODING 'UTF8'.",
        )  # fmt: skip
    reserved = sum(int(values.get(f"{who}reserved_connections", 0)) for who in ("superuser_", ""))
    available = int(values["max_connections"]) - reserved
    if settings.database_pgbouncer:
        yield Finding(OK, "connections", f"PgBouncer takes its connections from the {available} that PostgreSQL gives to applications.")
        if values["statement_timeout"] == "0":
            yield Finding(
                WARNING, "connections", "PgBouncer sets no time limits: a statement that hangs keeps its connection.",
                "Take connect_query over from deploy/pgbouncer.ini.",
            )  # fmt: skip
        return
    each = min(settings.database_pool_size, settings.web_threads)
    needed = processes * each
    sentence = f"{processes} processes × {each} connections are {needed} of the {available} that PostgreSQL gives to applications"
    if needed + SPARE_CONNECTIONS > available:
        yield Finding(
            ERROR if needed > available else WARNING, "connections", f"{sentence}: too many, as commands and backups need some, too.",
            f"Raise max_connections to {needed + reserved + SPARE_CONNECTIONS} or more, lower WEB_CONCURRENCY or DATABASE_POOL_SIZE, "
            "or put PgBouncer in between.",
        )  # fmt: skip
    else:
        yield Finding(OK, "connections", f"{sentence}. Other machines need as many again.")


_POSITION = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END::text"
_CLUSTER = "SELECT system_identifier, current_database() FROM pg_control_system()"
_STANDBY = (
    "SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_stat_wal_receiver),"
    " pg_wal_lsn_diff(?::pg_lsn, pg_last_wal_replay_lsn())::bigint"
)


def _replica(settings):
    """Findings about DATABASE_REPLICA_URL; afterwards the connections are those to the replica."""
    with connections.read():
        (position,), cluster = connections.execute(_POSITION).fetchone(), connections.execute(_CLUSTER).fetchone()
    versions, label = applied(), without_secrets(settings.database_replica_url)
    connections.connect(replace(settings, database_url=settings.database_replica_url, database_replica_url=None), create=False)
    try:
        with connections.read():
            is_same = connections.execute(_CLUSTER).fetchone() == cluster
            standby, receives, behind = connections.execute(_STANDBY, (position,)).fetchone()
        is_current = applied() == versions
    except DatabaseUnavailable as error:
        yield Finding(
            WARNING, "replica", f"{label} cannot be used: {_why(error)}. Everything is read from the database itself.",
            "Check DATABASE_REPLICA_URL and that the replica runs and lets us in.",
        )  # fmt: skip
        return
    if not is_same:
        yield Finding(
            ERROR, "replica", f"{label} is no copy of {settings.database_label}: reports and lists could show other data.",
            "Name a streaming replica of that PostgreSQL, and the same database, in DATABASE_REPLICA_URL.",
        )  # fmt: skip
    elif not standby:
        yield Finding(
            WARNING, "replica", f"{label} is no standby (it may have been promoted): nothing is read from it.",
            "Name a standby in DATABASE_REPLICA_URL, or leave it out.",
        )  # fmt: skip
    elif not receives:
        yield Finding(
            WARNING, "replica", f"{label} receives nothing from its primary: it grows old, and nothing is read from it.",
            "Check primary_conninfo there, and pg_hba.conf and max_wal_senders on the primary.",
        )  # fmt: skip
    elif behind > BEHIND_BYTES or not is_current:
        missing = "" if is_current else " and has other migrations"
        yield Finding(
            WARNING, "replica", f"{label} is {behind:,} bytes of log behind{missing}: nothing is read from it until it has caught up.",
            "Look for long queries and a busy disk there, and for its line in pg_stat_replication on the primary.",
        )  # fmt: skip
    else:
        yield Finding(OK, "replica", f"{label} follows the database, {max(behind, 0):,} bytes of log behind.")


def _clock(whose, now, before):
    after = time.time()
    # The other clock was read at some moment in between.
    off = max(now - after, before - now, 0)
    if off > CLOCK_S:
        yield Finding(
            WARNING, "clock", f"The clocks of this machine and of {whose} differ by {off:.1f} s: times of sessions and tokens do not fit.",
            "Let chrony or systemd-timesyncd set the clock on both.",
        )  # fmt: skip
    else:
        yield Finding(OK, "clock", f"The clocks of this machine and of {whose} agree.")


# -- Redis ---------------------------------------------------------------------------------------------------------------------


def _redis(url, alone):
    import redis

    label = without_secrets(url)
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            before = time.time()
            seconds, microseconds = client.time()
            yield from _clock("Redis", seconds + microseconds / 1e6, before)
            if alone and client.info("replication")["role"] != "master":
                yield Finding(WARNING, "redis", f"{label} is a replica and takes no writes.", "Name the primary in REDIS_URL.")
            try:
                values = client.config_get("maxmemory*") | client.config_get("save") | client.config_get("appendonly")
            except redis.ResponseError:
                yield Finding(OK, "redis", f"{label} answers; its configuration may not be read.")
                return
    except (redis.RedisError, OSError) as error:
        yield Finding(
            WARNING, "redis", f"{label} cannot be used ({type(error).__name__}): every process counts for itself, with smaller quotas.",
            "Check REDIS_URL and that Redis runs and lets us in.",
        )  # fmt: skip
        return
    yield Finding(OK, "redis", f"{label} answers.")
    if int(values["maxmemory"]) and values["maxmemory-policy"] == "noeviction":
        yield Finding(
            WARNING, "redis", "Redis refuses to count when its memory is full (noeviction).", "Set maxmemory-policy to volatile-ttl."
        )
    if values["save"] or values["appendonly"] == "yes":
        yield Finding(
            WARNING, "redis", "Redis writes quotas to the disk, which nobody needs, and refuses to count when the disk is full.",
            'Set save to "" and appendonly to no, unless other data share this Redis.',
        )  # fmt: skip


# -- Only when asked -----------------------------------------------------------------------------------------------------------


def fonts():
    """Findings about what makes PDF reports."""
    from typst import TypstError

    from bemore.reports.pdf.document import check_font

    try:
        check_font()
    except (TypstError, LookupError, OSError, ImportError) as error:
        yield Finding(
            ERROR, "reports", f"No PDF report can be made ({type(error).__name__}).", "Install typst and pylopdf-fonts-ko again."
        )
    else:
        yield Finding(OK, "reports", "PDF reports can be made; the Korean font is there.")


_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def nginx(settings, text):
    """Findings about an nginx configuration: ``text`` is the file, or what ``nginx -T`` prints."""
    text = re.sub(r"(?m)(^|\s)#.*", r"\1", text)
    found = re.findall(r"\bclient_max_body_size\s+(\d+)([kmg]?)\s*;", text, re.IGNORECASE)
    sizes = {int(number) * _UNITS[unit.lower()] for number, unit in found} or {1 << 20}  # nginx's default
    if sizes == {settings.max_body_bytes}:
        yield Finding(OK, "nginx", f"nginx and the service take bodies of up to {settings.max_body_bytes:,} bytes.")
    else:
        told = " and ".join(f"{size:,}" if size else "unlimited" for size in sorted(sizes))
        yield Finding(
            WARNING, "nginx", f"nginx takes bodies of up to {told} bytes, the service of up to {settings.max_body_bytes:,}.",
            f"Set client_max_body_size to {settings.max_body_bytes}, or MAX_BODY_BYTES to what nginx has.",
        )  # fmt: skip
    if not re.search(rf"(\bserver|//)\s*[^\s;{{}}]*:{settings.port}\b", text):
        yield Finding(WARNING, "nginx", f"nginx sends nothing to port {settings.port}.", "Name HOST:PORT in the upstream of nginx.")
    if not settings.trusted_proxies:
        yield Finding(WARNING, "nginx", "TRUSTED_PROXIES=0 ignores the address that nginx gives of a client.", "Set TRUSTED_PROXIES=1.")
    unknown = [origin for origin in settings.frontend_urls if "*" not in origin and f'"{origin}"' not in text]
    if unknown:
        yield Finding(
            WARNING, "nginx", f"Pages at {', '.join(unknown)} cannot read nginx's own errors.", "Add them to $bemore_origin in nginx.conf."
        )
