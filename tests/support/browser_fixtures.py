"""Fixtures of the tests in a browser, a plugin of the modules that name it: Chromium, profiles, tabs, the scripted server.

Pages live on http://localhost:5173, the origin the service allows by default; the browser is told to find it at the scripted
server, so nothing has to listen on that port. To a page's script the scripted server is the origin itself.
"""

import os
import shutil
from contextlib import suppress

import pytest

from tests.support.answers import CheckingSession
from tests.support.browsing import ORIGIN, RECORDER, Tab
from tests.support.scripted import ScriptedServer
from tests.support.servers import Service, need

#: Features of Chromium that are off: those that playwright turns off, whose switch this one replaces, and the pages behind the address
#: bar. For these each window would start a process, which takes longer than most tests.
_FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess",
)  # fmt: skip

#: How Chromium is launched. It refuses its sandbox to root, and small /dev/shm of containers crash it.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--disable-features={','.join(_FEATURES_OFF)}")

try:
    from playwright.sync_api import sync_playwright
except ImportError:  # its tests are skipped
    sync_playwright = None


@pytest.fixture(scope="session")
def page_server():
    server = ScriptedServer()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium(page_server):
    """Debian's Chromium; skipped without it or without the package playwright, unless BEMORE_TEST_ALL=1.

    Its headless shell where that is installed: a tab costs half the CPU time there. It has no microphone and no camera.
    """
    program = shutil.which("chromium-headless-shell") or need("chromium")
    if sync_playwright is None:
        reason = "the package playwright is not installed (pip install playwright; its own browsers are not needed)"
        pytest.fail(reason, pytrace=False) if os.environ.get("BEMORE_TEST_ALL") == "1" else pytest.skip(reason)
    rules = f"MAP localhost:5173 127.0.0.1:{page_server.server_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS, f"--host-resolver-rules={rules}"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The service of all tests of a module that want nothing special of one; without quotas."""
    home = tmp_path_factory.mktemp("service")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", RATE_LIMIT_ENABLED="false") as running:
        yield running
        print(running.log)


@pytest.fixture(scope="module")
def http_client():
    """As the fixture ``http``, for what a module makes once."""
    with CheckingSession() as session:
        yield session


@pytest.fixture
def scripted(page_server):
    """The scripted server with nothing in its script; hanging answers end with the test."""
    page_server.reset()
    yield page_server
    page_server.released.set()


@pytest.fixture
def context(chromium, scripted):
    """A profile of its own: an empty IndexedDB, no cache."""
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    context.add_init_script(RECORDER)
    yield context
    for page in context.pages:
        with suppress(Exception):  # of a page that has crashed, say
            # What a closing page sends must not reach the server in the next test.
            page.evaluate("() => { window.fetch = () => new Promise(() => undefined); }")
    context.close()


@pytest.fixture
def tab(context):
    return Tab(context.new_page())


@pytest.fixture
def held_tab(context):
    """A tab whose clock stands still; ``browsing.advance`` moves it."""
    page = context.new_page()
    page.clock.install(time=1_737_250_000)
    page.goto(ORIGIN + "/")
    page.clock.pause_at(1_737_250_800)
    return Tab(page)
