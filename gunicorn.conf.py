"""gunicorn's settings, made from BeMore's: the environment or ``.env``, see ``.env.example``.

Chosen by measurement (``docs/performance.rst``): threads, because browsers and nginx keep connections open and a process has
to wait for the disk; eight of them, so that requests are read while others wait for a commit and share it; the C parser of
``gunicorn[fast]``; one process on SQLite without Redis, one per core with it. ``bemore/server.py`` holds the values.
"""

from bemore.server import options
from bemore.settings import Settings

globals().update(options(Settings.from_env()))
