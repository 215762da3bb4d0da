"""OpenTelemetry traces of requests and of PostgreSQL's statements, by the instrumentation packages of the extra ``[otel]``.

The packages note whole URLs, headers and error messages, in which ids and names stand. Only what is listed here leaves the process.
"""

from functools import partial

from bemore.observability.logs import request_id

#: What a span may tell: never a path, a query, an address, a parameter of a statement or the text of an error.
ATTRIBUTES = frozenset(
    (
        "http.method", "http.request.method", "http.route", "http.status_code", "http.response.status_code", "request_id",
        "db.system", "db.system.name", "db.statement", "db.query.text",
    )
)  # fmt: skip

#: Connections of PostgreSQL are traced by this; None: they are not.
_instrument_connection = None


def start(app, endpoint):
    """Trace the requests of a Flask ``app`` and the connections made from now on; ``endpoint`` is the collector's base address.

    The SDK's own variables (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS …) apply, from the environment alone.
    """
    global _instrument_connection
    # Imported here: the packages are an extra, and take 0.2 s.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanContext, Status

    class Scrubbed(SpanProcessor):
        """Hands on copies of spans with nothing but ATTRIBUTES."""

        def __init__(self, processor):
            self._processor = processor

        def on_end(self, span):
            attributes = {name: value for name, value in span.attributes.items() if name in ATTRIBUTES}
            method, context = attributes.get("http.method") or attributes.get("http.request.method"), span.context
            self._processor.on_end(
                ReadableSpan(
                    f"{method} {attributes.get('http.route', '')}".rstrip() if method else span.name,
                    SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags),
                    span.parent,
                    span.resource,
                    attributes,
                    kind=span.kind,
                    instrumentation_scope=span.instrumentation_scope,
                    status=Status(span.status.status_code),
                    start_time=span.start_time,
                    end_time=span.end_time,
                )
            )

        def shutdown(self):
            self._processor.shutdown()

        def force_flush(self, timeout_millis=30_000):
            return self._processor.force_flush(timeout_millis)

    provider = TracerProvider(resource=Resource({SERVICE_NAME: "bemore"}).merge(Resource.create()))
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(Scrubbed(BatchSpanProcessor(exporter)))
    FlaskInstrumentor.instrument_app(app, tracer_provider=provider, response_hook=_name_request, excluded_urls="//[^/]*/(health|metrics)")
    _instrument_connection = partial(PsycopgInstrumentor.instrument_connection, tracer_provider=provider)


def _name_request(span, status, headers):
    if span is not None:
        span.set_attribute("request_id", request_id.get())


def trace(connection):
    """A new psycopg connection, whose statements are traced if ``start`` was called."""
    return _instrument_connection(connection) if _instrument_connection else connection
