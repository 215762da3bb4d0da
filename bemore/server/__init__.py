"""gunicorn, configured from the settings. Nothing here reads HTTP."""
