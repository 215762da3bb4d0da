"""The page of the interface: its examples run against the service that serves it, with a token where one is asked for."""

import json
import re

import pytest
import requests

from tests.support.figures import LONG
from tests.support.servers import Service
from tests.support.signing import HS256, token
from tests.support.watching import Console

#: What the page shows in the short form: Swagger UI takes seconds to draw all operations, and treats each of them alike.
SHOWN = ("/api/session/start", "/api/session/{session_id}/frames", "/api/session/batch-tick", "/api/session/{session_id}")


@pytest.fixture(scope="module")
def docs_service(tmp_path_factory):
    home = tmp_path_factory.mktemp("docs")
    with Service(home, DATABASE_URL=f"sqlite:///{home}/x.db", LOG_LEVEL="warning", **HS256) as running:
        yield running
        print(running.log)


@pytest.fixture(scope="module")
def document(docs_service):
    return requests.get(f"{docs_service.url}/api/openapi.json", timeout=10).json()


def part(document, paths):
    """A document of these paths alone, with the components that they refer to."""
    kept, components = {path: document["paths"][path] for path in paths}, {}
    for text in (texts := [json.dumps(kept)]):
        for kind, name in re.findall(r"#/components/(\w+)/([\w-]+)", text):
            if name not in components.setdefault(kind, {}):
                components[kind][name] = document["components"][kind][name]
                texts.append(json.dumps(components[kind][name]))
    return {**document, "paths": kept, "components": {"securitySchemes": document["components"]["securitySchemes"], **components}}


@pytest.fixture(scope="module")
def docs_page(chromium, docs_service, document):
    """The page in a tab, and signed in."""
    with Console(chromium, docs_service.url) as tab:
        if not LONG:
            tab.page.route("**/openapi.json", lambda route: route.fulfill(json=part(document, SHOWN)))
        tab.page.goto(f"{docs_service.url}/api/docs")
        tab.page.wait_for_selector("#how-token:visible")
        tab.page.click(".btn.authorize")
        tab.page.fill(".auth-container input", token("admin-1", "admin"))
        tab.page.click(".auth-btn-wrapper .authorize")
        tab.page.click(".btn-done")
        yield tab


def opened(page, operation):
    """An operation, unfolded."""
    block = page.locator(f"#operations-{operation}")
    if "is-open" not in block.get_attribute("class"):
        block.locator(".opblock-summary-control").click()
    block.locator(".execute").wait_for()
    return block


def run(page, operation):
    """Execute an operation just as it stands there; the status of the answer."""
    block = opened(page, operation)
    block.locator(".execute").click()
    return int(block.locator(".live-responses-table tbody .response-col_status").first.inner_text())


def test_examples_run_and_the_started_session_is_theirs(docs_page):
    page = docs_page.page
    # Opened before there is a session: what stands in them follows.
    frames, scores = "telemetry-telemetry_frames", "minutes-minutes_batch_tick"
    path, body = opened(page, frames).get_by_placeholder("session_id"), opened(page, scores).locator("textarea")
    seen = []
    for _ in range(2):
        assert run(page, "sessions-sessions_start") == 200
        page.wait_for_selector("#how-session:text-matches('^sess_')" + "".join(f":not(:text('{each}'))" for each in seen))
        seen.append(page.inner_text("#how-session"))
        assert seen[-1] in page.locator("#operations-sessions-sessions_start .live-responses-table").inner_text()
        assert path.input_value() == seen[-1] and seen[-1] in body.input_value()
    assert len(set(seen)) == 2
    assert run(page, frames) == run(page, scores) == 201
    assert run(page, "sessions-sessions_show") == 200, "one that was not open yet"
    assert seen[-1] in docs_page.requests[-1].url
    docs_page.clean()


def test_every_operation_has_its_example(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                assert "example" in parameter or not parameter.get("required"), (method, path, parameter)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                assert content.get("examples") or content["example"], (method, path)
