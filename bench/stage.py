"""The servers of a run: BeMore in its variants, an older checkout of it, the peers, and the PostgreSQL and Redis behind them.

The tests' machinery starts and stops them (``tests/support/servers.py``). All listen on 127.0.0.1 only, and whatever still runs when
Python ends is killed.
"""

import contextlib
import functools
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bench.cpu import cpu_seconds
from bench.database import Direct, add_sessions, count_sessions, migrate_here
from bench.http1 import Connection, request
from bench.payloads import session_id
from bench.peers import floor_tables
from tests.support.servers import PostgresServer, RedisServer, Server, ServerFailed, Service

REPOSITORY = Path(__file__).resolve().parent.parent

#: Quotas that count every request and refuse none.
WIDE_QUOTAS = {"RATE_LIMIT_ALL": "1000000000 per 10 minutes", "RATE_LIMIT_WRITE": "1000000000 per 10 minutes"}

#: The longest that an older checkout's migration may take, in seconds.
_MIGRATE_S = 60


@dataclass(frozen=True)
class Subject:
    """What is measured. ``program`` is ``bemore``, ``fastapi-full`` or ``floor``; with ``redis`` the quotas are counted there.

    ``settings`` are some of its own. ``checkout`` is the directory of another checkout of BeMore, run by ``python``; None: this one.
    """

    name: str
    label: str
    program: str
    processes: int = 1
    database: str = "sqlite"
    redis: bool = False
    settings: tuple = ()
    checkout: Path | None = None
    python: str = sys.executable

    def of(self, checkout, python):
        """The same subject from another checkout."""
        commit = _commit(checkout)
        label = f"{self.label}, {commit}"
        return replace(self, name=f"{self.name}@{commit}", label=label, checkout=Path(checkout).resolve(), python=python or self.python)


def _commit(directory):
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=directory, capture_output=True, text=True)
    return done.stdout.strip() or Path(directory).name


#: Settings of subjects. Nothing is sent to the receiver, as ``bemore deliver`` does not run.
_NO_QUOTAS = (("RATE_LIMIT_ENABLED", "false"),)
_WEBHOOK = (("WEBHOOK_URLS", "http://127.0.0.1:9/"), ("WEBHOOK_SECRET", "whsec_c2VjcmV0IG9mIHRoZSBiZW5jaG1hcmsncyB3ZWJob29rIQ=="))

SUBJECTS = {
    each.name: each
    for each in (
        Subject("bemore-1", "BeMore, SQLite", "bemore"),
        Subject("fastapi-full-1", "fastapi-full, SQLite", "fastapi-full"),
        Subject("floor-1", "floor, SQLite", "floor"),
        Subject("bemore-pg", "BeMore, PostgreSQL, Redis", "bemore", 2, "postgres", redis=True),
        Subject("fastapi-full-pg", "fastapi-full, PostgreSQL, Redis", "fastapi-full", 2, "postgres", redis=True),
        Subject("bemore-pg-open", "BeMore without quotas, PostgreSQL", "bemore", 2, "postgres", settings=_NO_QUOTAS),
        Subject("bemore-pg-webhooks", "BeMore with a webhook, PostgreSQL, Redis", "bemore", 2, "postgres", redis=True, settings=_WEBHOOK),
        Subject("floor-pg", "floor, PostgreSQL", "floor", 2, "postgres"),
        Subject("floor-pg-duties", "floor with quotas and session check, PostgreSQL, Redis", "floor", 2, "postgres", redis=True),
    )
}


class DurablePostgres(PostgresServer):
    """The tests' PostgreSQL with what they switch off: a commit is on the disk before it is answered."""

    def _command(self):
        return [*super()._command(), "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "max_wal_size=4GB"]


class Checkout(Service):
    """BeMore from another checkout, as that one starts itself."""

    def __init__(self, directory, subject, **env):
        super().__init__(directory, **env)
        self.env["PYTHONPATH"] = str(subject.checkout)
        self._python = subject.python

    def migrate(self):
        """Bring the database to that checkout's version. Raises ServerFailed."""
        done = subprocess.run(
            [self._python, "-m", "bemore", "migrate"], cwd=self.directory, env=self.env, capture_output=True, text=True, timeout=_MIGRATE_S
        )
        if done.returncode:
            raise ServerFailed(f"the migration of {self.env['PYTHONPATH']} failed:\n{done.stdout}{done.stderr}")

    def _command(self):
        return [self._python, "-m", "bemore", "serve"]


class Peer(Server):
    """A peer: ``command`` starts ``processes`` workers that listen on ``{port}``."""

    def __init__(self, directory, command, processes, env):
        super().__init__(directory)
        self._arguments, self._processes, self._seen = command.split(), processes, set()
        self.env.update({"PYTHONPATH": str(REPOSITORY), **{name: str(value) for name, value in env.items()}})

    def _command(self):
        return [sys.executable, "-m", *(each.format(port=self.port, processes=self._processes) for each in self._arguments)]

    def _ready(self):
        # The workers share the port: all are there once that many process ids have answered.
        with Connection(self.port) as connection:
            self._seen.add(connection.send_request(request("GET", "/ready")).json["pid"])
        return len(self._seen) == self._processes


_COMMANDS = {
    # As BeMore runs: gunicorn's threaded worker with eight threads.
    "floor": "gunicorn --bind 127.0.0.1:{port} --workers {processes} --worker-class gthread --threads 8 --keep-alive 75"
    " --no-control-socket bench.peers.floor:app",
    "fastapi-full": "uvicorn --host 127.0.0.1 --port {port} --workers {processes} --loop uvloop --http httptools --no-access-log"
    " --log-level warning bench.peers.fastapi_full.app:app",
}


@dataclass
class Running:
    """A subject that serves: its server, a direct connection to its database, and the servers behind it by name."""

    subject: Subject
    server: Server
    direct: Direct
    behind: dict

    @property
    def port(self):
        return self.server.port

    def cpu_seconds(self):
        """``{"service", "postgres"?, "redis"?: CPU time so far, in seconds}``."""
        return {name: cpu_seconds(server) for name, server in {"service": self.server, **self.behind}.items()}


class Stage:
    """A place for files and the servers that all subjects share, each started when first needed; a context manager.

    ``directory`` is where databases and logs are (default: the system's temporary directory); the stage removes what it made.
    """

    def __init__(self, directory=None):
        self._parent = directory
        self._exits = contextlib.ExitStack()

    def __enter__(self):
        # PostgreSQL's data go where Python puts temporary files.
        before, tempfile.tempdir = tempfile.tempdir, self._parent and str(Path(self._parent).resolve())
        self._exits.callback(setattr, tempfile, "tempdir", before)
        self.directory = Path(tempfile.mkdtemp(prefix="bemore-bench-"))
        self._exits.callback(shutil.rmtree, self.directory, ignore_errors=True)
        return self

    def __exit__(self, kind, error, trace):
        return self._exits.__exit__(kind, error, trace)

    @functools.cached_property
    def postgres(self):
        return self._exits.enter_context(DurablePostgres(self.directory))

    @functools.cached_property
    def redis(self):
        return self._exits.enter_context(RedisServer(self.directory))

    @contextlib.contextmanager
    def running(self, subject, sessions=0, **env):
        """Start ``subject`` with a new database and ``sessions`` in it; a Running. ``env`` are further settings."""
        home = Path(tempfile.mkdtemp(prefix=f"{subject.name}-", dir=self.directory))
        with contextlib.ExitStack() as exits:
            exits.callback(shutil.rmtree, home, ignore_errors=True)
            url = self._database(subject, home, exits)
            behind = {"postgres": self.postgres} if subject.database == "postgres" else {}
            env = {"DATABASE_URL": url, **dict(subject.settings), **env}
            if subject.redis:
                self.redis.execute("FLUSHALL")
                behind["redis"] = self.redis
                env["REDIS_URL"] = self.redis.url
            server = _server(subject, home, env)
            if subject.checkout:
                server.migrate()
            elif subject.program == "bemore":
                migrate_here(url)
            direct = exits.enter_context(Direct(url))
            _fill(subject, direct, sessions)
            exits.enter_context(server)
            yield Running(subject, server, direct, behind)

    def _database(self, subject, home, exits):
        if subject.database == "sqlite":
            return f"sqlite:///{home}/bench.db"
        name = self.postgres.create_database()
        exits.callback(self.postgres.drop_database, name)
        return self.postgres.url(name)


def _server(subject, home, env):
    if subject.program != "bemore":
        return Peer(home, _COMMANDS[subject.program], subject.processes, env)
    # As in production behind one proxy, which adds the client's address. The log, with a line per request, is a file.
    # As deploy/bemore.service has it.
    deployed = {"BEMORE_ENV": "production", "TRUSTED_PROXIES": 1, "MALLOC_ARENA_MAX": 1}
    env = {"WEB_CONCURRENCY": subject.processes, "ALLOW_ANONYMOUS": "true", **deployed, **env}
    return Checkout(home, subject, **env) if subject.checkout else Service(home, **env)


def _fill(subject, direct, sessions):
    """Add the sessions, and a peer's tables."""
    if subject.program == "floor":
        direct.script(floor_tables.script(direct.dialect))
        direct.many("INSERT INTO session VALUES (?)", [(session_id(each),) for each in range(sessions)])
    else:
        if subject.program == "fastapi-full":
            from bench.peers.fastapi_full.tables import script

            direct.script(script(direct.dialect))
        add_sessions(direct, sessions)
        if subject.program == "bemore":
            count_sessions(direct)
    direct.stretch()
