"""The body of a request: its type, its encoding, its size, then its bytes. And the bytes of its path."""

import codecs
import zlib

from flask import current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from bemore.errors import InvalidInput, PayloadTooLarge, UnsupportedMediaType
from bemore.schemas.base import problem

#: Where the body stands in the WSGI environment once it is unpacked.
_BODY = "bemore.body"

#: Members of a gzip body, at most. Each one copies what follows it: without a bound, a body of empty members would take long.
MAX_MEMBERS = 100


def body():
    """The request's bytes, unpacked; read once, then kept for the request.

    Raises UnsupportedMediaType, PayloadTooLarge, and InvalidInput for a body that is shorter than it says or badly packed.
    """
    environ = request.environ
    if _BODY not in environ:
        asked = request._get_current_object()  # looked for once instead of at every turn
        most = current_app.extensions["bemore"].max_body_bytes
        environ[_BODY] = _unpacked(asked, _read(asked, most), most)
    return environ[_BODY]


def _read(asked, most):
    length = asked.content_length
    if (length or 0) > most:
        raise PayloadTooLarge(_too_large(most))
    try:
        raw = asked.get_data(cache=False)
        # werkzeug cuts a body in chunks off at the limit and says nothing.
        cut_off = length is None and len(raw) == most and asked.environ["wsgi.input"].read(1)
    except RequestEntityTooLarge:
        raise PayloadTooLarge(_too_large(most)) from None
    except Exception:  # what a server raises for chunks that are not well-formed is its own affair
        raise InvalidInput([problem("body", "must have the length or the chunks that it announces")]) from None
    if cut_off:
        raise PayloadTooLarge(_too_large(most))
    if length not in (None, len(raw)):
        # gunicorn ends a body where the client does, and says nothing.
        raise InvalidInput([problem("body", "must be as long as Content-Length says")])
    return raw


def _unpacked(asked, raw, most):
    if raw:
        _check_type(asked.mimetype)
        encoding = asked.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if encoding in ("gzip", "x-gzip"):
            raw = _gunzip(raw, most)
        elif encoding != "identity":
            raise UnsupportedMediaType("Content-Encoding must be gzip or identity")
    # RFC 8259 allows to ignore it, and some libraries write one.
    return raw.removeprefix(codecs.BOM_UTF8)


def _check_type(kind):
    if kind and kind not in ("application/json", "text/plain") and not kind.endswith("+json"):
        raise UnsupportedMediaType("Content-Type must be application/json or text/plain")


def _gunzip(raw, most):
    """The content of all members of a gzip file (RFC 1952, 2.2), at most ``most`` bytes of at most ``MAX_MEMBERS`` members."""
    parts, room = [], most
    for _ in range(MAX_MEMBERS):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(raw, room + 1))
        except zlib.error:
            break
        room -= len(parts[-1])
        if room < 0:
            raise PayloadTooLarge(_too_large(most))
        if not unpacker.eof:
            break
        raw = unpacker.unused_data
        if not raw:
            return b"".join(parts)
    raise InvalidInput([problem("body", "must be valid gzip")])


def _too_large(most):
    return f"body must be at most {most} bytes"


def check_path(field):
    """Raise InvalidInput, naming ``field``, unless the path is UTF-8: two paths that are not would be read as the same text."""
    try:
        request.environ["PATH_INFO"].encode("latin-1").decode()
    except UnicodeDecodeError:
        raise InvalidInput([problem(field, "must be UTF-8")]) from None
