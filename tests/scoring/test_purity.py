"""Scoring and reporting read no clock: the same data gives the same values and files at any time."""

import ast
import inspect
import pkgutil
from importlib import import_module

import pytest

import bemore.reports
import bemore.scoring

MODULES = [
    name for package in (bemore.reports, bemore.scoring) for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
CLOCK_READERS = {"time", "now_ms", "now", "utcnow", "today", "hold"}


@pytest.mark.parametrize("name", MODULES)
def test_module_reads_no_clock(name):
    tree = ast.parse(inspect.getsource(import_module(name)))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not (imported | attributes) & (CLOCK_READERS | {"clock"})


def test_all_modules_are_checked():
    expected = {"bemore.reports.pdf.document", "bemore.reports.html.page", "bemore.reports.language.korean", "bemore.scoring.text.korean"}
    assert expected <= set(MODULES)
