"""What is installed is what was tested: requirements.lock has a hash of everything that runs, of the versions in requirements.txt."""

import re
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")

#: What the documents say production is installed with.
HASHED = "pip install --require-hashes --only-binary :all: -r requirements.lock"


def entries():
    """``(Requirement, hashes)`` of the lock, in its order."""
    lines = re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).replace("\\\n", "").splitlines()
    for line in lines:
        requirement, *hashes = line.split("--hash=")
        yield Requirement(requirement.strip()), [each.strip() for each in hashes]


def pins():
    """The requirements of requirements.txt."""
    return [Requirement(line) for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines() if line and line[0] != "#"]


def environment(python, patch=9):
    """Markers' values on Linux, as of one Python; ``extra`` is none."""
    return {
        "python_version": python, "python_full_version": f"{python}.{patch}", "sys_platform": "linux", "platform_system": "Linux",
        "os_name": "posix", "platform_machine": "x86_64", "implementation_name": "cpython", "platform_python_implementation": "CPython",
        "extra": "",
    }  # fmt: skip


def chosen(requirements, environ):
    """``{name: version}`` of those that hold in an environment; each name once."""
    holding = [each for each in requirements if not each.marker or each.marker.evaluate(environ)]
    result = [(canonicalize_name(each.name), str(each.specifier)) for each in holding]
    assert len(result) == len(dict(result)), f"a package twice: {result}"
    return {name: version.removeprefix("==") for name, version in result}


def test_each_entry_is_one_version_with_hashes_and_says_nothing_of_where_it_comes_from():
    result = list(entries())
    assert len(result) > 30
    for requirement, hashes in result:
        assert re.fullmatch("==[0-9][0-9a-z.]*", str(requirement.specifier)) and requirement.url is None, str(requirement)
        assert hashes and all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in hashes), str(requirement)
    assert "://" not in LOCK and not re.search("^ *-[^-]|^ *--(?!hash=)", LOCK, re.MULTILINE), "an option or an address"


@pytest.mark.parametrize("patch", [0, 9])
@pytest.mark.parametrize("python", PYTHONS)
def test_its_versions_are_those_that_are_tested(python, patch):
    environ = environment(python, patch)
    locked, pinned = chosen([each for each, _ in entries()], environ), chosen(pins(), environ)
    assert locked == {name: pinned.get(name) for name in locked}


def _required(names_and_extras, environ):
    """The names of all distributions that these need, by what is installed here, with the extras that are asked for on the way."""
    todo, seen = list(names_and_extras), set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of another Python than this one; what it needs is looked at there
        for each in map(Requirement, requires):
            if each.marker is None or each.marker.evaluate({**environ, "extra": extra}):
                todo += [(canonicalize_name(each.name), wanted) for wanted in ("", *each.extras)]
    return {name for name, _ in seen}


@pytest.mark.parametrize("python", PYTHONS)
def test_nothing_that_runs_is_missing_and_nothing_else_is_in_it(python):
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    declared = f"{setup['options']['install_requires']}\n{setup['options.extras_require']['postgres']}"
    own = [Requirement(line) for line in declared.splitlines() if line.strip()]
    environ = environment(python)
    first = [(canonicalize_name(each.name), extra) for each in own for extra in ("", *each.extras)]
    locked = chosen([each for each, _ in entries()], environ)
    needed = _required(first, environ) | {"setuptools"}
    # What only a version for another Python needs is not known here; the lock names it for that one alone.
    elsewhere = {canonicalize_name(each.name) for each, _ in entries() if each.marker and not each.marker.evaluate()}
    assert needed <= locked.keys() <= needed | elsewhere
    assert all(each.specifier.contains(locked[canonicalize_name(each.name)]) for each in own)


def test_everything_that_installs_the_service_for_production_checks_hashes():
    for name in ("deploy/Dockerfile", "deploy/bemore.service", "docs/operations.rst"):
        text = (ROOT / name).read_text("utf-8").replace("--no-cache-dir ", "")
        assert HASHED in text and "pip install --no-deps --no-build-isolation --no-index ." in text, name
        assert "requirements.txt" not in text, name
    assert "--require-hashes -r requirements.lock" in (ROOT / "README.rst").read_text("utf-8")
