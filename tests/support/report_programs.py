"""Programs that show a report as a person sees it, and what a test does without one."""

import os
import shutil
import subprocess

import pytest


def need_program(program, package):
    """The path of a program of a Debian package; without it the test is skipped, or fails where BEMORE_TEST_ALL=1."""
    path = shutil.which(program)
    if path is None:
        _without(f"{program} is not installed (Debian: apt-get install {package})")
    return path


def need_module(name):
    """A module that a test compares with; without it the test is skipped, or fails where BEMORE_TEST_ALL=1."""
    try:
        return __import__(name)
    except ImportError:
        _without(f"{name} is not installed (pip install {name})")


def _without(reason):
    if os.environ.get("BEMORE_TEST_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def run(*command):
    """What a program wrote to its standard output, as bytes; a failure or two minutes fail the test."""
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout
