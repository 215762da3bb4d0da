"""A brief request and its answer: what gunicorn does around the application, for requests of which nothing special is asked.

gunicorn's way takes half of a small request's time: it asks its settings twenty times, fills fields that nobody reads, checks each
header by two patterns, and sends twice.
"""

import io
import sys
import time
from email.utils import formatdate
from urllib.parse import unquote_to_bytes

from bemore import plain

#: Where the body of a request stands in its environment, as it came.
WHOLE_BODY = "bemore.whole_body"


class Fixed:
    """gunicorn's settings, each looked up once: they stay as they are for as long as a worker lives."""

    def __init__(self, cfg):
        self._cfg = cfg

    def __getattr__(self, name):
        value = getattr(self._cfg, name)
        setattr(self, name, value)
        return value


class Exchange:
    """Calls a WSGI application for the requests of one worker, and sends what it answers."""

    def __init__(self, application, cfg):
        self._application = application
        self._common = {
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.multithread": True,
            "wsgi.multiprocess": cfg.workers > 1,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "SCRIPT_NAME": "",
        }
        self._second = (0, "")

    def __call__(self, conn, keep):
        """Answer the request that a connection's Arrival holds, whole; whether the connection is kept, which ``keep`` allows.

        Raises what the parser raises for a request that is not well-formed.
        """
        told = []

        def start_response(status, headers, exc_info=None):
            told[:] = status, headers

        environ, wanted = self.environ(conn)
        keep = keep and wanted
        answer = self._application(environ, start_response)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        conn.sock.sendall(self._head(*told, len(body), keep) + body)
        return keep

    def environ(self, conn):
        """The WSGI environment of the request, which is taken from the Arrival, and whether its connection may be kept."""
        read = plain.read(conn.parser.head) if conn.parser.is_plain else None
        if read:
            (said, keep), body = read, conn.parser.take_body()
        else:
            request = next(conn.parser)
            said, keep, body = _said(request), not request.should_close(), request.body.getvalue()
        environ = {**self._common, **said, "wsgi.input": io.BytesIO(body), WHOLE_BODY: body}
        if isinstance(conn.server, tuple):
            environ["SERVER_NAME"], environ["SERVER_PORT"] = conn.server[0], str(conn.server[1])
            environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = conn.client[0], str(conn.client[1])
        else:  # a socket of the file system, whose clients have no name
            environ["SERVER_NAME"], environ["SERVER_PORT"], environ["REMOTE_ADDR"] = "localhost", "80", ""
        return environ, keep

    def _head(self, status, headers, length, keep):
        lines = [f"HTTP/1.1 {status}", f"Date: {self._date()}", f"Connection: {'keep-alive' if keep else 'close'}"]
        lines.extend([f"{name}: {value}" for name, value in headers if name != "Content-Length"])
        lines.append(f"Content-Length: {length}\r\n\r\n")
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) + 1:
            raise ValueError("a header of more than one line")
        return head.encode("latin-1")

    def _date(self):
        now = int(time.time())
        second, text = self._second
        if now != second:
            text = formatdate(now, usegmt=True)
            self._second = now, text
        return text


def _said(request):
    """What a gunicorn Request says, as a part of a WSGI environment."""
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_PROTOCOL": "HTTP/%d.%d" % request.version,
    }
    for name, value in request.headers:
        key = name.replace("-", "_")
        if name not in ("CONTENT-TYPE", "CONTENT-LENGTH"):
            key = f"HTTP_{key}"
            if key in environ:
                value = f"{environ[key]},{value}"
        environ[key] = value
    return environ
