"""Affect and emotions in the answers: JSON Schemas as in ``shapes``."""

from bemore.api.openapi.shaping import fixed, or_null, word
from bemore.scoring.emotion import EMOTIONS


def _balance(description):
    return {"type": "number", "minimum": -1, "maximum": 1, "description": f"{description}, -1..1 with three decimals"}


AFFECT = {
    "valence": _balance("Unpleasant to pleasant"),
    "arousal": _balance("Calm to lively"),
    "dominance": _balance("Led to leading"),
}
VECTOR = fixed("AffectVector", "Valence, arousal and dominance", **AFFECT)

EMOTION = word("An emotion", *EMOTIONS)

DOMINANT = or_null(
    fixed(
        "DominantEmotion",
        "The emotion of most minutes",
        emotion=EMOTION,
        percentage={"type": "number", "minimum": 0, "maximum": 100, "description": "Share of the minutes, percent with one decimal"},
    ),
    "without scored minutes",
)

DISTRIBUTION = {
    "type": "object",
    "description": "Share of the minutes of each emotion that occurs, 0..1",
    "propertyNames": {"enum": list(EMOTIONS)},
    "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
}

EMOTION_SUMMARY = or_null(
    fixed(
        "EmotionSummary",
        "The emotions of a session's minutes",
        dominantEmotion=DOMINANT,
        distribution=DISTRIBUTION,
        vadVector=or_null(VECTOR, "without scored minutes"),
    ),
    "without scored minutes",
)
