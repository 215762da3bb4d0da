"""gunicorn's settings, made from BeMore's: the environment or ``.env``, see ``.env.example``."""

from bemore.server import options
from bemore.settings import Settings

globals().update(options(Settings.from_env()))
