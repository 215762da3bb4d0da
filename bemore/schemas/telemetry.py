"""Face frames, audio chunks and transcript snippets. Uploaded items become rows, in the order ``bemore.models.telemetry`` stores."""

from typing import Annotated, Literal

from marshmallow import ValidationError

from bemore.clock import EPOCH_FROM_MS
from bemore.schemas.base import Body
from bemore.schemas.fields import MAX_TIME_MS, Language, OneOf, Pitch, Points, Share, Text, TimeMs, Voiced
from bemore.schemas.items import Item, Items
from bemore.schemas.paging import Cursor, Limit, QueryInteger
from bemore.schemas.response import NextCursor, Response, SessionId, count, doc, span_ms, word

SENTIMENTS = ("positive", "neutral", "negative")
SPEAKERS = ("user", "counselor")

_TIME = "milliseconds: below 10¹¹ since the session's start, from there on since the Unix epoch"


_SPEAKER = "Who it is of; by default the role of the token, if that is user or counselor"


class Speaker(OneOf):
    """``user`` (the client) or ``counselor``."""

    def __init__(self, **options):
        super().__init__(*SPEAKERS, **options)


class FrameItem(Item):
    """A face frame."""

    ts = TimeMs(required=True, description=f"When the frame was taken, {_TIME}; the same time again overwrites")
    quality = Share(data_key="qualityScore", load_default=0.5, description="How well the face was seen, 0..1")
    compressed = Text(0, 64 * 1024, data_key="faceLandmarksCompressed", description="The face's points as the browser packed them")
    landmarks = Points(478, description="The face's points, normalized or in pixels; with a null among them, not stored")
    speaker = Speaker(description=_SPEAKER)


class _Span(Item):
    ts_start = TimeMs(required=True, description=f"When it began, {_TIME}")
    ts_end = TimeMs(required=True, description="When it ended, counted like tsStart, and not before it")

    @classmethod
    def disagreement(cls, row):
        start, end = row[:2]
        if start > end:
            return "tsEnd", "must not be before tsStart"
        if (start < EPOCH_FROM_MS) != (end < EPOCH_FROM_MS):
            return "tsEnd", "must count from the same moment as tsStart: the session's start or the epoch"
        return None


class AudioItem(_Span):
    """A chunk of audio."""

    vad = Voiced(required=True, description="Whether somebody spoke, or the probability of it (0..1)")
    rms = Share(load_default=0.5, description="Loudness, 0..1")
    pitch = Pitch(20_000, description="Pitch of the voice in Hz; null, or 0 and below, without one")
    speaker = Speaker(description=_SPEAKER)


class SttItem(_Span):
    """A piece of transcript."""

    text = Text(0, 5000, required=True, description="What was said; a snippet without words is skipped")
    lang = Language(load_default="ko", description="Language of the text, such as ko or en-US (BCP 47)")
    speaker = Speaker(description=_SPEAKER)


class UploadFrames(Body):
    """Face frames; all of them are stored or none."""

    examples = {
        "Points as they are": {
            "items": [
                {"ts": 0, "qualityScore": 0.86, "landmarks": [[0.512, 0.431, -0.02], [0.498, 0.447, -0.018]]},
                {"ts": 100, "qualityScore": 0.84, "landmarks": [{"x": 0.511, "y": 0.433, "z": -0.021}]},
            ]
        },
        "Points as the browser packed them": {"items": [{"ts": 1737250800200, "faceLandmarksCompressed": "eJyLjgUAARUAuQ=="}]},
    }

    items = Items(FrameItem, required=True, description="The frames; all of them are stored or none")


class UploadAudio(Body):
    """Audio chunks; all of them are stored or none."""

    examples = {
        "Speech and a pause": {
            "items": [
                {"tsStart": 0, "tsEnd": 1000, "vad": True, "rms": 0.42, "pitch": 182.5},
                {"tsStart": 1000, "tsEnd": 2000, "vad": 0.08, "rms": 0.03, "pitch": None},
            ]
        }
    }

    items = Items(AudioItem, required=True, description="The chunks; all of them are stored or none")


class UploadStt(Body):
    """Transcript snippets; all of them are stored or none."""

    examples = {
        "Two sentences": {
            "items": [
                {"tsStart": 0, "tsEnd": 3200, "text": "오늘은 마음이 한결 편안해요.", "lang": "ko"},
                {"tsStart": 3500, "tsEnd": 6800, "text": "지난주에는 잠을 거의 못 잤어요."},
            ]
        }
    }

    items = Items(SttItem, required=True, description="The snippets; all of them are stored or none")


#: Snippets on a page of a transcript, at most: a session of eight hours is one page.
MAX_TRANSCRIPT_PAGE = 5_000


class ReadTranscript(Body):
    """A page of a transcript."""

    limit = Limit(MAX_TRANSCRIPT_PAGE, load_default=100, description="Most snippets on a page")
    cursor = Cursor(least=-MAX_TIME_MS, count=3)
    from_ms = QueryInteger(
        0, MAX_TIME_MS, data_key="from", description="Only snippets that began at this time or later, ms since the session's start"
    )


#: Captions of a file, at most.
MAX_CAPTIONS = 10_000


class Voices(Text):
    """``name=speaker`` pairs, separated by commas; comes out as ``{name: speaker}``."""

    least, most = 1, 1000

    def finish(self, value):
        pairs = [each.rpartition("=") for each in value.split(",")]
        if not all(name and speaker in SPEAKERS for name, _, speaker in pairs):
            raise ValidationError("must list names with user or counselor, such as 김상담=counselor,이내담=user")
        return {name.strip(): speaker for name, _, speaker in pairs}


class UploadTranscript(Body):
    """How the captions of a file become snippets."""

    speaker = Speaker(description="Who speaks where the file does not say it; by default the role of the token, if that is one of these")
    offset = QueryInteger(
        -MAX_TIME_MS, MAX_TIME_MS, load_default=0, description="Milliseconds from the session's start to the file's; may be negative"
    )
    voice = Voices(description="Who the voices of a WebVTT file are, as `name=user,other=counselor`")


class StoredFrames(Response):
    """The face frames of an upload were stored."""

    frame_count: Annotated[int, doc("Face frames in this request", minimum=1, maximum=100)]
    total_frames_in_session: Annotated[int, count("All face frames of the session, each once")]


class StoredAudio(Response):
    """The audio chunks of an upload were stored."""

    audio_chunk_count: Annotated[int, doc("Audio chunks in this request", minimum=1, maximum=100)]
    total_audio_chunks_in_session: Annotated[int, count("All audio chunks of the session, each once")]


class StoredStt(Response):
    """The transcript snippets of an upload were stored."""

    stt_snippet_count: Annotated[int, doc("Transcript snippets in this request", minimum=1, maximum=100)]
    total_stt_snippets_in_session: Annotated[int, count("All transcript snippets of the session, each once")]


class StoredTranscript(Response):
    """The captions of a file were stored."""

    stt_snippet_count: Annotated[int, doc("Transcript snippets in this file", minimum=1, maximum=MAX_CAPTIONS)]
    total_stt_snippets_in_session: Annotated[int, count("All transcript snippets of the session, each once")]


SpeakerName = Annotated[Literal[SPEAKERS] | None, doc("Who said it", null="if that is unknown")]


class TranscriptSnippet(Response):
    """A piece of transcript."""

    ts_start: Annotated[int, span_ms("When it began, from the session's start")]
    ts_end: Annotated[int, span_ms("When it ended, from the session's start")]
    text: Annotated[str, doc("What was said", minLength=1, examples=["오늘은 기분이 좋아요"])]
    speaker: SpeakerName
    lang: Annotated[str, doc("Its language", examples=["ko"])]
    sentiment: Annotated[Literal[SENTIMENTS], word("Sentiment of its words")]
    keywords: Annotated[list[str], doc("Its keywords", examples=[["기분"]])]


class Transcript(Response):
    """A page of a session's transcript."""

    session_id: SessionId
    count: Annotated[int, count("Snippets on this page", maximum=MAX_TRANSCRIPT_PAGE)]
    snippets: Annotated[list[TranscriptSnippet], doc("In their order", maxItems=MAX_TRANSCRIPT_PAGE)]
    next_cursor: NextCursor
