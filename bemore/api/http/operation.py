"""What a view takes and gives, said once: the decorator reads the request by it, the OpenAPI document is made of it."""

import functools
from dataclasses import dataclass, field

import marshmallow
from flask import request

from bemore.auth.access import Access, check as check_access
from bemore.api.http.body import body as request_body
from bemore.schemas.base import check
from bemore.schemas.decoder import Reader


@dataclass(frozen=True)
class Operation:
    """The documentation of a view; its docstring says what the summary does not.

    ``body`` and ``query`` are what comes in, ``data`` is the JSON Schema of ``data`` and ``beside`` those of the fields
    that stand beside it. A ``plain`` answer is ``data`` itself, without the envelope; one of another ``media`` type is no JSON.
    """

    summary: str
    access: Access
    body: type[marshmallow.Schema] | None = None
    query: type[marshmallow.Schema] | None = None
    data: dict | None = None
    beside: dict = field(default_factory=dict)
    status: int = 200
    errors: tuple[int, ...] = ()
    idempotent: bool = False
    plain: bool = False
    media: str = "application/json"


def operation(summary, access, *, body=None, query=None, partial=False, **more):
    """Declare a view and who may call it; ``more`` are the other fields of Operation.

    The checked body is passed as ``body``, the checked query as ``query``; with ``partial`` the view gets the body's
    bytes as ``raw`` and checks them itself. ``errors`` are the statuses beyond those every operation may answer.
    """
    declared = Operation(summary, access, body, query, **more)
    read_body = Reader(body) if body and not partial else None
    query_schema = query() if query else None

    def decorate(view):
        @functools.wraps(view)
        def call(**arguments):
            check_access(access, arguments)
            if query_schema:
                arguments["query"] = check(query_schema, request.args.to_dict())
            if read_body:
                arguments["body"] = read_body(request_body())
            elif partial:
                arguments["raw"] = request_body()
            return view(**arguments)

        call.operation = declared
        return call

    return decorate
