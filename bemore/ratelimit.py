"""Quotas: how many requests of any kind, and how many writes among them, a client may send. Flask-Limiter enforces them."""

import contextlib
import logging
import math
import re
import socket
import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import chain

from flask import request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded, RequestLimit
from limits.storage import MemoryStorage

from bemore.observability import metrics

WRITES = ("POST", "PUT", "PATCH", "DELETE")

#: Paths that cost no quota. ``/ws/`` holds the addresses of WebSockets, which pages try again and again: there are none.
_EXEMPT = frozenset(("/health", "/health/live", "/health/ready", "/api/health", "/metrics", "/console"))
_EXEMPT_FOLDERS = ("/console/", "/static/", "/ws/")

#: Time-out in seconds of connecting to Redis and of each command. A write counts against two limits and reads both for its headers: with
#: four commands that take as long as they may, it waits 240 ms, less than the 250 ms of the contract.
REDIS_TIMEOUT_S = 0.06

#: Key in the WSGI environment of the limits that _limit_in_process has applied.
_APPLIED = "bemore.applied_limits"

_log = logging.getLogger("bemore.ratelimit")


class RateLimiter:
    """The quotas of an application. ``subject()`` returns the authenticated subject of the current request, or None.

    While Redis is away, Flask-Limiter counts in this process, against limits so small that all processes together let through at most
    half a quota. It tries Redis again after 1, 2, 4, 8, 16 and 32 s.

    The headers are written here: Flask-Limiter's own give the reset as a time of day, have one set of names, tell of one limit only, and
    put Retry-After, rounded down, on every answer.
    """

    def __init__(self, settings, subject):
        self._subject = subject
        self._away, self._lock = False, threading.Lock()
        self._has_redis = settings.redis_url is not None and settings.rate_limit_enabled
        self._fallback = _limits(settings, self.client, 2 * settings.web_concurrency)
        self._limiter = Limiter(
            self.client,
            application_limits=_limits(settings, self.client),
            strategy="moving-window",
            enabled=settings.rate_limit_enabled,
            request_identifier=lambda: request.endpoint or "no endpoint",  # with none, a request would be exempt
            **(self._in_redis(settings) if self._has_redis else {"storage_uri": "process://"}),
        )
        self._limiter.request_filter(is_exempt)

    def _in_redis(self, settings):
        return {
            "storage_uri": re.sub("^unix:", "redis+unix:", settings.redis_url),
            "storage_options": {"connection_pool": redis_pool(settings.redis_url)},
            "in_memory_fallback": self._fallback,
            # When several threads lose Redis at the same moment, Flask-Limiter lets one of them fall back. The others get an exception, or
            # with this setting pass without a limit, which _limit_in_process then applies.
            "swallow_errors": True,
        }

    def init_app(self, app):
        self._limiter.init_app(app)
        if not self._limiter.enabled:
            return
        self._limiter.logger.setLevel(logging.ERROR)  # below that it names clients
        self._limiter.logger.addFilter(_is_not_from_redis)
        if self._has_redis:
            app.before_request(self._limit_in_process)
            app.after_request(self._note_outage)
        app.after_request(self._add_headers)

    def client(self):
        """The key whose quota the current request counts against: the authenticated subject, else the client's address.

        A request with an invalid token counts against its address, so that nobody can try tokens without a limit.
        """
        return client_key(self._subject())

    @property
    def store_state(self):
        """``up`` or ``down`` for Redis, ``none`` where there is none."""
        if not self._has_redis:
            return "none"
        return "down" if self._limiter.limiter.storage is not self._limiter.storage else "up"

    def ping(self):
        """Whether Redis answers now; True where there is none."""
        return not self._has_redis or self._limiter.storage.check()

    def _limit_in_process(self):
        """Apply the reduced limits to a request that Flask-Limiter passed without one because Redis went away meanwhile."""
        if self._limiter.current_limits or self.store_state == "up" or is_exempt():
            return
        applied = request.environ[_APPLIED] = []
        for each in chain(*self._fallback):
            if not each.method_exempt:
                identifiers = [each.key_func(), each.scope]
                passed = self._limiter.limiter.hit(each.limit, *identifiers)
                applied.append(RequestLimit(self._limiter, each.limit, identifiers, breached=not passed, shared=True))
                if not passed:
                    raise RateLimitExceeded(each)

    def _add_headers(self, response):
        limits = self._limiter.current_limits or request.environ.get(_APPLIED)
        if limits:
            amount, remaining, reset_s = self._tightest(limits)
            values = {"Limit": str(amount), "Remaining": str(remaining), "Reset": str(reset_s)}
            response.headers.extend((prefix + name, value) for prefix in ("RateLimit-", "X-RateLimit-") for name, value in values.items())
            if any(each.breached for each in limits):
                response.headers["Retry-After"] = str(max(1, reset_s))
        return response

    def _tightest(self, limits):
        """(amount, remaining, whole seconds until there is room for more) of the limit that is nearest to full."""
        now, windows = time.time(), []
        for each in limits:
            window_s = each.limit.get_expiry()
            try:
                reset_at, remaining = each.window
            except self._limiter.storage.base_exceptions:  # Redis went away since this request was counted
                reset_at, remaining = now + window_s, each.limit.amount - 1
            reset_s = min(window_s, max(0, math.ceil(reset_at - now)))
            windows.append((0 if each.breached else remaining, -reset_s, each.limit.amount))
        remaining, reset_s, amount = min(windows)
        return amount, remaining, -reset_s

    def _note_outage(self, response):
        """Count each outage of Redis, and log its beginning and its end once."""
        away = self.store_state == "down"
        if away != self._away:
            with self._lock:
                changed, self._away = away != self._away, away
            if changed and away:
                metrics.redis_outages.inc()
                _log.warning("redis away; quotas are counted in this process")
            elif changed:
                _log.info("redis is back; quotas are shared again")
        return response


def _limits(settings, client, divisor=1):
    """The quotas divided by ``divisor``, the write limit first: what it refuses does not count in the other one."""

    def divided(limit):
        return re.sub("[0-9]+", lambda amount: str(max(1, int(amount[0]) // divisor)), limit, count=1)

    return [
        ApplicationLimit(divided(settings.rate_limit_write), scope="write", methods=WRITES, key_function=client),
        ApplicationLimit(divided(settings.rate_limit_all), scope="all", key_function=client),
    ]


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


def _is_not_from_redis(record):
    """Whether a log record of Flask-Limiter is about anything but Redis being away, which RateLimiter logs."""
    if not record.exc_info:
        return True
    from redis import RedisError

    return not isinstance(record.exc_info[1], RedisError)


# -- Clients ------------------------------------------------------------------------------------------------------------------


def is_exempt():
    """Whether the current request costs no quota: preflights, health checks, metrics, the console with its files, and ``/ws/``."""
    path = request.path
    return request.method == "OPTIONS" or path in _EXEMPT or path.startswith(_EXEMPT_FOLDERS)


def client_key(subject):
    """The key of the current request's client: ``sub:`` and the authenticated ``subject``, or its address if that is None."""
    return client_address(request.environ) if subject is None else f"sub:{subject}"


def client_address(environ):
    """The client's IPv4 address, or its IPv6 network (one client has a /64 of addresses); ``local`` for a Unix socket.

    An entry of X-Forwarded-For that is no address counts as the proxy's own address.
    """
    proxy = environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    return _parsed(environ.get("REMOTE_ADDR") or "") or _parsed(proxy or "") or "local"


@lru_cache(maxsize=4096)
def _parsed(text):
    """The key of an address as a header gives it, with or without a port; None for anything else."""
    match = re.fullmatch(r"\[(.*)\](?::[0-9]+)?|([^:]*):[0-9]+", text.strip())
    try:
        address = ip_address((match[1] or match[2]) if match else text.strip())
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))


# -- Storage without Redis ----------------------------------------------------------------------------------------------------


class ProcessStorage(MemoryStorage):
    """Moving windows in the memory of this process, as a custom storage of ``limits``; ``clock`` returns seconds.

    MemoryStorage itself never forgets the key of a client, scans all keys up to a hundred times a second while requests arrive (34 % of a
    core at 3,000 clients and 300 requests a second; this: 2 %), and depends on a clock that can be set.
    """

    STORAGE_SCHEME = ["process"]

    def __init__(self, uri=None, wrap_exceptions=False, clock=time.monotonic, **options):
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._clock = clock
        self._mutex = threading.Lock()
        self._windows = OrderedDict()  # key -> (length in seconds, times of the requests in it), the last used at the end

    def acquire_entry(self, key, limit, expiry, amount=1):
        """Count ``amount`` requests if the window has room for them. Returns whether it had."""
        now = self._clock()
        with self._mutex:
            self._remove_passed(now)
            times = self._times(key, now - expiry)
            if len(times) + amount > limit:
                return False
            times.extend([now] * amount)
            self._windows[key] = expiry, times
            self._windows.move_to_end(key)
            return True

    def get_moving_window(self, key, limit, expiry):
        """(start of the window in seconds since the epoch, number of requests in it)"""
        now = self._clock()
        with self._mutex:
            times = self._times(key, now - expiry)
            return time.time() - (now - times[0] if times else 0), len(times)

    def _times(self, key, start):
        _, times = self._windows.get(key, (0, array("d")))
        del times[: bisect_right(times, start)]
        return times

    def _remove_passed(self, now):
        # Each request adds at most one window and removes up to two that have passed.
        for _ in range(2):
            key, (length, times) = next(iter(self._windows.items()), (None, (0, ())))
            if key is None or (times and times[-1] > now - length):
                return
            del self._windows[key]

    def clear(self, key):
        """Remove the window of ``key``."""
        with self._mutex:
            self._windows.pop(key, None)

    def reset(self):
        """Remove all windows. Returns how many there were."""
        with self._mutex:
            count = len(self._windows)
            self._windows.clear()
            return count
