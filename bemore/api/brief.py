"""Which requests are brief: a worker spends less on what is around them, and may answer several of them side by side in one thread."""

import re

_PART = re.compile(r"<[^<>]+>")


def side_by_side(settings):
    """Whether brief requests are answered in the thread that looks after all connections.

    On PostgreSQL a write waits for the server, and a key set that has to be fetched for somebody else's: those wait in threads.
    """
    return settings.database_url.startswith("sqlite:") and not settings.jwt_jwks_url


def brief_requests(app):
    """What tells a brief request by the bytes of its head."""
    lines = []
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is not None and operation.brief:
            path = "[^/ ?]+".join(map(re.escape, _PART.split(rule.rule)))
            lines += (f"{method} {path}" for method in rule.methods - {"HEAD", "OPTIONS"})
    return re.compile(f"(?:{'|'.join(lines)}) HTTP/1".encode()).match
