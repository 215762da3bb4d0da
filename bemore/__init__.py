"""BeMore: the service behind a video counseling page.

It opens and closes counseling sessions, stores their telemetry (face frames, audio chunks, speech-to-text snippets),
scores every minute, keeps scores the browser computed itself, and serves reports.
"""

__version__ = "0.1.0"
