"""The Korean font of the PDF reports: Noto Sans KR by Adobe and Google, SIL Open Font License 1.1, which allows embedding.

It ships in the package ``pylopdf-fonts-ko`` as OpenType with CFF outlines under their own numbering, which readers of PDF
text (pypdf, pdfminer) do not follow. So the glyphs that a report uses become a small TrueType font, whose text every reader
gets out. The source is read once in a process, each glyph is converted once.
"""

import io
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from threading import Lock
from types import MappingProxyType

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

PACKAGE, FILE = "pylopdf_fonts_ko", "NotoSansKR-Regular.otf"

MOST_ERROR = 1.0
"""How far a converted outline may lie from its source, in thousandths of the letter size."""

MOST_CACHED = 4096
"""Converted glyphs that a process keeps; reports in Korean use some hundreds."""

# The source reads its tables and outlines from one file when they are first asked for: one thread at a time.
_lock = Lock()
_converted: dict[str, object] = {}


@cache
def widths() -> Mapping[str, float]:
    """The width of every character that the font has, as a part of the letter size."""
    with _lock:
        font = _source()
        metrics, unit = font["hmtx"].metrics, font["head"].unitsPerEm
        return MappingProxyType({chr(code): metrics[name][0] / unit for code, name in font.getBestCmap().items()})


def truetype(characters: Iterable[str]) -> bytes:
    """A TrueType font file of those characters, each of which must be one of ``widths()``; the same set, the same bytes."""
    wanted = sorted(set(characters) | {" "})
    with _lock:
        source = _source()
        cmap, metrics = source.getBestCmap(), source["hmtx"].metrics
        names = {ord(char): cmap[ord(char)] for char in wanted}
        order = list(dict.fromkeys([".notdef", *names.values()]))
        head = source["head"]
        builder = FontBuilder(head.unitsPerEm, isTTF=True)
        builder.updateHead(created=head.created, modified=head.modified)  # in place of now
        builder.setupGlyphOrder(order)
        builder.setupCharacterMap(names)
        builder.setupGlyf({name: _outline(name) for name in order})
        builder.setupHorizontalMetrics({name: (metrics[name][0], builder.font["glyf"][name].xMin) for name in order})
        builder.setupHorizontalHeader(ascent=source["hhea"].ascent, descent=source["hhea"].descent)
        told = {"copyright": 0, "familyName": 1, "styleName": 2, "uniqueFontIdentifier": 3, "fullName": 4, "version": 5, "psName": 6}
        told |= {"licenseDescription": 13, "licenseInfoURL": 14}
        builder.setupNameTable({key: source["name"].getDebugName(number) for key, number in told.items()})
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


def _outline(name):
    """A glyph with quadratic curves. Called with the lock held."""
    if name not in _converted:
        if len(_converted) >= MOST_CACHED:
            _converted.clear()
        pen = TTGlyphPen(None)
        _source().getGlyphSet()[name].draw(Cu2QuPen(pen, MOST_ERROR, reverse_direction=True))
        _converted[name] = pen.glyph()
    return _converted[name]
