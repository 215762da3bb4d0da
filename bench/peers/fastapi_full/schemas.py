"""Request bodies, with the contract's bounds. Numbers are strict: no booleans, no numbers in strings."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

#: Latest time, in ms since the epoch; the last minute that has a score; the largest coordinate of a landmark.
MAX_TIME_MS, MAX_MINUTE, MAX_COORDINATE = 10**13 - 1, 100_000, 100_000

Share = Annotated[float, Field(ge=0, le=1)]
TimeMs = Annotated[float, Field(ge=0, le=MAX_TIME_MS)]
MinuteIndex = Annotated[int, Field(ge=0, le=MAX_MINUTE)]
Coordinate = Annotated[float, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]


class Model(BaseModel):
    """Base of all bodies; unknown fields are ignored."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class Point(Model):
    """A landmark given as an object."""

    x: Coordinate
    y: Coordinate
    z: Coordinate | None = None


class Frame(Model):
    """A face frame."""

    ts: TimeMs
    qualityScore: Share = 0.5
    faceLandmarksCompressed: Annotated[str, Field(max_length=64 * 1024)] | None = None
    landmarks: Annotated[list[Annotated[list[Coordinate], Field(min_length=2, max_length=3)] | Point], Field(max_length=478)] | None = None


class Span(Model):
    """Something that lasts."""

    tsStart: TimeMs
    tsEnd: TimeMs

    @model_validator(mode="after")
    def check_order(self):
        if self.tsStart > self.tsEnd:
            raise ValueError("tsEnd must not be before tsStart")
        return self


class AudioChunk(Span):
    """A chunk of audio."""

    vad: bool | Share
    rms: Share = 0.5
    pitch: Annotated[float, Field(le=20_000)] | None = None


class Snippet(Span):
    """A piece of transcript."""

    text: Annotated[str, Field(min_length=1, max_length=5000, pattern=r"^[^\x00]*$")]
    lang: Annotated[str, Field(min_length=2, max_length=30, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")] = "ko"


class Frames(Model):
    """Face frames, stored all or none."""

    items: Annotated[list[Frame], Field(min_length=1, max_length=100)]


class AudioChunks(Model):
    """Audio chunks, stored all or none."""

    items: Annotated[list[AudioChunk], Field(min_length=1, max_length=100)]


class Snippets(Model):
    """Transcript snippets, stored all or none."""

    items: Annotated[list[Snippet], Field(min_length=1, max_length=100)]


class Tick(Model):
    """Which minute to score; without it the last complete one."""

    minuteIndex: MinuteIndex | None = None


class Minute(Model):
    """The scores of a minute as the browser computed them."""

    minuteIndex: MinuteIndex
    facialScore: Share
    vadScore: Share
    textScore: Share
    combinedScore: Share
    keywords: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] | None = None
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    confidence: Share | None = None
    timestamp: Annotated[AwareDatetime, Field(strict=False)] | None = None
    durationMs: TimeMs | None = None


class BatchTick(Model):
    """Minutes of one session. ``items`` are validated one by one where one of them is invalid: the valid ones are stored."""

    sessionId: Annotated[str, Field(min_length=1, max_length=128)]
    items: Annotated[list[Any], Field(min_length=1, max_length=100)]


validate_minute = TypeAdapter(Minute).validate_python
validate_minutes = TypeAdapter(list[Minute]).validate_python
