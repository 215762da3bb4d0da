"""Bodies of the endpoints around the sessions."""

from marshmallow import ValidationError

from bemore.schemas.base import Body, check
from bemore.schemas.fields import Language, OneOf, Text, _Field


class Flag(_Field):
    """``true`` or ``false``, nothing else."""

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is bool:
            return value
        raise ValidationError("must be true or false")

    def json_schema(self):
        return {"type": "boolean"}


class Part(_Field):
    """An object of another schema. What is wrong within it is said of its own fields: InvalidInput."""

    def __init__(self, schema, **options):
        super().__init__(**options)
        self.schema, self.inner = schema, schema()

    def _deserialize(self, value, attr, data, **kwargs):
        if type(value) is not dict:
            raise ValidationError("must be an object")
        return check(self.inner, value)

    def json_schema(self):
        # The inner schema is named by who makes the document.
        return {"type": "object"}


class ChosenPreferences(Body):
    """Settings of the page; those left out stay as they are."""

    font_scale = OneOf("sm", "md", "lg", "xl", data_key="fontScale")
    layout_density = OneOf("compact", "spacious", data_key="layoutDensity")
    language = OneOf("ko", "en")
    notifications_opt_in = Flag(data_key="notificationsOptIn")


class SavePreferences(Body):
    """What was chosen."""

    preferences = Part(ChosenPreferences, required=True)


class FeelText(Body):
    """A text."""

    text = Text(0, 2000, required=True)
    lang = Language(load_default="ko")
