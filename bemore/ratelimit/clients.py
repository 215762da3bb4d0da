"""Who a request counts against, and which requests cost no quota."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

from flask import request

#: Paths that cost no quota. ``/ws/`` holds the addresses of WebSockets, which pages try again and again: there are none.
_EXEMPT = frozenset(("/health", "/health/live", "/health/ready", "/api/health", "/metrics", "/console"))
_EXEMPT_FOLDERS = ("/console/", "/static/", "/ws/")


def is_exempt():
    """Whether the current request costs no quota: preflights, health checks, metrics, the console with its files, and ``/ws/``."""
    path = request.path
    return request.method == "OPTIONS" or path in _EXEMPT or path.startswith(_EXEMPT_FOLDERS)


def client_key(subject):
    """The key of the current request's client: ``sub:`` and the authenticated ``subject``, or its address if that is None."""
    return client_address(request.environ) if subject is None else f"sub:{subject}"


def client_address(environ):
    """The client's IPv4 address, or its IPv6 network (one client has a /64 of addresses); ``local`` for a Unix socket.

    An entry of X-Forwarded-For that is no address counts as the proxy's own address.
    """
    proxy = environ.get("werkzeug.proxy_fix.orig", {}).get("REMOTE_ADDR")
    return _parsed(environ.get("REMOTE_ADDR") or "") or _parsed(proxy or "") or "local"


@lru_cache(maxsize=4096)
def _parsed(text):
    """The key of an address as a header gives it, with or without a port; None for anything else."""
    match = re.fullmatch(r"\[(.*)\](?::[0-9]+)?|([^:]*):[0-9]+", text.strip())
    try:
        address = ip_address((match[1] or match[2]) if match else text.strip())
    except ValueError:
        return None
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))
