"""The Korean font of the PDF reports: Noto Sans KR by Adobe and Google, SIL Open Font License 1.1, which allows embedding.

It ships in the package ``pylopdf-fonts-ko`` as OpenType with CFF outlines and a glyph numbering of their own, which readers
of PDF text (pypdf, pdfminer) do not support. So the glyphs that a report uses become a small TrueType font, whose text every
reader extracts. The source is read once per process, each glyph is converted once.
"""

import io
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from threading import Lock
from types import MappingProxyType
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

PACKAGE, FILE = "pylopdf_fonts_ko", "NotoSansKR-Regular.otf"

NAME_RECORDS = {
    "copyright": 0, "familyName": 1, "styleName": 2, "uniqueFontIdentifier": 3, "fullName": 4, "version": 5, "psName": 6,
    "licenseDescription": 13, "licenseInfoURL": 14,
}  # fmt: skip
"""What the font says of itself, by the numbers of OpenType's name table."""

MAX_ERROR = 1.0
"""How far a converted outline may deviate from its source, in thousandths of the font size."""

MAX_CACHED_GLYPHS = 4096
"""Reports in Korean use some hundreds."""

# The source reads its tables and outlines from one file on first use: one thread at a time.
_lock = Lock()
_converted: dict[str, Any] = {}


@cache
def widths() -> Mapping[str, float]:
    """The width of every character that the font has, as a share of the font size."""
    with _lock:
        font = _source()
        metrics, unit = font["hmtx"].metrics, font["head"].unitsPerEm
        return MappingProxyType({chr(code): metrics[name][0] / unit for code, name in font.getBestCmap().items()})


def truetype(characters: Iterable[str]) -> bytes:
    """A TrueType font file of ``characters``, which must all be in ``widths()``; the same set gives the same bytes."""
    subset = sorted(set(characters) | {" "})
    with _lock:
        source = _source()
        cmap, metrics = source.getBestCmap(), source["hmtx"].metrics
        names = {ord(char): cmap[ord(char)] for char in subset}
        order = list(dict.fromkeys([".notdef", *names.values()]))
        head = source["head"]
        builder = FontBuilder(head.unitsPerEm, isTTF=True)
        builder.updateHead(created=head.created, modified=head.modified)  # instead of the current time
        builder.setupGlyphOrder(order)
        builder.setupCharacterMap(names)
        builder.setupGlyf({name: _outline(name) for name in order})
        builder.setupHorizontalMetrics({name: (metrics[name][0], builder.font["glyf"][name].xMin) for name in order})
        builder.setupHorizontalHeader(ascent=source["hhea"].ascent, descent=source["hhea"].descent)
        builder.setupNameTable({key: source["name"].getDebugName(number) for key, number in NAME_RECORDS.items()})
        os2 = source["OS/2"]
        builder.setupOS2(
            sTypoAscender=os2.sTypoAscender, sTypoDescender=os2.sTypoDescender, usWinAscent=os2.usWinAscent,
            usWinDescent=os2.usWinDescent, sCapHeight=os2.sCapHeight, sxHeight=os2.sxHeight, fsType=os2.fsType,
        )  # fmt: skip
        builder.setupPost(keepGlyphNames=False)
        file = io.BytesIO()
        builder.save(file)
        return file.getvalue()


@cache
def _source() -> TTFont:
    data = resources.files(PACKAGE).joinpath(FILE).read_bytes()
    return TTFont(io.BytesIO(data), lazy=True, recalcTimestamp=False)


def _outline(name: str) -> Any:
    """A glyph with quadratic curves. The caller holds the lock."""
    if name not in _converted:
        if len(_converted) >= MAX_CACHED_GLYPHS:
            _converted.clear()
        pen = TTGlyphPen(None)
        _source().getGlyphSet()[name].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
        _converted[name] = pen.glyph()
    return _converted[name]
