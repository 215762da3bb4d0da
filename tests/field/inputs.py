"""Inputs from the field, as data files beside this module: what real browsers, speech engines and proxies send."""

import json
from pathlib import Path

_FOLDER = Path(__file__).parent / "inputs"


def load(name):
    """The content of a data file."""
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
