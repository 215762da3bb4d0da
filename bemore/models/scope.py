"""Which session somebody may use, the only way to name a session to the models; and which notes somebody may read."""

from typing import NamedTuple


class SessionScope(NamedTuple):
    """A session's public id, and whose session it must be for the caller to find it.

    With ``user_id`` or ``counselor_id`` only a session of that user or counselor is found. ``bemore.auth.access`` makes scopes for
    requests; commands, which may use every session, say ``SessionScope.unrestricted(id)``.
    """

    public_id: str
    user_id: str | None
    counselor_id: str | None

    @classmethod
    def unrestricted(cls, public_id):
        """The scope of an administrator or an operator: that session, whoever its user and counselor are."""
        return cls(public_id, None, None)


class Reader(NamedTuple):
    """Who reads and writes notes: the ``subject`` and the ``role`` of a token; both None without authentication, when everybody sees all.

    ``bemore.auth.access`` makes them for requests.
    """

    subject: str | None
    role: str | None

    @property
    def sees_all(self):
        """Whether authentication is off."""
        return self.subject is None

    @property
    def may_delete_all(self):
        """Whether every note that the reader sees may be deleted, whoever wrote it."""
        return self.sees_all or self.role == "admin"
