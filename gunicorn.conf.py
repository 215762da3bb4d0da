"""gunicorn's settings, made from BeMore's (the environment or ``.env``, see ``.env.example``) by ``bemore/server/config.py``."""

from bemore.server.config import gunicorn_options
from bemore.settings import Settings

globals().update(gunicorn_options(Settings.from_env()))
