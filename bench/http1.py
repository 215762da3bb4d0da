"""HTTP/1.1 on a raw socket: as little of a client as a measurement needs."""

import json
import socket
import time
from typing import NamedTuple

#: No answer may take longer, in seconds.
TIMEOUT_S = 30


def request(method, path, content=None, address="127.0.0.1"):
    """The bytes of a request. ``content`` is its JSON body (bytes, or a value), ``address`` the client a proxy would name."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: {address}\r\n"
    if content is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


class Answer(NamedTuple):
    """``headers`` have lower-case names; ``seconds`` is from the first byte sent to the last one read."""

    status: int
    headers: dict
    body: bytes
    seconds: float = 0.0

    @property
    def json(self):
        return json.loads(self.body)


def parse(received):
    """The answer that ``received`` holds, or None while a part of it is missing."""
    head, complete, body = received.partition(b"\r\n\r\n")
    if not complete:
        return None
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(status_line.split(" ", 2)[1])
    length = 0 if status in (204, 304) else int(headers["content-length"])
    return Answer(status, headers, body) if len(body) >= length else None


class Connection:
    """One keep-alive connection, one request at a time; from this ``address`` of the loopback network."""

    def __init__(self, port, address="127.0.0.1"):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S, source_address=(address, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send_request(self, raw):
        """Send the bytes of a request; the Answer. Raises OSError."""
        began = time.perf_counter()
        self.send(raw)
        received = b""
        while True:
            received += self.receive()
            answer = parse(received)
            if answer is not None:
                return answer._replace(seconds=time.perf_counter() - began)

    def send(self, raw):
        self._socket.sendall(raw)

    def receive(self):
        """What has come; waits for something. Raises ConnectionResetError where the server has closed."""
        part = self._socket.recv(1 << 20)
        if not part:
            raise ConnectionResetError("the server closed the connection")
        return part

    def fileno(self):
        return self._socket.fileno()

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()
