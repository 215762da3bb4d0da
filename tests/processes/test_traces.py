"""Traces reach an OpenTelemetry collector, and tell nothing of who or what a session is about."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.samples import start_session, stt
from tests.support.servers import free_port

pytestmark = pytest.mark.by_command

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

MARK = "marke-c4f1a7"


@pytest.fixture
def collector():
    """A server that takes traces over OTLP/HTTP; ``bodies`` are the requests that it got."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.bodies = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def spans_of(bodies):
    """All spans, as (name, attributes, parent's name or None)."""
    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.span_id: span.name for span in spans}
    return [
        (
            span.name,
            {each.key: each.value.string_value or each.value.int_value for each in span.attributes},
            names.get(span.parent_span_id),
        )
        for span in spans
    ]


@on_postgres
def test_requests_and_their_statements_are_traced_without_ids_names_and_texts(service, http, collector):
    running = service(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server_port}", OTEL_SERVICE_NAME="counseling")
    session_id = start_session(http, f"user-{MARK}", base=running.url)
    base = f"{running.url}/api/session"
    marked = {"Authorization": f"Bearer {MARK}", "User-Agent": MARK, "Referer": f"http://{MARK}/", "tracestate": f"a={MARK}"}
    sent = [
        ("POST", f"{base}/{session_id}/stt", {"items": stt(1, text=MARK)}, 201),
        ("POST", f"{base}/{session_id}/notes", {"tStart": 0, "kind": "note", "text": MARK}, 201),
        ("GET", f"{base}/user/user-{MARK}?limit=3&note={MARK}", None, 200),
        ("GET", f"{running.url}/no/{MARK}", None, 404),
        ("GET", f"{running.url}/health/ready", None, 200),
    ]
    for number, (method, url, body, status) in enumerate(sent):
        answer = http.request(method, url, json=body, headers={**marked, "X-Request-Id": f"trace-{number}"})
        assert answer.status_code == status, answer.text
    http.close()
    running.stop()  # which sends what is left
    spans = spans_of(collector.bodies)
    requests = {attributes["request_id"]: (name, attributes) for name, attributes, _ in spans if "http.route" in attributes}
    name, attributes = requests["trace-0"]
    assert name == "POST /api/session/<session_id:session_id>/stt" and attributes["http.status_code"] == 201
    assert "trace-2" in requests and "trace-4" not in requests
    assert ("GET", "trace-3") in [(name, attributes.get("request_id")) for name, attributes, _ in spans]
    statements = [attributes["db.statement"] for _, attributes, parent in spans if parent == name]
    assert any("INSERT INTO" in each and "stt_snippet" in each for each in statements), statements
    everything = b"".join(collector.bodies)
    assert b"counseling" in everything
    for secret in (MARK, session_id, "127.0.0.1"):
        assert secret.encode() not in everything


@on_postgres
def test_service_goes_on_and_ends_while_the_collector_is_away(service, http):
    collector = f"http://127.0.0.1:{free_port()}"
    running = service(OTEL_EXPORTER_OTLP_ENDPOINT=collector, OTEL_BSP_SCHEDULE_DELAY="50", OTEL_EXPORTER_OTLP_TIMEOUT="1")
    start_session(http, f"user-{MARK}", base=running.url)
    http.close()
    running.stop()
    assert MARK not in running.log
