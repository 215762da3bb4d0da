"""What a view takes and returns, declared once: the decorator reads the request and writes the response by it, and the OpenAPI document
is made of it."""

import functools
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property

import marshmallow
import msgspec
from flask import Response, request

from bemore.api.http import heavy
from bemore.api.http.body import body as request_body
from bemore.api.http.etags import unless_known
from bemore.api.http.idempotency import once
from bemore.api.http.responses import json, trace
from bemore.auth.access import Access, check as check_access
from bemore.db import connections
from bemore.errors import ReplicaUnavailable
from bemore.observability.metrics import replica_requests
from bemore.schemas import response as envelopes
from bemore.schemas.base import check, load, load_partly


#: Access of the operations whose GETs a replica may answer: all that read session data.
REPLICATED = (Access.SESSION, Access.LIST, Access.SIGNED_IN)


@dataclass(frozen=True)
class Operation:
    """The declaration of a view; its docstring says what the summary does not.

    ``body`` and ``query`` are what comes in. ``response`` is the struct of ``data``, of the whole response if it is an Envelope or the
    response is ``plain``, or None if the response is not JSON but of another ``media`` type. ``errors`` are the statuses beyond those that
    every operation may answer. ``reads`` is the audit action of a response with an ETag, which is made inside of ``turn(row)``, a context
    manager of the session's row; ``depends(row)`` tells what it shows of other sessions. An ``idempotent`` operation heeds
    ``Idempotency-Key``. A body of more than ``heavy_bytes`` is heavy work. ``takes`` are the media types of a body that is no JSON, which
    the view gets as bytes.
    """

    summary: str
    access: Access
    body: type[marshmallow.Schema] | None = None
    query: type[marshmallow.Schema] | None = None
    response: type[msgspec.Struct] | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    reads: str | None = None
    turn: Callable = nullcontext
    depends: Callable | None = None
    idempotent: bool = False
    heavy_bytes: int | None = None
    takes: tuple[str, ...] = ()
    plain: bool = False
    media: str = "application/json"

    @cached_property
    def struct(self):
        """The struct of the whole response."""
        if self.response is None or self.plain or issubclass(self.response, envelopes.Envelope):
            return self.response
        return envelopes.success(self.response)

    def fields(self, content):
        """What a view returned, as the fields of ``struct`` but for ``success`` and the trace fields."""
        return content if self.struct is self.response else {"data": content}

    def whole(self, fields, trace_fields):
        """The response of these fields. Raises msgspec.ValidationError unless they are exactly the declared ones."""
        return msgspec.convert(fields if self.plain else {"success": True, **fields, **trace_fields}, self.struct)

    def respond(self, content):
        """The Response of what a view returned: its content, (content, status), or a Response that is not JSON."""
        if isinstance(content, Response):
            return content
        content, status = content if type(content) is tuple else (content, self.status)
        return json(self.whole(self.fields(content), trace()), status)


def operation(summary, access, *, body=None, partial=False, **more):
    """Declare a view and who may call it; ``more`` are the other fields of Operation.

    The view gets the values of the query as ``query``, those of the body as ``body``. With ``partial``, single items of the body may be
    wrong: ``refused`` are those, as [(item, its first problem)]. It returns the content of the response as plain data. An idempotent view
    returns the function that does the work, for ``bemore.api.http.idempotency.once``.
    """
    declared = Operation(summary, access, body, **more)
    body_schema, query_schema = body and body(), declared.query and declared.query()

    def decorate(view):
        @functools.wraps(view)
        def call(**arguments):
            check_access(access, arguments)
            if access in REPLICATED and request.method in ("GET", "HEAD"):
                return _from_replica(lambda: respond(arguments))
            if declared.heavy_bytes is None:
                return respond(arguments)
            with heavy.turn(len(request_body(declared.takes)) > declared.heavy_bytes):
                return respond(arguments)

        def respond(arguments):
            if query_schema:
                arguments["query"] = check(query_schema, request.args.to_dict())
            if partial:
                arguments["body"], arguments["refused"] = load_partly(body_schema, request_body())
            elif declared.takes:
                arguments["body"] = request_body(declared.takes)
            elif body_schema:
                arguments["body"] = load(body_schema, request_body())
            if declared.reads:
                return unless_known(arguments["scope"], declared, arguments.get("query", {}), lambda: declared.respond(view(**arguments)))
            if declared.idempotent:
                return once(view(**arguments), declared, arguments.get("scope"))
            return declared.respond(view(**arguments))

        call.operation = declared
        return call

    return decorate


def _from_replica(make):
    """The result of ``make()``, which only reads (and may add to the audit log), from a replica if it has all that the database had
    confirmed when the request came; once more from the primary if the replica fails."""
    try:
        with connections.replica_allowed():
            result = make()
            if source := connections.source():
                replica_requests.labels(source).inc()
            return result
    except ReplicaUnavailable:
        replica_requests.labels("primary").inc()
        return make()
