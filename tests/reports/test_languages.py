"""How values are worded in Korean."""

import pytest

from bemore.clock import iso
from bemore.scoring.wording import duration, korean_time, minute_span, percent, score, signed

START_MS = 1_737_250_800_000


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0초"), (400, "0.4초"), (1000, "1초"), (9_949, "9.9초"), (9_960, "10초"), (14_200, "14초"), (59_600, "1분")]
    + [(125_000, "2분 5초"), (3_600_000, "1시간"), (3_605_000, "1시간"), (3_780_000, "1시간 3분"), (3_783_000, "1시간 3분")],
)
def test_duration_is_as_exact_as_it_matters(ms, text):
    assert duration(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0초"), (999, "0초"), (59_999, "59초"), (723_000, "12분 3초"), (60_000, "1분 0초"), (-5, "0초"), (3_600_000, "1시간")]
    + [(3_605_999, "1시간 5초"), (3_900_000, "1시간 5분 0초"), (28_805_000, "8시간 5초"), (29_105_000, "8시간 5분 5초")],
)
def test_exact_duration_is_that_of_the_contract(ms, text):
    assert duration(ms, exact=True) == text


def test_numbers_in_words():
    assert (percent(0.324), percent(0.324, 1), percent(1.0, 1)) == ("32%", "32.4%", "100.0%")
    assert (signed(-0.004), signed(-0.1), signed(1)) == ("0.00", "-0.10", "1.00")
    assert (score(0.62), score(-0.003), score(None)) == ("0.620", "-0.003", "–")


def test_minutes_are_named_by_where_they_begin_and_end():
    assert (minute_span(3), minute_span(3, 5)) == ("3~4분 구간", "3~6분 구간")


def test_times_are_korean_in_reports_and_utc_in_data():
    assert korean_time(START_MS) == "2025-01-19 10:40"
    assert korean_time(None) == "–"
    assert iso(START_MS + 7) == "2025-01-19T01:40:00.007Z"
    assert iso(START_MS) == "2025-01-19T01:40:00.000Z"
    assert iso(-1) == "1969-12-31T23:59:59.999Z"
