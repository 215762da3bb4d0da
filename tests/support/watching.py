"""The console in a real Chromium, with an eye on what it must never do."""

import importlib.util
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

#: Tells the test what the page's policy refused. It runs before any script of the page.
_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

#: A profile of a phone.
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


class Console:
    """A tab with the console in it.

    ``clean()`` holds that nothing was logged as an error, nothing was asked of another host, nothing broke the policy.
    """

    def __init__(self, browser, base, **profile):
        self.base = base
        self.context = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **profile})
        self.context.set_default_timeout(15_000)
        self.context.add_init_script(_VIOLATIONS)
        self.page = self.context.new_page()
        self.errors, self.requests = [], []
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def open(self, place=""):
        """Go to a view, such as ``#/session/…``, as one who comes with that address."""
        self.load(f"{self.base}/console{place}")
        self.page.wait_for_selector("h1")
        return self

    def load(self, address):
        """Load an address anew, also where it differs in its fragment alone."""
        if self.page.url.startswith(self.base):
            # In the process that the tab has: by way of an empty page it would get another one, which takes longer than the page.
            self.page.evaluate("(address) => history.replaceState(null, '', address)", address)
            self.page.reload()
        else:
            self.page.goto(address)

    def session(self, session_id):
        """Go to a session and wait until it is shown."""
        self.open(f"#/session/{session_id}")
        self.page.wait_for_selector(".minutes canvas[aria-label], .minutes .waiting:not([hidden])")
        return self

    def calls(self, end=""):
        """The requests to the interface so far whose paths end so."""
        return [each for each in self.requests if "/api/" in each.url and urlsplit(each.url).path.endswith(end)]

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()

    def focused(self):
        """What has the focus: its tag and its name, or its text."""
        return self.page.evaluate("() => [document.activeElement].map((at) => [at.tagName, at.ariaLabel ?? at.textContent])[0]")

    def notice(self):
        """The message above the content, once there is one."""
        return self.page.locator("#notice:not([hidden])").inner_text()

    def widest(self):
        """The width of the document, px."""
        return self.page.evaluate("() => document.documentElement.scrollWidth")

    def problems(self):
        """What axe finds wrong with the page as it is: rule and place."""
        self.settle()
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_axe())
        result = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [(each["id"], node["target"], node.get("failureSummary")) for each in result for node in each["nodes"]]

    def settle(self):
        """Wait until no color is on its way to another."""
        self.page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => undefined)))")

    def clean(self, *allowed):
        """AssertionError if the page did what it must not; errors that hold one of ``allowed`` are meant."""
        hosts = {urlsplit(each.url).netloc for each in self.requests if each.url.startswith(("http", "ws"))}
        assert hosts <= {urlsplit(self.base).netloc}
        assert self.page.evaluate("() => violations") == []
        assert [error for error in self.errors if not any(part in error for part in allowed)] == []


def _axe():
    result = importlib.util.find_spec("axe_playwright_python")
    if result is None:
        reason = "the package axe-playwright-python, which brings axe-core, is not installed"
        pytest.fail(reason, pytrace=False) if os.environ.get("BEMORE_TEST_ALL") == "1" else pytest.skip(reason)
    return Path(result.submodule_search_locations[0], "axe.min.js").read_text("utf-8")
