"""Affect and emotions: of minutes, sessions and texts."""

from typing import Annotated, Literal

from bemore.schemas.base import Body
from bemore.schemas.fields import Language, Text
from bemore.schemas.response import Response, doc, score, word
from bemore.schemas.telemetry import SENTIMENTS
from bemore.scoring.emotion import EMOTIONS


class ReadEmotion(Body):
    """A text."""

    examples = {"A sentence": {"text": "오늘 너무 불안해요"}}

    text = Text(0, 2000, required=True, description="The text; it is not stored")
    lang = Language(load_default="ko", description="Language of the text (BCP 47)")


def balance(description, null=None):
    """A dimension of affect."""
    return doc(f"{description}, -1..1 with three decimals", null, minimum=-1, maximum=1)


VALENCE, AROUSAL, DOMINANCE = "Unpleasant to pleasant", "Calm to lively", "Led to leading"

Emotion = Annotated[Literal[EMOTIONS], word("An emotion")]


class AffectVector(Response, kw_only=True):
    """Valence, arousal and dominance."""

    valence: Annotated[float, balance(VALENCE)]
    arousal: Annotated[float, balance(AROUSAL)]
    dominance: Annotated[float, balance(DOMINANCE)]


class DominantEmotion(Response):
    """The emotion of most minutes."""

    emotion: Emotion
    percentage: Annotated[float, doc("Share of the minutes, percent with one decimal", minimum=0, maximum=100)]


SessionAffect = Annotated[AffectVector | None, doc("Mean affect", null="without scored minutes")]
SessionEmotion = Annotated[DominantEmotion | None, doc("The emotion of most minutes", null="without scored minutes")]
Distribution = Annotated[
    dict[str, Annotated[float, doc("Share of the minutes", minimum=0, maximum=1)]],
    doc("Share of the minutes of each emotion that occurs, 0..1", propertyNames={"enum": list(EMOTIONS)}),
]


class EmotionSummary(Response):
    """The emotions of a session's minutes."""

    dominant_emotion: SessionEmotion
    distribution: Distribution
    vad_vector: SessionAffect


class TextEmotion(Response):
    """The emotion of a text by its words."""

    emotion: Emotion
    score: Annotated[float, score("How many words agree")]
    sentiment: Annotated[Literal[SENTIMENTS], word("Whether it is pleasant")]
