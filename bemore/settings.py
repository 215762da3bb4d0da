"""Settings, read once from the environment and from a ``.env`` file. Nothing else reads ``os.environ``."""

import os
import re
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values
from limits import parse_many

from bemore.scoring.combine import MODEL_VERSION, Weights


class SettingsError(ValueError):
    """A setting is wrong; the text is a sentence that names it."""


def _whole(least, most):
    def parse(name, text):
        try:
            value = int(text)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number, not {text!r}.") from None
        if not least <= value <= most:
            raise SettingsError(f"{name} must be between {least} and {most}, not {value}.")
        return value

    return parse


def _share(name, text):
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"{name} must be a number, not {text!r}.") from None
    if not 0 <= value <= 1:
        raise SettingsError(f"{name} must be between 0 and 1, not {text}.")
    return value


def _choice(*allowed):
    def parse(name, text):
        for value in allowed:
            if text.lower() == value.lower():
                return value
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {text!r}.")

    return parse


def _boolean(name, text):
    try:
        return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}[
            text.lower()
        ]
    except KeyError:
        raise SettingsError(f"{name} must be true or false, not {text!r}.") from None


def _text(name, text):
    return text


def _host(name, text):
    try:
        ip_address(text)
    except ValueError:
        # The last label of a name is not a number: 256.0.0.1 is no name but a mistake.
        if not re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?![0-9]+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text, re.IGNORECASE):
            raise SettingsError(f"{name} must be an IP address or a host name, not {text!r}.") from None
    return text


def _ports_are_numbers(url):
    _, _, hosts = urlsplit(url).netloc.rpartition("@")
    try:
        # PostgreSQL's driver takes several hosts, one of which is the primary.
        return all(urlsplit(f"//{host}").port != 0 for host in hosts.split(","))
    except ValueError:
        return False


def _database(name, text):
    if text.startswith(("sqlite:///", "postgresql://", "postgres://")) and not text.endswith("//"):
        if text.startswith("sqlite:") or _ports_are_numbers(text):
            return text.replace("postgres://", "postgresql://", 1)
    raise SettingsError(f"{name} must be sqlite:///FILE or postgresql://USER@HOST/NAME, not {_without_password(text)!r}.")


def _redis(name, text):
    if text.startswith("unix://") or (text.startswith(("redis://", "rediss://")) and _ports_are_numbers(text)):
        return text
    raise SettingsError(f"{name} must start with redis://, rediss:// or unix://, not be {_without_password(text)!r}.")


def _rate(name, text):
    try:
        limits = parse_many(text)
    except ValueError:
        limits = []
    # Each is one limit; and "per 0 minutes" would be read as "per minute".
    if len(limits) == 1 and all(int(number) for number in re.findall("[0-9]+", text)):
        return text
    raise SettingsError(f"{name} must read like '600 per 10 minutes', not {text!r}.")


def _origins(name, text):
    origins = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in origins:
        if not origin.startswith(("http://", "https://")) or "/" in origin.split("://", 1)[1]:
            raise SettingsError(f"{name} must list origins such as https://app.example.org, not {origin!r}.")
    return origins


def _without_password(url):
    """``url`` as it may stand in a log: user, host and name, no password and no query (which may hold one)."""
    scheme, separator, rest = url.partition("://")
    credentials, at, place = rest.rpartition("@")
    user = re.match("[^:@/?]*", credentials).group()
    return f"{scheme}{separator}{user}{at}{place.partition('?')[0]}"


def _secret(name, text):
    if len(text.encode()) < 32:
        raise SettingsError(f"{name} must have at least 32 bytes; `openssl rand -base64 48` makes one.")
    return text


def _pem(name, text):
    return text.replace("\\n", "\n")


def _key_set(name, text):
    url = urlsplit(text)
    # Whoever can answer in its place can sign for everybody: no plain http but to this machine.
    if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1", "::1"))):
        raise SettingsError(f"{name} must be an https:// address.")
    return text


def _setting(name, parse, default, doc, hidden=False):
    return field(default=default, repr=not hidden, metadata={"name": name, "parse": parse, "doc": doc})


def drop_empty_variables():
    """Take variables of ours that are set but empty out of the process's environment, as they count as not set.

    gunicorn reads WEB_CONCURRENCY itself and would stumble over an empty one.
    """
    for each in fields(Settings):
        if os.environ.get(each.metadata["name"]) == "":
            del os.environ[each.metadata["name"]]


@dataclass(frozen=True)
class Settings:
    """All settings. Each field's metadata holds the variable's ``name``, its parser and one line of documentation."""

    host: str = _setting("HOST", _host, "127.0.0.1", "Address to listen on.")
    port: int = _setting("PORT", _whole(1, 65535), 8000, "Port to listen on.")
    environment: str = _setting(
        "BEMORE_ENV", _choice("development", "production"), "development", "production refuses unsafe settings and logs JSON."
    )
    database_url: str = _setting(
        "DATABASE_URL", _database, "sqlite:///bemore.db", "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
    )
    database_pool_size: int = _setting(
        "DATABASE_POOL_SIZE", _whole(1, 200), 16, "Most connections of one process to the database; each worker thread keeps one."
    )
    sqlite_synchronous: str = _setting(
        "SQLITE_SYNCHRONOUS", _choice("FULL", "EXTRA", "NORMAL"), "FULL", "NORMAL may lose the last commits at a power cut."
    )
    redis_url: str | None = _setting("REDIS_URL", _redis, None, "Where the quotas' buckets live; none: in the one process.")
    rate_limit_enabled: bool = _setting("RATE_LIMIT_ENABLED", _boolean, True, "false switches the quotas off.")
    rate_limit_all: str = _setting("RATE_LIMIT_ALL", _rate, "600 per 10 minutes", "Requests of any kind, per client.")
    rate_limit_write: str = _setting(
        "RATE_LIMIT_WRITE", _rate, "300 per 10 minutes", "POST, PUT, PATCH and DELETE among them, per client."
    )
    trusted_proxies: int = _setting(
        "TRUSTED_PROXIES", _whole(0, 10), 0, "Proxies in front whose X-Forwarded-For entry is believed (nginx alone: 1)."
    )
    frontend_urls: tuple = _setting(
        "FRONTEND_URLS", _origins, ("http://localhost:5173",), "Origins whose pages may call the service, separated by commas."
    )
    max_body_bytes: int = _setting(
        "MAX_BODY_BYTES", _whole(1024, 1 << 30), 8 << 20, "Largest body of a request, counted after unpacking, too."
    )
    auth_enabled: bool = _setting("AUTH_ENABLED", _boolean, False, "true asks for a token: Authorization: Bearer JWT.")
    jwt_secret: str | None = _setting("JWT_SECRET", _secret, None, "Secret for tokens signed with HS256, 32 bytes or more.", hidden=True)
    jwt_public_key: str | None = _setting(
        "JWT_PUBLIC_KEY", _pem, None, r"Public key (PEM; \n for line ends) for tokens signed with RS256 or ES256."
    )
    jwt_jwks_url: str | None = _setting("JWT_JWKS_URL", _key_set, None, "Where the public keys are fetched from, and again as they change.")
    jwt_issuer: str | None = _setting("JWT_ISSUER", _text, None, "The iss that a token must have; none: any.")
    jwt_audience: str | None = _setting("JWT_AUDIENCE", _text, None, "The aud that a token must have; none: a token with one is refused.")
    allow_anonymous: bool = _setting(
        "ALLOW_ANONYMOUS", _boolean, False, "true lets production run without authentication: meant, not forgotten."
    )
    facial_weight: float = _setting("INFERENCE_FACIAL_WEIGHT", _share, 0.5, "Weight of the facial score; the three sum to 1.")
    vad_weight: float = _setting("INFERENCE_VAD_WEIGHT", _share, 0.3, "Weight of the voice score.")
    text_weight: float = _setting("INFERENCE_TEXT_WEIGHT", _share, 0.2, "Weight of the text score.")
    model_version: str = _setting(
        "INFERENCE_MODEL_VERSION", _text, MODEL_VERSION, "Stored with every score; other weights need another one."
    )
    console_enabled: bool = _setting("CONSOLE_ENABLED", _boolean, True, "false: no page at /console.")
    retention_days: int | None = _setting(
        "RETENTION_DAYS", _whole(1, 36500), None, "After how many days bemore purge erases a session; none: it has to be told."
    )
    log_level: str = _setting("LOG_LEVEL", _choice("debug", "info", "warning", "error"), "info", "Least level that is logged.")
    log_format: str = _setting("LOG_FORMAT", _choice("console", "json"), "console", "json is the default in production.")
    web_concurrency: int = _setting(
        "WEB_CONCURRENCY", _whole(1, 256), 1, "Worker processes; without it the number of cores when REDIS_URL is set, else 1."
    )
    web_threads: int = _setting("WEB_THREADS", _whole(1, 200), 8, "Threads of a worker process; on SQLite their writes share a commit.")

    @classmethod
    def from_env(cls, environ=None, dotenv=None):
        """Settings from ``environ`` (default: the process's) over those of the file ``dotenv`` (default: ``.env`` here).

        With a mapping given, nothing else is read unless ``dotenv`` names a file. Empty values count as not set.
        Raises SettingsError with a sentence that names the wrong setting.
        """
        if environ is None:
            environ, dotenv = os.environ, dotenv or Path(".env")
        given = {**(dotenv_values(dotenv) if dotenv and Path(dotenv).is_file() else {}), **environ}
        values = {}
        for each in fields(cls):
            text = (given.get(each.metadata["name"]) or "").strip()
            if text:
                values[each.name] = each.metadata["parse"](each.metadata["name"], text)
        values.setdefault("log_format", "json" if values.get("environment") == "production" else "console")
        if values.get("redis_url"):
            values.setdefault("web_concurrency", min(256, os.cpu_count() or 1))
        return cls(**values)

    def __post_init__(self):
        try:
            weights = self.weights
        except ValueError as error:
            raise SettingsError(f"INFERENCE_FACIAL_WEIGHT, INFERENCE_VAD_WEIGHT, INFERENCE_TEXT_WEIGHT: {error}") from None
        if weights != Weights() and self.model_version == MODEL_VERSION:
            raise SettingsError(f"INFERENCE_MODEL_VERSION must not be {MODEL_VERSION} with other weights: name your own.")
        if len(self.model_version) > 64 or not self.model_version.isprintable():
            raise SettingsError("INFERENCE_MODEL_VERSION must be at most 64 printable characters.")
        if self.web_threads > self.database_pool_size:
            raise SettingsError(
                f"WEB_THREADS ({self.web_threads}) must not be more than DATABASE_POOL_SIZE ({self.database_pool_size}): "
                "each thread keeps a connection."
            )
        if self.environment == "production" and not (self.auth_enabled or self.allow_anonymous):
            raise SettingsError(
                "BEMORE_ENV=production without authentication is refused: set AUTH_ENABLED=true, or ALLOW_ANONYMOUS=true if that is meant."
            )
        if self.auth_enabled:
            self._check_keys()
        self.check_processes(self.web_concurrency)

    def _check_keys(self):
        given = [name for name in ("jwt_secret", "jwt_public_key", "jwt_jwks_url") if getattr(self, name)]
        if len(given) != 1:
            raise SettingsError("AUTH_ENABLED=true needs one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL, and only one.")
        if self.jwt_public_key:
            from bemore.auth.tokens import public_key  # with a library that nobody else needs

            try:
                public_key(self.jwt_public_key)
            except ValueError:
                raise SettingsError(
                    "JWT_PUBLIC_KEY must be the PEM of an RSA public key of at least 2048 bits or of an EC public key on P-256."
                ) from None

    def check_processes(self, count):
        """Raise SettingsError if ``count`` worker processes would each count quotas for themselves."""
        if count > 1 and self.rate_limit_enabled and not self.redis_url:
            raise SettingsError(
                f"WEB_CONCURRENCY={count} needs REDIS_URL: without it every process counts the quotas for itself. "
                "Set REDIS_URL=redis://HOST:6379/0, or WEB_CONCURRENCY=1, or RATE_LIMIT_ENABLED=false."
            )

    @property
    def weights(self):
        """The weights of the three parts of a minute's score."""
        return Weights(self.facial_weight, self.vad_weight, self.text_weight)

    @property
    def database_label(self):
        """The database as it may stand in a log."""
        return _without_password(self.database_url)

    @property
    def quota_storage_label(self):
        """The quotas' bucket store as it may stand in a log."""
        if not self.rate_limit_enabled:
            return "off"
        return _without_password(self.redis_url) if self.redis_url else "this process"
