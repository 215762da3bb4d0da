"""BeMore: the service behind a video counselling page.

It opens and closes counselling sessions, stores their telemetry (face frames, audio chunks, speech-to-text snippets),
scores every minute, keeps scores the browser computed itself, and serves reports.
"""

__version__ = "0.1.0"
