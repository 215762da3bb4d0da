"""Heads of requests as all well-behaved clients send them, read in one go; gunicorn's parser reads whatever else there is.

It takes five times as long, as it knows all of HTTP. What is passed over here is not refused: nothing is read here that means anything
else there, and a test holds the two equal.
"""

import re
from functools import lru_cache

#: Longest head that is looked at, and most headers: below gunicorn's limits for a line, a header, and their number.
LONGEST, MOST = 8000, 64

_HEAD = re.compile(
    rb"(GET|POST|PUT|DELETE|OPTIONS) (/[!-\"$%&'()*+,\-.0-9:;<=>?@A-Z\[\]^_`a-z{|}~][!-\"$-~]*|/) HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)

#: Headers that change what the rest of the request means, or who may have sent it.
_SPECIAL = frozenset(
    ("TRANSFER_ENCODING", "EXPECT", "UPGRADE", "TRAILER", "TE", "HTTP2_SETTINGS", "X_FORWARDED_PROTOCOL", "X_FORWARDED_SSL")
)  # fmt: skip


@lru_cache(512)
def _key(name):
    """The place of a header in the WSGI environment, None for a special one."""
    key = name.decode("ascii").upper().replace("-", "_")
    if key in _SPECIAL:
        return None
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def read(head):
    """What the bytes of a head say, as a part of a WSGI environment, and whether the connection is kept; None for what is not plain."""
    found = _HEAD.fullmatch(head) if len(head) <= LONGEST else None
    if found is None:
        return None
    method, target, lines = found.groups()
    path, _, query = target.decode("ascii").partition("?")
    environ = {"REQUEST_METHOD": method.decode("ascii"), "PATH_INFO": path, "QUERY_STRING": query, "SERVER_PROTOCOL": "HTTP/1.1"}
    fields = lines.split(b"\r\n")
    if "%" in path or len(fields) > MOST:
        return None
    for field in fields[:-1]:
        name, _, value = field.partition(b":")
        key = _key(name)
        if key is None or key in environ:
            return None
        environ[key] = value.strip(b" \t").decode("latin-1")
    keeps = environ.get("HTTP_CONNECTION", "keep-alive").lower()
    if keeps not in ("keep-alive", "close") or not environ.get("CONTENT_LENGTH", "0").isdecimal():
        return None
    return environ, keeps == "keep-alive"
