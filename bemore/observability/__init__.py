"""Logs and metrics. Nothing here decides what a request does."""
