"""gunicorn's settings, made from BeMore's: the environment or ``.env``, see ``.env.example``.

Chosen by measurement (``docs/performance.rst``): threads, because browsers and nginx keep connections open, a report takes long, and
PostgreSQL has to be waited for; eight of them; uploads on SQLite side by side in the one thread that looks after the connections
(``bemore/worker.py``); one process on SQLite without Redis, one per core with it. ``bemore/server.py`` holds the values.
"""

from bemore.server import options
from bemore.settings import Settings

globals().update(options(Settings.from_env()))
