"""The languages of reports: values, times, and that each has every label and sentence of the other."""

import inspect
import re

import pytest

from tests.support.report_samples import START_MS, options

from bemore.clock import iso
from bemore.reports.language import LANGUAGES

KOREAN, ENGLISH = LANGUAGES["ko"], LANGUAGES["en"]


@pytest.mark.parametrize(
    ("ms", "korean", "english"),
    [
        (0, "0초", "0 s"), (400, "0.4초", "0.4 s"), (9_949, "9.9초", "9.9 s"), (9_960, "10초", "10 s"), (14_200, "14초", "14 s"),
        (59_600, "1분", "1 min"), (125_000, "2분 5초", "2 min 5 s"), (3_605_000, "1시간", "1 h"), (3_783_000, "1시간 3분", "1 h 3 min"),
    ],
)  # fmt: skip
def test_duration_is_as_exact_as_it_matters(ms, korean, english):
    assert (KOREAN.duration(ms), ENGLISH.duration(ms)) == (korean, english)


@pytest.mark.parametrize(
    ("ms", "korean", "english"),
    [
        (0, "0초", "0 s"), (999, "0초", "0 s"), (723_000, "12분 3초", "12 min 3 s"), (60_000, "1분 0초", "1 min 0 s"), (-5, "0초", "0 s"),
        (3_600_000, "1시간", "1 h"), (3_900_000, "1시간 5분 0초", "1 h 5 min 0 s"), (28_805_000, "8시간 5초", "8 h 5 s"),
    ],
)  # fmt: skip
def test_exact_duration_is_that_of_the_contract(ms, korean, english):
    assert (KOREAN.duration(ms, exact=True), ENGLISH.duration(ms, exact=True)) == (korean, english)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_numbers_are_the_same_in_every_language(language):
    assert [language.percent(share) for share in (0, 0.004, 0.324, 0.325, 1)] == ["0%", "<1%", "32%", "33%", "100%"]
    assert [language.score(value) for value in (0.0, 0.125, 0.706, 1.0, None)] == ["0", "13", "71", "100", "–"]
    assert [language.change(value) for value in (0.125, -0.08, 0.001)] == ["+13", "−8", "±0"]
    assert [language.signed(value) for value in (0.25, -0.1, -0.004, 0)] == ["+0.25", "−0.10", "0.00", "0.00"]
    assert [language.offset(ms) for ms in (0, 65_999, 3_600_000, 8_105_000)] == ["0:00", "1:05", "1:00:00", "2:15:05"]


def test_minutes_are_named_by_where_they_begin_and_end():
    assert (KOREAN.minute_span(3), KOREAN.minute_span(3, 5)) == ("3~4분 구간", "3~6분 구간")
    assert (ENGLISH.minute_span(3), ENGLISH.minute_span(3, 5)) == ("3–4 min", "3–6 min")


def test_times_are_on_the_clocks_of_the_zone_and_utc_in_data():
    assert options("ko").timestamp(START_MS) == "2025-01-19 10:40"
    assert options("ko", "America/New_York").timestamp(START_MS) == "2025-01-18 20:40"
    assert options("en", "Europe/Berlin").timestamp(START_MS) == "Jan 19, 2025, 02:40"
    assert options("en", "Europe/Berlin").timestamp(START_MS + 180 * 86_400_000) == "Jul 18, 2025, 03:40", "daylight saving"
    assert options("ko").timestamp(None) == "–"
    assert iso(START_MS + 7) == "2025-01-19T01:40:00.007Z" and iso(-1) == "1969-12-31T23:59:59.999Z"


@pytest.mark.parametrize(
    ("zone", "korean", "english"),
    [
        ("Asia/Seoul", "한국 시각", "Seoul time"), ("America/New_York", "America/New_York 시각", "New York time"), ("UTC", "UTC 시각", "UTC"),
    ],
)  # fmt: skip
def test_zone_is_named_beside_the_time(zone, korean, english):
    assert (KOREAN.zone_name(options(zone=zone).zone), ENGLISH.zone_name(options(zone=zone).zone)) == (korean, english)


def labels(language):
    """The attributes that hold text, and the keys of those that hold several."""
    result = {}
    for name, value in inspect.getmembers(type(language), lambda value: isinstance(value, (str, dict))):
        if not name.startswith("_"):
            result[name] = list(value) if isinstance(value, dict) else None
    return result


def test_every_language_has_every_label():
    assert labels(KOREAN) == labels(ENGLISH)
    declared = {name for each in type(KOREAN).__mro__ for name in getattr(each, "__annotations__", {})}
    assert declared <= set(labels(KOREAN))
    assert len(declared) > 30


def test_english_labels_have_no_korean_and_korean_ones_no_stray_english():
    for language, other in ((ENGLISH, "[가-힣]"), (KOREAN, "[A-Za-z]{3,}")):
        for name, value in inspect.getmembers(type(language), lambda value: isinstance(value, (str, dict))):
            texts = [value] if isinstance(value, str) else [str(each) for each in value.values()]
            if not name.startswith("_") and name not in ("code", "__doc__"):
                assert not [text for text in texts if re.search(other, text) and "CSV" not in text], name
