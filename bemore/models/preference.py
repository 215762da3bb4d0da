"""The settings of the page that an owner has chosen.

They are a person's or a device's and no session's: they stay when a session is erased, and go when nobody has used them for as long as
sessions are kept.
"""

from bemore.db.connections import execute, read_statement, write, write_statement

_FIELDS = ("font_scale", "layout_density", "language", "notifications_opt_in")
_NAMES = ", ".join(_FIELDS)
_GET = f"SELECT {_NAMES}, used_ms FROM preference WHERE owner = ?"
# Neither takes back what somebody noted meanwhile.
_USED = "UPDATE preference SET used_ms = ? WHERE owner = ? AND used_ms < ?"
_CHOSEN = ", ".join(f"{name} = COALESCE(excluded.{name}, preference.{name})" for name in _FIELDS)
_SET = (
    f"INSERT INTO preference (owner, {_NAMES}, changed_ms, used_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
    f" ON CONFLICT (owner) DO UPDATE SET {_CHOSEN}, changed_ms = excluded.changed_ms, used_ms = excluded.used_ms RETURNING {_NAMES}"
)
_COUNT_UNUSED = "SELECT count(*) FROM preference WHERE used_ms <= ?"
_FORGET = "DELETE FROM preference WHERE owner IN (SELECT owner FROM preference WHERE used_ms <= ? LIMIT ?) AND used_ms <= ?"

_COUNT_OF = "SELECT count(*) FROM preference WHERE owner = ?"
_FORGET_OF = "DELETE FROM preference WHERE owner = ?"

#: Reading is noted once in that time, so that it hardly ever is a write.
_NOTED_MS = 24 * 3600 * 1000

#: Sets that a single transaction forgets.
FORGET_BATCH = 5000


def owner_of(subject=None, device=None):
    """Whose settings a caller's are: the subject's, without one the device's."""
    return f"device:{device}" if subject is None else f"sub:{subject}"


def get(owner, now_ms):
    """What an owner has chosen, by name; the owner uses it at ``now_ms``."""
    row = read_statement(lambda: execute(_GET, (owner,)).fetchone())
    if row is None:
        return {}
    *values, used_ms = row
    if used_ms <= now_ms - _NOTED_MS:
        write_statement(lambda: execute(_USED, (now_ms, owner, now_ms)))
    return _chosen(values)


def merge(owner, chosen, now_ms):
    """Store what of ``chosen`` (values by name) is not None; return all that the owner has chosen."""
    values = [chosen.get(name) for name in _FIELDS]
    stored = [int(value) if type(value) is bool else value for value in values]
    return _chosen(write_statement(lambda: execute(_SET, (owner, *stored, now_ms, now_ms)).fetchone()))


def count_unused(cutoff_ms):
    """How many owners have not used their preferences since ``cutoff_ms``."""
    return read_statement(lambda: execute(_COUNT_UNUSED, (cutoff_ms,)).fetchone()[0])


def forget_unused(cutoff_ms):
    """Delete the preferences that nobody has used since ``cutoff_ms``, in batches; return how many owners had them."""
    count = 0
    while True:
        forgotten = write(lambda: execute(_FORGET, (cutoff_ms, FORGET_BATCH, cutoff_ms)).rowcount)
        count += forgotten
        if forgotten < FORGET_BATCH:
            return count


def count_of(owner):
    """1 if the owner has chosen anything, else 0."""
    return read_statement(lambda: execute(_COUNT_OF, (owner,)).fetchone()[0])


def forget(owner):
    """Delete what the owner has chosen; return 1 if that was anything, else 0."""
    return write(lambda: execute(_FORGET_OF, (owner,)).rowcount)


def _chosen(row):
    chosen = {name: value for name, value in zip(_FIELDS, row, strict=True) if value is not None}
    if "notifications_opt_in" in chosen:
        chosen["notifications_opt_in"] = bool(chosen["notifications_opt_in"])
    return chosen
