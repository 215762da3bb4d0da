"""What the answers hold: the JSON Schema (2020-12) of every operation's ``data``, and of the fields beside it.

A schema with a ``title`` is a named component of the OpenAPI document. The tests hold every answer against these schemas.
"""

from bemore.api import prose
from bemore.schemas.fields import MAX_MINUTE, MAX_TIME_MS
from bemore.scoring.combine import MODEL_VERSION

#: What a session's id looks like; what is of another form names no session.
SESSION_ID_PATTERN = "^sess_[0-9]+_[a-z0-9]{16,}$"


def _fixed(title, description, /, *, optional=(), **properties):
    """An object of exactly these properties, of which all but the ``optional`` ones are always there."""
    named = {"title": title, "description": description}
    required = [name for name in properties if name not in optional]
    return {**named, "type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _text(description, **more):
    return {"type": "string", "description": description, **more}


def _list(items, description, **more):
    return {"type": "array", "items": items, "description": description, **more}


def _count(description):
    return {"type": "integer", "minimum": 0, "description": description}


def _time(description):
    words = f"{description}, in milliseconds since the Unix epoch"
    return {"type": "integer", "minimum": 0, "description": words, "examples": [prose.TIME_MS]}


def _span(description):
    return {"type": "integer", "minimum": 0, "description": f"{description}, in milliseconds"}


def _score(description):
    return {"type": "number", "minimum": 0, "maximum": 1, "description": f"{description}, 0..1 with three decimals"}


def _word(description, *words):
    return {"type": "string", "enum": list(words), "description": description}


def _or_null(schema, when):
    """``schema`` or null; ``when`` says when it is null."""
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **words, "type": [schema["type"], "null"], "description": f"{schema['description']}; null {when}"}


_SESSION_ID = _text(
    "The session; who does not know its id cannot guess it", pattern=SESSION_ID_PATTERN, examples=[prose.SESSION_ID]
)
_USER_ID = _text("Whose session it is", minLength=1, examples=[prose.USER_ID])
_COUNSELOR_ID = _text("Who counsels", minLength=1, examples=[prose.COUNSELOR_ID])
_STATUS = _word("Where the session is: active ⇄ paused → ended", "active", "paused", "ended")
_STARTED = _time("When the session started")
_PAUSED = _or_null(_time("When the session was last paused"), "if it never was")
_RESUMED = _or_null(_time("When the session last went on"), "if it never was paused")
_ENDED = _time("When the session ended")
_DURATION = _span("From the session's start to its end, or to now while it goes on")
_MINUTE = {"type": "integer", "minimum": 0, "maximum": MAX_MINUTE, "description": "Minute of the session, counted from 0"}

_SCORES = {
    "facialScore": _score("Mean quality of the face frames; 0.5 without one"),
    "vadScore": _score("Share of speech and loudness of the audio; 0.3 without a chunk"),
    "textScore": _score("Mean sentiment of the transcript; 0.5 without a snippet"),
    "textSentiment": _score("The same as textScore, under its older name"),
    "combinedScore": _score("The three parts by their weights"),
}

_TOTALS = _fixed(
    "SessionTotals",
    "How much telemetry is stored of a session",
    totalFrames=_count("Face frames"),
    totalAudioChunks=_count("Audio chunks"),
    totalSttSnippets=_count("Transcript snippets"),
)

_DATA_POINTS = _fixed(
    "DataPoints",
    "How much telemetry a minute was scored from; zeros if the browser scored it",
    frameCount=_count("Face frames"),
    audioChunkCount=_count("Audio chunks"),
    sttSnippetCount=_count("Transcript snippets"),
)

_STATISTICS = _fixed(
    "MinuteStatistics",
    "Statistics over the scored minutes; zeros and an empty timeline without one",
    totalMinutes=_count("Scored minutes"),
    avgCombinedScore=_score("Mean combined score"),
    avgFacialScore=_score("Mean facial score"),
    avgVadScore=_score("Mean voice score"),
    avgTextScore=_score("Mean text score"),
    avgTextSentiment=_score("The same as avgTextScore, under its older name"),
    maxCombinedScore=_score("Highest combined score"),
    minCombinedScore=_score("Lowest combined score"),
    timeline=_list(
        _fixed("TimelineMinute", "The scores of a minute", minute=_MINUTE, **_SCORES), "The minutes in their order"
    ),
)

_MINUTE_SCORES = _fixed(
    "MinuteScores",
    "The stored scores of a minute",
    id=_text("The session and the minute, `<sessionId>:<minuteIndex>`", examples=[f"{prose.SESSION_ID}:0"]),
    sessionId=_SESSION_ID,
    minuteIndex=_MINUTE,
    **_SCORES,
    modelVersion=_text("The rules the minute was scored by", minLength=1, maxLength=64, examples=[MODEL_VERSION]),
    source=_word("Who scored the minute: the browser (client) or this service (server)", "client", "server"),
    dataPoints=_DATA_POINTS,
    keywords=_list(
        {"type": "string", "maxLength": 100}, "Words of the minute; empty if none came in", maxItems=50, examples=[["가족", "휴식"]]
    ),
    sentiment=_or_null(_word("Sentiment as the browser found it", "positive", "neutral", "negative"), "if it sent none"),
    confidence=_or_null(
        {"type": "number", "minimum": 0, "maximum": 1, "description": "How sure the browser was, 0..1"}, "if it sent none"
    ),
    timestamp=_or_null(
        _text("The browser's time of the minute, ISO 8601 in UTC", format="date-time", examples=[prose.TIMESTAMP]), "if it sent none"
    ),
    durationMs=_or_null(
        {**_span("What the browser took as the minute's length"), "maximum": MAX_TIME_MS}, "if it sent none"
    ),
)

_BRIEF = {
    "sessionId": _SESSION_ID,
    "counselorId": _COUNSELOR_ID,
    "status": _STATUS,
    "startedAt": _STARTED,
    "endedAt": _or_null(_ENDED, "while it goes on"),
    "duration": _DURATION,
}

STARTED = _fixed(
    "StartedSession",
    "A session that was opened",
    sessionId=_SESSION_ID,
    startedAt=_STARTED,
    status=_word("A new session is active", "active"),
    userId=_USER_ID,
    counselorId=_COUNSELOR_ID,
)

SESSION = _fixed(
    "Session",
    "A session and its totals",
    **_BRIEF,
    userId=_USER_ID,
    pausedAt=_PAUSED,
    resumedAt=_RESUMED,
    emotionCount=_count("Scored minutes"),
    landmarkCount=_count("Face frames"),
    sttCount=_count("Transcript snippets"),
    stats=_TOTALS,
)

PAUSED = _fixed(
    "PausedSession",
    "A paused session",
    sessionId=_SESSION_ID,
    status=_word("A paused session is paused", "paused"),
    pausedAt=_time("When the session was paused; pausing again changes nothing"),
)

RESUMED = _fixed(
    "ResumedSession",
    "A session that goes on",
    sessionId=_SESSION_ID,
    status=_word("A session that goes on is active", "active"),
    resumedAt=_RESUMED,
)

ENDED = _fixed(
    "EndedSession",
    "A session that has ended",
    sessionId=_SESSION_ID,
    status=_word("A session that has ended stays so", "ended"),
    endedAt=_time("When the session ended; ending again changes nothing"),
    duration=_span("From the session's start to its end"),
    stats=_TOTALS,
    inferenceStats=_STATISTICS,
    emotionCount=_count("Scored minutes"),
    emotionSummary={"type": ["object", "null"], "description": "The session's emotions in brief; null without any"},
)

ERASED = _fixed(
    "ErasedSession",
    "A session that is no more",
    sessionId=_text("The id that the session had", examples=[prose.SESSION_ID]),
    deleted={"type": "boolean", "const": True, "description": "The session and everything stored under it is erased"},
)

SUMMARY = _fixed(
    "SessionsSummary",
    "How many sessions there are, and the newest of them",
    total=_count("Sessions of any state"),
    active=_count("Active sessions"),
    paused=_count("Paused sessions"),
    ended=_count("Ended sessions"),
    avgDuration=_span("Mean duration of the ended sessions, 0 without one"),
    totalDuration=_span("Duration of the ended sessions together"),
    recentSessions=_list(
        _fixed(
            "RecentSession",
            "One of the newest sessions",
            id=_text("The same as sessionId", examples=[prose.SESSION_ID]),
            sessionId=_SESSION_ID,
            startedAt=_STARTED,
            durationMs=_DURATION,
            status=_STATUS,
        ),
        "The newest sessions, newest first",
        maxItems=20,
    ),
)

USER_SESSIONS = _fixed(
    "UserSessions",
    "A page of a user's sessions",
    userId=_text("The user that was asked for", examples=[prose.USER_ID]),
    count={**_count("Sessions on this page"), "maximum": 100},
    sessions=_list(_fixed("SessionBrief", "A session in a list", **_BRIEF), "Newest first", maxItems=100),
    nextCursor=_or_null(_text("The cursor that asks for the next page", examples=[None]), "on the last page"),
)

FEEDBACK = _fixed(
    "StoredFeedback",
    "Feedback that was stored",
    feedbackId=_text("The feedback", pattern="^fb_[0-9]+_[a-z0-9]+$", examples=["fb_1737251700_0f3a9c41d27be865"]),
    sessionId=_SESSION_ID,
    rating={"type": "integer", "minimum": 1, "maximum": 5, "description": "The rating that was given"},
    submittedAt=_time("When the feedback was stored"),
)


def _stored(title, what, stored, total):
    number = {"type": "integer", "minimum": 1, "maximum": 100, "description": f"How many {what} this request brought"}
    return _fixed(title, f"What was stored of {what}", **{stored: number, total: _count(f"All {what} of the session, each once")})


FRAMES = _stored("StoredFrames", "face frames", "frameCount", "totalFramesInSession")
AUDIO = _stored("StoredAudio", "audio chunks", "audioChunkCount", "totalAudioChunksInSession")
STT = _stored("StoredStt", "transcript snippets", "sttSnippetCount", "totalSttSnippetsInSession")

TICK = _fixed(
    "ScoredMinute",
    "The scores of a minute, as stored",
    minuteIndex=_MINUTE,
    **_SCORES,
    dataPoints=_DATA_POINTS,
)

_BATCH = {
    "count": {"type": "integer", "minimum": 1, "maximum": 100, "description": "How many minutes were stored"},
    "batchId": _text("This batch", pattern="^batch_[0-9]+_[a-z0-9]+$", examples=["batch_1737250920000_7c1e94b0a2d3"]),
}

BATCH_TICK = _fixed(
    "StoredBatch",
    "What was stored of a batch",
    success={"type": "boolean", "const": True, "description": "At least one minute was stored"},
    **_BATCH,
)

INFERENCES = _fixed(
    "Inferences",
    "All scored minutes of a session and their statistics",
    inferences=_list(_MINUTE_SCORES, "The minutes in their order"),
    stats=_STATISTICS,
)

#: Fields beside ``data``: a schema per name. One that is not always there is named in ``OPTIONAL_BESIDE``.
FEEDBACK_BESIDE = {"message": _text("What happened, in Korean, to be shown", examples=["피드백이 저장되었습니다"])}

BATCH_TICK_BESIDE = {
    "message": _text("What happened, in Korean, to be shown", examples=["2개 항목이 처리되었습니다"]),
    **_BATCH,
    "errors": _list(
        _fixed(
            "RefusedMinute",
            "A minute that was not stored, and the first thing that is wrong with it",
            index=_count("Where it stood in `items`, counted from 0"),
            minuteIndex={"type": ["integer", "null"], "description": "Its minuteIndex; null if that is no integer"},
            field=_text("What is wrong", examples=["facialScore"]),
            message=_text("How it is wrong; names the field", examples=["facialScore must be between 0 and 1"]),
        ),
        "The items that were refused; only there if some were",
        minItems=1,
        maxItems=99,
    ),
}

OPTIONAL_BESIDE = frozenset(("errors",))

_STATE = {
    "uptime": {"type": "number", "minimum": 0, "description": "Seconds since the process started"},
    "version": _text("Version of the service", examples=["1.0.0"]),
}

HEALTH = _fixed("Health", "The process lives", status=_word("It does", "ok"), **_STATE)

READY = _fixed(
    "Readiness",
    "Whether requests can be served",
    status=_word("unavailable if the database does not answer", "ok", "unavailable"),
    **_STATE,
    database=_word("Whether the database answers", "up", "down"),
    redis=_word("Whether Redis answers; none if the quotas are counted in the process", "up", "down", "none"),
)

DOCUMENT = {
    "type": "object",
    "description": "The OpenAPI document",
    "properties": {"openapi": _text("Version of the format", pattern=r"^3\.1\.")},
    "required": ["openapi", "info", "paths"],
}
