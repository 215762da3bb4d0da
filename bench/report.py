"""Where results go: text (tables of reStructuredText), JSON and a picture, all in one directory."""

import json
from pathlib import Path


class Results:
    """The files ``<name>.txt``, ``<name>.json`` and ``<name>.png`` of a command in ``directory``."""

    def __init__(self, directory, name):
        self.directory, self.name = Path(directory), name
        self.directory.mkdir(parents=True, exist_ok=True)

    def path(self, kind):
        return self.directory / f"{self.name}.{kind}"

    def write(self, text, values):
        """Write the text and the JSON; return the text."""
        self.path("txt").write_text(text + "\n", "utf-8")
        self.path("json").write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return text
