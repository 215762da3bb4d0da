"""The settings of the page, kept by owner; what an owner never chose is as it is by default."""

from typing import NamedTuple

from bemore.models.database import execute, read, write

#: The owner of what is neither a subject's nor a device's.
SHARED = "shared"


class Preferences(NamedTuple):
    """``font_scale`` sm, md, lg or xl; ``layout_density`` compact or spacious; ``language`` ko or en."""

    font_scale: str = "md"
    layout_density: str = "spacious"
    language: str = "ko"
    notifications_opt_in: bool = False


_NAMES = ", ".join(Preferences._fields)
_GET = f"SELECT {_NAMES} FROM preference WHERE owner = ?"
_CHOSEN = ", ".join(f"{name} = COALESCE(excluded.{name}, preference.{name})" for name in Preferences._fields)
_SET = (
    f"INSERT INTO preference (owner, {_NAMES}, changed_ms) VALUES (?, ?, ?, ?, ?, ?)"
    f" ON CONFLICT (owner) DO UPDATE SET {_CHOSEN}, changed_ms = excluded.changed_ms RETURNING {_NAMES}"
)


def owner_of(subject=None, device=None):
    """Whose settings a caller's are: the subject's, without one the device's, without either those that all others share."""
    return f"sub:{subject}" if subject is not None else SHARED if device is None else f"device:{device}"


def get(owner):
    """The Preferences of an owner."""
    with read():
        row = execute(_GET, (owner,)).fetchone()
    return _filled(row) if row else Preferences()


def merge(owner, chosen, now_ms):
    """Store what of ``chosen`` (values by their names in Preferences) is not None; answer all Preferences of the owner."""
    values = [chosen.get(name) for name in Preferences._fields]
    with write():
        stored = [int(value) if type(value) is bool else value for value in values]
        return _filled(execute(_SET, (owner, *stored, now_ms)).fetchone())


def _filled(row):
    filled = Preferences(*(default if value is None else value for value, default in zip(row, Preferences())))
    return filled._replace(notifications_opt_in=bool(filled.notifications_opt_in))
