"""The browser client's types and package say the same as its code and as the service."""

import configparser
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.servers import REPOSITORY, need

import bemore

WEB = Path(bemore.__file__).resolve().parent / "web"
CODE = (WEB / "bemore-client.js").read_text("utf-8")
TYPES = (WEB / "bemore-client.d.ts").read_text("utf-8")
PACKAGE = json.loads((WEB / "package.json").read_text("utf-8"))


def block(text, start):
    """What stands between the braces after ``start``."""
    begin = text.index("{", text.index(start)) + 1
    depth = 1
    for end in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if not depth:
            return text[begin:end]
    raise AssertionError(f"no end of {start}")


def interface(name):
    """The fields of an interface as {name: whether it is always there}; those of interfaces that it extends come with it."""
    start, bases = re.search(rf"^(export interface {name}(?: extends ([\w, ]+))? \{{)", TYPES, re.MULTILINE).groups()
    fields = {field: not optional for field, optional in re.findall(r"^  (\w+)(\??):", block(TYPES, start), re.MULTILINE)}
    for base in (bases or "").split(", "):
        fields |= interface(base) if base else {}
    return fields


def test_the_version_is_the_services():
    assert PACKAGE["version"] == bemore.__version__
    assert re.search(r'VERSION = "([^"]+)"', CODE)[1] == bemore.__version__


def test_the_package_holds_what_it_names_and_depends_on_nothing():
    for name in (*PACKAGE["files"], PACKAGE["main"], PACKAGE["types"], *PACKAGE["exports"]["."].values()):
        assert (WEB / name).is_file(), name
    assert PACKAGE["type"] == "module"
    assert not {"dependencies", "peerDependencies"} & set(PACKAGE)
    assert not re.search(r"^import\b|\bimport\(|\brequire\(", CODE, re.MULTILINE)


def test_types_and_code_have_the_same_methods():
    body = block(CODE, "export class BeMoreClient")
    methods = re.findall(r"^  (?:async |get )?([a-z]\w*)\([^\n]*\{", body, re.MULTILINE)
    typed = re.findall(r"^  (?:readonly )?([a-z]\w*)[(<:]", block(TYPES, "export class BeMoreClient"), re.MULTILINE)
    assert len(methods) > 30
    assert sorted({*methods}) == sorted({*typed} - {"addEventListener", "removeEventListener"})


def test_types_and_code_have_the_same_options():
    defaults = re.findall(r"^  (\w+):", block(CODE, "export const DEFAULTS"), re.MULTILINE)
    assert sorted(defaults) == sorted(re.findall(r"^  (\w+)\?:", block(TYPES, "interface BeMoreOptions"), re.MULTILINE))


def test_types_and_code_have_the_same_events():
    emitted = re.findall(r'#emit\("(\w+)"', CODE)
    typed = re.findall(r"^  (\w+):", block(TYPES, "interface BeMoreEvents"), re.MULTILINE)
    assert sorted({*emitted}) == sorted(typed)


def test_types_and_code_export_the_same_values():
    exported = r"^export (?:declare )?(?:const|class|function) (\w+)"
    assert sorted(re.findall(exported, CODE, re.MULTILINE)) == sorted(re.findall(exported, TYPES, re.MULTILINE))


def test_every_reason_and_error_code_of_the_code_is_in_the_types():
    dropped = {*re.findall(r'reason: "([\w-]+)"', CODE), *re.findall(r"[A-Z_]+: \"([\w-]+)\"", block(CODE, "const REASONS"))}
    assert dropped | {"too-large"} == {*re.findall(r'"([\w-]+)"', re.search(r"reason: ([^;]+);", TYPES)[1])}
    for code in {*re.findall(r'code: "([A-Z_]+)"', CODE)}:
        assert code in TYPES, code


def test_every_public_method_is_explained():
    body = block(CODE, "export class BeMoreClient")
    for name in re.findall(r"^  (?:async |get )?([a-z]\w*)\([^\n]*\{", body, re.MULTILINE):
        assert re.search(rf"\*/\n  (?:async |get )?{name}\(", body), name


def test_every_method_is_explained_where_an_editor_shows_it():
    body = block(TYPES, "export class BeMoreClient")
    members = re.findall(r"^  (?:readonly )?([a-z]\w*)[(<:]", body, re.MULTILINE)
    for name in {*members} - {"addEventListener", "removeEventListener"}:
        assert re.search(rf"\*/\n  (?:readonly )?{name}[(:]", body), name
    for group in ("BeMoreOptions", "BeMoreEvents"):
        fields = re.findall(r"^  (\w+)\??:", block(TYPES, f"interface {group}"), re.MULTILINE)
        assert not [name for name in fields if not re.search(rf"\*/\n  {name}\??:", block(TYPES, f"interface {group}"))]


def test_nothing_that_the_service_answers_is_of_unknown_type():
    types = TYPES.replace(block(TYPES, "export interface BatchStore"), "")  # whose promises may resolve to anything
    assert not re.search(r"\b(unknown|any|object)\b", re.sub(r"/\*.*?\*/", "", types, flags=re.DOTALL))


#: The interface of each operation's ``data``; of ``/health`` of its whole answer.
ANSWERS = {
    "POST /api/session/start": "Started",
    "GET /api/session/{session_id}": "SessionData",
    "DELETE /api/session/{session_id}": "Erased",
    "POST /api/session/{session_id}/pause": "Paused",
    "POST /api/session/{session_id}/resume": "Resumed",
    "POST /api/session/{session_id}/end": "Ended",
    "GET /api/session/stats/summary": "SessionStats",
    "GET /api/session/user/{user_id}": "UserSessionPage",
    "GET /api/session/user/{user_id}/progress": "UserProgress",
    "GET /api/session": "SessionPage",
    "POST /api/session/{session_id}/feedback": "StoredFeedback",
    "POST /api/session/{session_id}/frames": "StoredFrames",
    "POST /api/session/{session_id}/audio": "StoredAudio",
    "POST /api/session/{session_id}/stt": "StoredSnippets",
    "POST /api/session/batch-tick": "StoredMinutes",
    "GET /api/session/{session_id}/transcript": "Transcript",
    "POST /api/session/{session_id}/notes": "Note",
    "GET /api/session/{session_id}/notes": "Notes",
    "PUT /api/session/{session_id}/notes/{note_id}": "Note",
    "DELETE /api/session/{session_id}/notes/{note_id}": "DeletedNote",
    "POST /api/session/{session_id}/tick": "Ticked",
    "GET /api/session/{session_id}/inferences": "Inferences",
    "GET /api/session/{session_id}/report": "Report",
    "GET /api/session/{session_id}/summary": "Summary",
    "GET /api/session/{session_id}/report/summary": "ReportSummary",
    "GET /api/session/{session_id}/vad-analysis": "VadAnalysis",
    "GET /api/dashboard/summary": "Dashboard",
    "GET /api/user/preferences": "Preferences",
    "PUT /api/user/preferences": "Preferences",
    "POST /api/session/devices/check": "DevicesCheck",
    "POST /api/emotion": "TextEmotion",
    "GET /api/monitoring/health": "MonitoringHealth",
    "GET /api/monitoring/error-stats": "ErrorStats",
    "GET /health": "Health",
}

#: The interface of elements and parts of answers, by where they are.
PARTS = {
    ("POST /api/session/{session_id}/end", "inferenceStats"): "InferenceStats",
    ("POST /api/session/{session_id}/end", "emotionSummary"): "EmotionSummary",
    ("GET /api/session/user/{user_id}", "sessions"): "SessionSummary",
    ("GET /api/session/user/{user_id}/progress", "sessions"): "SessionProgress",
    ("GET /api/session/{session_id}/transcript", "snippets"): "TranscriptSnippet",
    ("GET /api/session/{session_id}/inferences", "inferences"): "Inference",
    ("GET /api/session/{session_id}/report", "minutes"): "Inference",
    ("GET /api/session/{session_id}/report", "vadSummary"): "VoiceMetrics",
    ("GET /api/session/{session_id}/report", "feedback"): "Feedback",
    ("GET /api/session/{session_id}/report", "notes"): "Note",
    ("GET /api/session/{session_id}/notes", "notes"): "Note",
    ("GET /api/session/{session_id}/report", "moments"): "Moment",
    ("GET /api/session/{session_id}/report", "talk"): "Talk",
    ("GET /api/session/{session_id}/report", "coverage"): "Coverage",
    ("GET /api/session/{session_id}", "lastDataAt"): "LastDataAt",
    ("GET /api/session/{session_id}/report", "lastDataAt"): "LastDataAt",
    ("GET /api/session/{session_id}/summary", "averageVoiceMetrics"): "VoiceMetrics",
    ("GET /api/dashboard/summary", "todayAvg"): "VadOrNulls",
}


class Answers:
    """The fields of answers as the service's document has them."""

    def __init__(self, document):
        self.document = document

    def whole(self, schema):
        """A schema with its reference followed; of a list that of its elements, of one that may be null the other."""
        if "$ref" in schema:
            return self.whole(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return next(filter(lambda one: "properties" in one, map(self.whole, schema[several])), schema)
        return self.whole(schema["items"]) if "items" in schema else schema

    def data(self, operation):
        method, path = operation.split(" ")
        answers = self.document["paths"][path][method.lower()]["responses"]
        (answer,) = [answer for status, answer in answers.items() if status.startswith("2")]
        body = self.whole(answer["content"]["application/json"]["schema"])["properties"]
        return self.whole(body["data"])["properties"] if "data" in body else body


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    from bemore.app import create_app
    from bemore.db import connections as database
    from bemore.settings import Settings

    app = create_app(Settings.from_env({"DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('document')}/x.db"}))
    yield Answers(app.test_client().get("/api/openapi.json").json)
    database.close()


def differences(typed, documented):
    """What the types promise and the document does not have, and what they keep silent about. Optional fields may be missing."""
    promised = {name for name, always in typed.items() if always}
    return sorted(promised - {*documented}), sorted({*documented} - {*typed})


def test_the_types_of_answers_are_those_of_the_service(answers):
    for operation, name in ANSWERS.items():
        assert differences(interface(name), answers.data(operation)) == ([], []), f"{operation}: {name}"
    for (operation, part), name in PARTS.items():
        documented = answers.whole(answers.data(operation)[part])["properties"]
        assert differences(interface(name), documented) == ([], []), f"{operation} {part}: {name}"


def test_every_answer_of_the_service_has_a_type(answers):
    operations = {
        f"{method.upper()} {path}"
        for path, methods in answers.document["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/session") or path.startswith(("/api/dashboard", "/api/user", "/api/emotion", "/api/monitoring"))
        if any("application/json" in answer.get("content", {}) for code, answer in operation["responses"].items() if code[0] == "2")
    }
    assert operations <= {*ANSWERS}


# -- The package -----------------------------------------------------------------------------------------------------------


def test_the_package_has_the_projects_license():
    """npm writes UNLICENSED of a project that gives none."""
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    assert PACKAGE["license"] == setup["metadata"].get("license", "UNLICENSED")


def test_the_readme_says_how_to_install_and_use_it():
    text = (WEB / "README.md").read_text("utf-8")
    assert "npm install" in text and PACKAGE["license"] in text
    methods = {*re.findall(r"^  (?:readonly )?([a-z]\w*)[(<:]", block(TYPES, "export class BeMoreClient"), re.MULTILINE)}
    used = {*re.findall(r"\bclient\.(\w+)\(", text)}
    assert len(used) >= 5 and used <= methods, used - methods


def test_a_page_imports_the_package_after_it_was_installed(tmp_path):
    """npm packs it and installs it without a registry, node imports it by its name."""
    npm, node = need("npm"), need("node")
    run = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 120}
    packed = subprocess.run([npm, "pack", str(WEB), "--json", "--offline"], **run)
    assert packed.returncode == 0, packed.stderr
    (archive,) = json.loads(packed.stdout)
    assert {each["path"] for each in archive["files"]} == {*PACKAGE["files"], "package.json"}
    (tmp_path / "package.json").write_text('{"private": true}')
    installed = subprocess.run([npm, "install", "--offline", "--no-audit", "--no-fund", archive["filename"]], **run)
    assert installed.returncode == 0, installed.stderr
    script = "import {BeMoreClient, VERSION} from 'bemore-client'; console.log(typeof BeMoreClient, VERSION);"
    done = subprocess.run([node, "--input-type=module", "-e", script], **run)
    assert done.stdout.split() == ["function", bemore.__version__], done.stderr
