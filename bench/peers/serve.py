"""``python -m bench.peers.serve NAME``: a peer of this package under gunicorn as the service sets it up.

Worker class, threads, processes, parser and limits are the service's own; its hooks and its logging are not taken.
"""

import importlib
import inspect
import sys

from gunicorn.app.base import BaseApplication

from bemore.server.config import gunicorn_options
from bemore.settings import Settings


class PeerServer(BaseApplication):
    """gunicorn for ``bench.peers.<name>``."""

    def __init__(self, name):
        self._name, self._settings = name, Settings.from_env()
        super().__init__()

    def load_config(self):
        for name, value in options(self._settings).items():
            if not inspect.isfunction(value) and name != "logconfig_dict":
                self.cfg.set(name, value)

    def load(self):
        app = importlib.import_module(f"bench.peers.{self._name}").app
        app.extensions["bemore"] = self._settings  # the worker's limits
        return app


if __name__ == "__main__":
    PeerServer(sys.argv[1]).run()
