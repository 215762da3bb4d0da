"""Queries of the reports."""

from bemore.schemas.base import Body
from bemore.schemas.fields import OneOf


class ChooseCsv(Body):
    """Which table."""

    kind = OneOf("vad", "emotion", load_default="vad", allow_none=False)
