"""Where the quotas are counted: in Redis, or in the process.

A bucket is the list of the times at which a client's requests were let through, within the limit's window. A request is
let through if every one of its buckets has room; one that is refused is counted in none.
"""

import math
import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from typing import NamedTuple


class Taken(NamedTuple):
    """What became of a request, told for the bucket that is (nearest to) full.

    ``reset_s``: seconds until its oldest request leaves the window and makes room for another one.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: float

    def headers(self):
        """The RateLimit headers and their twins."""
        limit, remaining, reset = str(self.limit), str(self.remaining), str(max(0, math.ceil(self.reset_s)))
        return (
            ("RateLimit-Limit", limit),
            ("RateLimit-Remaining", remaining),
            ("RateLimit-Reset", reset),
            ("X-RateLimit-Limit", limit),
            ("X-RateLimit-Remaining", remaining),
            ("X-RateLimit-Reset", reset),
        )


# KEYS: a list per limit, times in ms, newest first. ARGV: amount and window in ms per limit.
# The clock is Redis's own: one for all machines. Set back by more than a second, it would keep requests of its own future
# for as long; their list is dropped instead.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local allowed, found = 1, {}
for i, key in ipairs(KEYS) do
    local amount, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local newest = redis.call('LINDEX', key, 0)
    if newest and tonumber(newest) > now + 1000 then redis.call('DEL', key) end
    local oldest = redis.call('LINDEX', key, -1)
    while oldest and tonumber(oldest) <= now - window do
        redis.call('RPOP', key)
        oldest = redis.call('LINDEX', key, -1)
    end
    local used = redis.call('LLEN', key)
    if used >= amount then allowed = 0 end
    found[2 * i] = used
    found[2 * i + 1] = oldest and tonumber(oldest) + window - now or window
end
if allowed == 1 then
    for i, key in ipairs(KEYS) do
        redis.call('LPUSH', key, string.format('%.0f', now))
        redis.call('PEXPIRE', key, ARGV[2 * i])
        found[2 * i] = found[2 * i] + 1
    end
end
found[1] = allowed
return found
"""


class RedisBuckets:
    """Buckets shared by all processes and machines; one round trip for as many requests as ask at once."""

    def __init__(self, client):
        self._client = client
        self._script = client.register_script(_TAKE)

    def take(self, who, limits):
        """Count one request of ``who`` against ``limits`` (limits' RateLimitItems). Raises redis.RedisError."""
        return _told(limits, self._script(*_asked(who, limits)))

    def take_all(self, asks):
        """Count a request for each (who, limits) of ``asks``; what became of each. Raises redis.RedisError."""
        commands = []
        for who, limits in asks:
            keys, arguments = _asked(who, limits)
            commands.append(("EVALSHA", self._script.sha, len(keys), *keys, *arguments))
        replies = self._replies(commands)
        # A Redis that does not know the script has run none of them; it learns it from the first that is asked alone.
        return [
            self.take(*ask) if type(reply).__name__ == "NoScriptError" else _told(ask[1], reply)
            for ask, reply in zip(asks, replies, strict=True)
        ]

    def _replies(self, commands):
        # What redis-py's pipeline does, without its asking each time whether the script is known.
        pool = self._client.connection_pool
        connection = pool.get_connection()
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            return [_reply(connection) for _ in commands]
        except BaseException:
            connection.disconnect()  # an answer that is still to come is nobody's
            raise
        finally:
            pool.release(connection)


def _reply(connection):
    """Redis's answer to one of several commands; an error that is about this one alone is part of it."""
    try:
        return connection.read_response()
    except Exception as error:
        if type(error).__name__ != "NoScriptError":
            raise
        return error


def _asked(who, limits):
    """The script's keys and arguments."""
    keys, arguments = [], []
    for index, limit in enumerate(limits):
        keys.append(f"bemore:quota:{{{who}}}:{index}")
        arguments += limit.amount, limit.get_expiry() * 1000
    return keys, arguments


def _told(limits, reply):
    allowed, *found = reply
    return _verdict(bool(allowed), limits, zip(found[::2], (each / 1000 for each in found[1::2])))


class ProcessBuckets:
    """Buckets of this process; what has left every window is forgotten, so that memory stays bounded."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets = OrderedDict()

    def take(self, who, limits):
        """Count one request of ``who`` against ``limits``."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            buckets, found = [], []
            for index, limit in enumerate(limits):
                bucket = self._bucket((who, index), limit.get_expiry())
                horizon = now - bucket.window
                if bucket.times and bucket.times[0] <= horizon:
                    del bucket.times[: bisect_right(bucket.times, horizon)]
                buckets.append(bucket)
            allowed = all(len(bucket.times) < limit.amount for bucket, limit in zip(buckets, limits))
            for bucket in buckets:
                if allowed:
                    bucket.times.append(now)
                # In this order: the sum of a clock and a window, less the clock, may come out a hair above the window.
                found.append((len(bucket.times), bucket.window - (now - bucket.times[0]) if bucket.times else bucket.window))
        return _verdict(allowed, limits, found)

    def _bucket(self, key, window):
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(window)
        else:
            self._buckets.move_to_end(key)
        return bucket

    def _forget(self, now):
        # Two per request are more than come in new.
        for _ in range(2):
            if not self._buckets:
                return
            key, bucket = next(iter(self._buckets.items()))
            if bucket.times and bucket.times[-1] > now - bucket.window:
                return
            del self._buckets[key]

    def __len__(self):
        return len(self._buckets)


class _Bucket:
    __slots__ = ("times", "window")

    def __init__(self, window):
        # Numbers without objects around them: 8 bytes each, where a deque of floats takes 32 and 600 for the first.
        self.times = array("d")
        self.window = window


def _verdict(allowed, limits, found):
    """The bucket that says most: the fullest; of those that refuse, the one that refuses longest."""
    told = [
        Taken(allowed, limit.amount, max(0, limit.amount - used), reset_s) for limit, (used, reset_s) in zip(limits, found, strict=True)
    ]
    return min(told, key=lambda each: (each.remaining, -each.reset_s))
