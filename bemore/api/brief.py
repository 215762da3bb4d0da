"""Which requests are brief, so that a worker may answer them side by side in the thread that looks after its connections."""

import re

_PART = re.compile(r"<[^<>]+>")


def brief_requests(app, settings):
    """What tells a brief request by the bytes of its head, or None if none is.

    On PostgreSQL a write waits for the server, and a key set that has to be fetched for somebody else's: those wait in threads.
    """
    if not settings.database_url.startswith("sqlite:") or settings.jwt_jwks_url:
        return None
    lines = []
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is not None and operation.brief:
            path = "[^/ ?]+".join(map(re.escape, _PART.split(rule.rule)))
            lines += (f"{method} {path}" for method in rule.methods - {"HEAD", "OPTIONS"})
    return re.compile(f"(?:{'|'.join(lines)}) HTTP/1".encode()).match
