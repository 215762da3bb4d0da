"""How a request arrives: its bytes are gathered as they come, and a thread is given to it when it is whole.

gunicorn's threads read requests themselves. A client that sends a byte a second then holds one of them for as long as it likes,
and as many such clients as there are threads keep everybody else waiting. The same goes for answers that a client does not take.
Here no thread ever waits for a client: what is not there yet, and what cannot be sent yet, waits in the worker's poller.
"""

import io
import os
import re
import socket
import time
from contextlib import suppress

from gunicorn.http import errors
from gunicorn.http.body import ChunkedReader
from gunicorn.http.message import Request

#: How much is read at once, and how often in a row for one connection before the others get their turn.
PIECE, PIECES = 1 << 16, 4

#: Largest request line with all headers: more than the longest line and the longest header that gunicorn is told to take.
MOST_HEAD = 1 << 16

#: How much of a body that is too large is read and thrown away, so that its sender gets to read the answer.
DRAIN_BYTES = 64 << 20

#: Most chunks of a body: whoever sends a few bytes in each wants to keep us busy. And the longest line between two of them.
MOST_CHUNKS, MOST_LINE = 20_000, 4096

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,40})[ \t]*\r\n")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n")


class Socket(socket.socket):
    """A client's connection that never blocks: what cannot be sent yet is kept in ``unsent``."""

    @classmethod
    def of(cls, accepted):
        """Take over the connection of ``accepted``."""
        kind = accepted.family, accepted.type, accepted.proto
        taken = cls(*kind, fileno=accepted.detach())
        socket.socket.setblocking(taken, False)
        taken.unsent = b""
        return taken

    def setblocking(self, flag):
        """gunicorn switches to and fro for each request."""

    settimeout = setblocking

    def sendall(self, data):
        """Send what can be sent now and keep the rest. Raises OSError where the client is gone."""
        if self.unsent:
            self.unsent += data
            return
        try:
            sent = self.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.unsent = bytes(data[sent:])

    def send_on(self):
        """Send more of what was kept; whether all of it is sent now. Raises OSError where the client is gone."""
        try:
            sent = self.send(memoryview(self.unsent)[: PIECE * PIECES])
        except BlockingIOError:
            return False
        self.unsent = self.unsent[sent:]
        return not self.unsent


class Arrival:
    """The requests of a connection, one after the other; to gunicorn it is the parser, which gives a request once it is whole.

    Beyond ``most`` bytes a body is thrown away as it comes. ``began_s`` is when (monotonic) the first byte of the request came,
    None while it has none; ``has_head``: all but the body is here; ``gone``: the client will send no more.
    """

    def __init__(self, cfg, sock, client, most):
        self._cfg, self._sock, self._client, self._most = cfg, sock, client, most
        self._fileno = sock.fileno()
        self._count = 0
        self._ahead = b""
        self.gone = False
        self._begin()

    def _begin(self):
        self.began_s = time.monotonic() if self._ahead else None
        self._scanned = 0
        self._head = self._body = self._error = None
        self.whole = self._cut = False

    @property
    def has_head(self):
        return self._head is not None

    @property
    def head(self):
        """Request line and headers; empty where they are not here or not well-formed."""
        return self._head or b""

    @property
    def size(self):
        """Bytes of the body that are held."""
        return self._body.size if self._body else 0

    def receive(self):
        """Read what is there; whether the request is whole now."""
        for _ in range(PIECES):
            if self.whole or self._ahead and self._take():
                return True
            try:
                data = os.read(self._fileno, PIECE)
            except BlockingIOError:
                return False
            except OSError:
                data = b""
            if not data:
                return self._ended()
            if self.began_s is None:
                self.began_s = time.monotonic()
            self._ahead = self._ahead + data if self._ahead else data
        return bool(self._ahead) and self._take()

    def _take(self):
        if self._head is None and not self._take_head():
            return self.whole
        if self._body is not None:
            try:
                rest = self._body.feed(self._ahead)
            except errors.ParseException as error:
                return self._refuse(error)
            if rest is None:
                self._ahead = b""
                return False
            self._ahead = rest
        self.whole = True
        return True

    def _refuse(self, error):
        self._error, self._ahead = error, b""
        self.whole = True
        return True

    def _ended(self):
        self.gone = True
        if self._head is None:
            return False
        # A body that was cut short gets its answer: only half of the connection may have ended.
        self._cut = self.whole = True
        if self._body.in_chunks:
            self._error = errors.ParseException("chunk")
        return True

    def _take_head(self):
        end = self._ahead.find(b"\r\n\r\n", self._scanned)
        if end < 0:
            self._scanned = max(0, len(self._ahead) - 3)
            error = _hopeless(self._ahead)
            if error:
                self._refuse(error)
            return False
        self._head, self._ahead = self._ahead[: end + 4], self._ahead[end + 4 :]
        lower = self._head.lower()
        # Which of these headers count, and whether they are allowed, is left to gunicorn: what it reads must be the same.
        if b"\r\ntransfer-encoding" in lower:
            if _CHUNKED.search(lower):
                self._body = _Chunks(self._most)
        elif b"\r\ncontent-length" in lower:
            found = _LENGTH.search(lower)
            if found and int(found[1]):
                self._body = _Bytes(int(found[1]), self._most)
        if self._body is not None and not self._ahead and b"\r\nexpect:" in lower and b"100-continue" in lower:
            with suppress(OSError):  # who is gone will be noticed when nothing comes
                self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def __next__(self):
        """The request, whole. Raises what gunicorn raises for one that is not well-formed, StopIteration where there is none."""
        if self._error:
            raise self._error
        if not self.whole:
            raise StopIteration
        self._count += 1
        rest = _Head(self._head)
        request = Request(self._cfg, rest, self._client, self._count)
        body = self._body or _NOTHING
        reader = request.body.reader
        if rest.data or isinstance(reader, ChunkedReader) != body.in_chunks:
            raise errors.InvalidRequestLine(b"")
        if not body.in_chunks and reader.length != body.length:
            raise errors.InvalidRequestLine(b"")
        request.body = io.BytesIO(b"".join(body.pieces))
        request._expected_100_continue = False  # it was answered when the head came
        if self._cut or body.drained:
            request.force_close()
        self._begin()
        return request

    @property
    def is_plain(self):
        """Whether head and body are here as they were sent: not in chunks, not cut, not too large."""
        body = self._body
        return not self._cut and self._error is None and (body is None or not body.in_chunks and body.size == body.length)

    def take_body(self):
        """The body of a plain request, of which nothing else is wanted but the head; the next request may follow."""
        body = b"".join(self._body.pieces) if self._body else b""
        self._count += 1
        self._begin()
        return body

    def finish_body(self, deadline=None):
        """What gunicorn asks after each answer: whether the body was read to its end. It always is, before the answer."""
        return True


def _hopeless(head):
    """The error of bytes that can become no request, None of others."""
    if len(head) > MOST_HEAD:
        in_headers = b"\r\n" in head[: MOST_HEAD // 2]
        return errors.LimitRequestHeaders("") if in_headers else errors.LimitRequestLine(len(head), MOST_HEAD)
    if not head[:1].isalpha() and head[:1] not in b"\r\n" or head.count(b"\n") != head.count(b"\r\n"):
        return errors.InvalidRequestLine(b"")
    return None


class _Head:
    """gunicorn's unreader, of the bytes of a head."""

    def __init__(self, data):
        self.data = data

    def read(self, size=None):
        data, self.data = self.data, b""
        return data

    def unread(self, data):
        self.data = data


class _Body:
    """What has come of a body: ``pieces``, ``size`` bytes in all; ``drained``: the rest of it was not waited for."""

    drained = False

    def __init__(self):
        self.pieces, self.size = [], 0

    def keep(self, part):
        # A byte in a list of its own would take fifty.
        if self.pieces and len(self.pieces[-1]) < PIECE // 16:
            self.pieces[-1] += part
        else:
            self.pieces.append(part)
        self.size += len(part)


class _Bytes(_Body):
    """A body of known length."""

    in_chunks = False

    def __init__(self, length, most):
        super().__init__()
        self.length = length
        self._keep = length <= most
        self._missing = length if self._keep else min(length, DRAIN_BYTES)
        self.drained = self._missing < length

    def feed(self, data):
        """Take more of it; None if it is not whole, else what is left over."""
        part = data if len(data) <= self._missing else data[: self._missing]
        self._missing -= len(part)
        if self._keep:
            self.keep(part)
        return None if self._missing else data[len(part) :]


_NOTHING = _Bytes(0, 0)


class _Chunks(_Body):
    """A body in chunks (RFC 9112, 7.1), without their sizes; one byte more than ``most`` is kept of it at most."""

    in_chunks = True

    def __init__(self, most):
        super().__init__()
        self._most, self._seen, self._count, self._trailers = most, 0, 0, 0
        self._line, self._left, self._next = b"", 0, self._size_line

    def feed(self, data):
        """Take more of it; None if it is not whole, else what is left over. Raises gunicorn's ParseException."""
        at = 0
        while self._next is not None:
            if self._left:
                part = data[at : at + self._left]
                if not part:
                    return None
                self._count_in(part)
                at += len(part)
                self._left -= len(part)
                continue
            end = data.find(b"\n", at)
            self._line += data[at : end + 1 if end >= 0 else None]
            if len(self._line) > MOST_LINE:
                raise errors.ParseException("chunk")
            if end < 0:
                return None
            at = end + 1
            line, self._line = self._line, b""
            if line[-2:] != b"\r\n":
                raise errors.ParseException("chunk")
            self._next(line[:-2])
        return data[at:]

    def _count_in(self, part):
        self._seen += len(part)
        room = self._most + 1 - self.size
        if room > 0:
            self.keep(part[:room])
        if self._seen > DRAIN_BYTES:
            self._left, self._next, self.drained = len(part), None, True

    def _size_line(self, line):
        digits, *extension = line.split(b";", 1)
        if extension:
            digits = digits.rstrip(b" \t")
        if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF") or b"\r" in line:
            raise errors.ParseException("chunk")
        self._count += 1
        if self._count > MOST_CHUNKS:
            raise errors.ParseException("chunk")
        self._left = int(digits, 16)
        self._next = self._after_data if self._left else self._trailer

    def _after_data(self, line):
        if line:
            raise errors.ParseException("chunk")
        self._next = self._size_line

    def _trailer(self, line):
        self._trailers += len(line)
        if self._trailers > MOST_LINE:
            raise errors.LimitRequestHeaders("")
        if not line:
            self._next = None
