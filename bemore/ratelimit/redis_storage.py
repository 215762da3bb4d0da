"""Connections to Redis for the quotas, each with limits of time, and a storage in a Redis Cluster."""

import contextlib
import re
import socket
import threading
from functools import partial
from ipaddress import ip_address

from limits.storage import RedisClusterStorage

#: Time-out in seconds of connecting to Redis and of each command. A write counts against two limits and reads both for its headers: with
#: four commands that take as long as they may, it waits 240 ms, less than the 250 ms of the contract.
REDIS_TIMEOUT_S = 0.06


def redis_storage(url):
    """The options of Flask-Limiter that name a storage."""
    if url.startswith("redis+cluster:"):
        return {"storage_uri": url.replace("redis+cluster:", "bemore+cluster:", 1)}
    return {"storage_uri": re.sub("^unix:", "redis+unix:", url), "storage_options": {"connection_pool": redis_pool(url)}}


def redis_pool(url):
    """Connections to Redis with a limit of time for everything, the look-up of a host's name included."""
    # Imported here: a process without Redis starts faster.
    from redis import ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # The older protocol needs fewer exchanges to connect.
    pool = ConnectionPool.from_url(
        url, socket_connect_timeout=REDIS_TIMEOUT_S, socket_timeout=REDIS_TIMEOUT_S, retry=Retry(NoBackoff(), 0), protocol=2
    )
    host = pool.connection_kwargs.get("host")
    if host is not None:
        pool.connection_class = _bounded_by_name(pool.connection_class, NameCheck(host))
    return pool


class ClusterStorage(RedisClusterStorage):
    """Moving windows in a Redis Cluster, as limits has them, that may be away when the process starts: limits connects when it is made."""

    STORAGE_SCHEME = ["bemore+cluster"]
    storage = None

    def __init__(self, uri, **options):
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        bounds = {"socket_connect_timeout": REDIS_TIMEOUT_S, "socket_timeout": REDIS_TIMEOUT_S, "retry": Retry(NoBackoff(), 0)}
        self._make = partial(super().__init__, uri, protocol=2, **bounds, **options)
        self.lua_acquire_moving_window = self.lua_moving_window = _not_reached
        with contextlib.suppress(*self.base_exceptions):
            self._make()

    @property
    def base_exceptions(self):
        from redis.exceptions import RedisClusterException, RedisError

        return RedisError, RedisClusterException

    def check(self):
        """Whether every part of the cluster can be written to; makes the connection if that failed before."""
        for _ in range(2):  # redis-py looks for the new masters when one does not respond
            with contextlib.suppress(*self.base_exceptions):
                if self.storage is None:
                    self._make()
                return self.storage.ping(target_nodes=self.storage.PRIMARIES)
        return False


def _not_reached(*_):
    from redis.exceptions import ConnectionError as RedisConnectionError

    raise RedisConnectionError("the cluster has not been reached yet")


def _bounded_by_name(connection_class, names):
    """A class of connections that are not made while their host's name is not resolved: that has no time-out in redis-py."""
    from redis.exceptions import TimeoutError as RedisTimeoutError

    class BoundedConnection(connection_class):
        def connect(self):
            if not self.is_connected and not names.resolves(REDIS_TIMEOUT_S):
                raise RedisTimeoutError("the name of the host is not resolved in time")
            super().connect()

    return BoundedConnection


class NameCheck:
    """Whether a host's name can be resolved in time. A look-up that takes longer goes on in its thread; there is one at a time."""

    def __init__(self, host):
        self._host, self._lock, self._done = host, threading.Lock(), None

    def resolves(self, timeout_s):
        """Whether the name is resolved within a time, or was by the look-up that took longer."""
        with contextlib.suppress(ValueError):
            return bool(ip_address(self._host))
        with self._lock:
            if self._done is None:
                self._done = threading.Event()
                threading.Thread(target=self._look_up, args=(self._done,), name="redis-name", daemon=True).start()
            done = self._done
        if not done.wait(timeout_s):
            return False
        with self._lock:
            if self._done is done:
                self._done = None
        return True

    def _look_up(self, done):
        # A name that does not exist is known in time; connecting says so.
        with contextlib.suppress(OSError, UnicodeError):
            socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        done.set()


def is_not_from_redis(record):
    """Whether a log record of Flask-Limiter is about anything but Redis being away, which RateLimiter logs."""
    if not record.exc_info:
        return True
    from redis.exceptions import RedisClusterException, RedisError

    return not isinstance(record.exc_info[1], (RedisError, RedisClusterException))
