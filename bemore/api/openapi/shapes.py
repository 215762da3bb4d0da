"""What the answers hold: the JSON Schema (2020-12) of every operation's ``data``, and of the fields beside it.

A schema with a ``title`` is a named component of the OpenAPI document. The tests hold every answer against these schemas.
"""

from bemore.api.openapi import texts as prose
from bemore.api.openapi.emotion_shapes import EMOTION_SUMMARY
from bemore.api.openapi.shaping import count, fixed, list_of, or_null, score, span, text, time, word
from bemore.schemas.fields import MAX_MINUTE, MAX_TIME_MS
from bemore.settings import MODEL_VERSION

#: What a session's id looks like; what is of another form names no session.
SESSION_ID_PATTERN = "^sess_[0-9]+_[a-z0-9]{16,}$"


SESSION_ID = text(
    "The session; who does not know its id cannot guess it", pattern=SESSION_ID_PATTERN, examples=[prose.SESSION_ID]
)
USER_ID = text("Whose session it is", minLength=1, examples=[prose.USER_ID])
_COUNSELOR_ID = text("Who counsels", minLength=1, examples=[prose.COUNSELOR_ID])
_STATUS = word("Where the session is: active ⇄ paused → ended", "active", "paused", "ended")
_STARTED = time("When the session started")
_PAUSED = or_null(time("When the session was last paused"), "if it never was")
_RESUMED = or_null(time("When the session last went on"), "if it never was paused")
_ENDED = time("When the session ended")
_DURATION = span("From the session's start to its end, or to now while it goes on")
MINUTE = {"type": "integer", "minimum": 0, "maximum": MAX_MINUTE, "description": "Minute of the session, counted from 0"}

SCORES = {
    "facialScore": score("Mean quality of the face frames; 0.5 without one"),
    "vadScore": score("Share of speech and loudness of the audio; 0.3 without a chunk"),
    "textScore": score("Mean sentiment of the transcript; 0.5 without a snippet"),
    "textSentiment": score("The same as textScore, under its older name"),
    "combinedScore": score("The three parts by their weights"),
}

TOTALS = fixed(
    "SessionTotals",
    "How much telemetry is stored of a session",
    totalFrames=count("Face frames"),
    totalAudioChunks=count("Audio chunks"),
    totalSttSnippets=count("Transcript snippets"),
)

_DATA_POINTS = fixed(
    "DataPoints",
    "How much telemetry a minute was scored from; zeros if the browser scored it",
    frameCount=count("Face frames"),
    audioChunkCount=count("Audio chunks"),
    sttSnippetCount=count("Transcript snippets"),
)

STATISTICS = fixed(
    "MinuteStatistics",
    "Statistics over the scored minutes; zeros and an empty timeline without one",
    totalMinutes=count("Scored minutes"),
    avgCombinedScore=score("Mean combined score"),
    avgFacialScore=score("Mean facial score"),
    avgVadScore=score("Mean voice score"),
    avgTextScore=score("Mean text score"),
    avgTextSentiment=score("The same as avgTextScore, under its older name"),
    maxCombinedScore=score("Highest combined score"),
    minCombinedScore=score("Lowest combined score"),
    timeline=list_of(
        fixed("TimelineMinute", "The scores of a minute", minute=MINUTE, **SCORES), "The minutes in their order"
    ),
)

MINUTE_SCORES = fixed(
    "MinuteScores",
    "The stored scores of a minute",
    id=text("The session and the minute, `<sessionId>:<minuteIndex>`", examples=[f"{prose.SESSION_ID}:0"]),
    sessionId=SESSION_ID,
    minuteIndex=MINUTE,
    **SCORES,
    modelVersion=text("The rules the minute was scored by", minLength=1, maxLength=64, examples=[MODEL_VERSION]),
    source=word("Who scored the minute: the browser (client) or this service (server)", "client", "server"),
    dataPoints=_DATA_POINTS,
    keywords=list_of(
        {"type": "string", "maxLength": 100}, "Words of the minute; empty if none came in", maxItems=50, examples=[["가족", "휴식"]]
    ),
    sentiment=or_null(word("Sentiment as the browser found it", "positive", "neutral", "negative"), "if it sent none"),
    confidence=or_null(
        {"type": "number", "minimum": 0, "maximum": 1, "description": "How sure the browser was, 0..1"}, "if it sent none"
    ),
    timestamp=or_null(
        text("The browser's time of the minute, ISO 8601 in UTC", format="date-time", examples=[prose.TIMESTAMP]), "if it sent none"
    ),
    durationMs=or_null(
        {**span("What the browser took as the minute's length"), "maximum": MAX_TIME_MS}, "if it sent none"
    ),
)

BRIEF = {
    "sessionId": SESSION_ID,
    "counselorId": _COUNSELOR_ID,
    "status": _STATUS,
    "startedAt": _STARTED,
    "endedAt": or_null(_ENDED, "while it goes on"),
    "duration": _DURATION,
}

STARTED = fixed(
    "StartedSession",
    "A session that was opened",
    sessionId=SESSION_ID,
    startedAt=_STARTED,
    status=word("A new session is active", "active"),
    userId=USER_ID,
    counselorId=_COUNSELOR_ID,
)

SESSION = fixed(
    "Session",
    "A session and its totals",
    **BRIEF,
    userId=USER_ID,
    pausedAt=_PAUSED,
    resumedAt=_RESUMED,
    emotionCount=count("Scored minutes"),
    landmarkCount=count("Face frames"),
    sttCount=count("Transcript snippets"),
    stats=TOTALS,
)

PAUSED = fixed(
    "PausedSession",
    "A paused session",
    sessionId=SESSION_ID,
    status=word("A paused session is paused", "paused"),
    pausedAt=time("When the session was paused; pausing again changes nothing"),
)

RESUMED = fixed(
    "ResumedSession",
    "A session that goes on",
    sessionId=SESSION_ID,
    status=word("A session that goes on is active", "active"),
    resumedAt=_RESUMED,
)

ENDED = fixed(
    "EndedSession",
    "A session that has ended",
    sessionId=SESSION_ID,
    status=word("A session that has ended stays so", "ended"),
    endedAt=time("When the session ended; ending again changes nothing"),
    duration=span("From the session's start to its end"),
    stats=TOTALS,
    inferenceStats=STATISTICS,
    emotionCount=count("Scored minutes"),
    emotionSummary=EMOTION_SUMMARY,
)

ERASED = fixed(
    "ErasedSession",
    "A session that is no more",
    sessionId=text("The id that the session had", examples=[prose.SESSION_ID]),
    deleted={"type": "boolean", "const": True, "description": "The session and everything stored under it is erased"},
)

SUMMARY = fixed(
    "SessionsSummary",
    "How many sessions there are, and the newest of them",
    total=count("Sessions of any state"),
    active=count("Active sessions"),
    paused=count("Paused sessions"),
    ended=count("Ended sessions"),
    avgDuration=span("Mean duration of the ended sessions, 0 without one"),
    totalDuration=span("Duration of the ended sessions together"),
    recentSessions=list_of(
        fixed(
            "RecentSession",
            "One of the newest sessions",
            id=text("The same as sessionId", examples=[prose.SESSION_ID]),
            sessionId=SESSION_ID,
            startedAt=_STARTED,
            durationMs=_DURATION,
            status=_STATUS,
        ),
        "The newest sessions, newest first",
        maxItems=20,
    ),
)

USER_SESSIONS = fixed(
    "UserSessions",
    "A page of a user's sessions",
    userId=text("The user that was asked for", examples=[prose.USER_ID]),
    count={**count("Sessions on this page"), "maximum": 100},
    sessions=list_of(fixed("SessionBrief", "A session in a list", **BRIEF), "Newest first", maxItems=100),
    nextCursor=or_null(text("The cursor that asks for the next page", examples=[None]), "on the last page"),
)

FOUND_SESSIONS = fixed(
    "FoundSessions",
    "A page of sessions",
    count={**count("Sessions on this page"), "maximum": 100},
    sessions=list_of(fixed("SessionFound", "A session in a list of several users'", **BRIEF, userId=USER_ID), "Newest first", maxItems=100),
    nextCursor=or_null(text("The cursor that asks for the next page", examples=[None]), "on the last page"),
)

TRANSCRIPT = fixed(
    "Transcript",
    "A page of a session's transcript",
    sessionId=SESSION_ID,
    count={**count("Snippets on this page"), "maximum": 500},
    snippets=list_of(
        fixed(
            "TranscriptSnippet",
            "A piece of transcript",
            tsStart=span("When it began, from the session's start"),
            tsEnd=span("When it ended, from the session's start"),
            text=text("What was said", minLength=1, examples=["오늘은 기분이 좋아요"]),
            lang=text("The language it was heard in", examples=["ko"]),
            sentiment=word("Sentiment of its words", "positive", "neutral", "negative"),
            keywords=list_of({"type": "string"}, "Its keywords", examples=[["기분"]]),
        ),
        "In their order",
        maxItems=500,
    ),
    nextCursor=or_null(text("The cursor that asks for the next page", examples=[None]), "on the last page"),
)

FEEDBACK = fixed(
    "StoredFeedback",
    "Feedback that was stored",
    feedbackId=text("The feedback", pattern="^fb_[0-9]+_[a-z0-9]+$", examples=["fb_1737251700_0f3a9c41d27be865"]),
    sessionId=SESSION_ID,
    rating={"type": "integer", "minimum": 1, "maximum": 5, "description": "The rating that was given"},
    submittedAt=time("When the feedback was stored"),
)


def _stored(title, what, stored, total):
    number = {"type": "integer", "minimum": 1, "maximum": 100, "description": f"How many {what} this request brought"}
    return fixed(title, f"What was stored of {what}", **{stored: number, total: count(f"All {what} of the session, each once")})


FRAMES = _stored("StoredFrames", "face frames", "frameCount", "totalFramesInSession")
AUDIO = _stored("StoredAudio", "audio chunks", "audioChunkCount", "totalAudioChunksInSession")
STT = _stored("StoredStt", "transcript snippets", "sttSnippetCount", "totalSttSnippetsInSession")

TICK = fixed(
    "ScoredMinute",
    "The scores of a minute, as stored",
    minuteIndex=MINUTE,
    **SCORES,
    dataPoints=_DATA_POINTS,
)

_BATCH = {
    "count": {"type": "integer", "minimum": 1, "maximum": 100, "description": "How many minutes were stored"},
    "batchId": text("This batch", pattern="^batch_[0-9]+_[a-z0-9]+$", examples=["batch_1737250920000_7c1e94b0a2d3"]),
}

BATCH_TICK = fixed(
    "StoredBatch",
    "What was stored of a batch",
    success={"type": "boolean", "const": True, "description": "At least one minute was stored"},
    **_BATCH,
)

INFERENCES = fixed(
    "Inferences",
    "All scored minutes of a session and their statistics",
    inferences=list_of(MINUTE_SCORES, "The minutes in their order"),
    stats=STATISTICS,
)

#: Fields beside ``data``: a schema per name. One that is not always there is named in ``OPTIONAL_BESIDE``.
FEEDBACK_BESIDE = {"message": text("What happened, in Korean, to be shown", examples=["피드백이 저장되었습니다"])}

BATCH_TICK_BESIDE = {
    "message": text("What happened, in Korean, to be shown", examples=["2개 항목이 처리되었습니다"]),
    **_BATCH,
    "errors": list_of(
        fixed(
            "RefusedMinute",
            "A minute that was not stored, and the first thing that is wrong with it",
            index=count("Where it stood in `items`, counted from 0"),
            minuteIndex={"type": ["integer", "null"], "description": "Its minuteIndex; null if that is no integer"},
            field=text("What is wrong", examples=["facialScore"]),
            message=text("How it is wrong; names the field", examples=["facialScore must be between 0 and 1"]),
        ),
        "The items that were refused; only there if some were",
        minItems=1,
        maxItems=99,
    ),
}

OPTIONAL_BESIDE = frozenset(("errors",))

_STATE = {
    "uptime": {"type": "number", "minimum": 0, "description": "Seconds since the process started"},
    "version": text("Version of the service", examples=["1.0.0"]),
}

HEALTH = fixed("Health", "The process lives", status=word("It does", "ok"), **_STATE)

READY = fixed(
    "Readiness",
    "Whether requests can be served",
    status=word("unavailable if the database does not answer", "ok", "unavailable"),
    **_STATE,
    database=word("Whether the database answers", "up", "down"),
    redis=word("Whether Redis answers; none if the quotas are counted in the process", "up", "down", "none"),
)

DOCUMENT = {
    "type": "object",
    "description": "The OpenAPI document",
    "properties": {"openapi": text("Version of the format", pattern=r"^3\.1\.")},
    "required": ["openapi", "info", "paths"],
}
