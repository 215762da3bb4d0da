"""Minute scores: scored by the server (tick) or by the browser (batch-tick), and read (inferences)."""

from typing import Annotated, Literal

from msgspec import UNSET, UnsetType

from bemore.schemas import examples
from bemore.schemas.base import Body
from bemore.schemas.fields import MAX_MINUTE, MAX_TIME_MS, Id, OneOf, Share, TimeMs, Timestamp, Whole, Words
from bemore.schemas.items import Item, Items
from bemore.schemas.paging import Cursor, Limit
from bemore.schemas.response import Envelope, MinuteIndex, NextCursor, Response, SessionId, Succeeded, count, doc, score, span_ms, word
from bemore.schemas.telemetry import SENTIMENTS
from bemore.settings import MODEL_VERSION


#: A day.
MAX_MINUTES_ON_PAGE = 1_440


class Tick(Body):
    """The minute to score."""

    examples = {"The first minute": {"minuteIndex": 0}, "The last complete minute": {}}

    minute_index = Whole(0, MAX_MINUTE, description="Minute of the session, from 0; by default the last complete one (0 before that)")


class MinuteItem(Item):
    """The scores of one minute as the browser computed them."""

    minute_index = Whole(0, MAX_MINUTE, required=True, description="Minute of the session, from 0; the same minute again overwrites")
    facial = Share(data_key="facialScore", required=True, description="Score of the face, 0..1")
    vad = Share(data_key="vadScore", required=True, description="Score of the voice activity, 0..1")
    text = Share(data_key="textScore", required=True, description="Score of the words, 0..1")
    combined = Share(data_key="combinedScore", required=True, description="The three scores in one, 0..1")
    keywords = Words(50, 100, description="Words of the minute")
    sentiment = OneOf(*SENTIMENTS, description="Sentiment of the minute's words")
    confidence = Share(description="How sure the browser is, 0..1")
    timestamp = Timestamp(description="The browser's time of the minute, ISO 8601 with an offset or Z")
    duration_ms = TimeMs(description="Length of the minute in milliseconds")


class BatchTick(Body):
    """Minutes of one session; the good ones are stored even if others are not."""

    examples = {
        "Two minutes": {
            "sessionId": examples.SESSION_ID,
            "items": [
                {
                    "minuteIndex": 0, "facialScore": 0.812, "vadScore": 0.64, "textScore": 0.7, "combinedScore": 0.738,
                    "keywords": ["가족", "휴식"], "sentiment": "positive", "confidence": 0.91,
                },
                {
                    "minuteIndex": 1, "facialScore": 0.774, "vadScore": 0.585, "textScore": 0.3, "combinedScore": 0.623,
                    "sentiment": "negative", "timestamp": examples.TIMESTAMP, "durationMs": 60000,
                },
            ],
        }
    }  # fmt: skip

    session_id = Id(required=True, description="The session")
    items = Items(MinuteItem, required=True, description="The minutes")


class Scores(Response):
    """The scores of a minute."""

    facial_score: Annotated[float, score("Mean quality of the face frames; 0.5 without one")]
    vad_score: Annotated[float, score("Share of speech and loudness of the audio; 0.3 without a chunk")]
    text_score: Annotated[float, score("Mean sentiment of the transcript; 0.5 without a snippet")]
    text_sentiment: Annotated[float, score("The same as textScore, under its older name")]
    combined_score: Annotated[float, score("The weighted sum of the three scores")]


class DataPoints(Response):
    """How much telemetry a minute was scored from; zeros if the browser scored it."""

    frame_count: Annotated[int, count("Face frames")]
    audio_chunk_count: Annotated[int, count("Audio chunks")]
    stt_snippet_count: Annotated[int, count("Transcript snippets")]


class ScoredMinute(Scores):
    """The scores of a minute, as stored."""

    minute_index: MinuteIndex
    data_points: DataPoints


class MinuteCoverage(Response):
    """How much of a minute was measured."""

    frames: Annotated[float, score("Share of its seconds with a face frame")]
    audio: Annotated[float, score("Share of its seconds with audio")]


class MinuteScores(Scores):
    """The stored scores of a minute."""

    id: Annotated[str, doc("The session and the minute, `<sessionId>:<minuteIndex>`", examples=[f"{examples.SESSION_ID}:0"])]
    session_id: SessionId
    minute_index: MinuteIndex
    model_version: Annotated[str, doc("The rules the minute was scored by", minLength=1, maxLength=64, examples=[MODEL_VERSION])]
    source: Annotated[Literal["client", "server"], word("Who scored the minute: the browser (client) or this service (server)")]
    data_points: DataPoints
    keywords: Annotated[
        list[Annotated[str, doc("A word", maxLength=100)]],
        doc("Words of the minute; empty if none were sent", maxItems=50, examples=[["가족", "휴식"]]),
    ]
    sentiment: Annotated[Literal[SENTIMENTS] | None, doc("Sentiment according to the browser", null="if it sent none")]
    confidence: Annotated[float | None, doc("How sure the browser was, 0..1", null="if it sent none", minimum=0, maximum=1)]
    timestamp: Annotated[
        str | None,
        doc("The browser's time of the minute, ISO 8601 in UTC", null="if it sent none", format="date-time", examples=[examples.TIMESTAMP]),
    ]
    duration_ms: Annotated[int | None, span_ms("The minute's length according to the browser", null="if it sent none", maximum=MAX_TIME_MS)]
    coverage: Annotated[MinuteCoverage | None, doc("How much of the minute was measured", null="if nothing of it is known")]


class TimelineMinute(Scores):
    """The scores of a minute."""

    minute: MinuteIndex


class MinuteStatistics(Response, kw_only=True):
    """Statistics over the scored minutes; zeros and an empty timeline without one."""

    total_minutes: Annotated[int, count("Scored minutes")]
    avg_combined_score: Annotated[float, score("Mean combined score")]
    avg_facial_score: Annotated[float, score("Mean facial score")]
    avg_vad_score: Annotated[float, score("Mean voice score")]
    avg_text_score: Annotated[float, score("Mean text score")]
    avg_text_sentiment: Annotated[float, score("The same as avgTextScore, under its older name")]
    max_combined_score: Annotated[float, score("Highest combined score")]
    min_combined_score: Annotated[float, score("Lowest combined score")]
    timeline: Annotated[list[TimelineMinute], doc("The minutes in their order")]


class PageOfMinutes(Body):
    """A page of a session's minutes."""

    limit = Limit(MAX_MINUTES_ON_PAGE, load_default=MAX_MINUTES_ON_PAGE, description="Most minutes on a page")
    cursor = Cursor(count=1)


class Inferences(Response):
    """Scored minutes of a session, and the statistics of all of them."""

    inferences: Annotated[list[MinuteScores], doc("The minutes in their order", maxItems=MAX_MINUTES_ON_PAGE)]
    stats: MinuteStatistics
    next_cursor: NextCursor


MinutesStored = Annotated[int, doc("Minutes that were stored", minimum=1, maximum=100)]
BatchId = Annotated[str, doc("This batch", pattern="^batch_[0-9]+_[a-z0-9]+$", examples=["batch_1737250920000_7c1e94b0a2d3"])]


class StoredBatch(Response):
    """What was stored of a batch."""

    success: Annotated[bool, doc("At least one minute was stored", const=True)]
    count: MinutesStored
    batch_id: BatchId


class RefusedMinute(Response):
    """A minute that was not stored, and the first thing that is wrong with it."""

    index: Annotated[int, count("Position in `items`, counted from 0")]
    minute_index: Annotated[int | None, doc("Its minuteIndex", null="if that is no integer")]
    field: Annotated[str, doc("The field that is wrong", examples=["facialScore"])]
    message: Annotated[str, doc("What is wrong; names the field", examples=["facialScore must be between 0 and 1"])]


class StoredBatchAnswer(Envelope):
    """What was stored of a batch."""

    success: Succeeded
    message: Annotated[str, doc("The result in Korean, to be shown", examples=["2개 항목이 처리되었습니다"])]
    count: MinutesStored
    batch_id: BatchId
    data: StoredBatch
    errors: Annotated[list[RefusedMinute], doc("The refused items; absent if all were stored", minItems=1, maxItems=99)] | UnsetType = UNSET
