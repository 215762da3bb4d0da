"""Integer keys that need no sequence, so that any number of machines can make them: of sessions, and of rows of a session.

A session's key follows from its public id, hence the id alone leads to the row (and, where the tables are spread over machines, to the
machine). Keys grow with the session's start, hence a range of keys is a span of time: see ``bemore.models.partitions``.
"""

import secrets
import threading

#: Keys of one second: six characters of letters and digits.
_WIDTH, _KEYS_OF_A_SECOND = 6, 36**6

#: The last second whose keys are below 2^63, in the year 2104.
_LAST_S = 2**63 // _KEYS_OF_A_SECOND - 1


def session_key(public_id):
    """The key of the session ``sess_<unix seconds>_<suffix>``: the seconds, then the first six characters of the suffix in base 36."""
    _, seconds, suffix = public_id.split("_")
    return min(int(seconds), _LAST_S) * _KEYS_OF_A_SECOND + int(suffix[:_WIDTH], 36)


def first_session_key(at_ms):
    """The smallest key of a session that starts in the second of ``at_ms`` or later."""
    return at_ms // 1000 * _KEYS_OF_A_SECOND


_lock, _last = threading.Lock(), 0


def new_row_key(now_ms):
    """A key for a row of a session: larger than all that this process has made, and in all likelihood no other process's."""
    global _last
    with _lock:
        _last = max(_last + 1, now_ms << 20 | secrets.randbits(20))
        return _last
