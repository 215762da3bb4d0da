"""Where the quotas are counted: in Redis, or in the process.

A bucket is the list of the times at which a client's requests were let through, within the limit's window. A request is
let through if every one of its buckets has room; one that is refused is counted in none.
"""

import math
import threading
import time
from array import array
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
    """Buckets of this process; what has left every window is forgotten, so that memory stays bounded.

    The limits that a client is asked against are always the first ones of one list: all of its buckets are one log. ``clock`` gives
    seconds, of which whole milliseconds count.
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._logs = OrderedDict()

    def take(self, who, limits):
        """Count one request of ``who`` against ``limits``."""
        now_ms = round(self._clock() * 1000)
        with self._lock:
            self._forget(now_ms)
            log = self._logs.get(who)
            if log is None:
                log = self._logs[who] = _Log(now_ms)
            else:
                self._logs.move_to_end(who)
            while len(log.windows_ms) < len(limits):
                log.know(limits[len(log.windows_ms)].get_expiry() * 1000)
            log.pass_to(now_ms)
            allowed = True
            for used, limit in zip(log.used, limits):
                if used >= limit.amount:
                    allowed = False
            if allowed:
                log.add(now_ms, len(limits))
            return _verdict(allowed, limits, log.found(now_ms, len(limits)))

    def _forget(self, now_ms):
        # Two per request are more than come in new.
        for _ in range(2):
            who, log = next(iter(self._logs.items()), (None, None))
            if who is None or log.has_some(now_ms):
                return
            del self._logs[who]

    def __len__(self):
        return len(self._logs)


class _Log:
    """The requests of a client that were let through and are in the window of some limit, oldest first, in four bytes each.

    An entry is a time in ms since ``base_ms`` and, in its last two bits, how many limits after the first one it counts for. ``used`` is how
    many entries count for each limit, ``first`` where the oldest of them is.
    """

    __slots__ = ("base_ms", "entries", "first", "used", "windows_ms")

    MOST = 4

    def __init__(self, now_ms):
        self.base_ms = now_ms
        self.entries = array("I")
        self.windows_ms, self.first, self.used = [], [], []

    def know(self, window_ms):
        """A further limit is asked for: nothing was counted for it so far."""
        if len(self.windows_ms) == self.MOST:
            raise ValueError(f"more than {self.MOST} limits")
        self.windows_ms.append(window_ms)
        self.first.append(len(self.entries))
        self.used.append(0)

    def pass_to(self, now_ms):
        """Let go what is in no window any more, now that it is ``now_ms``."""
        entries, count, needless, now = self.entries, len(self.entries), len(self.entries), (now_ms - self.base_ms) * 4 + 3
        for index, window_ms in enumerate(self.windows_ms):
            at = before = self.first[index]
            gone = now - window_ms * 4
            while at < count and (entries[at] <= gone or entries[at] & 3 < index):
                self.used[index] -= entries[at] & 3 >= index
                at += 1
            if at > before:
                self.first[index] = at
            if at < needless:
                needless = at
        if needless:
            del entries[:needless]
            self.first = [each - needless for each in self.first]

    def add(self, now_ms, limits):
        """Count a request for so many limits."""
        since_ms = now_ms - self.base_ms
        if since_ms >> self.entries.itemsize * 8 - 2:
            since_ms = self._move_base(now_ms)
        self.entries.append(since_ms * 4 + limits - 1)
        for index in range(limits):
            self.used[index] += 1

    def _move_base(self, now_ms):
        """Count times from the oldest that is left, or where a window is too long for that in eight bytes; answer the time of now."""
        shift = self.entries[0] >> 2 if self.entries else now_ms - self.base_ms
        self.base_ms += shift
        wide = (now_ms - self.base_ms) >> self.entries.itemsize * 8 - 2
        self.entries = array("Q" if wide else self.entries.typecode, (each - shift * 4 for each in self.entries))
        return now_ms - self.base_ms

    def found(self, now_ms, limits):
        """For each of so many limits how many requests count, and in how many seconds the oldest of them leaves."""
        entries, since_ms, told = self.entries, now_ms - self.base_ms, []
        for index in range(limits):
            used, reset_ms = self.used[index], self.windows_ms[index]
            if used:
                reset_ms += (entries[self.first[index]] >> 2) - since_ms
            told.append((used, reset_ms / 1000))
        return told

    def has_some(self, now_ms):
        """Whether the newest entry is still in a window."""
        return bool(self.entries) and (self.entries[-1] >> 2) + self.base_ms > now_ms - max(self.windows_ms)


def _verdict(allowed, limits, found):
    """The bucket that says most: the fullest; of those that refuse, the one that refuses longest."""
    least, longest_s, amount = math.inf, 0, 0
    for limit, (used, reset_s) in zip(limits, found, strict=True):
        remaining = max(0, limit.amount - used)
        if remaining < least or (remaining == least and reset_s > longest_s):
            least, longest_s, amount = remaining, reset_s, limit.amount
    return Taken(allowed, amount, least, longest_s)
