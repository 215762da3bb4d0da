"""The browser client's types and package say the same as its code."""

import json
import re
from pathlib import Path

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


def test_the_version_is_the_services():
    assert PACKAGE["version"] == bemore.__version__
    assert re.search(r'VERSION = "([^"]+)"', CODE)[1] == bemore.__version__


def test_the_package_holds_what_it_names_and_depends_on_nothing():
    for name in (*PACKAGE["files"], PACKAGE["main"], PACKAGE["types"], *PACKAGE["exports"]["."].values()):
        assert (WEB / name).is_file(), name
    assert PACKAGE["type"] == "module" and PACKAGE["license"]
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
    for name in re.findall(r"^  (?:async |get )?([a-z]\w*)\([^\n]*\{", block(CODE, "export class BeMoreClient"), re.MULTILINE):
        assert re.search(rf"\*/\n  (?:async |get )?{name}\(", CODE), name
