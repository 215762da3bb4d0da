"""Health checks, and the OpenAPI document: the responses without an envelope."""

from typing import Annotated, Literal

from bemore.schemas.response import Response, doc, word

Uptime = Annotated[float, doc("Seconds since the process started", minimum=0)]
Version = Annotated[str, doc("Version of the service", examples=["1.0.0"])]
DatabaseState = Annotated[Literal["up", "down"], word("Whether the database answers")]
RedisState = Annotated[Literal["up", "down", "none"], word("Whether Redis answers; none if quotas are counted in the process")]


class Health(Response):
    """The process lives."""

    status: Annotated[Literal["ok"], word("It does")]
    uptime: Uptime
    version: Version


class Readiness(Response):
    """Whether requests can be served."""

    status: Annotated[Literal["ok", "unavailable"], word("unavailable if the database does not answer")]
    uptime: Uptime
    version: Version
    database: DatabaseState
    redis: RedisState


class OpenApiDocument(Response, forbid_unknown_fields=False):
    """The OpenAPI document."""

    openapi: Annotated[str, doc("Version of the format", pattern=r"^3\.1\.")]
    info: Annotated[dict, doc("Title, version and introduction")]
    paths: Annotated[dict, doc("The operations by path and method")]
