"""The servers of a run: the service in its variants, the peers, and the PostgreSQL and Redis behind them.

The machinery that starts and stops real servers is that of the tests (``tests/support/servers.py``). All of them listen on
127.0.0.1 only, and whatever still runs when Python ends is killed.
"""

import contextlib
import functools
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.database import Direct, add_sessions, prepare
from bench.http1 import Connection, request
from bench.peers import tables
from tests.support.servers import PostgresServer, RedisServer, Server, ServerFailed, Service  # noqa: F401

REPOSITORY = Path(__file__).resolve().parent.parent

#: Quotas that count every request and refuse none.
WIDE_QUOTAS = {"RATE_LIMIT_ALL": "1000000000 per 10 minutes", "RATE_LIMIT_WRITE": "1000000000 per 10 minutes"}


@dataclass(frozen=True)
class Subject:
    """What is measured. ``program`` is ``bemore`` or a module of bench.peers; ``redis`` says where quotas are counted."""

    name: str
    label: str
    program: str
    processes: int
    database: str = "sqlite"
    redis: bool = False


SUBJECTS = {
    each.name: each
    for each in (
        Subject("bemore-1", "BeMore, quotas in process", "bemore", 1),
        Subject("floor-1", "floor", "floor", 1),
        Subject("bemore-2", "BeMore, Redis", "bemore", 2, redis=True),
        Subject("floor-2", "floor", "floor", 2),
        Subject("fastapi-2", "FastAPI + pydantic", "fast", 2),
        Subject("bare-2", "Flask view that only reads", "bare", 2),
        Subject("bemore-pg", "BeMore, Redis, PostgreSQL", "bemore", 2, "postgres", redis=True),
        Subject("floor-pg", "floor, PostgreSQL", "floor", 2, "postgres"),
    )
}


class DurablePostgres(PostgresServer):
    """The tests' PostgreSQL with what they switch off: a commit is on the disk before it is answered."""

    def _command(self):
        return [*super()._command(), "-c", "fsync=on", "-c", "full_page_writes=on", "-c", "max_wal_size=4GB"]


class Peer(Service):
    """A peer under gunicorn with the service's settings."""

    ready_path = "/ready"

    def __init__(self, directory, name, **env):
        super().__init__(directory, RATE_LIMIT_ENABLED="false", **env)
        self._name = name

    def _command(self):
        return [sys.executable, "-m", "bench.peers.serve", self._name]


class FastApi(Server):
    """The FastAPI peer under uvicorn with httptools and uvloop."""

    def __init__(self, directory, processes, **env):
        super().__init__(directory)
        self._processes, self._seen = processes, set()
        self.env.update({"PYTHONPATH": str(REPOSITORY), **{name: str(value) for name, value in env.items()}})

    def _command(self):
        return [
            sys.executable, "-m", "uvicorn", "bench.peers.fast:app", "--host", "127.0.0.1", "--port", self.port,
            "--workers", self._processes, "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
        ]  # fmt: skip

    def _ready(self):
        # They share one port: all have answered when that many have told their process id.
        with Connection(self.port) as connection:
            self._seen.add(connection.ask(request("GET", "/ready")).json["pid"])
        return len(self._seen) == self._processes


@dataclass
class Running:
    """A subject that serves: its process and a straight connection to its database (None where it has none)."""

    subject: Subject
    server: Server
    direct: Direct | None

    @property
    def port(self):
        return self.server.port


class Stage:
    """A place for files and the servers that all subjects share, each started when first needed; a context manager.

    ``directory`` is where databases and logs lie (default: the system's temporary directory); everything in it that the
    stage made is removed at the end.
    """

    def __init__(self, directory=None, threads=None):
        self._parent, self._threads = directory, threads
        self._exits = contextlib.ExitStack()

    def __enter__(self):
        # PostgreSQL's data go where Python thinks temporary files go.
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
        """Start ``subject`` with a database of its own and ``sessions`` in it; a Running. ``env`` are further settings."""
        home = Path(tempfile.mkdtemp(prefix=f"{subject.name}-", dir=self.directory))
        with contextlib.ExitStack() as exits:
            exits.callback(shutil.rmtree, home, ignore_errors=True)
            url = self._database(subject, home, exits)
            direct = None
            if subject.program != "bare":
                direct = self._prepared(subject, url, sessions, exits)
            server = exits.enter_context(self._server(subject, home, url, env))
            yield Running(subject, server, direct)

    def _database(self, subject, home, exits):
        if subject.database == "sqlite":
            return f"sqlite:///{home}/bench.db"
        name = self.postgres.create_database()
        exits.callback(self.postgres.drop_database, name)
        return self.postgres.url(name)

    def _prepared(self, subject, url, sessions, exits):
        if subject.program == "bemore":
            prepare(url)
        direct = exits.enter_context(Direct(url))
        if subject.program == "bemore":
            add_sessions(direct, sessions)
        else:
            for statement in tables.statements(direct.dialect):
                direct.run(statement)
        direct.stretch()
        return direct

    def _server(self, subject, home, url, env):
        common = {"DATABASE_URL": url, "WEB_CONCURRENCY": subject.processes, **({"WEB_THREADS": self._threads} if self._threads else {})}
        if subject.program == "fast":
            return FastApi(home, subject.processes, DATABASE_URL=url)
        if subject.program != "bemore":
            return Peer(home, subject.program, **common, **env)
        if subject.redis:
            self.redis.execute("FLUSHALL")
            common["REDIS_URL"] = self.redis.url
        # As in production behind one proxy, which tells each client's address. The log, with its line a request, is a file.
        return Service(home, **common, BEMORE_ENV="production", ALLOW_ANONYMOUS="true", TRUSTED_PROXIES=1, **env)
