"""PostgreSQL through psycopg 3, and what becomes of requests while it is away.

A server that has gone refuses connections at once. One that hangs (stopped, out of memory, behind a network that swallows
everything) refuses nothing, its kernel goes on taking connections and data, and every thread would wait for it. So:

- connecting is given up after CONNECT_S, whatever of it takes so long;
- who has waited ASK_AFTER_S for a statement asks the server for a sign of life, and again and again; without one within SIGN_S, in
  which nobody else heard of it either (one that has too much to do answers those it knows before it greets somebody new), the server
  is away, and all that wait for an answer of it give up;
- while it is away, one request at a time tries to connect, every RETRY_S; all others are refused without waiting.

So nobody waits longer than 0.8 s for a server that does not answer, while a statement that takes its time on one that does may
have it.
"""

import concurrent.futures
import logging
import select
import socket
import struct
import threading
import time

import peewee
import psycopg

from bemore.errors import DatabaseUnavailable

#: Bounds in seconds, see above; how often a thread that waits for an answer looks up; and how long it waits for a server that is
#: alive but whose one process does not answer. The server itself ends statements earlier (``statement_timeout``).
CONNECT_S, ASK_AFTER_S, SIGN_S, RETRY_S, LOOK_S, PATIENCE_S = 0.8, 0.2, 0.5, 0.25, 0.05, 7.0

#: "Do you speak TLS?" may be asked before all else: it is answered by a process that the server makes for it, takes no place of
#: ``max_connections``, and leaves no line in its log.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)

#: SQLSTATEs of a server that cannot write or read, and which the driver calls internal errors: a standby, damaged data.
_UNAVAILABLE = frozenset(("25006", "XX001", "XX002"))

_log = logging.getLogger("bemore.database")


class Outage:
    """Whether the server is away. ``count`` is how often it went; each time is logged once."""

    def __init__(self):
        self.count = 0
        self.now = False
        self._lock = threading.Lock()
        self._try_at = 0.0
        self._asking = threading.Lock()
        self._ask_at = self._heard_at = 0.0

    def may_try(self):
        """Whether to connect: always, or while the server is away one at a time every RETRY_S."""
        if not self.now:
            return True
        with self._lock:
            if time.monotonic() < self._try_at:
                return False
            self._try_at = time.monotonic() + CONNECT_S + RETRY_S
            return True

    def begins(self, error):
        with self._lock:
            first, self.now = not self.now, True
            self.count += first
            self._try_at = time.monotonic() + RETRY_S
        if first:
            _log.error("database away; requests are refused until it is back", extra={"error": type(error).__name__})

    def ends(self):
        with self._lock:
            ended, self.now = self.now, False
        if ended:
            _log.info("database is back")

    def heard(self):
        """The server has answered somebody."""
        self._heard_at = time.monotonic()

    def heard_since(self, monotonic_s):
        return self._heard_at > monotonic_s

    def look(self, connection):
        """Raise OperationalError if the server of ``connection``, which keeps somebody waiting, is away."""
        if not self.now and self._ask_at <= time.monotonic() and self._asking.acquire(blocking=False):
            try:
                began = time.monotonic()
                if not _gives_sign(connection) and not _readable(connection) and not self.heard_since(began):
                    self.begins(TimeoutError())
                self._ask_at = time.monotonic() + ASK_AFTER_S
            finally:
                self._asking.release()
        if self.now:
            raise psycopg.OperationalError("the server does not answer")


def _gives_sign(connection):
    """Whether the server at the other end of ``connection`` answers somebody new within SIGN_S."""
    deadline = time.monotonic() + SIGN_S
    host, port = connection.info.hostaddr or connection.info.host, connection.info.port
    family, place = (socket.AF_INET6 if ":" in host else socket.AF_INET), (host, port)
    if host.startswith(("/", "@")):
        family, place = socket.AF_UNIX, f"{host.replace('@', chr(0), 1)}/.s.PGSQL.{port}"
    try:
        with socket.socket(family) as asking:
            asking.settimeout(SIGN_S)
            asking.connect(place)
            asking.sendall(_SSL_REQUEST)
            asking.settimeout(max(0.01, deadline - time.monotonic()))
            return bool(asking.recv(1))
    except OSError:
        return False


def _readable(connection):
    # poll and not select, which knows no file descriptor above 1023.
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


class _Connection(psycopg.Connection):
    """A connection that does not wait for a server that is away. ``patience_s`` may be set to infinity."""

    outage = None
    patience_s = PATIENCE_S

    def wait(self, gen, interval=LOOK_S, **options):
        return super().wait(self._watched(gen), LOOK_S, **options)

    def _watched(self, gen):
        """What psycopg runs to exchange something with the server, looked after whenever nothing comes for LOOK_S."""
        began = ready = None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                self.outage.heard()
                return end.value
            ready = yield wanted
            if not ready:
                now = time.monotonic()
                began = began or now - LOOK_S
                if now - began >= self.patience_s:
                    raise psycopg.OperationalError(f"no answer within {self.patience_s} s")
                if now - began >= ASK_AFTER_S or self.outage.now:
                    self.outage.look(self)


class Postgres(peewee.PostgresqlDatabase):
    """The database of a ``postgresql://`` URL; a thread keeps its connection."""

    dialect = "postgres"
    begin_write = "BEGIN"
    begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def __init__(self, url, statement_seconds):
        limits = f"-c statement_timeout={statement_seconds * 1000} -c lock_timeout={statement_seconds * 1000} -c timezone=UTC"
        # connect_timeout ends what was given up after CONNECT_S; it has no smaller value.
        super().__init__(url, prefer_psycopg3=True, connect_timeout=2, options=limits, application_name="bemore")
        self.outage = Outage()
        self._made = threading.local()

    def enter(self):
        """Writers of different sessions do not wait for each other."""

    def leave(self):
        pass

    def committed(self):
        """The server has said so: there is nothing to look after."""

    def ready(self):
        """See to an open connection of this thread. Raises peewee.OperationalError, or at once DatabaseUnavailable."""
        if not self.outage.now and not self.is_closed():
            if not self._lost():
                return
            _log.warning("database connection lost; connecting again")
        if not self.outage.may_try():
            raise DatabaseUnavailable
        if not self.is_closed():
            self.close()
        self.connect()

    def _lost(self):
        """Whether the server has closed this thread's idle connection (it then has something to read: the end) or may have."""
        connection = self.connection()
        return connection.closed or connection.made_in != self.outage.count or _readable(connection)

    def connect(self, reuse_if_open=False):
        # Made here, as peewee lets one thread at a time call _connect.
        began = time.monotonic()
        with peewee.__exception_wrapper__:
            try:
                self._made.connection = self._connect_in_time()
            except psycopg.Error as error:
                # A server that refuses this connection in its own words ("too many clients"), or answers others, is there for those.
                if self.outage.now or not ("FATAL:" in str(error) or self.outage.heard_since(began)):
                    self.outage.begins(error)
                raise
        self.outage.ends()
        return super().connect(reuse_if_open)

    def _connect(self):
        return self._made.__dict__.pop("connection")

    def _connect_in_time(self):
        """A new connection, or psycopg.OperationalError after CONNECT_S.

        It is made in a thread of its own: nothing else bounds looking up names, TCP, TLS and authentication together.
        """
        made, count = concurrent.futures.Future(), self.outage.count

        def make():
            try:
                connection = _Connection.connect(self.database, autocommit=True, **self.connect_params)
            except BaseException as error:
                if made.set_running_or_notify_cancel():
                    made.set_exception(error)
                return
            connection.outage, connection.made_in = self.outage, count
            if made.set_running_or_notify_cancel():
                made.set_result(connection)
            else:
                connection.close()

        threading.Thread(target=make, name="connect", daemon=True).start()
        try:
            return made.result(CONNECT_S)
        except concurrent.futures.TimeoutError:
            if made.cancel():
                raise psycopg.OperationalError(f"no connection within {CONNECT_S} s") from None
            return made.result()

    def no_time_limits(self):
        """Let statements of the transaction under way take as long as they take."""
        self.execute_sql("SET LOCAL statement_timeout = 0")
        self.execute_sql("SET LOCAL lock_timeout = 0")
        self.connection().patience_s = float("inf")

    def empty_log(self):
        """Nothing to do: PostgreSQL uses its log again by itself, and nobody but its owner can read it."""
        return True

    def vacuum(self, tables):
        """The statements that write tables anew, each of which takes as long as it takes; the connection is good for nothing else then."""
        self.connection().patience_s = float("inf")
        return "SET statement_timeout = 0", "SET lock_timeout = 0", *(f"VACUUM (FULL, ANALYZE) {table}" for table in tables)

    def is_damage(self, error):
        """Whether an error of the driver that is neither an OperationalError nor an InterfaceError tells of damage or a standby."""
        return getattr(getattr(error, "orig", None), "sqlstate", None) in _UNAVAILABLE
