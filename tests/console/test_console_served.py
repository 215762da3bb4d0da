"""What the service serves of the console and the client library: these files, nothing else, and how long they may be kept."""

import hashlib
import posixpath
import re
from pathlib import Path

import pytest

import bemore
from bemore.api import pages
from bemore.schemas.emotion import AffectVector
from bemore.scoring.emotion import EMOTIONS

from tests.support.servers import REPOSITORY

served = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WEB = Path(bemore.__file__).resolve().parent / "web"


#: The pages, and the module that each of them loads.
PAGES = {"/console": "page.js", "/console/live": "capture/page.js"}

every_page = pytest.mark.parametrize("place", PAGES)


def loaded(page):
    """The addresses that a page loads."""
    result = re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"', page.text)
    return [posixpath.normpath(posixpath.join(posixpath.dirname(page.request.path), address)) for address in result]


@served
@every_page
def test_page_loads_files_of_its_own_that_are_kept_for_ever(client, place):
    page = client.get(place)
    assert page.status_code == 200 and page.mimetype == "text/html"
    addresses = [address for address in loaded(page) if address.startswith("/console/")]
    assert len(addresses) >= 5 and {*loaded(page)} - {*addresses} == {"/static/bemore-client.js"}
    for address in addresses:
        file = client.get(address)
        assert file.status_code == 200 and file.data, address
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert file.headers["X-Content-Type-Options"] == "nosniff"


@served
def test_every_module_that_a_module_loads_is_served_under_the_same_version(client):
    version = re.search(r"console/([0-9a-f]{16})/page\.js", client.get("/console").text).group(1)
    seen, waiting = set(), [*PAGES.values()]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        answer = client.get(f"/console/{version}/{name}")
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"], name
        modules = re.findall(r'(?:from|import\(|new URL\() ?"(\.[^"]+\.js)"', answer.text)
        places = [posixpath.normpath(posixpath.join(posixpath.dirname(name), module)) for module in modules]
        waiting += [place for place in places if not place.startswith("../")]
    scripts = {name for name in pages.CONSOLE if name.endswith(".js")}
    assert seen == scripts, "each is loaded by another, and none is missing"


def test_files_of_the_folder_are_served_or_are_no_files_for_browsers():
    folder = WEB / "console"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there - set(pages.CONSOLE) == {"index.html", "capture/live.html", "vendor/VENDOR.rst"}


def test_the_demo_is_the_page_of_the_package():
    page = REPOSITORY / "demo" / "live.html"
    assert page.is_symlink() and page.samefile(WEB / "console" / "capture" / "live.html")


@served
def test_file_of_another_version_is_revalidated(client):
    for address in (
        "/console/page.js",
        "/console/0123456789abcdef/page.js",
        "/static/bemore-client.js",
        "/static/bemore-client.d.ts",
    ):
        file = client.get(address)
        assert file.status_code == 200 and file.headers["Cache-Control"] == "public, no-cache"
        assert client.get(address, headers={"If-None-Match": file.headers["ETag"]}).status_code == 304


@served
@pytest.mark.parametrize(
    "file",
    [
        "index.html",
        "capture/live.html",
        "vendor/VENDOR.rst",
        "../docs/page.js",
        "..%2Fdocs%2Fpage.js",
        "v/../page.js",
        "page.js/",
        "v/v/page.js",
        ".",
        "a" * 5000,
    ],
)
def test_no_other_file_is_served(client, file):
    assert client.get(f"/console/{file}").status_code == 404
    assert client.get(f"/static/{file}").status_code == 404


@served
@every_page
def test_page_may_load_from_here_only(client, place):
    page = client.get(place)
    rules = dict(rule.strip().split(" ", 1) for rule in page.headers["Content-Security-Policy"].split(";"))
    assert rules == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data: blob:",
        "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip
    assert page.headers["X-Frame-Options"] == "DENY"
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page.text) == [""]
    assert "style=" not in page.text and "<style" not in page.text and not re.search(r"\son[a-z]+=", page.text)


@served
def test_only_the_capture_sample_may_use_microphone_and_camera(client):
    policies = {place: client.get(place).headers.getlist("Permissions-Policy") for place in (*PAGES, "/api/docs", "/console/page.js")}
    assert policies.pop("/console/live") == ["camera=(self), microphone=(self), geolocation=()"]
    assert {*map(tuple, policies.values())} == {("camera=(), microphone=(), geolocation=()",)}


def scripts():
    """The console's own files that browsers read."""
    return [path for path in (WEB / "console").rglob("*.*") if path.parent.name != "vendor"]


def test_console_names_no_other_host():
    for path in scripts():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name


@served
def test_library_is_the_file_of_the_package(client):
    answer = client.get("/static/bemore-client.js")
    assert answer.mimetype == "text/javascript" and answer.data == (WEB / "bemore-client.js").read_bytes()


@served
@pytest.mark.settings(CONSOLE_ENABLED="false")
def test_console_can_be_switched_off(client):
    assert client.get("/console").status_code == 404
    assert client.get("/console/live").status_code == 404
    assert client.get("/console/page.js").status_code == 404
    assert client.get("/static/bemore-client.js").status_code == 200, "the library is for other pages as well"


@served
@pytest.mark.settings(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ALL="3 per 10 minutes", RATE_LIMIT_WRITE="3 per 10 minutes")
def test_looking_at_the_page_costs_no_quota(client):
    for _ in range(5):
        for address in (*PAGES, "/console/page.js", "/static/bemore-client.js"):
            answer = client.get(address)
            assert answer.status_code == 200 and "RateLimit-Limit" not in answer.headers
    assert client.get("/api/session/stats/summary").headers["RateLimit-Remaining"] == "2"


def test_vendored_library_is_the_one_that_is_named():
    vendor = WEB / "console" / "vendor"
    said = (vendor / "VENDOR.rst").read_text("utf-8")
    script = (vendor / "chart.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() in said
    version = re.search(r"^version +(\S+)$", said, re.MULTILINE).group(1)
    assert f'version="{version}"'.encode() in script
    assert "MIT License" in (vendor / "chart.LICENSE.txt").read_text("utf-8")


def test_every_text_is_there_in_both_languages_and_used():
    words = "".join(path.read_text("utf-8") for path in scripts() if path.name.startswith("words"))
    entries = re.findall(r'^  "?([\w-]+)"?: \[\s*("(?:[^"\\]|\\.)*"),\s*("(?:[^"\\]|\\.)*"),?\s*\]', words, re.MULTILINE)
    names = [name for name, _, _ in entries]
    assert len(entries) == len(re.findall(r'^  "?[\w-]+"?: \[', words, re.MULTILINE)) == len(set(names)) > 200
    code = "".join(path.read_text("utf-8") for path in scripts() if not path.name.startswith("words"))
    of_the_service = {
        *EMOTIONS,
        *AffectVector.__struct_fields__,
        *("active", "paused", "ended"),
        *("client", "server"),
        *("user", "counselor", "admin"),
        *("private", "shared"),
        *("wording-positive", "wording-negative"),
        *(f"mark-{kind}" for kind in ("lowest", "highest", "change", "silence", "longest-turn", "bookmark", "note")),
    }
    of_the_page = {*("tool-bookmark", "tool-note")}
    for name, english, korean in entries:
        in_english, in_korean = (sorted(re.findall(r"\{\w+\}", text)) for text in (english, korean))
        assert in_english == in_korean, name
        used = name in of_the_service | of_the_page or re.search(rf'["\'. ]{name}\b', code)
        assert used, f"{name} is said nowhere"
    assert of_the_service | of_the_page <= set(names)


def test_console_says_what_it_calls_things_in_one_way():
    """The words of people's roles and of measuring are the same everywhere in the console."""
    words = "".join(path.read_text("utf-8") for path in scripts() if path.name.startswith("words"))
    for other in ("채점", "상담자", "쾌감", "활기", "주도감", "사용자"):
        assert other not in words
