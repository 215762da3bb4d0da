"""Raw HTTP with a request hidden in a body, and a reading of it by the letter of RFC 9112: which requests may a server carry out?

``Smuggler(seed).exchange(label, hidden_line)`` gives the bytes of one connection, damaged somewhere in their framing.
``meant(data)`` gives the ids of the requests that stand in such bytes.
"""

import random
import re

#: Every request carries its id in a header that no damage touches.
_ID = re.compile(rb"X-Request-Id: ([a-z0-9-]+)\r?\n")

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e]+ HTTP/1\.[0-9]")
_LENIENT_LINE = re.compile(rb"[^ ]+ +[^ ]+ +HTTP/1\.[0-9] *")
_LENGTH = re.compile(rb"[0-9]{1,10}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[^\r\n]*|[ \t]*)")


# -- The reading -----------------------------------------------------------------------------------------------------------


def meant(data, bare_line_feeds=False):
    """Ids of the requests that a server may carry out: all up to the first that is not well-formed, and that one.

    ``bare_line_feeds``: lines may end in LF alone, and headers that are none are ignored, as nginx does.
    """
    ids, position = [], 0
    empty_lines = re.compile(rb"[\r\n]*" if bare_line_feeds else rb"(\r\n)*")
    end_of_head = re.compile(rb"\r?\n\r?\n" if bare_line_feeds else rb"\r\n\r\n")
    while True:
        position = empty_lines.match(data, position).end()
        end = end_of_head.search(data, position)
        if end is None:
            return ids
        head, position = data[position : end.start()], end.end()
        if result := _ID.search(head + b"\n"):
            ids.append(result[1].decode())
        body = _body(head, bare_line_feeds)
        if body is None:
            return ids
        position = _end_of_chunks(data, position, bare_line_feeds) if body == "chunked" else position + body
        if position is None or position > len(data):
            return ids


def _body(head, lenient):
    """The length of a request's body in bytes, or ``chunked``; None if the head is not well-formed or closes the connection."""
    line, *lines = re.split(rb"\r?\n", head) if lenient else head.split(b"\r\n")
    if line.startswith(b"CONNECT") or not (_LENIENT_LINE if lenient else _REQUEST_LINE).fullmatch(line):
        return None
    lengths, codings = [], []
    for each in lines:
        name, colon, value = each.partition(b":")
        value = value.strip(b" \t")
        if not name or re.search(rb"[\x00-\x20\x7f]", name):
            return None
        if not (lenient or colon and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            return None
        if name.lower() == b"content-length":
            lengths.append(value)
        elif name.lower() == b"transfer-encoding":
            codings += [coding.strip(b" \t").lower() for coding in value.split(b",")]
        elif name.lower() == b"connection" and value.lower() == b"close":
            return None
    if codings:
        known = {b"gzip", b"deflate", b"compress", b"identity"}
        whole = not lengths and codings[-1] == b"chunked" and set(codings[:-1]) <= known and not line.endswith(b"HTTP/1.0")
        return "chunked" if whole else None
    if not lengths:
        return 0
    return int(lengths[0]) if len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) else None


def _end_of_chunks(data, position, lenient):
    line_end = rb"\r?\n" if lenient else rb"\r\n"
    while True:
        end = re.compile(line_end).search(data, position)
        size = end and _CHUNK.fullmatch(data[position : end.start()])
        if not size:
            return None
        position = end.end() + int(size[1], 16)
        if int(size[1], 16) == 0:
            break
        end = re.compile(line_end).match(data, position)
        if not end:
            return None
        position = end.end()
    # Trailers, up to an empty line.
    while end := re.compile(line_end).search(data, position):
        line, position = data[position : end.start()], end.end()
        if not line:
            return position
        if not lenient and not re.fullmatch(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*", line):
            return None
    return None


# -- The damage ------------------------------------------------------------------------------------------------------------

_BLANKS = (b" ", b"\t", b"\x0b", b"\x0c", b"\x00", b"\r", b"\n", b"\xa0", b"\x85")

_LIKE_CODING = (
    b"Transfer-Encoding-X", b"Transfer-Encoding-", b"Transfer-Encoding2", b"Transfer-Encodings", b"Transfer-Encoding.",
    b"TRANSFER-ENCODING-X",
    b"Transfer-Encodin", b"X-Transfer-Encoding", b"Transfer_Encoding", b"Transfer-Encoding ",
    b"Transfer-Encoding\t", b"\x0bTransfer-Encoding", b" Transfer-Encoding", b"transfer-ENCODING", b"Transfer-Encoding\x00", b"TE",
    b"Transfer\xadEncoding",
)  # fmt: skip

_LIKE_LENGTH = (
    b"Content-Length-X", b"Content-Length2", b"Content-Lengths", b"Content-Lengt", b"X-Content-Length", b"Content_Length",
    b"Content-Length ", b"Content-Length\t", b"\tContent-Length",
    b"content-LENGTH", b"Content-Length\x00", b"Content\xadLength", b"Content-Length\x0b",
)  # fmt: skip

_CODINGS = (
    b"chunked", b"Chunked", b"CHUNKED", b"chunked, identity", b"identity, chunked", b"gzip, chunked", b"chunked, chunked", b"chunked, gzip",
    b"identity", b"gzip", b"xchunked", b"chunkedx", b"chunked,", b",chunked", b"chunked;q=1", b'"chunked"', b"chunked\x0b", b"\x0bchunked",
    b"chunked\x00", b"chunked\r\n ", b"\r\n chunked", b"", b"1", b"chu\r\n nked", b"chunked\n", b"chunked\r", b"\xffchunked",
    b"deflate, chunked",
)  # fmt: skip

_VERSIONS = (
    b"HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.1 ", b"http/1.1", b"HTTP/1.1\t", b"HTTP/1.10", b"HTTP/01.1", b"HTTP/1,1",
)  # fmt: skip

_LINES = (b"POST /api/session/x/frames", b"POST /api/session/start", b"GET /health/live", b"PUT /api/user/preferences")

_EXTRA = (
    (b"Connection", b"close"), (b"Connection", b"keep-alive"), (b"Connection", b"Content-Length"),
    (b"Connection", b"Transfer-Encoding, keep-alive"),
    (b"Connection", b"close, x"), (b"Connection", b"Upgrade, HTTP2-Settings"), (b"Upgrade", b"h2c"),
    (b"HTTP2-Settings", b"AAMAAABkAAQAoAAAAAIAAAAA"),
    (b"Upgrade", b"websocket"), (b"Expect", b"100-continue"), (b"Expect", b"100-Continue, x"), (b"Host", b"other"), (b"Host", b"localhost"),
    (b"Content-Type", b"application/json"), (b"X-Forwarded-Proto", b"https"), (b"X-Forwarded-Ssl", b"on"), (b"SCRIPT_NAME", b"/api"),
    (b"PATH_INFO", b"/metrics"), (b"Trailer", b"Content-Length"), (b"TE", b"trailers, chunked"), (b"Content-Encoding", b"chunked"),
)  # fmt: skip

_LAST_CHUNKS = (b"0\n\n", b"00\r\n\r\n", b"0;x\r\n\r\n", b"0 \r\n\r\n", b"0\r\n\n", b"0\r\r\n\r\n")

_EXTENSIONS = (
    b";", b";a", b";a=b", b' ; a="b"', b";a=\r", b";\n", b";a=\rb", b' ; "', b";a=b\x00", b" ", b"\t;x", b";" + b"x" * 300, b";a=b;c=d",
)  # fmt: skip


class Smuggler:
    """Makes exchanges, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self._damages = [self._name] * 3 + [self._value] * 2 + [self._twice, self._extra, self._line, self._ends, self._chunks]

    def exchange(self, label, hidden_line):
        """(bytes, id of the outer request, id of the one hidden in its body) of an exchange; ``label`` makes the ids its own."""
        outer, hidden = f"outer-{label}", f"hidden-{label}"
        smuggled = b"%b HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: %b\r\n\r\n" % (hidden_line, hidden.encode())
        chunked = self.random.random() < 0.4
        padding = self.random.choice((b"", b"0\r\n\r\n", b"\r\n", b"{}", b"\r\n\r\n"))
        body = padding + smuggled
        parts = {
            "line": self.random.choice(_LINES) + b" HTTP/1.1",
            "headers": [[b"Host", b": ", b"localhost"], [b"X-Request-Id", b": ", outer.encode()]],
            "end": b"\r\n",
            "body": self._in_chunks(body) if chunked else body,
        }
        framing = [b"Transfer-Encoding", b": ", b"chunked"] if chunked else [b"Content-Length", b": ", b"%d" % len(body)]
        parts["headers"].insert(self.random.randrange(3), framing)
        for _ in range(self.random.choice((1, 1, 1, 1, 2, 3))):
            self.random.choice(self._damages)(parts, framing, len(body))
        lines = [parts["line"], *(b"".join(each) for each in parts["headers"])]
        data = parts["end"].join(lines) + parts["end"] * 2 + parts["body"]
        if self.random.random() < 0.2:  # well-formed requests before it, on the same connection
            data = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: before-%b\r\n\r\n" % label.encode() + data
        return data, outer, hidden

    def _in_chunks(self, body):
        half = self.random.randrange(1, len(body))
        pieces = self.random.choice(([body], [body[:half], body[half:]]))
        return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"

    def _name(self, parts, framing, length):
        """A name that is nearly the one of a framing header: beside the true one, or in its place."""
        names = self.random.choice((_LIKE_CODING, _LIKE_LENGTH))
        value = self.random.choice(_CODINGS) if names is _LIKE_CODING else self._length(length)
        if self.random.random() < 0.3:
            framing[0] = self.random.choice(_LIKE_CODING if framing[0].lower().startswith(b"transfer") else _LIKE_LENGTH)
        else:
            parts["headers"].insert(self.random.randrange(len(parts["headers"]) + 1), [self.random.choice(names), b": ", value])

    def _length(self, length):
        number = b"%d" % length
        return self.random.choice((
            number, b"0" * self.random.randrange(1, 60) + number, b"+" + number, b"-" + number, b"-1", b"0x%x" % length, number + b".0",
            b"0",
            b"1", b"%d" % (length + self.random.randrange(1, 99)), b"%d" % max(0, length - self.random.randrange(1, 40)),
            number + b", " + number,
            number + b",0", b"0," + number, number + b" " + number, b"", b"9" * 30, b"%d" % (2**64 + length), b"%d" % (2**32 + length),
            number + b"\x0b", b"\x0b" + number, number + b"\r\n 0", b"0\r\n " + number, number + b";", b'"' + number + b'"', number + b"e0",
            "\u00b2".encode("latin-1"), number + "\u00b9".encode("latin-1"), "\uff11".encode(), number + b"\x00", b"1_0", number + b"\r",
            number + b"\n",
        ))  # fmt: skip

    def _value(self, parts, framing, length):
        framing[2] = self.random.choice(_CODINGS) if framing[0].lower().startswith(b"transfer") else self._length(length)

    def _twice(self, parts, framing, length):
        """The framing said twice, in the same or in another way."""
        other = self.random.choice((
            list(framing), [b"Content-Length", b": ", self._length(length)], [b"Transfer-Encoding", b": ", self.random.choice(_CODINGS)],
        ))  # fmt: skip
        parts["headers"].insert(self.random.randrange(len(parts["headers"]) + 1), other)

    def _extra(self, parts, framing, length):
        name, value = self.random.choice(_EXTRA)
        parts["headers"].insert(self.random.randrange(len(parts["headers"]) + 1), [name, b": ", value])

    def _line(self, parts, framing, length):
        line = parts["line"]
        parts["line"] = self.random.choice((
            line.replace(b"HTTP/1.1", self.random.choice(_VERSIONS)), line.replace(b" ", b"  ", 1), line.replace(b" ", b"\t", 1),
            b"\r\n" + line,
            b"\n" + line, b"\r\n\r\n" + line, b" " + line, line.replace(b" /", b" http://localhost/"), line.lower(),
            line.partition(b" HTTP")[0],
            line.replace(b" HTTP", b"%20HTTP"), line.replace(b"/", b"/\xed\x95\x9c", 1), line.replace(b" /", b" /?\x01"),
            line.replace(b" /", b" /#"),
        ))  # fmt: skip

    def _ends(self, parts, framing, length):
        """Blanks and line ends where they do not belong."""
        if self.random.random() < 0.3:
            parts["end"] = self.random.choice((b"\n", b"\r", b"\r\r\n", b"\n\r"))
            return
        header = self.random.choice([each for each in parts["headers"] if each[0] != b"X-Request-Id"])
        blank = self.random.choice(_BLANKS)
        at = self.random.randrange(4)
        if at == 0:
            header[0] = blank + header[0]
        elif at == 1:
            header[1] = blank + b":"
        elif at == 2:
            header[1] = self.random.choice((b":", b":\t", b": " + blank, b":\r\n ", b"", b" "))
        else:
            header[2] += blank

    def _chunks(self, parts, framing, length):
        """Damage to the first or the last chunk's line, to what follows them, or none where there are no chunks."""
        body = parts["body"]
        size, end, rest = body.partition(b"\r\n")
        if not framing[0].lower().startswith(b"transfer"):
            parts["body"] = body[: self.random.randrange(len(body))] if self.random.random() < 0.3 else body
            return
        parts["body"] = self.random.choice((
            size + self.random.choice(_EXTENSIONS) + end + rest, b"0" * self.random.randrange(1, 40) + size + end + rest, b"0x" + body,
            b"+" + body,
            b"-" + body, b" " + body, size + b" " + end + rest, size + b"\n" + rest, size + b"\r" + rest, b"\r\n" + body,
            b"0\r\n\r\n" + body,
            b"f" * self.random.choice((15, 16, 17, 40)) + size + end + rest, b"%x" % (2**64 + length) + end + rest,
            b"%x" % max(0, length - self.random.randrange(1, 40)) + end + rest,
            b"%x" % (length + self.random.randrange(1, 40)) + end + rest,
            body.removesuffix(b"0\r\n\r\n"), body.replace(b"\r\n0\r\n\r\n", b"0\r\n\r\n"), body.replace(b"\r\n0\r\n\r\n", b"\n0\r\n\r\n"),
            body.removesuffix(b"\r\n") + b"Content-Length: 5\r\n\r\n", body.removesuffix(b"\r\n") + b"X: 1\r\n\r\n",
            body.removesuffix(b"\r\n") + b"X : 1\r\n\r\n", body.removesuffix(b"\r\n") + b"GET /metrics HTTP/1.1\r\n\r\n",
            body.removesuffix(b"0\r\n\r\n") + self.random.choice(_LAST_CHUNKS),
        ))  # fmt: skip
