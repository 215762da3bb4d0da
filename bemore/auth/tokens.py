"""JSON Web Tokens (RFC 7519): who sent a request, as somebody we trust has signed it.

The algorithm is never the token's choice: it follows from the key. A secret checks HS256 and nothing else, an RSA key RS256, a key on
P-256 ES256; so neither ``alg: none`` nor HS256 "signed" with a public key gets through (RFC 8725, 3.1 and 3.2).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from typing import Any

import jwt

from bemore.auth.callers import ROLES, Caller
from bemore.errors import InvalidToken, KeysUnavailable
from bemore.setting_parsers import algorithm_of, public_key
from bemore.settings import Settings

#: How far the clocks of who signs and who checks may be apart, in seconds.
LEEWAY_S = 10

#: A longer token is refused unread; one with our claims has some 300 characters, with RS256 700.
MOST_CHARACTERS = 8_000

_MOST_SUBJECT = 128

_log = logging.getLogger("bemore.auth")


class Tokens:
    """Checks tokens as ``settings`` say."""

    def __init__(self, settings: Settings) -> None:
        self._issuer, self._audience = settings.jwt_issuer, settings.jwt_audience
        if settings.jwt_jwks_url:
            self._keys = RemoteKeys(settings.jwt_jwks_url).find
        else:
            key = settings.jwt_secret.encode() if settings.jwt_secret else public_key(settings.jwt_public_key)
            algorithm = "HS256" if settings.jwt_secret else algorithm_of(key)
            self._keys = lambda token: (key, algorithm)

    def caller(self, token: str) -> Caller:
        """Who the token says has signed in. Raises InvalidToken, and KeysUnavailable where the keys are elsewhere and away."""
        if len(token) > MOST_CHARACTERS:
            raise InvalidToken()
        try:
            key, algorithm = self._keys(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                # One for another audience, or for one where none is expected, is not for us.
                options={"require": ["exp", "sub"], "verify_aud": True},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
            raise InvalidToken() from None
        subject, role = claims["sub"], claims.get("role")
        if role not in ROLES or not fits(subject):
            raise InvalidToken()
        return Caller(subject, role)


def fits(subject: str) -> bool:
    """Whether a text can be a token's subject."""
    return 1 <= len(subject) <= _MOST_SUBJECT and subject.isprintable()


def make(
    secret: str, subject: str, role: str, lifetime_s: int, issuer: str | None = None, audience: str | None = None
) -> str:
    """A token for HS256 that is good for ``lifetime_s`` seconds from now."""
    now = int(time.time())
    claims = {"sub": subject, "role": role, "iat": now, "exp": now + lifetime_s, "iss": issuer, "aud": audience}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, "HS256")


class RemoteKeys:
    """The public keys at a URL (a JSON Web Key Set, RFC 7517), kept and fetched again as they change.

    They are fetched every FRESH_S seconds, and when a token names a key that is not among them (one that was just put there), but
    never more often than every RETRY_S. While the URL does not answer, the last ones stay good; one request at a time tries, for WHOLE_S
    at most: TIMEOUT_S bounds each step of a fetch, but not one that sends a byte a second. A fetch that is given up goes on in its thread
    until the sender is done, and there are at most MAX_GIVEN_UP of them.
    """

    FRESH_S, RETRY_S, TIMEOUT_S, WHOLE_S, MAX_GIVEN_UP = 300, 10, 2, 4.0, 3

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=self.TIMEOUT_S)
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str | None, tuple[Any, str]] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._away = False
        self._fetches: list[threading.Thread] = []

    def find(self, token: str) -> tuple[Any, str]:
        """``(key, algorithm)`` for a token. Raises InvalidToken where no key has its name, KeysUnavailable before there are any."""
        name = jwt.get_unverified_header(token).get("kid")
        if self._fetched is None or self._clock() - self._fetched > self.FRESH_S or name not in self._keys:
            self._refresh()
        if self._fetched is None:
            raise KeysUnavailable()
        if name not in self._keys:
            raise InvalidToken()
        return self._keys[name]

    def _refresh(self) -> None:
        # Where there are keys, the others go on with those while one fetches.
        if not self._lock.acquire(blocking=self._fetched is None):
            return
        try:
            if self._tried is None or self._clock() - self._tried >= self.RETRY_S:
                self._tried = self._clock()
                self._fetch()
        finally:
            self._lock.release()

    def _fetch(self) -> None:
        try:
            self._keys = dict(_usable(jwt.PyJWKSet.from_dict(self._download()).keys))
            self._fetched = self._clock()
        except (jwt.PyJWTError, OSError, ValueError) as error:
            if not self._away:
                _log.warning("the keys for tokens cannot be fetched", extra={"error": type(error).__name__})
            self._away = True
        else:
            if self._away:
                _log.info("the keys for tokens can be fetched again")
            self._away = False

    def _download(self) -> Any:
        """What the URL sends. Raises TimeoutError after WHOLE_S, and what ``PyJWKClient.fetch_data`` raises."""
        self._fetches = [each for each in self._fetches if each.is_alive()]
        if len(self._fetches) >= self.MAX_GIVEN_UP:
            raise TimeoutError("earlier fetches are not done")
        outcome: futures.Future[Any] = futures.Future()
        thread = threading.Thread(target=self._download_into, args=(outcome,), name="key-set", daemon=True)
        self._fetches.append(thread)
        thread.start()
        try:
            return outcome.result(self.WHOLE_S)
        except futures.TimeoutError:  # the built-in one only from Python 3.11 on
            raise TimeoutError("the key set did not arrive in time") from None

    def _download_into(self, outcome: "futures.Future[Any]") -> None:
        try:
            outcome.set_result(self._client.fetch_data())
        except Exception as error:  # for whoever waits
            outcome.set_exception(error)


def _usable(keys: Iterable[jwt.PyJWK]) -> Iterator[tuple[str | None, tuple[Any, str]]]:
    for each in keys:
        try:
            # A single key may have no name; a token for it names none.
            yield each.key_id, (each.key, algorithm_of(each.key))
        except ValueError:
            continue
