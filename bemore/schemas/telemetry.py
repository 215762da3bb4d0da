"""Bodies of the three uploads. Their items come out as rows, in the order ``bemore.models.telemetry`` stores."""

from bemore.clock import EPOCH_FROM_MS
from bemore.schemas.base import Body, Item
from bemore.schemas.fields import Items, Language, Points, Real, Share, Text, TimeMs, Voiced


class FrameItem(Item):
    """A face frame."""

    ts = TimeMs(required=True)
    quality = Share(data_key="qualityScore", load_default=0.5)
    compressed = Text(0, 64 * 1024, data_key="faceLandmarksCompressed", load_default=None, allow_none=False)
    landmarks = Points(478, load_default=None, allow_none=False)


class _Span(Item):
    ts_start = TimeMs(data_key="tsStart", required=True)
    ts_end = TimeMs(data_key="tsEnd", required=True)

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

    vad = Voiced(required=True)
    rms = Share(load_default=0.5)
    pitch = Real(0, 20_000, load_default=None, allow_none=True)


class SttItem(_Span):
    """A piece of transcript."""

    text = Text(1, 5000, required=True)
    lang = Language(load_default="ko")


class UploadFrames(Body):
    """Face frames, stored all or none."""

    items = Items(FrameItem, required=True)


class UploadAudio(Body):
    """Audio chunks, stored all or none."""

    items = Items(AudioItem, required=True)


class UploadStt(Body):
    """Transcript snippets, stored all or none."""

    items = Items(SttItem, required=True)
