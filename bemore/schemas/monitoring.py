"""The state of the service and what went wrong, for operators."""

from typing import Annotated, Literal

from bemore.schemas.health import DatabaseState, RedisState, Version
from bemore.schemas.sessions import SessionStates
from bemore.schemas.response import Response, count, doc, epoch_ms, score, word


class ServiceState(Response):
    """The state of the service, all its processes together."""

    status: Annotated[Literal["ok", "degraded"], word("degraded if the database or Redis is away")]
    uptime: Annotated[float, doc("Seconds since the service started", minimum=0)]
    version: Version
    database: DatabaseState
    redis: RedisState
    processes: Annotated[int, count("Worker processes")]
    memory_bytes: Annotated[int | None, count("Memory of all worker processes together, in bytes", null="where the system does not tell")]
    requests: Annotated[int, count("Requests since the start")]
    sessions: Annotated[SessionStates | None, doc("Sessions by state", null="if the database does not answer")]


class RouteErrors(Response):
    """Errors of a method and route."""

    method: Annotated[str, doc("The method", examples=["POST"])]
    route: Annotated[str, doc("The route, never the path; `none` for addresses that do not exist", examples=["/api/session/start"])]
    client_errors: Annotated[int, count("Statuses 400 to 499")]
    server_errors: Annotated[int, count("Statuses from 500 on")]


class ErrorCounts(Response):
    """Requests that failed since the service started, over all its processes."""

    since: Annotated[int, epoch_ms("When the service started")]
    total_requests: Annotated[int, count("Requests of any kind")]
    total_errors: Annotated[int, count("Requests answered with a status of 400 or more")]
    error_rate: Annotated[float, score("Share of errors")]
    client_errors: Annotated[int, count("Statuses 400 to 499")]
    server_errors: Annotated[int, count("Statuses from 500 on")]
    by_status: Annotated[
        dict[str, Annotated[int, count("Requests")]], doc("How many by status", propertyNames={"pattern": "^[45][0-9]{2}$"})
    ]
    by_route: Annotated[list[RouteErrors], doc("Most errors first")]
    quota_refusals: Annotated[int, count("Requests beyond a quota (429)")]
    unavailable: Annotated[int, count("Requests refused while something was away (503)")]
    redis_outages: Annotated[int, count("How often a process found Redis away")]
    database_outages: Annotated[int, count("How often a process found PostgreSQL away")]
