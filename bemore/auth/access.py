"""Who may call what. Every operation says it with one of Access; what it says is done before the view runs."""

import enum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request

from bemore.auth.callers import ANYBODY, Caller
from bemore.errors import Forbidden, InvalidToken, KeysUnavailable, Unauthorized
from bemore.models.scope import Reader, SessionScope
from bemore.settings import Settings

if TYPE_CHECKING:
    from bemore.auth.tokens import Tokens

#: Where the caller stands in the WSGI environment, or what was wrong with the token.
_CALLER = "bemore.caller"


class Access(enum.Enum):
    """Who may call an operation, by role; what it means for each stands in docs/security.rst."""

    ANYONE = "Anyone, without a token"
    SIGNED_IN = "Every role; tells of the caller's own"
    START = "A user and a counselor as themselves, administrators for anybody"
    LIST = "A user for the own sessions, a counselor for the own ones among those asked for, administrators for all"
    SESSION = "The session's user, its counselor, an administrator; for others there is no such session"
    ERASE = "The session's counselor and administrators; a user may not"
    NOTE = "The note's author; an administrator may delete notes that are shared"
    OPERATOR = "Administrators; without a token from the machine itself"

    @property
    def refuses(self) -> bool:
        """Whether it tells some callers with a good token that they may not (403)."""
        return self in (Access.START, Access.LIST, Access.ERASE, Access.NOTE, Access.OPERATOR)


def init_app(app: Flask, settings: Settings) -> None:
    """Make ``app`` check tokens as ``settings`` say."""
    tokens = None
    if settings.auth_enabled:
        from bemore.auth.tokens import Tokens  # its cryptography takes memory and time that nobody else needs

        tokens = Tokens(settings)
    app.extensions["bemore.auth.tokens"] = tokens


def caller() -> Caller:
    """Who sent this request: a Caller; ANYBODY while authentication is off. Raises Unauthorized, InvalidToken, KeysUnavailable."""
    environ = request.environ
    result = environ.get(_CALLER)
    if result is None:
        result = environ[_CALLER] = _caller()
    if isinstance(result, Exception):
        raise result
    return result


def subject() -> str | None:
    """The authenticated subject, or None: authentication is off, or the token is missing, not good or cannot be checked now."""
    if current_app.extensions["bemore.auth.tokens"] is None:
        return None
    try:
        return caller().subject
    except (Unauthorized, InvalidToken, KeysUnavailable):
        return None


def _caller() -> Caller | Exception:
    tokens: Tokens | None = current_app.extensions["bemore.auth.tokens"]
    if tokens is None:
        return ANYBODY
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return Unauthorized()
    try:
        return tokens.caller(token.strip())
    except InvalidToken as error:
        return error


def check(access: Access, arguments: dict[str, Any]) -> None:
    """Raise unless this request's sender may call an operation of ``access``.

    The session's id among the view's ``arguments`` becomes ``scope``, a SessionScope that finds only what the caller may see.
    Raises Unauthorized, InvalidToken, Forbidden, KeysUnavailable.
    """
    if access is Access.ANYONE or (access is Access.OPERATOR and _from_this_machine()):
        return
    role = caller().role
    if (access is Access.OPERATOR and role != "admin") or (access is Access.ERASE and role == "user"):
        raise Forbidden()
    if "session_id" in arguments:
        arguments["scope"] = session_scope(arguments.pop("session_id"))


def session_scope(session_id: str) -> SessionScope:
    """The SessionScope in which the caller may use a session."""
    mine = own()
    return SessionScope(session_id, mine.get("user_id"), mine.get("counselor_id"))


def reader() -> Reader:
    """Who reads and writes notes by this request."""
    who = caller()
    return Reader(None, None) if who is ANYBODY else Reader(who.subject, who.role)


def own() -> dict[str, str]:
    """What a session must have for the caller to see it: ``user_id`` or ``counselor_id``, or nothing for administrators."""
    who = caller()
    return {} if who.role == "admin" else {_COLUMN[who.role]: who.subject}


_COLUMN = {"user": "user_id", "counselor": "counselor_id"}

#: What proxies add; Via is the one that all of them must (RFC 9110, 7.6.3).
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO")


def _from_this_machine() -> bool:
    # A proxy on this machine speaks for others. One we trust has been replaced by its client's address already; any other
    # tells by its headers that it is one.
    environ = request.environ
    if not current_app.extensions["bemore"].trusted_proxies and any(name in environ for name in _FORWARDED):
        return False
    try:
        return ip_address(environ.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


def narrowed(**filters: str | None) -> dict[str, str | None]:
    """``filters`` (``user_id``, ``counselor_id``; None for any) and whose the caller's own sessions are; Forbidden where they disagree."""
    mine = own()
    if any(filters.get(name) not in (None, value) for name, value in mine.items()):
        raise Forbidden()
    return {**filters, **mine}
