"""Keys and tokens for the tests of authentication."""

import base64
import hashlib
import hmac
import json
import time
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

SECRET = "a secret of the tests, which is as long as the longest of its algorithms wants it"

#: What a test's service is told, in its environment.
HS256 = {"AUTH_ENABLED": "true", "JWT_SECRET": SECRET}


@lru_cache(maxsize=None)
def rsa_key(number=0):
    """One of several RSA keys."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@lru_cache(maxsize=None)
def ec_key(number=0):
    """One of several keys on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def pem(key):
    """The public half of a key as PEM."""
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def token(subject="user-1", role="user", key=SECRET, algorithm="HS256", headers=None, **claims):
    """A token that is good for longer than all tests take, unless ``claims`` say otherwise; a claim of None is left out."""
    said = {"sub": subject, "role": role, "exp": int(time.time()) + 7200, **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm, headers)


def bearer(*arguments, **claims):
    """The header with such a token."""
    return {"Authorization": f"Bearer {token(*arguments, **claims)}"}


def unsigned(header, claims):
    """A token without a signature, of any header and claims: what no library would make."""
    return ".".join((*(_base64(json.dumps(each).encode()) for each in (header, claims)), ""))


def signed_by_hand(claims, secret=SECRET):
    """A token for HS256 of any claims and secret."""
    text = unsigned({"alg": "HS256", "typ": "JWT"}, claims).rstrip(".")
    return f"{text}.{_base64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
