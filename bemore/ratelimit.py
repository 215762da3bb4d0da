"""Quotas: how many requests of any kind, and how many writes among them, a client may send.

Flask-Limiter holds the declaration and the storage. The window moves with every request (no edge across which twice the
quota could pass), both limits are asked in one round trip, and the headers say what that trip answered.
"""

import logging
import math
import time

from flask import Flask, request
from flask_limiter import ApplicationLimit, Limiter

from bemore.auth.access import subject
from bemore.buckets import ProcessBuckets, RedisBuckets
from bemore.api.http.middleware import QUOTA
from bemore.api.http.responses import failure

WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))

_EXEMPT = frozenset(("/health", "/health/live", "/health/ready", "/metrics", "/console"))

#: Files of the package: one look at a page is thirty of them, and none of them asks the database.
_EXEMPT_FILES = ("/console/", "/static/")

#: Bounds of one exchange with Redis; connecting and asking stay below the 250 ms that a request may wait for it.
REDIS_TIMEOUT_S = 0.1

#: How long requests go on against the process's own buckets before Redis is asked again.
REDIS_RETRY_S = 1.0

_log = logging.getLogger("bemore.ratelimit")


def is_exempt():
    """Preflights, health checks, metrics, the console's page and its files cost nothing."""
    asked = request._get_current_object()
    return asked.method == "OPTIONS" or asked.path in _EXEMPT or asked.path.startswith(_EXEMPT_FILES)


def is_read():
    return request.method not in WRITES


def client():
    """Whose quota a request counts against: the authenticated subject, else the client's address (as the trusted proxies tell it).

    A token that is not good counts against the address it came from, so that guessing has an end.
    """
    signed_in = subject()
    return request.remote_addr or "local" if signed_in is None else f"sub:{signed_in}"


class Quotas(Limiter):
    """Flask-Limiter with both limits in one step."""

    def __init__(self, settings):
        self._redis = _redis() if settings.redis_url else None
        super().__init__(
            client,
            application_limits=[
                ApplicationLimit(settings.rate_limit_all),
                ApplicationLimit(settings.rate_limit_write, exempt_when=is_read),
            ],
            strategy="moving-window",
            storage_uri=settings.redis_url or "memory://",
            storage_options=_options(self._redis) if self._redis else {},
            enabled=settings.rate_limit_enabled,
        )
        self.outage = Outage()

    def init_app(self, app):
        # Its hooks go to an application that nobody calls; what it declares and stores is asked by the one hook below.
        super().init_app(Flask("quotas", static_folder=None))
        if self.enabled:
            both = [each.limit for each in self.limit_manager.application_limits]
            self._read_limits, self._write_limits = both[:1], both
            app.before_request(self._check_request_limit)
            self._own = ProcessBuckets()
            self._shared = RedisBuckets(self.storage.storage) if self._redis else None

    @property
    def store_state(self):
        """``up`` or ``down`` for Redis, ``none`` where the process keeps its own buckets."""
        if not self.enabled or self._shared is None:
            return "none"
        return "down" if self.outage.now else "up"

    def ping(self):
        """Whether Redis answers, asked now; True where there is none to ask."""
        if not self.enabled or self._shared is None:
            return True
        try:
            return bool(self.storage.storage.ping())
        except self._redis.RedisError:
            return False

    def _check_request_limit(self, callable_name=None, in_middleware=True):
        """Replaces Flask-Limiter's own hook, which asks the store two to four times."""
        if is_exempt():
            return None
        taken = self._take(client(), self._read_limits if is_read() else self._write_limits)
        request.environ[QUOTA] = taken
        if taken.allowed:
            return None
        wait = max(1, math.ceil(taken.reset_s))
        return failure(429, "RATE_LIMIT", "Too many requests", headers={"Retry-After": str(wait)})

    def _take(self, who, limits):
        return self._own.take(who, limits) if self._shared is None else self._take_all([(who, limits)])[0]

    def _take_all(self, asks):
        if self.outage.may_ask():
            try:
                taken = self._ask(asks)
                self.outage.ends()
                return taken
            except self._redis.RedisError as error:
                self.outage.begins(error)
        return [self._own.take(*ask) for ask in asks]

    def _ask(self, asks):
        try:
            return self._shared.take_all(asks)
        except self._redis.TimeoutError:
            raise
        except self._redis.ConnectionError:
            # A kept connection that a restart of Redis has closed fails at once; a new one may be had.
            return self._shared.take_all(asks)


class Outage:
    """Whether Redis is away. ``count`` is how often it went; each time is logged once.

    While it is away one request a second tries whether it is back; the others do not wait for that.
    """

    def __init__(self):
        self.count = 0
        self._ask_again_at = None

    @property
    def now(self):
        return self._ask_again_at is not None

    def is_due(self):
        """Whether it is time to try again."""
        again_at = self._ask_again_at  # another thread may find meanwhile that it is back
        return again_at is None or time.monotonic() >= again_at

    def may_ask(self):
        if self._ask_again_at is None:
            return True
        if not self.is_due():
            return False
        self._ask_again_at = time.monotonic() + REDIS_RETRY_S
        return True

    def begins(self, error):
        if self._ask_again_at is None:
            self.count += 1
            _log.warning("redis away; quotas are counted in this process", extra={"error": type(error).__name__})
        self._ask_again_at = time.monotonic() + REDIS_RETRY_S

    def ends(self):
        if self._ask_again_at is not None:
            self._ask_again_at = None
            _log.info("redis is back; quotas are shared again")


def _redis():
    # Imported where there is one: it is a fifth of the start of a process that needs none.
    import redis

    return redis


def _options(redis):
    """How to reach Redis: soon or not at all."""
    return {
        "socket_connect_timeout": REDIS_TIMEOUT_S,
        "socket_timeout": REDIS_TIMEOUT_S,
        "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        "wrap_exceptions": False,
    }
