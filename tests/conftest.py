"""Fixtures of all tests: databases, settings, the application, clients that check every answer, running servers."""

import os
import shutil
import signal
from dataclasses import replace

import hypothesis
import pytest

from bemore import clock as bemore_clock
from bemore.db import connections as database
from bemore.db.migrate import migrate
from bemore.settings import Settings
from tests.support.answers import CheckingClient, CheckingSession
from tests.support.figures import LONG
from tests.support.samples import START_MS
from tests.support.servers import DATABASES, PostgresServer, RedisServer, Service

pytest_plugins = ["tests.support.parallel", "tests.support.browser_fixtures"]


def pytest_configure(config):
    # A busy machine is no reason to fail: no deadline for one example, no complaint that making them takes long.
    patient = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
    hypothesis.settings.register_profile("suite", max_examples=1000 if "BEMORE_TEST_LONG" in os.environ else 60, **patient)
    hypothesis.settings.load_profile("suite")
    # A run that is told to end (by a time limit, say) must still take its servers with it.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end by SIGTERM", returncode=143))


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


@pytest.fixture(scope="module", autouse=True)
def _start_of_services(request):
    """By its command, or by a fork (``Service``). The long form starts all by the command."""
    Service.by_command = LONG or request.node.get_closest_marker("by_command") is not None


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
