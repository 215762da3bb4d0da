"""Every setting and endpoint is documented, and the documents agree with the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from docutils.core import publish_doctree

from bemore.settings import Settings, variable

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {variable(each): each for each in fields(Settings)}


def as_text(value):
    """A default as it is written in the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_env_example_holds_every_setting_with_its_default_and_meaning():
    text = (ROOT / ".env.example").read_text("utf-8")
    reported = dict(re.findall(r"^#([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert reported == {name: as_text(each.default) for name, each in SETTINGS.items()}
    for each in SETTINGS.values():
        assert f"# {each.metadata['doc']}\n#{variable(each)}=" in text


def test_readme_holds_every_setting_with_its_default_and_meaning():
    rows = re.findall(r"^``([A-Z_]+)`` +(?:``(.*?)``|\(none\)) +(.+?)$", (ROOT / "README.rst").read_text("utf-8"), re.MULTILINE)
    assert rows == [(name, as_text(each.default), each.metadata["doc"]) for name, each in SETTINGS.items()]


def test_commented_env_example_changes_nothing():
    assert Settings.from_env({}, ROOT / ".env.example") == Settings.from_env({})


def test_readme_begins_with_the_two_commands():
    commands = re.findall(r"^   (python3 -m venv .+)$", (ROOT / "README.rst").read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("bemore serve") and commands[1].endswith("pytest")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_endpoint_stands_in_the_api_document(app):
    text = (ROOT / "docs" / "api.rst").read_text("utf-8")
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r":\1", rule.rule).replace(":session_id", ":id")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert f"``{method} {path}``" in text, f"{method} {path} is not in docs/api.rst"


def test_every_document_is_named_in_the_readme():
    readme = (ROOT / "README.rst").read_text("utf-8")
    for document in (ROOT / "docs").glob("*.rst"):
        assert document.name in readme, f"{document.name} is not named in README.rst"


@pytest.mark.parametrize("folder", [".", "docs", "bench", "tests", "bemore/scoring/text"])
def test_every_document_is_well_formed(folder):
    paths = sorted((ROOT / folder).glob("*.rst"))
    assert paths
    for path in paths:
        publish_doctree(path.read_text("utf-8"), str(path), settings_overrides={"halt_level": 2, "report_level": 5})


def test_every_test_that_a_document_names_is_there():
    named = {path for each in (ROOT / "docs").glob("*.rst") for path in re.findall(r"``(tests/[^`\s]+)``", each.read_text("utf-8"))}
    assert len(named) > 10 and [path for path in named if not (ROOT / path).exists()] == []
