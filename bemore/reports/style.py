"""What a report looks like in every format: the console's colors, the four score lines, and the shapes of the marks on charts."""

import re
from collections.abc import Mapping
from importlib import resources
from typing import NamedTuple

_TOKENS = (resources.files("bemore") / "web" / "console" / "tokens.css").read_text("utf-8")
_PAIRS = {name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", _TOKENS)}

LIGHT: Mapping[str, str] = {name: light for name, (light, _) in _PAIRS.items()}
DARK: Mapping[str, str] = {name: dark for name, (_, dark) in _PAIRS.items()}
"""The colors of ``tokens.css`` by name. Those of lines have a contrast of 3:1 to the card and differ for color-blind readers."""


class ScoreLine(NamedTuple):
    """One of the four scores of a minute: its key in the report, and its color."""

    key: str
    color: str


SCORE_LINES = (
    ScoreLine("combinedScore", "combined"),
    ScoreLine("facialScore", "facial"),
    ScoreLine("vadScore", "voice"),
    ScoreLine("textScore", "text"),
)
"""The combined score is the first."""

Polygon = tuple[tuple[float, float], ...]

MARKS: Mapping[str, tuple[Polygon, ...]] = {
    "lowest": (((-6, -4), (6, -4), (0, 6)),),
    "highest": (((-6, 5), (6, 5), (0, -5)),),
    "change": (((-6, -1), (6, -1), (0, -7)), ((-6, 1), (6, 1), (0, 7))),
    "silence": (((-5, -5), (-1.5, -5), (-1.5, 6), (-5, 6)), ((1.5, -5), (5, -5), (5, 6), (1.5, 6))),
    "longest-turn": (
        ((-6, -5), (6, -5), (6, -2.5), (-6, -2.5)),
        ((-6, -1), (3, -1), (3, 1.5), (-6, 1.5)),
        ((-6, 3), (0, 3), (0, 5.5), (-6, 5.5)),
    ),
    "bookmark": (((-4, -6), (4, -6), (4, 6), (0, 2), (-4, 6)),),
    "note": (((-6, -5), (6, -5), (6, 3), (0, 3), (-3, 7), (-3, 3), (-6, 3)),),
}
"""The shapes of moments and notes on charts, as in the console: polygons around their middle, y down, in px."""
