"""How reports word values, and how text from users is made safe to show."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.report_samples import HOSTILE, START_MS

from bemore.reports import wording

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0초"), (999, "0초"), (59_999, "59초"), (723_000, "12분 3초"), (60_000, "1분 0초"), (28_805_000, "8시간 0분 5초"), (-5, "0초")],
)
def test_durations_read_as_in_the_contract(ms, text):
    assert wording.duration(ms) == text


def test_times_are_korean_on_paper_and_utc_in_data():
    assert wording.korean_time(START_MS) == "2025-01-19 10:40"
    assert wording.iso(START_MS + 7) == "2025-01-19T01:40:00.007Z"
    assert wording.iso(-1) == "1969-12-31T23:59:59.999Z"
    assert wording.korean_time(None) == "–"


def test_scores_have_three_decimals():
    assert (wording.score(0.62), wording.score(-0.003), wording.score(None)) == ("0.620", "-0.003", "–")


@given(ANY_TEXT)
def test_shown_text_is_one_line_that_can_be_written(text):
    shown = wording.shown(text)
    shown.encode("utf-8")
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff")
    assert shown == " ".join(shown.split())


@given(ANY_TEXT, st.integers(1, 50))
def test_clipped_text_keeps_its_length(text, most):
    assert len(wording.clipped(text, most)) <= most


@pytest.mark.parametrize("text", HOSTILE)
def test_shown_text_leaves_ordinary_characters(text):
    kept = [char for char in unicodedata.normalize("NFC", text) if char.isalnum()]
    assert [char for char in wording.shown(text) if char.isalnum()] == kept


def test_family_emoji_stays_whole():
    assert wording.shown("👨‍👩‍👧") == "👨‍👩‍👧"
