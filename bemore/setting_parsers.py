"""From the text of an environment variable to the value of a setting. Each parser takes the variable's name and its text.

A parser raises SettingsError with one sentence that names the variable and shows no secret.
"""

import base64
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from limits import parse_many

from bemore import clock


class SettingsError(ValueError):
    """A setting is wrong; the text is a sentence that names it."""


def text(name, value):
    return value


def _number(kind, noun, least, most):
    def parse(name, value):
        try:
            number = kind(value)
        except ValueError:
            raise SettingsError(f"{name} must be {noun}, not {value!r}.") from None
        if not least <= number <= most:
            raise SettingsError(f"{name} must be between {least} and {most}, not {number}.")
        return number

    return parse


def whole(least, most):
    return _number(int, "a whole number", least, most)


share = _number(float, "a number", 0, 1)


def choice(*allowed):
    def parse(name, value):
        for each in allowed:
            if value.lower() == each.lower():
                return each
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")

    return parse


def time_zone(name, value):
    try:
        return clock.time_zone(value)
    except ValueError as error:
        raise SettingsError(f"{name} {error}, not {value!r}.") from None


_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def boolean(name, value):
    if value.lower() not in _BOOLEANS:
        raise SettingsError(f"{name} must be true or false, not {value!r}.")
    return _BOOLEANS[value.lower()]


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: The last label of a host name is not a number: 256.0.0.1 is a mistake.
_HOST_NAME = re.compile(rf"(?:{_LABEL}\.)*(?![0-9]+$){_LABEL}", re.IGNORECASE)


def host(name, value):
    if not _is_address(value) and not _HOST_NAME.fullmatch(value):
        raise SettingsError(f"{name} must be an IP address or a host name, not {value!r}.")
    return value


def _is_address(value):
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def rate(name, value):
    try:
        limits = parse_many(value)
    except ValueError:
        limits = []
    # One limit; and "per 0 minutes" would be read as "per minute".
    if len(limits) == 1 and all(int(number) for number in re.findall("[0-9]+", value)):
        return value
    raise SettingsError(f"{name} must read like '600 per 10 minutes', not {value!r}.")


# -- Addresses -----------------------------------------------------------------------------------------------------------------


def without_secrets(url):
    """``url`` as it may stand in a log: user, host and name, but no password and no query, which may hold one."""
    scheme, separator, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    user = re.match("[^:@/?]*", credentials).group()
    return f"{scheme}{separator}{user}{at}{place.partition('?')[0]}"


def _has_valid_ports(url):
    _, _, hosts = urlsplit(url).netloc.rpartition("@")
    try:
        # PostgreSQL takes several hosts, one of which is the primary.
        return all(urlsplit(f"//{each}").port != 0 for each in hosts.split(","))
    except ValueError:
        return False


def database_url(name, value):
    if value.startswith("sqlite:///") and not value.endswith("//"):
        return value
    if value.startswith(("postgresql://", "postgres://")) and not value.endswith("//") and _has_valid_ports(value):
        return _postgres_url(name, value.replace("postgres://", "postgresql://", 1))
    raise SettingsError(f"{name} must be sqlite:///FILE or postgresql://USER@HOST/NAME, not {without_secrets(value)!r}.")


def replica_url(name, value):
    if value.startswith("sqlite:"):
        raise SettingsError(f"{name} must be postgresql://USER@HOST/NAME, not {value!r}.")
    return database_url(name, value)


def _postgres_url(name, value):
    try:
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise SettingsError(f"{name} needs PostgreSQL's driver: pip install 'bemore[postgres]'.") from None
    try:
        conninfo_to_dict(value)
    except Error as error:
        # libpq quotes what it does not know, such as the "schema" or "pgbouncer" of other tools, and nothing else of the address.
        unknown = re.search(r'URI query parameter: "([\w.-]{1,40})"', str(error))
        why = f'a parameter that PostgreSQL does not know: {unknown[1]}' if unknown else "an address that PostgreSQL cannot read"
        raise SettingsError(f"{name} has {why} ({without_secrets(value)}).") from None
    return value


_CLUSTER = re.compile(r"redis\+cluster://([^@/?#]*@)?((\[[0-9a-fA-F:.]+\]|[\w.-]+):[0-9]+(,(?!$)|$))+", re.ASCII)


def redis_url(name, value):
    if value.startswith("redis+cluster:"):
        if not _CLUSTER.fullmatch(value) or not _has_valid_ports(value):
            raise SettingsError(f"{name} must be redis+cluster://HOST:PORT,HOST:PORT for a cluster, not {without_secrets(value)!r}.")
        return value
    if not value.startswith("unix://") and not (value.startswith(("redis://", "rediss://")) and _has_valid_ports(value)):
        raise SettingsError(f"{name} must start with redis://, rediss://, redis+cluster:// or unix://, not be {without_secrets(value)!r}.")
    import redis

    try:
        redis.ConnectionPool.from_url(value).make_connection()  # which connects to nothing yet
    except (TypeError, ValueError, redis.RedisError):
        raise SettingsError(f"{name} has a database number or a parameter that Redis does not know ({without_secrets(value)}).") from None
    return value


def collector_url(name, value):
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or not _has_valid_ports(value):
        raise SettingsError(f"{name} must be an http:// or https:// address, not {without_secrets(value)!r}.")
    try:
        import opentelemetry.exporter.otlp.proto.http  # noqa: F401
        import opentelemetry.instrumentation.flask  # noqa: F401
    except ImportError:
        raise SettingsError(f"{name} needs OpenTelemetry's packages: pip install 'bemore[otel]'.") from None
    return value


_DEFAULT_PORTS = {"http": 80, "https": 443}


def several(parse):
    """A parser of what ``parse`` takes, several of them separated by commas."""
    return lambda name, value: tuple(dict.fromkeys(parse(name, each.strip()) for each in value.split(",") if each.strip()))


def origin(name, value):
    """An origin as browsers send it, in lower case: default ports dropped, host in punycode, ``*`` only as the leftmost label."""
    refusal = SettingsError(f"{name} must list origins such as https://app.example.org or https://*.example.org, not {value!r}.")
    match = re.fullmatch(r"(https?)://(\*\.)?([^/?#@*\\\s]+)/?", value, re.IGNORECASE)
    if match is None:
        raise refusal
    scheme, wildcard = match[1].lower(), match[2] or ""
    try:
        address = urlsplit(f"//{match[3]}")
        found_host, port = address.hostname or "", address.port
        found_host = f"[{found_host}]" if ":" in found_host else found_host.encode("idna").decode("ascii").lower()
    except ValueError:  # of the port, or of a host that is no name
        raise refusal from None
    is_address = _is_address(found_host.strip("[]"))
    if not (is_address or _HOST_NAME.fullmatch(found_host)) or (wildcard and (is_address or "." not in found_host)) or port == 0:
        raise refusal
    return f"{scheme}://{wildcard}{found_host}{'' if port in (None, _DEFAULT_PORTS[scheme]) else f':{port}'}"


def webhook_url(name, value):
    try:
        url = urlsplit(value)
        is_good = url.scheme in ("http", "https") and url.hostname and url.port != 0 and not (url.username or url.password or url.fragment)
    except ValueError:
        is_good = False
    if not is_good or re.search(r"[^!-~]", value):
        raise SettingsError(f"{name} must list addresses such as https://example.org/webhook, without user and fragment.")
    return value


def origin_of(url):
    """The origin of an address, as it may stand in a log: the path or the query of a webhook may be its secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# -- Keys ----------------------------------------------------------------------------------------------------------------------


def secret(name, value):
    if len(value.encode()) < 32:
        raise SettingsError(f"{name} must have at least 32 bytes; `openssl rand -base64 48` makes one.")
    return value


def public_key_pem(name, value):
    pem = value.replace("\\n", "\n")
    try:
        public_key(pem)
    except ValueError:
        raise SettingsError(f"{name} must be the PEM of an RSA public key of at least 2048 bits or of an EC public key on P-256.") from None
    return pem


def public_key(pem):
    """The public key of a PEM text. Raises ValueError if it holds none, or one that no algorithm here takes."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(pem.encode())
    algorithm_of(key)
    return key


def algorithm_of(key):
    """The one algorithm that a public key verifies: RS256 or ES256. Raises ValueError for a weak key or one of another kind."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return "RS256"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "ES256"
    raise ValueError("must be an RSA key of at least 2048 bits or an EC key on P-256")


def key_set_url(name, value):
    url = urlsplit(value)
    # Whoever can answer in its place can sign for everybody: plain http only to this machine.
    if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1", "::1"))):
        raise SettingsError(f"{name} must be an https:// address.")
    return value


def webhook_secret(name, value):
    try:
        key = base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < 24:
        raise SettingsError(f"{name} must be at least 24 bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes one.")
    return value
