"""Fixtures of all tests: databases, settings, the application, clients that check every answer, running servers."""

import itertools
import json
import os
import re
import shutil
import signal
from contextlib import contextmanager
from dataclasses import replace
from weakref import WeakKeyDictionary

import hypothesis
import pytest
import requests
from flask.testing import FlaskClient

from bemore import clock as bemore_clock
from bemore.db import connections as database
from bemore.db.migrate import migrate
from bemore.settings import Settings
from openapi_check import AnswerChecker
from servers import DATABASES, PostgresServer, RedisServer, Service, need  # noqa: F401  (need is for the tests)

#: A whole second in January 2025 at which ``clock`` begins.
START_MS = 1_737_250_800_000

pytest_plugins = ["parallel"]


def pytest_configure(config):
    # A busy machine is no reason to fail: no deadline for one example, no complaint that making them takes long.
    patient = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
    hypothesis.settings.register_profile("suite", max_examples=1000 if "BEMORE_TEST_LONG" in os.environ else 60, **patient)
    hypothesis.settings.load_profile("suite")
    # A run that is told to end (by a time limit, say) must still take its servers with it.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end by SIGTERM", returncode=143))


# -- The envelope --------------------------------------------------------------------------------------------------------

_PLAIN_JSON = re.compile(r"/health(/.*)?|/metrics|/api/openapi\.json|/api/docs(/.*)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
#: A Hangul letter written as an escape of four digits: the backslash is one of the escape, not an escaped backslash.
_ESCAPED_HANGUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:11|31[3-8]|a[c-f]|[bc][0-9a-f]|d[0-7])[0-9a-f]{2}", re.IGNORECASE)
CODES = {
    400: {"VALIDATION_ERROR"},
    401: {"UNAUTHORIZED", "INVALID_TOKEN"},
    403: {"FORBIDDEN"},
    404: {"NOT_FOUND", "SESSION_NOT_FOUND"},
    405: {"METHOD_NOT_ALLOWED"},
    408: {"REQUEST_TIMEOUT"},
    409: {"SESSION_STATE_CONFLICT"},
    413: {"PAYLOAD_TOO_LARGE"},
    415: {"UNSUPPORTED_MEDIA_TYPE"},
    422: {"IDEMPOTENCY_KEY_REUSED"},
    429: {"RATE_LIMIT"},
    500: {"INTERNAL_ERROR"},
    503: {"SERVICE_UNAVAILABLE"},
}


def _no_constant(name):
    raise AssertionError(f"the answer holds {name}, which is not JSON")


def check_envelope(method, path, status, headers, body, sent_id=None):
    """AssertionError unless an answer has the contract's shape.

    ``headers`` is a mapping that ignores case, ``body`` bytes, ``sent_id`` the request's X-Request-Id. Answers without
    a body and the plain paths (``/health*`` …) have no envelope; neither has a success that is not JSON (a download).
    """
    is_json = headers.get("Content-Type", "").partition(";")[0] == "application/json"
    if method == "HEAD" or status in (204, 304) or _PLAIN_JSON.fullmatch(path) or (status < 400 and not is_json):
        return
    where = f"{method} {path[:200]} -> {status}"
    assert is_json, f"{where}: an error that is not JSON: {headers.get('Content-Type')}"
    assert not _ESCAPED_HANGUL.search(body), f"{where}: Hangul is escaped"
    answer = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    assert type(answer) is dict, f"{where}: not an object"
    request_id = answer.get("requestId")
    assert type(request_id) is str and _REQUEST_ID.fullmatch(request_id), f"{where}: requestId {request_id!r}"
    assert headers.get("X-Request-Id") == request_id, f"{where}: X-Request-Id is not the body's requestId"
    if sent_id is not None and _REQUEST_ID.fullmatch(sent_id):
        assert request_id == sent_id, f"{where}: the request's own id was not used"
    assert type(answer.get("serverTs")) is int and answer["serverTs"] > 0, f"{where}: serverTs"
    assert type(answer.get("modelVersion")) is str and answer["modelVersion"], f"{where}: modelVersion"
    assert answer.get("success") is (status < 400), f"{where}: success is {answer.get('success')!r}"
    if status < 400:
        assert "data" in answer and "error" not in answer, f"{where}: a success has data and no error"
    else:
        _check_failure(where, status, headers, answer)


def _check_failure(where, status, headers, answer):
    assert set(answer) == {"success", "error", "requestId", "serverTs", "modelVersion"}, f"{where}: has {sorted(answer)}"
    error = answer["error"]
    assert set(error) - {"details"} == {"code", "message", "requestId"}, f"{where}: error has {sorted(error)}"
    assert error["code"] in CODES.get(status, {error["code"]}), f"{where}: code {error['code']}"
    assert type(error["message"]) is str and error["message"], f"{where}: message"
    assert error["requestId"] == answer["requestId"], f"{where}: two request ids"
    if "details" in error:
        assert type(error["details"]) is list and error["details"], f"{where}: details without one"
        for detail in error["details"]:
            assert set(detail) <= {"index", "minuteIndex", "field", "message"} and detail["message"], f"{where}: {detail}"
    if status in (429, 503):
        assert re.fullmatch(r"[1-9][0-9]*", headers.get("Retry-After", "")), f"{where}: Retry-After"


_checkers = {}
_checker_of_app = WeakKeyDictionary()


def _checker(app):
    """What holds answers against the app's OpenAPI document; one per document, as making one takes a while."""
    if app not in _checker_of_app:
        document = app.extensions["bemore.openapi"]
        key = json.dumps(document)
        if key not in _checkers:
            _checkers[key] = AnswerChecker(document)
        _checker_of_app[app] = _checkers[key]
    return _checker_of_app[app]


class CheckingClient(FlaskClient):
    """Flask's test client; every answer is held against the contract's envelope and the app's OpenAPI document."""

    def open(self, *args, **kwargs):
        response = super().open(*args, **kwargs)
        request = response.request
        if request.method != "OPTIONS" and not self._is_of_the_test(request.path):
            assert not _checker(self.application).problems(request.method, request.path, response)
        sent_id = request.headers.get("X-Request-Id")
        check_envelope(request.method, request.path, response.status_code, response.headers, response.get_data(), sent_id)
        return response

    def _is_of_the_test(self, path):
        """Whether the test itself has added that route to the app."""
        own = (rule for rule in self.application.url_map.iter_rules() if rule.rule == path)
        return any(not hasattr(self.application.view_functions[rule.endpoint], "operation") for rule in own)


class CheckingSession(requests.Session):
    """A session of ``requests`` over real sockets; every answer's envelope is checked, no proxy is looked for."""

    def __init__(self):
        super().__init__()
        self.trust_env = False

    def request(self, method, url, **kwargs):
        kwargs.setdefault("timeout", 30)
        response = super().request(method, url, **kwargs)
        sent = response.request
        path = sent.path_url.partition("?")[0]
        sent_id = sent.headers.get("X-Request-Id")
        check_envelope(sent.method, path, response.status_code, response.headers, response.content, sent_id)
        return response


# -- Servers -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The run's PostgreSQL. A test that stops it takes ``own_postgres``."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def own_postgres(tmp_path):
    """A PostgreSQL for this test alone, which it may stop, kill or suspend."""
    with PostgresServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    """The run's Redis. Tests take ``redis_url``, or ``own_redis`` to stop it."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server):
    """The address of an empty Redis."""
    assert redis_server.execute("FLUSHALL") == "+OK"
    return redis_server.url


@pytest.fixture
def own_redis(tmp_path):
    """A Redis for this test alone, which it may stop, kill or suspend."""
    with RedisServer(tmp_path) as server:
        yield server


# -- Databases -----------------------------------------------------------------------------------------------------------


def _migrate(url):
    migrate(Settings.from_env({"DATABASE_URL": url}))
    database.close()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    # The last connection to close writes the log back; a copy of the file alone is then the whole database.
    assert not path.with_name("template.db-wal").exists()
    return path


class _PostgresDatabases:
    """Empty, migrated databases: copies of one that was migrated once, used again after a test that left the schema alone."""

    def __init__(self, server):
        self.server = server
        self.spare = []
        self.template = server.create_database()
        _migrate(server.url(self.template))
        self.schema = server.wipe(self.template)

    def take(self):
        return self.spare.pop() if self.spare else self.server.create_database(self.template)

    def give_back(self, name):
        if self.server.wipe(name) == self.schema:
            self.spare.append(name)
        else:
            self.server.drop_database(name)


@pytest.fixture(scope="session")
def _postgres_databases(postgres):
    return _PostgresDatabases(postgres)


@pytest.fixture(params=DATABASES)
def database_url(request, tmp_path):
    """The DATABASE_URL of an empty, migrated database; the test runs once on each kind.

    ``@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)`` runs it on one alone.
    """
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    databases = request.getfixturevalue("_postgres_databases")
    name = databases.take()
    yield databases.server.url(name)
    databases.give_back(name)


@contextmanager
def empty_database(request, kind, directory):
    """The DATABASE_URL of one more database of that kind, without a table; gone afterwards, but for an SQLite file in ``directory``."""
    if kind == "sqlite":
        yield f"sqlite:///{directory}/empty.db"
        return
    server = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


# -- The application -----------------------------------------------------------------------------------------------------


@pytest.fixture
def environ(request, database_url):
    """The settings of this test as an environment: quotas off, over that the test's ``settings`` marks."""
    values = {"DATABASE_URL": database_url, "RATE_LIMIT_ENABLED": "false"}
    for mark in reversed(list(request.node.iter_markers("settings"))):
        values.update({name: str(value) for name, value in mark.kwargs.items()})
    return values


@pytest.fixture
def settings(environ):
    return Settings.from_env(environ)


_apps = {}


@pytest.fixture
def app(request, settings):
    """The application in this process, on an empty database.

    It is made once for all tests whose settings differ in the database alone, as making one takes longer than most tests; not
    where it would remember (quotas, fetched keys), or where ``@pytest.mark.own_app`` says that the test changes it.
    """
    # Loaded here, so that tests of pure functions load no application.
    from bemore.app import create_app

    if settings.rate_limit_enabled or settings.jwt_jwks_url or request.node.get_closest_marker("own_app"):
        made = create_app(settings)
    else:
        kind = replace(settings, database_url=settings.database_url.partition(":")[0])
        if kind not in _apps:
            _apps[kind] = create_app(settings)
        made = _apps[kind]
        made.extensions["bemore"] = settings
        database.connect(settings, create=False)
    yield made
    database.close()


@pytest.fixture
def client(app):
    """A client of ``app`` that checks the envelope of every answer."""
    app.test_client_class = CheckingClient
    return app.test_client()


@pytest.fixture
def http():
    """A client over real sockets that checks the envelope of every answer; it takes whole addresses."""
    with CheckingSession() as session:
        yield session


@pytest.fixture
def service(environ, tmp_path):
    """``service(NAME=value, …)`` starts the service on this test's database and gives the running ``Service``.

    A value of None takes a setting away. All of them are killed at the end, as being told to end takes twice as long as what most
    tests do with them (tests of the end say ``stop``), and their logs shown if the test failed.
    """
    started = []

    def start(**env):
        started.append(Service(tmp_path, **{**environ, **env}))
        return started[-1].start()

    yield start
    for each in reversed(started):
        each.close()
        print(f"-- log of {each.url}\n{each.log}")


class HeldClock:
    """The clock of the code under test, standing still until it is moved."""

    def __init__(self):
        self.set(START_MS)

    def set(self, now_ms):
        self.now_ms = now_ms
        bemore_clock.hold(now_ms)

    def advance(self, ms):
        self.set(self.now_ms + ms)


@pytest.fixture
def clock():
    """Holds the clock of this process at START_MS; ``clock.advance(60_000)`` lets a minute pass."""
    held = HeldClock()
    yield held
    bemore_clock.hold(None)


# -- Valid requests ------------------------------------------------------------------------------------------------------


def start_session(client, user_id="user-1", counselor_id="counselor-1", base="", headers=None):
    """Start a session and answer its id. ``base`` is the service's address for clients over real sockets."""
    answer = client.post(f"{base}/api/session/start", json={"userId": user_id, "counselorId": counselor_id}, headers=headers)
    assert answer.status_code == 200, answer.text
    body = answer.json() if callable(answer.json) else answer.json
    return body["data"]["sessionId"]


def frames(count=10, start_ms=0, step_ms=100, **fields):
    """Face frames as the browser sends them; ``fields`` are the same in each."""
    return [{"ts": start_ms + index * step_ms, "qualityScore": 0.8, **fields} for index in range(count)]


def _spans(count, start_ms, length_ms):
    edges = itertools.islice(itertools.count(start_ms, length_ms), count)
    return [{"tsStart": edge, "tsEnd": edge + length_ms} for edge in edges]


def audio(count=10, start_ms=0, length_ms=1000, **fields):
    """Audio chunks, one after the other."""
    return [{**span, "vad": True, "rms": 0.4, "pitch": 180.5, **fields} for span in _spans(count, start_ms, length_ms)]


def stt(count=5, start_ms=0, length_ms=3000, **fields):
    """Transcript snippets, one after the other."""
    return [{**span, "text": "오늘은 기분이 좋아요", "lang": "ko", **fields} for span in _spans(count, start_ms, length_ms)]


def scores(count=2, first_minute=0, **fields):
    """Items of a batch-tick, one a minute."""
    parts = {"facialScore": 0.8, "vadScore": 0.6, "textScore": 0.7, "combinedScore": 0.72}
    return [{"minuteIndex": first_minute + index, **parts, **fields} for index in range(count)]
