"""The emotion of a text, by its words. Nothing of it is stored or logged."""

from flask import Blueprint

from bemore.api.http.operation import operation
from bemore.auth.access import Access
from bemore.schemas.emotion import ReadEmotion, TextEmotion
from bemore.scoring.emotion import text_emotion

blueprint = Blueprint("emotion", __name__, url_prefix="/api")


@blueprint.post("/emotion")
@operation("The emotion of a text", Access.SIGNED_IN, body=ReadEmotion, response=TextEmotion)
def of_text(body):
    """Without a word of feeling it is neutral, 0.5. The text is not stored."""
    emotion, score, sentiment = text_emotion(body["text"], body["lang"])
    return {"emotion": emotion, "score": score, "sentiment": sentiment}
