"""Settings, read once from the environment and from a ``.env`` file. Nothing else reads ``os.environ``."""

import difflib
import hashlib
import math
import os
from dataclasses import dataclass, field, fields
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from bemore import setting_parsers as parse
from bemore.setting_parsers import SettingsError

__all__ = ["LANGUAGES", "MODEL_VERSION", "Settings", "SettingsError", "drop_empty_variables", "misspelt_variables"]

#: The file with settings, in the directory in which a command runs.
DOTENV = ".env"

#: Names the scoring rules and the default weights. Other weights need another name.
MODEL_VERSION = "rules-v1.0"

#: The languages that reports can be written in.
LANGUAGES = ("ko", "en")


def _setting(parse, default, doc, name=None, hidden=False):
    return field(default=default, repr=not hidden, metadata={"name": name, "parse": parse, "doc": doc})


def variable(setting):
    """The environment variable of a field of Settings."""
    return setting.metadata["name"] or setting.name.upper()


def misspelt_variables(environ, dotenv=None):
    """``{name: similar setting}`` of variables that are no setting but look like one: of ``environ``, and of the file ``dotenv``."""
    known = [variable(each) for each in fields(Settings)]
    names = {*environ, *(dotenv_values(dotenv) if dotenv else {})}
    similar = {name: difflib.get_close_matches(name, known, 1, 0.86) for name in sorted(names - set(known))}
    return {name: matches[0] for name, matches in similar.items() if matches}


def drop_empty_variables():
    """Take variables of ours that are set but empty out of the process's environment, as they count as not set.

    gunicorn reads WEB_CONCURRENCY itself and would stumble over an empty one.
    """
    for each in fields(Settings):
        if os.environ.get(variable(each)) == "":
            del os.environ[variable(each)]


@dataclass(frozen=True)
class Settings:
    """All settings. Each field's metadata holds its parser, one line of documentation, and the variable's name if it is another."""

    host: str = _setting(parse.host, "127.0.0.1", "Address to listen on.")
    port: int = _setting(parse.whole(1, 65535), 8000, "Port to listen on.")
    environment: str = _setting(
        parse.choice("development", "production"), "development", "production refuses unsafe settings and logs JSON.", name="BEMORE_ENV"
    )
    database_url: str = _setting(
        parse.database_url, "sqlite:///bemore.db", "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME, also with several hosts."
    )
    database_pgbouncer: bool = _setting(parse.boolean, False, "true: DATABASE_URL is that of a PgBouncer in transaction mode.")
    database_replica_url: str | None = _setting(
        parse.replica_url, None, "Streaming replica that session data may be read from; none: the database itself."
    )
    database_pool_size: int = _setting(parse.whole(1, 200), 16, "Maximum database connections per process (PostgreSQL).")
    database_request_ids: bool = _setting(
        parse.boolean, False, "true shows request ids in PostgreSQL's application_name; a write takes 0.1 ms longer."
    )
    sqlite_synchronous: str = _setting(
        parse.choice("FULL", "EXTRA", "NORMAL"), "FULL", "FULL survives a power cut; NORMAL may lose the last commits."
    )
    redis_url: str | None = _setting(
        parse.redis_url, None, "Where quotas are counted, redis:// or redis+cluster://; none: in the process."
    )
    rate_limit_enabled: bool = _setting(parse.boolean, True, "false turns quotas off.")
    rate_limit_all: str = _setting(parse.rate, "600 per 10 minutes", "Quota per client for all requests.")
    rate_limit_write: str = _setting(parse.rate, "300 per 10 minutes", "Quota per client for POST, PUT, PATCH and DELETE.")
    trusted_proxies: int = _setting(parse.whole(0, 10), 0, "Number of reverse proxies in front of the service (nginx alone: 1).")
    frontend_urls: tuple = _setting(
        parse.several(parse.origin), ("http://localhost:5173",),
        "Allowed CORS origins, separated by commas; * may stand for the leftmost label.",
    )
    max_body_bytes: int = _setting(parse.whole(1024, 1 << 30), 8 << 20, "Maximum size of a request body, before and after decompression.")
    max_session_bytes: int = _setting(
        parse.whole(1 << 20, 1 << 40), 2 << 30, "Maximum size of a session's telemetry, in bytes as uploaded."
    )
    auth_enabled: bool = _setting(parse.boolean, False, "true requires a token: Authorization: Bearer JWT.")
    jwt_secret: str | None = _setting(parse.secret, None, "Secret for HS256 tokens, at least 32 bytes.", hidden=True)
    jwt_public_key: str | None = _setting(parse.public_key_pem, None, r"Public key (PEM, \n for line ends) for RS256 or ES256 tokens.")
    jwt_jwks_url: str | None = _setting(parse.key_set_url, None, "URL of the JSON Web Key Set with the public keys.")
    jwt_issuer: str | None = _setting(parse.text, None, "Required iss claim; none: any.")
    jwt_audience: str | None = _setting(parse.text, None, "Required aud claim; none: tokens with an aud are refused.")
    allow_anonymous: bool = _setting(parse.boolean, False, "true allows BEMORE_ENV=production without authentication.")
    facial_weight: float = _setting(
        parse.share, 0.5, "Weight of the facial score; the three weights sum to 1.", name="INFERENCE_FACIAL_WEIGHT"
    )
    vad_weight: float = _setting(parse.share, 0.3, "Weight of the voice score.", name="INFERENCE_VAD_WEIGHT")
    text_weight: float = _setting(parse.share, 0.2, "Weight of the text score.", name="INFERENCE_TEXT_WEIGHT")
    model_version: str = _setting(
        parse.text, MODEL_VERSION, "Stored with every score; other weights need another version.", name="INFERENCE_MODEL_VERSION"
    )
    score_speaker: str = _setting(
        parse.choice("all", "user"), "all", "Whose telemetry is scored: of all, or of the user without the counselor's."
    )
    report_language: str = _setting(parse.choice(*LANGUAGES), "ko", "Default language of reports: ko or en.")
    report_time_zone: ZoneInfo = _setting(parse.time_zone, ZoneInfo("Asia/Seoul"), "Default time zone of reports, an IANA name.")
    console_enabled: bool = _setting(parse.boolean, True, "false disables the console at /console.")
    retention_days: int | None = _setting(
        parse.whole(1, 36500), None, "Age in days at which bemore purge erases sessions; none: give --older-than."
    )
    webhook_urls: tuple = _setting(
        parse.several(parse.webhook_url), (), "Addresses that bemore deliver sends events to, separated by commas.", hidden=True
    )
    webhook_secret: str | None = _setting(
        parse.webhook_secret, None, "Secret that events are signed with: at least 24 bytes in base64 (Standard Webhooks).", hidden=True
    )
    log_level: str = _setting(parse.choice("debug", "info", "warning", "error"), "info", "Lowest level that is logged.")
    log_format: str = _setting(parse.choice("console", "json"), "console", "console or json (default in production).")
    otel_exporter_otlp_endpoint: str | None = _setting(
        parse.collector_url, None, "OpenTelemetry collector that takes traces over OTLP/HTTP; none: no traces."
    )
    web_concurrency: int = _setting(
        parse.whole(1, 256), 1, "Worker processes; default: the number of cores with PostgreSQL and REDIS_URL, else 1."
    )
    web_threads: int = _setting(parse.whole(1, 200), 8, "Threads per worker process.")

    @classmethod
    def from_env(cls, environ=None, dotenv=None):
        """Settings from ``environ`` (default: the process's) over those of the file ``dotenv`` (default: ``.env`` here).

        With a mapping given, nothing else is read unless ``dotenv`` names a file. Empty values count as not set.
        Raises SettingsError with a sentence that names the wrong setting.
        """
        if environ is None:
            environ, dotenv = os.environ, dotenv or DOTENV
        variables = {**(dotenv_values(dotenv) if dotenv else {}), **environ}
        values = {}
        for each in fields(cls):
            text = (variables.get(variable(each)) or "").strip()
            if text:
                values[each.name] = each.metadata["parse"](variable(each), text)
        values.setdefault("log_format", "json" if values.get("environment") == "production" else "console")
        if values.get("redis_url") and not values.get("database_url", "sqlite:").startswith("sqlite:"):
            values.setdefault("web_concurrency", min(256, os.cpu_count() or 1))
        return cls(**values)

    def __post_init__(self):
        if not math.isclose(sum(self.weights), 1, abs_tol=1e-9):
            raise SettingsError("INFERENCE_FACIAL_WEIGHT, INFERENCE_VAD_WEIGHT, INFERENCE_TEXT_WEIGHT must sum to 1.")
        if self.weights != (0.5, 0.3, 0.2) and self.model_version == MODEL_VERSION:
            raise SettingsError(f"INFERENCE_MODEL_VERSION must not be {MODEL_VERSION} with other weights: choose a name of your own.")
        if self.score_speaker != "all" and self.model_version == MODEL_VERSION:
            raise SettingsError(f"INFERENCE_MODEL_VERSION must not be {MODEL_VERSION} with SCORE_SPEAKER=user: choose a name of your own.")
        if len(self.model_version) > 64 or not self.model_version.isprintable():
            raise SettingsError("INFERENCE_MODEL_VERSION must be at most 64 printable characters.")
        if self.environment == "production" and not (self.auth_enabled or self.allow_anonymous):
            raise SettingsError(
                "BEMORE_ENV=production without authentication is refused: set AUTH_ENABLED=true, "
                "or ALLOW_ANONYMOUS=true if that is intended."
            )
        if self.auth_enabled and sum(map(bool, (self.jwt_secret, self.jwt_public_key, self.jwt_jwks_url))) != 1:
            raise SettingsError("AUTH_ENABLED=true needs one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL, and only one.")
        if self.webhook_urls and not self.webhook_secret:
            raise SettingsError("WEBHOOK_URLS needs WEBHOOK_SECRET, which its receivers check signatures with.")
        if self.database_replica_url and self.uses_sqlite:
            raise SettingsError("DATABASE_REPLICA_URL needs PostgreSQL: set DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME.")
        self.check_processes(self.web_concurrency)

    def check_processes(self, count):
        """Raise SettingsError if the database or the quotas do not allow ``count`` worker processes."""
        if count > 1 and self.uses_sqlite:
            raise SettingsError(
                f"WEB_CONCURRENCY={count} needs PostgreSQL: SQLite runs in one process. "
                "Set DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME, or WEB_CONCURRENCY=1."
            )
        if count > 1 and self.rate_limit_enabled and not self.redis_url:
            raise SettingsError(
                f"WEB_CONCURRENCY={count} needs REDIS_URL: without it every process counts the quotas for itself. "
                "Set REDIS_URL=redis://HOST:6379/0, or WEB_CONCURRENCY=1, or RATE_LIMIT_ENABLED=false."
            )

    @property
    def weights(self):
        """The weights of the facial, voice and text score in the combined score."""
        return self.facial_weight, self.vad_weight, self.text_weight

    @property
    def webhook_receivers(self):
        """The receivers of events: ``{digest of the URL, which names the receiver in the database: URL}``."""
        return {hashlib.sha256(url.encode()).hexdigest()[:16]: url for url in self.webhook_urls}

    @property
    def uses_sqlite(self):
        """Whether the database is an SQLite file."""
        return self.database_url.startswith("sqlite:")

    @property
    def database_label(self):
        """The database as it may stand in a log."""
        return parse.without_secrets(self.database_url)

    @property
    def quota_storage_label(self):
        """Where quotas are counted, as it may stand in a log."""
        if not self.rate_limit_enabled:
            return "off"
        return parse.without_secrets(self.redis_url) if self.redis_url else "this process"
