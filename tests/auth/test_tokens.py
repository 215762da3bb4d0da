"""Which tokens are good, by the settings, and how the others are refused."""

import base64
import time

import pytest

from tests.support.signing import HS256, SECRET, bearer, ec_key, pem, rsa_key, signed_by_hand, token, unsigned

from bemore.settings import Settings, SettingsError

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = only_sqlite

PATH = "/api/session/stats/summary"


def ask(client, text, scheme="Bearer"):
    return client.get(PATH, headers={"Authorization": f"{scheme} {text}"})


def refused(answer, code="INVALID_TOKEN"):
    assert (answer.status_code, answer.json["error"]["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return True


@pytest.mark.settings(**HS256)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER  "])
def test_a_good_token_is_taken(client, scheme):
    assert ask(client, token(), scheme).status_code == 200


@pytest.mark.settings(**HS256)
@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": token()}])
def test_without_a_token_it_is_said_that_one_is_needed(client, headers):
    refused(client.get(PATH, headers=headers), "UNAUTHORIZED")


NOW = int(time.time())

WRONG = {
    "expired": lambda: token(exp=NOW - 3600),
    "not yet valid": lambda: token(nbf=NOW + 3600),
    "signed in the future": lambda: token(iat=NOW + 3600),
    "without an end": lambda: token(exp=None),
    "an end that is no number": lambda: token(exp="soon"),
    "an end that never comes": lambda: token(exp=1e400),
    "another secret": lambda: token(key="another secret, of more than 32 bytes, too"),
    "another algorithm of the same secret": lambda: token(algorithm="HS512"),
    "alg none": lambda: unsigned({"alg": "none", "typ": "JWT"}, {"sub": "user-1", "role": "admin", "exp": NOW + 3600}),
    "alg None": lambda: unsigned({"alg": "None", "typ": "JWT"}, {"sub": "user-1", "role": "admin", "exp": NOW + 3600}),
    "no alg": lambda: unsigned({"typ": "JWT"}, {"sub": "user-1", "role": "admin", "exp": NOW + 3600}),
    "for an audience": lambda: token(aud="somebody else"),
    "no subject": lambda: token(None),
    "an empty subject": lambda: token(""),
    "a subject with a NUL": lambda: token("user\0-1"),
    "a subject of two lines": lambda: token("user\n1"),
    "a subject of 129 characters": lambda: token("u" * 129),
    "a subject that is a number": lambda: signed_by_hand({"sub": 7, "role": "user", "exp": NOW + 3600}),
    "no role": lambda: token(role=None),
    "an unknown role": lambda: token(role="root"),
    "a role that is a list": lambda: token(role=["admin"]),
    "another signature": lambda: token()[:-4] + "AAAA",
    "100 KB": lambda: token(padding="x" * 100_000),
    "100 KB of dots": lambda: "." * 100_000,
    "nothing": lambda: "",
    "one part": lambda: "abc",
    "five parts": lambda: "a.b.c.d.e",
    "not base64": lambda: "%%%.%%%.%%%",
    "base64 of no JSON": lambda: "AAAA.AAAA.AAAA",
    "deep JSON": lambda: base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.AAAA",
    "two tokens": lambda: f"{token()} {token()}",
    "letters beyond ASCII": lambda: "ä" * 40,
}


@pytest.mark.settings(**HS256)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_token_is_refused(client, name):
    text = WRONG[name]()
    answer = ask(client, text)
    assert refused(answer)
    assert len(text) < 20 or text[:20] not in answer.text


@pytest.mark.settings(**HS256)
def test_what_is_signed_by_hand_is_good_if_its_claims_are(client):
    assert ask(client, signed_by_hand({"sub": "user-1", "role": "user", "exp": NOW + 3600})).status_code == 200


@pytest.mark.settings(**HS256)
def test_clocks_may_be_ten_seconds_apart(client):
    now = int(time.time())
    assert ask(client, token(exp=now - 5)).status_code == 200
    assert ask(client, token(iat=now + 5, nbf=now + 5)).status_code == 200


@pytest.mark.settings(**HS256, JWT_ISSUER="https://login.example.org", JWT_AUDIENCE="bemore")
def test_issuer_and_audience_are_checked_where_they_are_set(client):
    good = {"iss": "https://login.example.org", "aud": "bemore"}
    assert ask(client, token(**good)).status_code == 200
    assert ask(client, token(**{**good, "aud": ["other", "bemore"]})).status_code == 200
    for wrong in ({"iss": "https://elsewhere.example.org"}, {"iss": None}, {"aud": "other"}, {"aud": None}, {"aud": []}):
        refused(ask(client, token(**{**good, **wrong})))


def check_key_pair(client, key, other, algorithm):
    assert ask(client, token(key=key, algorithm=algorithm)).status_code == 200
    refused(ask(client, token(key=other, algorithm=algorithm)))
    # The public key is no secret: whoever has it must not be able to sign with it.
    claims = {"sub": "user-1", "role": "admin", "exp": int(time.time()) + 60}
    refused(ask(client, signed_by_hand(claims, secret=pem(key))))
    refused(ask(client, token(key=SECRET)))


@pytest.mark.settings(AUTH_ENABLED="true", JWT_PUBLIC_KEY=pem(rsa_key()))
def test_rs256(client):
    check_key_pair(client, rsa_key(), rsa_key(1), "RS256")
    refused(ask(client, token(key=rsa_key(), algorithm="RS512")))


@pytest.mark.settings(AUTH_ENABLED="true", JWT_PUBLIC_KEY=pem(ec_key()).replace("\n", "\\n"))
def test_es256(client):
    check_key_pair(client, ec_key(), ec_key(1), "ES256")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"JWT_SECRET": SECRET, "JWT_PUBLIC_KEY": pem(ec_key())},
        {"JWT_PUBLIC_KEY": "no key"},
        {"JWT_PUBLIC_KEY": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
        {"JWT_SECRET": "short"},
        {"JWT_SECRET": "x" * 31},
        {"JWT_JWKS_URL": "http://login.example.org/keys"},
        {"JWT_JWKS_URL": "file:///etc/passwd"},
    ],
    ids=lambda wrong: " ".join(wrong) or "nothing",
)
def test_a_start_without_one_good_key_is_refused(wrong, database_url):
    with pytest.raises(SettingsError, match="JWT_"):
        Settings.from_env({"AUTH_ENABLED": "true", **wrong})


@pytest.mark.settings(**HS256, RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="3 per minute")
def test_quotas_count_the_subject_and_guessing_counts_the_address(client):
    for _ in range(3):
        assert client.get(PATH, headers=bearer("user-1")).status_code == 200
        refused(ask(client, "guess"))
    assert client.get(PATH, headers=bearer("user-1")).status_code == 429
    assert ask(client, "guess").status_code == 429
    assert client.get(PATH, headers=bearer("user-2")).status_code == 200, "another subject of the same address"
    assert client.get(PATH, headers=bearer("127.0.0.1")).status_code == 200, "a subject that looks like the address"


def command(*arguments, **env):
    from click.testing import CliRunner

    from bemore.cli.main import main

    return CliRunner(env=env).invoke(main, ["token", *arguments])


@pytest.mark.settings(**HS256, JWT_ISSUER="https://clinic.example.org", JWT_AUDIENCE="bemore")
def test_the_command_makes_a_token_the_service_takes(client, settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = {"JWT_SECRET": SECRET, "JWT_ISSUER": settings.jwt_issuer, "JWT_AUDIENCE": settings.jwt_audience}
    made = command("--sub", "counselor-7", "--role", "counselor", "--expires", "15m", **env)
    assert made.exit_code == 0, made.output
    body = {"userId": "user-1", "counselorId": "counselor-7"}
    answer = client.post("/api/session/start", json=body, headers={"Authorization": f"Bearer {made.output.strip()}"})
    assert answer.status_code == 200
    for wrong in (["--sub", "", "--role", "user"], ["--sub", "a", "--role", "root"], ["--sub", "a", "--role", "user", "--expires", "1y"]):
        assert command(*wrong, **env).exit_code == 2
    missing = command("--sub", "a", "--role", "user", JWT_SECRET="")
    assert missing.exit_code == 1 and "JWT_SECRET" in missing.output


def test_the_secret_is_not_in_what_the_settings_say_of_themselves(database_url):
    assert SECRET not in repr(Settings.from_env(HS256))
