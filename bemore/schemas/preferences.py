"""The settings of the page."""

from typing import Annotated, Literal

from msgspec import UNSET, UnsetType

from bemore.schemas.base import Body
from bemore.schemas.fields import Flag, OneOf, Part
from bemore.schemas.response import Response, doc, word

FONT_SCALES, LAYOUT_DENSITIES, LANGUAGES = ("sm", "md", "lg", "xl"), ("compact", "spacious"), ("ko", "en")


class ChosenPreferences(Body):
    """Settings of the page; those left out stay as they are."""

    font_scale = OneOf(*FONT_SCALES, description="Size of the letters")
    layout_density = OneOf(*LAYOUT_DENSITIES, description="Space between elements")
    language = OneOf(*LANGUAGES, description="Language of the page")
    notifications_opt_in = Flag(description="Whether notifications are wanted")


class SavePreferences(Body):
    """The chosen settings."""

    examples = {
        "All of them": {
            "preferences": {"fontScale": "lg", "layoutDensity": "compact", "language": "en", "notificationsOptIn": False}
        },
        "One of them": {"preferences": {"fontScale": "xl"}},
    }

    preferences = Part(ChosenPreferences, required=True, description="The chosen settings; settings of other names are ignored")


class Preferences(Response, kw_only=True):
    """The settings of the page that were chosen; for the others the page has its own defaults."""

    font_scale: Annotated[Literal[FONT_SCALES], word("Size of the letters")] | UnsetType = UNSET
    layout_density: Annotated[Literal[LAYOUT_DENSITIES], word("Space between elements")] | UnsetType = UNSET
    language: Annotated[Literal[LANGUAGES], word("Language of the page")] | UnsetType = UNSET
    notifications_opt_in: Annotated[bool, doc("Whether notifications are wanted")] | UnsetType = UNSET
