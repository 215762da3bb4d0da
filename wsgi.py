"""For WSGI servers: ``gunicorn wsgi:app`` (which reads ``gunicorn.conf.py`` beside this file)."""

from bemore.server.config import load

app = load()
