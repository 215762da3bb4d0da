"""The body of a request: its type, its encoding, its size, then its bytes. And the bytes of its path."""

import codecs
import zlib

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from bemore.errors import InvalidInput, PayloadTooLarge, UnsupportedMediaType
from bemore.schemas.base import problem

#: Where the body stands in the WSGI environment once it is decompressed.
_BODY = "bemore.body"

#: Members of a gzip body, at most. Each one copies what follows it: without a bound, a body of empty members would take long.
MAX_MEMBERS = 100


def body(types=None):
    """The request's bytes, decompressed; read once, then kept for the request. ``types``: the media types it may have, if not JSON's.

    Raises UnsupportedMediaType, PayloadTooLarge, and InvalidInput for a body that is shorter than it says or badly compressed.
    """
    environ = request.environ
    if _BODY not in environ:
        max_bytes = current_app.extensions["bemore"].max_body_bytes
        environ[_BODY] = _decompressed(_read(max_bytes), max_bytes, types)
    return environ[_BODY]


def _read(max_bytes):
    length = request.content_length
    try:
        raw = request.get_data(cache=False)
        # werkzeug cuts a body in chunks off at the limit and says nothing.
        too_large = length is None and len(raw) == max_bytes and request.environ["wsgi.input"].read(1)
    except RequestEntityTooLarge:
        too_large = True
    except Exception:  # what a server raises for chunks that are not well-formed is its own affair
        raise InvalidInput([problem("body", "must have the length or the chunks that it announces")]) from None
    if too_large:
        raise _too_large(max_bytes)
    if length not in (None, len(raw)):
        # gunicorn ends a body where the client does, and says nothing.
        raise InvalidInput([problem("body", "must be as long as Content-Length says")])
    return raw


def _decompressed(raw, max_bytes, types):
    media_type = request.mimetype
    if types and media_type not in types:
        raise UnsupportedMediaType(f"Content-Type must be {' or '.join(types)}")
    if raw:
        if not types and media_type and media_type not in ("application/json", "text/plain") and not media_type.endswith("+json"):
            raise UnsupportedMediaType("Content-Type must be application/json or text/plain")
        encoding = request.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            raw = _gunzip(raw, max_bytes)
        elif encoding != "identity":
            raise UnsupportedMediaType("Content-Encoding must be gzip or identity")
    # RFC 8259 allows to ignore it, and some libraries write one.
    return raw.removeprefix(codecs.BOM_UTF8)


def _gunzip(raw, max_bytes):
    """The content of all members of a gzip file (RFC 1952, 2.2), at most ``max_bytes`` of at most ``MAX_MEMBERS`` members."""
    parts, room = [], max_bytes
    for _ in range(MAX_MEMBERS):
        decompressor = zlib.decompressobj(wbits=31)
        try:
            parts.append(decompressor.decompress(raw, room + 1))
        except zlib.error:
            break
        room -= len(parts[-1])
        if room < 0:
            raise _too_large(max_bytes)
        if not decompressor.eof:
            break
        raw = decompressor.unused_data
        if not raw:
            return b"".join(parts)
    raise InvalidInput([problem("body", "must be valid gzip")])


def _too_large(max_bytes):
    return PayloadTooLarge(f"body must be at most {max_bytes} bytes")


def check_path(field):
    """Raise InvalidInput, naming ``field``, unless the path is UTF-8: two paths that are not would be read as the same text."""
    try:
        request.environ["PATH_INFO"].encode("latin-1").decode()
    except UnicodeDecodeError:
        raise InvalidInput([problem(field, "must be UTF-8")]) from None
