"""The documentation page: everything it loads comes from here, nothing runs that is not a file of ours."""

import re

import pytest

from bemore.api import docs

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def loaded(html):
    """The addresses that the page loads."""
    return re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', html)


def test_page_loads_files_of_its_own_that_are_kept_for_ever(client):
    page = client.get("/api/docs")
    assert page.status_code == 200 and page.mimetype == "text/html"
    addresses = loaded(page.text)
    assert {address.partition("?")[0] for address in addresses} == {f"docs/{file}" for file in docs.FILES}
    for address in addresses:
        file = client.get(f"/api/{address}")
        assert file.status_code == 200 and file.data, address
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_file_requested_without_its_version_is_revalidated(client):
    for query in ("", "?v=0123456789abcdef"):
        file = client.get(f"/api/docs/page.js{query}")
        assert file.headers["Cache-Control"] == "public, no-cache"
        assert client.get(f"/api/docs/page.js{query}", headers={"If-None-Match": file.headers["ETag"]}).status_code == 304


def test_page_names_no_other_host_and_holds_no_script(client):
    ours = [client.get("/api/docs").text, *(client.get(f"/api/docs/{file}").text for file in ("page.js", "page.css"))]
    assert not any("//" in text.replace("// ", "") for text in ours)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", ours[0]) == ["", ""]
    assert "style=" not in ours[0] and not re.search(r"\son[a-z]+=", ours[0])


def test_page_may_load_from_here_only(client):
    policy = client.get("/api/docs").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in policy and "http" not in policy


def test_page_and_document_are_not_sent_twice(client):
    for path in ("/api/docs", "/api/openapi.json"):
        first = client.get(path)
        assert first.headers["Cache-Control"] == "public, no-cache"
        second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert second.status_code == 304 and not second.data


@pytest.mark.parametrize(
    "file", ["page.html", "index.css", "LICENSE", "..%2Fdocs%2Fpage.js", "../page.js", "%2e%2e/page.js", "page.js/", ".", "a" * 5000]
)
def test_no_other_file_is_served(client, file):
    assert client.get(f"/api/docs/{file}").status_code == 404
