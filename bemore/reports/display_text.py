"""Text from users, made safe to show in every format."""

import unicodedata

SUBSTITUTE = "\N{WHITE SQUARE}"
"""Replaces a character that must not be shown, or that a font lacks."""

ELLIPSIS = "…"

JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Format characters that only join their neighbors (emoji sequences, Hangul, Indic scripts)."""

# Bidirectional marks reorder the text around them, so that it reads as something else (CVE-2021-42574). The letters of
# right-to-left scripts need none of them.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def display_text(text: str) -> str:
    """``text`` on one line without characters that act instead of showing; it can be encoded in UTF-8.

    White space (line ends and tabs too) becomes one space; control characters, lone surrogates, bidirectional and other
    format characters become :data:`SUBSTITUTE`; the joiners of emoji stay.
    """
    text = unicodedata.normalize("NFC", str(text))
    if not text.isprintable():  # else nothing needs to be replaced, which is checked much faster
        text = "".join(
            char if char in JOINERS or char.isspace() or unicodedata.category(char) not in _UNSAFE_CATEGORIES else SUBSTITUTE
            for char in text
        )
    return " ".join(text.split())


def clip(text: str, max_length: int) -> str:
    """``display_text(text)`` of at most ``max_length`` characters; where it is cut, the last one is an ellipsis."""
    text = display_text(text)
    return text if len(text) <= max_length else text[: max_length - 1].rstrip() + ELLIPSIS
