"""For WSGI servers: ``gunicorn wsgi:app`` (which reads ``gunicorn.conf.py`` beside this file)."""

from bemore.app import create_app
from bemore.settings import Settings

app = create_app(Settings.from_env())
