"""What the endpoints around the sessions answer: JSON Schemas as in ``shapes``."""

from bemore.api.openapi import texts as prose, shapes
from bemore.api.openapi.emotion_shapes import AFFECT, EMOTION
from bemore.api.openapi.shaping import count, fixed, list_of, or_null, score, text, time, word
from bemore.schemas.around import ChosenPreferences


def _affect(title, description, when):
    return fixed(title, description, **{name: or_null(schema, when) for name, schema in AFFECT.items()})


def _step(description):
    return {"type": "number", "minimum": -2, "maximum": 2, "description": f"{description}, with three decimals"}


DASHBOARD = fixed(
    "Dashboard",
    "The last 24 hours and the 24 before",
    todayAvg=_affect("TodayAverage", "Mean affect of the last 24 hours", "without scored minutes"),
    trend=fixed(
        "Trend",
        "How that changed",
        dayOverDay=fixed(
            "DayOverDay",
            "The mean of the last 24 hours less that of the 24 before",
            **{name: or_null(_step(f"Change of {name}"), "if one of the days has no scored minute") for name in AFFECT},
        ),
    ),
    recommendations=list_of(
        fixed(
            "Recommendation",
            "A hint on measuring, in Korean",
            id=text("Names the hint, whatever its words", examples=["camera"]),
            title=text("What was seen", examples=["얼굴이 잘 보이지 않은 구간이 있습니다"]),
            desc=text("What may help"),
        ),
        "At least one",
        minItems=1,
    ),
    recentSessions=list_of(
        fixed(
            "SessionWithReport",
            "One of the newest sessions",
            reportId=text("Its report", examples=[prose.SESSION_ID.replace("sess_", "rep_")]),
            sessionId=shapes.SESSION_ID,
            createdAt=time("When the session started"),
        ),
        "Newest first",
        maxItems=10,
    ),
)

PREFERENCES = fixed(
    "Preferences",
    "The settings of the page",
    **{
        field.data_key or name: {**field.json_schema(), "description": prose.FIELDS["ChosenPreferences"][field.data_key or name]}
        for name, field in ChosenPreferences().fields.items()
    },
)

_DEVICE = fixed(
    "Device",
    "A device of the client, of which only its browser knows",
    available={"type": "boolean", "description": "Nothing speaks against it"},
    permission=word("The browser has to ask", "prompt"),
)


def _measured(description):
    return {"type": "number", "minimum": 0, "description": description}


DEVICES = fixed(
    "DeviceCheck",
    "What the service can tell of the client's devices and of the way to it",
    camera=_DEVICE,
    microphone=_DEVICE,
    network=fixed(
        "Network",
        "The connection as the system measures it (TCP_INFO)",
        latency=or_null(_measured("Round trip in milliseconds, smoothed over the last ones"), "if it cannot be known"),
        bandwidth=or_null(_measured("What the connection carries to the client at least, in Mbit/s"), "if it cannot be known"),
    ),
)

TEXT_EMOTION = fixed(
    "TextEmotion",
    "The emotion of a text by its words",
    emotion=EMOTION,
    score=score("How many words agree"),
    sentiment=word("Whether it is pleasant", "positive", "neutral", "negative"),
)

_BYTES = count("Memory of all worker processes together, in bytes")

MONITORING = fixed(
    "ServiceState",
    "How the service is, all its processes together",
    status=word("degraded if the database or Redis is away", "ok", "degraded"),
    uptime={"type": "number", "minimum": 0, "description": "Seconds since the service started"},
    version=text("Version of the service", examples=["1.0.0"]),
    database=word("Whether the database answers", "up", "down"),
    redis=word("Whether Redis answered last; none if the quotas are counted in the process", "up", "down", "none"),
    processes=count("Worker processes"),
    memoryBytes=or_null(_BYTES, "where the system does not tell"),
    requests=count("Requests since the start"),
    sessions=or_null(
        fixed(
            "SessionStates",
            "Sessions by state",
            active=count("Active sessions"),
            paused=count("Paused sessions"),
            ended=count("Ended sessions"),
        ),
        "if the database does not answer",
    ),
)

ERROR_STATS = fixed(
    "ErrorCounts",
    "Requests that went wrong since the service started, counted over all its processes",
    since=time("When the service started"),
    totalRequests=count("Requests of any kind"),
    totalErrors=count("Those answered with a status of 400 or more"),
    errorRate=score("Share of those"),
    clientErrors=count("Statuses 400 to 499"),
    serverErrors=count("Statuses from 500 on"),
    byStatus={
        "type": "object",
        "description": "How many by status",
        "propertyNames": {"pattern": "^[45][0-9]{2}$"},
        "additionalProperties": count("Requests"),
    },
    byRoute=list_of(
        fixed(
            "RouteErrors",
            "Errors of a method and route",
            method=text("The method", examples=["POST"]),
            route=text("The rule, never the path; `none` for addresses that do not exist", examples=["/api/session/start"]),
            clientErrors=count("Statuses 400 to 499"),
            serverErrors=count("Statuses from 500 on"),
        ),
        "Most errors first",
    ),
    quotaRefusals=count("Requests beyond a quota (429)"),
    unavailable=count("Requests refused while something was away (503)"),
    redisOutages=count("How often a process found Redis away"),
    databaseOutages=count("How often a process found PostgreSQL away"),
)
