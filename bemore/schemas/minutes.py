"""Bodies of the minute scores."""

from bemore.schemas.base import Body, Item
from bemore.schemas.fields import MAX_MINUTE, MAX_TIME_MS, Id, Items, OneOf, Share, Timestamp, Whole, Words


class Tick(Body):
    """Which minute to score; left out, the last complete one."""

    minute_index = Whole(0, MAX_MINUTE, data_key="minuteIndex", load_default=None, allow_none=False)


class MinuteItem(Item):
    """The scores of one minute as the browser computed them."""

    minute_index = Whole(0, MAX_MINUTE, data_key="minuteIndex", required=True)
    facial = Share(data_key="facialScore", required=True)
    vad = Share(data_key="vadScore", required=True)
    text = Share(data_key="textScore", required=True)
    combined = Share(data_key="combinedScore", required=True)
    keywords = Words(50, 100, load_default=None, allow_none=False)
    sentiment = OneOf("positive", "neutral", "negative", load_default=None, allow_none=False)
    confidence = Share(load_default=None, allow_none=False)
    timestamp = Timestamp(load_default=None, allow_none=False)
    duration_ms = Whole(0, MAX_TIME_MS, data_key="durationMs", load_default=None, allow_none=False)


class BatchTick(Body):
    """Minutes of one session; the good ones are stored even if others are not."""

    session_id = Id(data_key="sessionId", required=True)
    items = Items(MinuteItem, required=True)
