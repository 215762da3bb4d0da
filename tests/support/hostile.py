"""Requests nobody sends on purpose, made of an OpenAPI document: each operation's example is taken and damaged somewhere.

``Hostile(document, seed).request(session_id)`` gives one after the other, the same for the same seed and ids.
"""

import codecs
import gzip
import json
import random
import re
import zlib
from dataclasses import dataclass, field
from urllib.parse import quote

from tests.support.hostile_values import ENCODINGS, HEADERS, KEYS, METHODS, QUERIES, SEGMENTS, TYPES, VALUES, VALUES_OF_A_QUERY


@dataclass
class Request:
    """One request as it goes over the wire.

    ``path`` is the document's path for it, None where a damage may have made it another one. With ``odd_head`` even HTTP's
    own rules may be broken, and it may be refused as that.
    """

    method: str
    target: str
    headers: list = field(default_factory=list)
    body: bytes = b""
    chunked: bool = False
    odd_head: bool = False
    path: str | None = None

    def wire(self):
        """Its bytes; text outside of Latin-1 is a mistake of the generator."""
        headers = list(self.headers)
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            headers.insert(0, ("Host", "localhost"))
        body = self.body
        if self.chunked and not names & {"transfer-encoding", "content-length"}:
            headers.append(("Transfer-Encoding", "chunked"))
            half = len(body) // 2
            pieces = [piece for piece in (body[:half], body[half:]) if piece]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif not names & {"transfer-encoding", "content-length"} and (body or self.method in ("POST", "PUT", "PATCH")):
            headers.append(("Content-Length", str(len(body))))
        head = "\r\n".join([f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)])
        return head.encode("latin-1") + b"\r\n\r\n" + body

    def told(self):
        """What a person needs to send it again."""
        head = "\n".join(f"  {name}: {value[:200]}" for name, value in self.headers)
        return f"{self.method} {self.target[:400]}\n{head}\n  body of {len(self.body)} bytes: {self.body[:400]!r}"


class Hostile:
    """Makes requests of a document; ``headers`` go with each of them."""

    def __init__(self, document, seed, headers=()):
        self.random = random.Random(seed)
        self.headers = list(headers)
        self.operations = [
            (method.upper(), path, _queries(document, operation), _bodies(document, operation))
            for path, of_path in document["paths"].items()
            for method, operation in of_path.items()
            if isinstance(operation, dict)
        ]
        # Those that read a body have more to get wrong.
        self.weights = [5 if bodies else 1 for *_, bodies in self.operations]
        self.count = 0

    def good(self, session_id):
        """A good request for each operation, in the order of the document, those that erase left out."""
        for method, path, _, bodies in self.operations:
            if method != "DELETE":
                made = Request(method, _filled(path, session_id), list(self.headers), path=path)
                if bodies:
                    made.headers.append(("Content-Type", "application/json"))
                    made.body = json.dumps(_about(bodies[0], session_id)).encode()
                yield made

    def heavy(self, session_id):
        """Good requests and the largest there are, after which a process has taken what memory it needs."""
        bomb = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
        return [*self.good(session_id), Request("POST", "/api/session/start", [*self.headers, *bomb], _BOMB)]

    def request(self, session_id):
        """The next request, most often about a session that exists."""
        self.count += 1
        (method, path, queries, bodies), pick = self.random.choices(self.operations, self.weights)[0], self.random.random()
        if method == "DELETE":
            session_id = "sess_1737250800_k3v9q2m7x1c8b5n4z6r0"
        made = Request(method, _filled(path, session_id), list(self.headers), path=path)
        if bodies:
            made.headers.append(("Content-Type", "application/json"))
            made.body = json.dumps(_about(self.random.choice(bodies), session_id), ensure_ascii=self.random.random() < 0.5).encode()
        if pick < 0.7 if bodies else pick < 0.05:
            self._damage_body(made, bodies)
        elif pick < 0.8:
            self._damage_query(made, queries)
        elif pick < 0.9:
            self._damage_path(made)
        else:
            self._damage_head(made)
        if self.random.random() < 0.1:  # and another, so that damages meet
            self.random.choice(
                (lambda: self._damage_query(made, queries), lambda: self._damage_path(made), lambda: self._damage_head(made))
            )()
        made.odd_head |= len(made.target) > 8000  # gunicorn takes request lines of 8190 bytes
        if not made.odd_head:
            made.headers.append(("X-Request-Id", f"hostile-{self.count}"))
        return made

    # -- The body --------------------------------------------------------------------------------------------------------

    def _damage_body(self, made, bodies):
        text = made.body if bodies else b'{"a": 1}'
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            text = self.random.choice(
                (self._other_value, self._other_value, self._other_value, self._other_key, self._other_bytes, self._other_whole)
            )(text)
        made.body, made.chunked = text, self.random.random() < 0.1
        if self.random.random() < 0.15:
            self._pack(made)
        if self.random.random() < 0.1:
            made.headers = [each for each in made.headers if each[0] != "Content-Type"]
            if self.random.random() < 0.8:
                made.headers.append(("Content-Type", self.random.choice(TYPES)))

    def _other_value(self, text):
        places = [
            match.span() for match in re.finditer(rb'(?<=[:\[,])\s*(?:"(?:[^"\\]|\\.)*"|[^\s,:\[\]{}"]+|\[|\{)', text[:20_000])
        ]
        start, end = self.random.choice(places) if places else (0, len(text))
        value = self.random.choice(VALUES)
        if text[start:end].strip() in (b"[", b"{"):
            # A whole list or object goes, as far as its end can be told.
            end = max(text.rfind(b"]"), text.rfind(b"}"), end) if self.random.random() < 0.5 else end
        return text[:start] + value + text[end:]

    def _other_key(self, text):
        places = [match.span() for match in re.finditer(rb'"[^"\\]*"(?=\s*:)', text[:20_000])]
        if not places:
            return text
        start, end = self.random.choice(places)
        action = self.random.randrange(4)
        if action == 0:
            return text[:start] + self.random.choice(KEYS) + text[end:]
        if action == 1:  # twice
            return text[:start] + text[start:end] + b": " + self.random.choice(VALUES) + b", " + text[start:]
        if action == 2:  # one nobody knows
            return text[:start] + self.random.choice(KEYS) + b": " + self.random.choice(VALUES) + b", " + text[start:]
        return text[:start] + text[start:end].swapcase() + text[end:]

    def _other_bytes(self, text):
        at, more = self.random.randrange(len(text) + 1), self.random.randrange(1, 40)
        return self.random.choice(
            (
                lambda: text[:at],
                lambda: text[at:],
                lambda: text[:at] + self.random.randbytes(more) + text[at:],
                lambda: text[:at] + text[at + more :],
                lambda: text[:at] + text[at : at + more] * 3 + text[at + more :],
                lambda: text[:at] + bytes([self.random.randrange(256)]) + text[at + 1 :],
                lambda: text[:at] + self.random.choice(VALUES) + text[at:],
            )
        )()

    def _other_whole(self, text):
        as_text = text.decode("utf-8", "replace")
        return self.random.choice(
            (
                lambda: b"",
                lambda: b" \r\n\t ",
                lambda: self.random.choice(VALUES),
                lambda: b"[" + text + b"]",
                lambda: text + text,
                lambda: text + b"\0",
                lambda: text + b" // more",
                lambda: codecs.BOM_UTF8 + text,
                lambda: codecs.BOM_UTF16_LE + text,
                lambda: as_text.encode("utf-16"),
                lambda: as_text.encode("utf-16-be"),
                lambda: as_text.encode("utf-32"),
                lambda: as_text.encode("cp949", "replace"),
                lambda: as_text.encode("latin-1", "replace") + b"\xe9",
                lambda: as_text.replace('"', "'").encode(),
                lambda: text.replace(b"[", b"[" * 2000),
                lambda: b'{"a":' * 20_000 + text + b"}" * 20_000,
                lambda: b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(5000)) + b"," + text[1:],
                lambda: text.replace(b"}", b"}" + b" " * 5000),
                lambda: b"a=1&b=2",
                lambda: b"<?xml version='1.0'?><a/>",
                lambda: self.random.randbytes(self.random.randrange(1, 2000)),
                lambda: re.sub(rb"\[(\{.*\})\]", rb"[" + b",".join([rb"\1"] * 101) + rb"]", text, flags=re.DOTALL),
            )
        )()

    def _pack(self, made):
        packed = gzip.compress(made.body, 1, mtime=0)
        at = self.random.randrange(len(packed))
        made.body = self.random.choice(
            (
                lambda: packed,
                lambda: packed,
                lambda: packed[:at],
                lambda: packed[:at] + bytes([self.random.randrange(256)]) + packed[at + 1 :],
                lambda: packed + packed,
                lambda: packed + b"x",
                lambda: gzip.compress(packed, 1, mtime=0),
                lambda: zlib.compress(made.body),
                lambda: made.body,
                lambda: b"\x1f\x8b\x08",
                lambda: _BOMB,
            )
        )()
        made.headers.append(("Content-Encoding", "gzip" if self.random.random() < 0.8 else self.random.choice(ENCODINGS)))

    # -- Around it -------------------------------------------------------------------------------------------------------

    def _damage_query(self, made, names):
        if names and self.random.random() < 0.7:
            pairs = [
                f"{self.random.choice(names)}={self.random.choice(VALUES_OF_A_QUERY)}"
                for _ in range(self.random.choice((1, 1, 2, 3)))
            ]
            made.target += "?" + "&".join(pairs)
        else:
            made.target += self.random.choice(QUERIES)

    def _damage_path(self, made):
        path, mark, query = made.target.partition("?")
        parts, segment = path.split("/"), self.random.choice(SEGMENTS)
        at, action = self.random.randrange(1, len(parts)), self.random.randrange(5)
        if action < 2:
            parts[at] = segment
        elif action == 2:
            parts.insert(at, segment)
        elif action == 3:
            parts[at] = quote(parts[at], safe="").swapcase()
        else:
            made.method = self.random.choice(METHODS)
        made.target, made.path = "/".join(parts) + mark + query, None
        # Bytes beyond ASCII or a fragment stand in no path, and what begins with // names a host.
        made.odd_head |= not re.fullmatch(r"/(?!/)[!-~]*", made.target) or "#" in made.target

    def _damage_head(self, made):
        made.odd_head = True
        for _ in range(self.random.choice((1, 1, 2, 5))):
            name = self.random.choice(tuple(HEADERS))
            if name in ("Content-Type", "Host") or self.random.random() < 0.2:
                made.headers = [each for each in made.headers if each[0].lower() != name.lower()]
            made.headers.append((name, self.random.choice(HEADERS[name])))
        if self.random.random() < 0.05:
            made.headers += [(f"X-Many-{n}", "v") for n in range(self.random.choice((50, 150)))]


#: A little more than the largest body, in a few kilobytes.
_BOMB = gzip.compress(bytes(9 << 20), 9, mtime=0)


def _filled(path, session_id):
    path = path.replace("{session_id}", session_id)
    return re.sub(r"\{[^}]+\}", "a", path)


def _about(body, session_id):
    return {**body, "sessionId": session_id} if "sessionId" in body else body


def _queries(document, operation):
    return [name for name, place in (_named(document, each) for each in operation.get("parameters", ())) if place == "query"]


def _named(document, parameter):
    result = _resolved(document, parameter)
    return result["name"], result["in"]


def _bodies(document, operation):
    """The examples of an operation's body; an empty object where it shows none."""
    if "requestBody" not in operation:
        return []
    content = _resolved(document, operation["requestBody"])["content"]
    result = [each["value"] for kind in content.values() for each in kind.get("examples", {}).values()]
    return result or [{}]


def _resolved(document, part):
    while "$ref" in part:
        target = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part
