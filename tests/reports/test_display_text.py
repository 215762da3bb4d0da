"""How text from users is made safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.report_samples import HOSTILE

from bemore.reports.display_text import clip, display_text

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_shown_text_is_one_line_that_can_be_written(text):
    shown = display_text(text)
    shown.encode("utf-8")
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff")
    assert shown == " ".join(shown.split())


@given(ANY_TEXT, st.integers(1, 50))
def test_clipped_text_keeps_its_length(text, most):
    assert len(clip(text, most)) <= most


@pytest.mark.parametrize("text", HOSTILE)
def test_shown_text_leaves_ordinary_characters(text):
    kept = [char for char in unicodedata.normalize("NFC", text) if char.isalnum()]
    assert [char for char in display_text(text) if char.isalnum()] == kept


def test_family_emoji_stays_whole():
    assert display_text("👨‍👩‍👧") == "👨‍👩‍👧"
