"""Around every request, as plain ASGI: its id, its line in the access log, its quota."""

import inspect
import json
import logging
import re
import secrets
import time

from limits import aio, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders

from bench.peers.fastapi_full.envelope import failure

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))

access_log = logging.getLogger("access")
_log = logging.getLogger("limits")


class JsonFormatter(logging.Formatter):
    """One JSON object a line; ``extra={"fields": {…}}`` adds fields."""

    def format(self, record):
        when = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03}Z"
        line = {"time": when, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        return json.dumps({**line, **getattr(record, "fields", {})}, ensure_ascii=False)


class RequestContext:
    """Gives each request an id (the client's, if it is well-formed), repeats it in a header, and logs the request."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), 500
        values = Headers(scope=scope).get("x-request-id", "")
        request_id = values if _REQUEST_ID.fullmatch(values) else f"req_{secrets.token_hex(8)}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route = scope.get("route")
            fields = {
                "method": scope["method"], "route": route and route.path, "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 1), "request_id": request_id, "client": scope["client"][0],
            }  # fmt: skip
            access_log.info("request", extra={"fields": fields})


class Quotas:
    """Limits the requests of a client, and the writes among them, and tells in headers what is left of the narrowest limit."""

    def __init__(self, app, redis_url, limit_all, limit_write, exempt):
        self._app, self._exempt = app, exempt
        if redis_url:
            storage = aio.storage.RedisStorage(f"async+{redis_url}", wrap_exceptions=True, implementation="redispy")
            self._limiter = aio.strategies.MovingWindowRateLimiter(storage)
        else:
            # Not the asynchronous one, which goes through all clients in a thread at every request: 4.5 ms of CPU time a request against 2.
            self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._all, self._write = parse(limit_all), parse(limit_write)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in self._exempt:
            return await self._app(scope, receive, send)
        limits = (self._write, self._all) if scope["method"] in _WRITES else (self._all,)
        try:
            refused, window = await self._count(limits, scope["client"][0])
        except StorageError as error:
            _log.error("quotas are not counted: %s", type(error.storage_error).__name__)
            return await self._app(scope, receive, send)
        limit = refused or limits[0]
        reset = max(1, int(window.reset_time - time.time()) + 1)

        async def send_with_quota(message):
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (("Limit", limit.amount), ("Remaining", window.remaining), ("Reset", reset)):
                    headers[f"RateLimit-{name}"] = headers[f"X-RateLimit-{name}"] = str(value)
            await send(message)

        if refused is None:
            return await self._app(scope, receive, send_with_quota)
        answer = failure(scope["state"]["request_id"], 429, "RATE_LIMIT", "Too many requests", headers={"Retry-After": str(reset)})
        return await answer(scope, receive, send_with_quota)

    async def _count(self, limits, client):
        """The limit that refuses the request (or None), and the window of that limit or else of the first."""
        for limit in limits:
            if not await _result(self._limiter.hit(limit, client)):
                return limit, await _result(self._limiter.get_window_stats(limit, client))
        return None, await _result(self._limiter.get_window_stats(limits[0], client))


async def _result(value):
    return await value if inspect.isawaitable(value) else value
