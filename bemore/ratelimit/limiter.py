"""The quotas of an application: how many requests of any kind, and how many writes among them, a client may send."""

import logging
import math
import re
import threading
import time
from itertools import chain

from flask import request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded, RequestLimit

from bemore.observability import metrics
from bemore.ratelimit.clients import client_key, is_exempt
from bemore.ratelimit.process_storage import ProcessStorage
from bemore.ratelimit.redis_storage import is_not_from_redis, redis_storage

WRITES = ("POST", "PUT", "PATCH", "DELETE")

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
            **(self._in_redis(settings) if self._has_redis else {"storage_uri": f"{ProcessStorage.STORAGE_SCHEME[0]}://"}),
        )
        self._limiter.request_filter(is_exempt)

    def _in_redis(self, settings):
        return {
            **redis_storage(settings.redis_url),
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
        self._limiter.logger.addFilter(is_not_from_redis)
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
