"""Keywords of texts and their counts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.scoring.text.keywords import extract_keywords


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("요즘 회사에서 스트레스를 많이 받아서 잠을 잘 못 자요", ["회사", "스트레스"]),
        ("고양이가 아파서 병원에 갔어요", ["고양이", "병원"]),
        ("어머니하고 통화하는데 걱정돼요", ["어머니", "통화", "걱정"]),
        ("남편이랑 아이들 때문에 싸웠습니다", ["남편", "아이"]),
        ("전문가 의견을 들었어요", ["전문가", "의견"]),
        ("전문가가 불안감을 이야기했어요", ["전문가", "불안감"]),
        ("친구들과 만나서 영화를 봤어요", ["친구", "영화"]),
        ("대학교 시험 공부 때문에 부모님께서 걱정하세요", ["대학교", "시험", "공부", "부모님", "걱정"]),
        ("네 그냥 그래요", []),
        ("", []),
    ],
)
def test_korean_keywords_are_nouns_without_their_particles(text, expected):
    assert extract_keywords(text) == expected


def test_english_keywords_are_lower_case_without_stop_words():
    assert extract_keywords("My mother's health and the new Job worry me", "en") == ["mother", "health", "new", "job", "worry"]


def test_mixed_text_gives_keywords_of_both():
    assert extract_keywords("회사 presentation 준비가 걱정이에요") == ["회사", "presentation", "준비", "걱정"]


def test_word_said_twice_is_one_keyword_of_a_text():
    assert extract_keywords("회사에서 회사로 회사까지") == ["회사"]


@given(st.text(max_size=2000), st.sampled_from(["ko", "en", "fr"]))
def test_keywords_of_any_text_have_2_to_20_characters(text, lang):
    keywords = extract_keywords(text, lang)
    assert len(keywords) == len(set(keywords)) <= 50
    assert all(2 <= len(keyword) <= 20 for keyword in keywords)


@pytest.mark.parametrize("text", ["가" * 5000, "회사에서는 " * 833, "a'" * 2500, "\u202e가\u0301" * 1666, "하" * 25 * 200])
def test_keywords_of_5000_characters_take_milliseconds(text):
    before = time.process_time()
    extract_keywords(text[:5000])
    assert time.process_time() - before < 0.05
