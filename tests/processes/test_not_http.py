"""What is not quite HTTP, connections that are kept or opened in advance, and an answer to each in the envelope."""

import http.client
import json
import re
import socket
from contextlib import ExitStack, suppress

import pytest

from tests.support.answers import check_envelope
from tests.support.samples import start_session
from tests.support.running import ALIVE, HOST, PRODUCTION, answers_on, log_lines
from tests.support.servers import Service, raw_request


@pytest.fixture(scope="module")
def module_service(tmp_path_factory):
    """A service in production on SQLite, shared by tests that change nothing of it."""
    home = tmp_path_factory.mktemp("startup")
    env = {**PRODUCTION, "DATABASE_URL": f"sqlite:///{home}/x.db", "RATE_LIMIT_ENABLED": "false", "LOG_LEVEL": "debug"}
    with Service(home, **env) as running:
        yield running
        print(running.log)


# -- Not HTTP ------------------------------------------------------------------------------------------------------------

#: Bytes no HTTP library would send, and the statuses one of which is the answer; None: the connection may just be closed.
MALFORMED = {
    "no request line": (b"GARBAGE\r\n\r\n", {400}),
    "spaces only": (b"   \r\n\r\n", {400, None}),
    "two parts, HTTP/0.9": (b"GET /\r\n\r\n", {400}),
    "no such version": (f"GET / HTTP/9.9\r\n{HOST}\r\n".encode(), {400}),
    "version that is not one": (f"GET / HTTP/x\r\n{HOST}\r\n".encode(), {400}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "path of 9000 bytes": (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 414}),
    # What is still on its way when the answer is sent may cost the sender that answer.
    "endless path": (b"GET /" + b"a" * 100_000, {400, 414, None}),
    "header of 20000 bytes": (f"GET /health HTTP/1.1\r\n{HOST}X-Long: {'a' * 20_000}\r\n\r\n".encode(), {400, 431}),
    "endless header": (f"GET /health HTTP/1.1\r\n{HOST}X-Long: ".encode() + b"a" * 300_000, {400, 431, None}),
    "200 headers": (f"GET /health HTTP/1.1\r\n{HOST}".encode() + b"X-Many: 1\r\n" * 200 + b"\r\n", {400, 431}),
    "header without a colon": (f"GET /health HTTP/1.1\r\n{HOST}no colon\r\n\r\n".encode(), {400}),
    "header with a space before its colon": (f"GET /health HTTP/1.1\r\n{HOST}X-A : 1\r\n\r\n".encode(), {400}),
    "header with NUL": (f"GET /health HTTP/1.1\r\n{HOST}X-A: a\0b\r\n\r\n".encode(), {400}),
    "folded header": (f"GET /health HTTP/1.1\r\n{HOST}X-A: a\r\n b\r\n\r\n".encode(), {400}),
    "unknown method": (f"FROB /api/session/start HTTP/1.1\r\n{HOST}\r\n".encode(), {405}),
    "method in lower case": (f"get /health HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 405}),
    "method with a bracket": (f"GE<T /health HTTP/1.1\r\n{HOST}\r\n".encode(), {400}),
    "method of 1000 letters": (f"{'A' * 1000} /health HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 405}),
    "TRACE": (f"TRACE /health HTTP/1.1\r\n{HOST}\r\n".encode(), {405}),
    "CONNECT": (f"CONNECT localhost:443 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404, 405}),
    "asterisk": (f"GET * HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path without a slash": (f"GET health HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path with a slash too many": (f"GET //health HTTP/1.1\r\n{HOST}\r\n".encode(), {404}),
    "path with a slash too many in disguise": (f"GET /%2Fapi/openapi.json HTTP/1.1\r\n{HOST}\r\n".encode(), {404}),
    "path whose beginning a header cuts off": (f"GET /open/metrics HTTP/1.1\r\n{HOST}SCRIPT_NAME: /open\r\n\r\n".encode(), {404}),
    "path that does not begin as a header says": (f"GET /metrics HTTP/1.1\r\n{HOST}SCRIPT_NAME: /open\r\n\r\n".encode(), {400, 404}),
    "path with raw Hangul": (f"GET /api/session/상담 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path that is not UTF-8": (b"GET /api/session/%ff%fe\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 404}),
    "path with NUL": (f"GET /api/session/%00 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path that climbs": (f"GET /api/session/../../../etc/passwd HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "path that climbs in disguise": (f"GET /api/session/%2e%2e%2f%2e%2e%2fetc/passwd HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "id with a line break": (f"GET /api/session/a%0d%0aX-A:%201 HTTP/1.1\r\n{HOST}\r\n".encode(), {400, 404}),
    "query with a line break": (f"GET /api/session/user/a?cursor=%0d%0a HTTP/1.1\r\n{HOST}\r\n".encode(), {400}),
    "no host": (b"GET /api/session/nobody HTTP/1.1\r\n\r\n", {400, 404}),
    "two hosts": (b"GET /api/session/nobody HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400, 404}),
    "host that is none": (b"GET /api/session/nobody HTTP/1.1\r\nHost: <script>\r\n\r\n", {400, 404}),
    "two lengths": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(), {400}),
    "negative length": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: -2\r\n\r\n{{}}".encode(), {400}),
    "length in words": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: two\r\n\r\n{{}}".encode(), {400}),
    "length of 10^30": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 1{'0' * 30}\r\n\r\n{{}}".encode(), {400, 413}),
    "length and chunks": (
        f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(), {400}
    ),
    "unknown coding": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Transfer-Encoding: frob\r\n\r\n".encode(), {400, 501}),
    "chunk of no size": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}\r\n".encode(), {400}),
    "chunk cut short": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nff\r\n{{}}".encode(), {400, None}),
    "body cut short": (f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Length: 999\r\n\r\n{{}}".encode(), {400, None}),
    "headers cut short": (f"GET /health HTTP/1.1\r\n{HOST}".encode(), {400, None}),
    "nothing": (b"", {None}),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_not_http_is_answered_in_the_envelope_or_hung_up_on(module_service, case):
    data, statuses = MALFORMED[case]
    try:
        status, headers, body = raw_request(module_service.url, data, end=True)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        assert None in statuses
        return
    assert status in statuses
    # Whatever the path was: an error has the envelope even where a success would have none.
    check_envelope("GET", "/malformed", status, headers, body)
    assert headers["Server"] is None
    assert b"<" not in body.replace(b"<id>", b"") and b"Traceback" not in body


def test_malformed_requests_left_no_stack_trace_and_a_service_that_works(module_service, http):
    for data, _ in MALFORMED.values():
        # RemoteDisconnected is a ConnectionError as well.
        with suppress(ConnectionError):
            raw_request(module_service.url, data, end=True)
    start_session(http, base=module_service.url)
    assert "Traceback" not in module_service.log
    assert not [line for line in log_lines(module_service) if line["level"] in ("error", "critical") or "exception" in line]


def test_chunked_body_is_a_body(module_service):
    body = b'{"userId": "user-1", "counselorId": "counselor-1"}'
    head = f"POST /api/session/start HTTP/1.1\r\n{HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))
    status, headers, answer = raw_request(module_service.url, head.encode() + chunks, end=True)
    assert status == 200, answer
    check_envelope("POST", "/api/session/start", status, headers, answer)


def test_request_in_absolute_form_is_understood(module_service):
    status, _, body = raw_request(module_service.url, f"GET {module_service.url}/health/live HTTP/1.1\r\n{HOST}\r\n".encode(), end=True)
    assert status == 200 and json.loads(body)["status"]


@pytest.mark.parametrize(("protocol", "status"), [("h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", 200), ("websocket", 400)])
def test_no_connection_becomes_one_of_another_protocol(module_service, protocol, status):
    """What a proxy then let through unread would be requests that it never looked at."""
    with socket.create_connection(("127.0.0.1", module_service.port), timeout=5) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\n{HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\n\r\n".encode())
        connection.sendall(ALIVE)
        assert answers_on(connection, 2) == [status, 200]


def test_connections_opened_in_advance_keep_nobody_waiting(module_service):
    """More of them than there are threads, as browsers open them; gunicorn alone gives each a thread for 5 s."""
    with ExitStack() as stack:
        spare = [stack.enter_context(socket.create_connection(("127.0.0.1", module_service.port), timeout=4)) for _ in range(20)]
        with socket.create_connection(("127.0.0.1", module_service.port), timeout=4) as connection:
            connection.sendall(ALIVE)
            assert answers_on(connection, 1) == [200]
        # And they are good for a request later on.
        spare[7].sendall(ALIVE)
        assert answers_on(spare[7], 1) == [200]


def test_requests_sent_in_one_go_are_all_answered(module_service):
    with socket.create_connection(("127.0.0.1", module_service.port), timeout=5) as connection:
        connection.sendall(ALIVE * 5)
        assert answers_on(connection, 5) == [200] * 5


@pytest.mark.parametrize("path", ["/no/such/address", "/api/session/stats/summary"])
def test_body_that_comes_after_its_answer_does_not_swallow_the_next_request(module_service, path):
    """A refusal needs no body, but waits for it: what is left of one would be read as the next request."""
    with socket.create_connection(("127.0.0.1", module_service.port), timeout=5) as connection:
        connection.sendall(f"PUT {path} HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\n".encode())
        connection.sendall(b"12345" + ALIVE)
        refused, served = answers_on(connection, 2)
        assert refused in (404, 405) and served == 200


@pytest.mark.parametrize("path", ["/health/live", "/no/such/address", "/api/session/start", "/api/docs", "/api/openapi.json"])
def test_no_answer_names_its_server(module_service, http, path):
    headers = http.get(f"{module_service.url}{path}").headers
    assert "Server" not in headers and "X-Powered-By" not in headers
    assert not re.search("gunicorn|werkzeug|python", str(headers), re.IGNORECASE)
