"""Public keys that are fetched: kept, fetched again as they change, and good for as long as their source is away."""

import contextlib
import http.server
import json
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.support.signing import bearer, ec_key, rsa_key, token

from bemore.app import create_app
from bemore.errors import InvalidToken, KeysUnavailable
from bemore.settings import Settings
from bemore.auth.tokens import RemoteKeys

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class KeySource:
    """A web server with a key set; ``fetched`` counts how often it was asked."""

    def __init__(self):
        self.keys, self.fetched, self.status, self.answer = {}, 0, 200, None
        source = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                source.fetched += 1
                body = source.answer or json.dumps({"keys": [as_jwk(name, key) for name, key in source.keys.items()]}).encode()
                self.send_response(source.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def as_jwk(name, key):
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    result = json.loads(kind.to_jwk(key.public_key()))
    return {**result, **({"kid": name} if name else {}), "use": "sig"}


@pytest.fixture
def source():
    source = KeySource()
    with contextlib.closing(source):
        yield source


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def good(keys, name, key, algorithm="RS256"):
    try:
        keys.find(token(key=key, algorithm=algorithm, headers={"kid": name} if name else None))
        return True
    except InvalidToken:
        return False


def test_keys_are_fetched_once_and_told_apart_by_their_names(source, clock, database_url):
    source.keys = {"a": rsa_key(), "b": ec_key()}
    keys = RemoteKeys(source.url, clock)
    assert good(keys, "a", rsa_key()) and good(keys, "b", ec_key(), "ES256") and good(keys, "a", rsa_key())
    assert source.fetched == 1


def test_a_key_that_is_put_there_later_is_found_and_one_that_is_taken_away_is_not_good_for_ever(source, clock, database_url):
    source.keys = {"a": rsa_key()}
    keys = RemoteKeys(source.url, clock)
    assert good(keys, "a", rsa_key())
    source.keys = {"b": rsa_key(1)}
    clock.now += RemoteKeys.RETRY_S
    assert good(keys, "b", rsa_key(1)) and not good(keys, "a", rsa_key())
    source.keys = {"b": rsa_key(1), "c": rsa_key(2)}
    clock.now += RemoteKeys.FRESH_S + 1
    assert good(keys, "b", rsa_key(1)) and good(keys, "c", rsa_key(2)) and source.fetched == 3


def test_names_that_do_not_exist_do_not_make_it_fetch_again_and_again(source, clock, database_url):
    source.keys = {"a": rsa_key()}
    keys = RemoteKeys(source.url, clock)
    for number in range(50):
        assert not good(keys, f"guess-{number}", rsa_key(1))
        clock.now += 0.1
    assert source.fetched == 1
    clock.now += RemoteKeys.RETRY_S
    assert not good(keys, "guess", rsa_key(1)) and source.fetched == 2


@pytest.mark.parametrize("fault", ["status", "no JSON", "no keys", "gone"])
def test_known_keys_stay_good_while_the_source_is_away(source, clock, caplog, fault, database_url):
    source.keys = {"a": rsa_key()}
    keys = RemoteKeys(source.url, clock)
    assert good(keys, "a", rsa_key())
    if fault == "gone":
        source.close()
        source.close = lambda: None
    source.status = 500 if fault == "status" else 200
    source.answer = {"no JSON": b"<html>", "no keys": b'{"keys": []}'}.get(fault)
    for _ in range(3):
        clock.now += RemoteKeys.FRESH_S + 1
        assert good(keys, "a", rsa_key())
    assert [record.getMessage() for record in caplog.records] == ["the keys for tokens cannot be fetched"], "said once"


def test_before_there_are_keys_it_is_not_the_tokens_fault(source, clock, database_url):
    source.status = 503
    keys = RemoteKeys(source.url, clock)
    with pytest.raises(KeysUnavailable):
        good(keys, "a", rsa_key())
    source.status, source.keys = 200, {"a": rsa_key()}
    with pytest.raises(KeysUnavailable):  # not asked again at once
        good(keys, "a", rsa_key())
    clock.now += RemoteKeys.RETRY_S
    assert good(keys, "a", rsa_key())


def test_keys_that_are_weak_or_no_public_keys_are_passed_over(source, clock, database_url):
    secret, weak = {"kty": "oct", "kid": "s", "k": "c2VjcmV0"}, {"kty": "RSA", "kid": "w", "n": "AQAB", "e": "AQAB"}
    source.answer = json.dumps({"keys": [secret, weak, as_jwk("a", rsa_key())]}).encode()
    keys = RemoteKeys(source.url, clock)
    assert good(keys, "a", rsa_key()) and not good(keys, "s", rsa_key()) and not good(keys, "w", rsa_key())


def test_the_service_takes_tokens_signed_with_a_fetched_key(source, environ):
    source.keys = {"a": rsa_key(), "b": ec_key()}
    client = create_app(Settings.from_env({**environ, "AUTH_ENABLED": "true", "JWT_JWKS_URL": source.url})).test_client()

    def status(key, algorithm, name):
        return client.get("/api/session/stats/summary", headers=bearer(key=key, algorithm=algorithm, headers={"kid": name})).status_code

    assert status(rsa_key(), "RS256", "a") == 200
    assert status(ec_key(), "ES256", "b") == 200
    assert status(rsa_key(1), "RS256", "a") == status(rsa_key(), "RS256", "b") == status(rsa_key(), "RS256", "c") == 401


def test_while_no_keys_can_be_had_requests_are_told_to_come_again(source, environ):
    source.status = 500
    client = create_app(Settings.from_env({**environ, "AUTH_ENABLED": "true", "JWT_JWKS_URL": source.url})).test_client()
    began = time.monotonic()
    answer = client.get("/api/session/stats/summary", headers=bearer(key=rsa_key(), algorithm="RS256", headers={"kid": "a"}))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1") and time.monotonic() - began < 2
    assert client.get("/health/live").status_code == 200
