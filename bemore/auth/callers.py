"""Who asks, as a token or the settings say it."""

from typing import NamedTuple

ROLES = ("user", "counselor", "admin")


class Caller(NamedTuple):
    """``subject`` is the token's ``sub``, 1 to 128 characters; ``role`` one of ROLES."""

    subject: str
    role: str


#: Whoever asks while authentication is off: as free as an administrator, but nobody.
ANYBODY = Caller("anonymous", "admin")
