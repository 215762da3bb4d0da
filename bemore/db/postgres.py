"""PostgreSQL through psycopg 3 and peewee's connection pool, and what happens to requests while it is away.

A server that is gone refuses connections at once. One that hangs (stopped, out of memory, behind a network that swallows everything)
refuses nothing. So connecting is bounded by CONNECT_S, a response by PATIENCE_S (the server itself ends statements earlier, by
``statement_timeout``), and while it is away only one request at a time tries, every RETRY_S; the others are refused without waiting.
"""

import logging
import threading
import time
from contextlib import contextmanager
from functools import lru_cache

import peewee
import psycopg
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from bemore.errors import DatabaseUnavailable
from bemore.observability import traces
from bemore.observability.logs import request_id

#: Bounds in seconds. libpq knows no shorter time-out for connecting than two.
CONNECT_S, PATIENCE_S, RETRY_S = 2, 6.0, 0.25

#: How often a thread that waits for a response checks the time, in seconds.
_LOOK_S = 0.1

#: SQLSTATEs of a server that cannot write or read but that the driver calls internal errors: a standby, damaged data.
_UNAVAILABLE = frozenset(("25006", "XX001", "XX002"))

_log = logging.getLogger("bemore.database")


class Outage:
    """Whether the server is away. ``count`` is how often it went; each outage is logged once."""

    AWAY, BACK = "database away; requests are refused until it is back", "database is back"

    def __init__(self):
        self.count = 0
        self._lock = threading.Lock()
        self._try_at = None

    @property
    def now(self):
        return self._try_at is not None

    def check(self):
        """Raise DatabaseUnavailable while the server is away, except for one caller at a time, every RETRY_S."""
        if self._try_at is None:
            return
        with self._lock:
            if self._try_at is not None:
                if time.monotonic() < self._try_at:
                    raise DatabaseUnavailable
                self._try_at = time.monotonic() + CONNECT_S + RETRY_S

    def begin(self, error):
        """The server did not respond."""
        with self._lock:
            first = self._try_at is None
            self.count += first
            self._try_at = time.monotonic() + RETRY_S
        if first:
            self._count()
            _log.error(self.AWAY, extra={"error": type(error).__name__})

    def _count(self):
        from bemore.observability import metrics  # not before bemore.server.metrics_files.make()

        metrics.database_outages.inc()

    def end(self):
        """The server responded."""
        if self._try_at is not None:
            with self._lock:
                self._try_at = None
            _log.info(self.BACK)


class _NoResponse(psycopg.OperationalError):
    """The server kept a connection open and did not respond in time."""


def _is_no_response(error):
    return isinstance(getattr(error, "orig", None), _NoResponse)


class _BoundedConnection(psycopg.Connection):
    """A connection that does not wait forever: psycopg has no timeout of its own for a response."""

    patience_s = PATIENCE_S

    def wait(self, gen, interval=_LOOK_S):
        return super().wait(self._bounded(gen), _LOOK_S)

    def _bounded(self, gen):
        deadline, ready = None, None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                return end.value
            ready = yield wanted
            if not ready:
                deadline = deadline or time.monotonic() + self.patience_s
                if time.monotonic() > deadline:
                    raise _NoResponse(f"no response within {self.patience_s} s")


class _Adapter(peewee.Psycopg3Adapter):
    """Makes bounded connections, and lends them without a round trip to the server."""

    def connect(self, db, **params):
        return traces.trace(_BoundedConnection.connect(db.database, **params))

    def is_connection_closed(self, conn):
        # peewee's own runs SELECT 1 each time the pool lends a connection. Postgres replaces those that turn out to be closed.
        return conn.closed


class Postgres(PooledPostgresqlDatabase):
    """The database of a ``postgresql://`` URL; ``pool_size`` connections at most, each lent for one transaction."""

    dialect = "postgres"
    queue = None  # writers of different sessions do not wait for each other
    begin_write = "BEGIN"
    begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    psycopg3_adapter = _Adapter
    #: Whether transactions of a request name it in application_name, which pg_stat_activity and the slow log show.
    names_requests = False

    def __init__(self, url, pool_size, busy_seconds):
        limit_ms = busy_seconds * 1000
        super().__init__(
            url,
            max_connections=pool_size,
            timeout=busy_seconds,
            prefer_psycopg3=True,
            connect_timeout=CONNECT_S,
            options=f"-c statement_timeout={limit_ms} -c lock_timeout={limit_ms} -c timezone=UTC",
            application_name="bemore",
        )
        self.outage = Outage()

    # -- Connections ---------------------------------------------------------------------------------------------------------

    def run_statement(self, work):
        """Run ``work``, a single statement, without BEGIN and COMMIT; a second time if the server had closed the connection."""
        with self.connection_for_transaction(None):
            return self._repeated_if_closed(work)

    def stop(self):
        """Close the connections that nobody uses."""
        self.close_idle()

    @contextmanager
    def connection_for_transaction(self, begin):
        """This thread has a connection inside the block, and a transaction has begun, unless ``begin`` is None."""
        if not self.is_closed():
            raise RuntimeError("a transaction inside of a transaction")
        self._open()
        try:
            if begin is not None:
                self._repeated_if_closed(lambda: self.execute_sql(self._named(begin)))
            yield
        except peewee.OperationalError as error:
            if _is_no_response(error):
                self.outage.begin(error)
                self.manual_close()
                self.close_idle()
            raise
        finally:
            if not self.is_closed() and self.connection().patience_s == float("inf"):
                self.manual_close()  # its time limits were lifted
            self.close()

    def _named(self, begin):
        """``begin``, and in the same round trip the name of the request; PostgreSQL takes it back when the transaction ends."""
        request = request_id.get() if self.names_requests else None
        return begin if request is None else f"{begin}; SET LOCAL application_name = 'bemore {request}'"

    def _open(self):
        """Take a connection from the pool, or make one. Raises OperationalError, and at once DatabaseUnavailable."""
        self.outage.check()
        try:
            self.connect()
        except MaxConnectionsExceeded:
            raise peewee.OperationalError("all connections of the pool are in use") from None
        except peewee.OperationalError as error:
            # One that says "too many clients" or "no such database" is there.
            if "FATAL:" not in str(error) or self.outage.now:
                self.outage.begin(error)
            raise

    def _repeated_if_closed(self, work):
        """The result of ``work()``, which is run again on a new connection if the server had closed this thread's."""
        try:
            result = work()
        except peewee.OperationalError as error:
            if _is_no_response(error) or not self.connection().closed:
                raise
            self.manual_close()
            self.close_idle()  # a server that was restarted has closed those as well
            self._open()
            result = work()
        self.outage.end()
        return result

    def check_committed(self):
        """Nothing to do: the server has confirmed it."""

    # -- Statements ----------------------------------------------------------------------------------------------------------

    @staticmethod
    @lru_cache(maxsize=None)
    def translate(sql):
        """``sql`` with this database's parameter marks."""
        return sql.replace("%", "%%").replace("?", "%s")

    def lift_time_limits(self):
        """Lift the time limits of the current transaction's statements."""
        self.execute_sql("SET LOCAL statement_timeout = 0")
        self.execute_sql("SET LOCAL lock_timeout = 0")
        self.connection().patience_s = float("inf")

    def is_damage(self, error):
        """Whether an error that is neither an OperationalError nor an InterfaceError means damaged data or a standby."""
        return getattr(getattr(error, "orig", None), "sqlstate", None) in _UNAVAILABLE

    def truncate_log(self):
        """Nothing to do: PostgreSQL uses its log again by itself, and only its owner can read it."""
        return True

    def vacuum_statements(self, tables):
        """The statements that rewrite all tables, without time limits."""
        self.connection().patience_s = float("inf")
        return "SET statement_timeout = 0", "SET lock_timeout = 0", *(f"VACUUM (FULL, ANALYZE) {table}" for table in tables)
