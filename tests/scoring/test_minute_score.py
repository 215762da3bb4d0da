"""Scoring of one minute, the weights, rounding, and the statistics of a session."""

from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.scoring.minute_score import (
    DEFAULT_WEIGHTS, Minute, MinuteData, Weights, facial_score, score_minute, statistics, vad_score
)  # fmt: skip
from bemore.scoring.rounding import round3, unit
from bemore.scoring.text.sentiment import text_score

shares = st.integers(0, 1000).map(lambda n: n / 1000)
values = st.lists(shares, max_size=40)
counts = st.integers(0, 20)
PARTS = ("facial", "vad", "text")


def minute(qualities=(), vads=(), rmss=(), positive=0, neutral=0, negative=0):
    return MinuteData(
        len(qualities), sum(qualities), len(vads), sum(vads), sum(rmss[: len(vads)]), positive, neutral, negative
    )


def scored(index, facial, vad, text, combined):
    return Minute(index, facial, vad, text, combined, "rules-v1.0", "server")


@st.composite
def minutes(draw):
    audio = draw(st.lists(st.tuples(shares, shares), max_size=40))
    return minute(
        draw(values), [v for v, _ in audio], [r for _, r in audio], draw(counts), draw(counts), draw(counts)
    )


@st.composite
def weights(draw):
    facial = draw(st.integers(0, 100))
    vad = draw(st.integers(0, 100 - facial))
    return Weights(facial / 100, vad / 100, (100 - facial - vad) / 100)


def test_minute_without_data_has_the_neutral_scores():
    score = score_minute(MinuteData())
    assert (score.facial, score.vad, score.text) == (0.5, 0.3, 0.5)
    assert score.combined == 0.44


def test_minute_is_scored_by_the_written_rule():
    score = score_minute(minute([0.8, 1.0], [1, 0], [0.5, 0.3], positive=2, neutral=1, negative=1))
    assert score.facial == 0.9
    assert score.vad == 0.47  # 0.7 · 0.5 + 0.3 · 0.4
    assert score.text == 0.55  # (0.7 + 0.7 + 0.5 + 0.3) / 4
    assert score.combined == 0.701  # 0.45 + 0.141 + 0.11


def test_parts_without_data_are_independent_of_the_others():
    score = score_minute(minute([1.0]))
    assert (score.facial, score.vad, score.text) == (1.0, 0.3, 0.5)


@given(minutes(), weights())
def test_every_score_is_between_0_and_1_with_three_decimals(data, weighting):
    score = score_minute(data, weighting)
    for value in (score.facial, score.vad, score.text, score.combined):
        assert 0 <= value <= 1
        assert value == round(value, 3)


@given(minutes(), weights())
def test_combined_can_be_recomputed_from_the_shown_parts(data, weighting):
    score = score_minute(data, weighting)
    on_paper = weighting.facial * score.facial + weighting.vad * score.vad + weighting.text * score.text
    assert abs(score.combined - on_paper) <= 0.0005 + 1e-9


@given(values.filter(bool), st.data())
def test_order_of_the_frames_does_not_matter(qualities, data):
    shuffled = data.draw(st.permutations(qualities))
    assert score_minute(minute(qualities)) == score_minute(minute(shuffled))


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=40), st.data())
def test_order_of_the_audio_does_not_matter(audio, data):
    shuffled = data.draw(st.permutations(audio))

    def of(chunks):
        return score_minute(minute(vads=[v for v, _ in chunks], rmss=[r for _, r in chunks]))

    assert of(audio) == of(shuffled)


@given(values.filter(bool), st.data())
def test_better_frame_never_lowers_a_score(qualities, data):
    place = data.draw(st.integers(0, len(qualities) - 1))
    better = [*qualities]
    better[place] = data.draw(shares.filter(lambda x: x >= qualities[place]))
    before, after = score_minute(minute(qualities)), score_minute(minute(better))
    assert after.facial >= before.facial and after.combined >= before.combined


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=20), st.data())
def test_more_voice_never_lowers_a_score(audio, data):
    place = data.draw(st.integers(0, len(audio) - 1))
    vad, rms = audio[place]
    more = [*audio]
    more[place] = (data.draw(shares.filter(lambda x: x >= vad)), data.draw(shares.filter(lambda x: x >= rms)))

    def of(chunks):
        return score_minute(minute(vads=[v for v, _ in chunks], rmss=[r for _, r in chunks]))

    assert of(more).vad >= of(audio).vad and of(more).combined >= of(audio).combined


@given(counts, counts, st.integers(1, 20))
def test_friendlier_snippet_never_lowers_a_score(positive, neutral, negative):
    assert text_score(positive, neutral + 1, negative - 1) > text_score(positive, neutral, negative)
    assert text_score(positive + 1, neutral, negative - 1) > text_score(positive, neutral + 1, negative - 1)


@given(counts, counts, counts)
def test_text_score_stays_between_the_scores_of_a_snippet(positive, neutral, negative):
    assert 0.3 - 1e-9 <= text_score(positive, neutral, negative) <= 0.7 + 1e-9


def test_parts_hold_sums_that_are_a_little_too_large():
    assert facial_score(1.0000000002, 1) == 1.0
    assert vad_score(2.0000000002, 2.0, 2) == 1.0


def test_stt_count_is_the_number_of_snippets():
    assert MinuteData(positive=1, neutral=2, negative=4).stt_count == 7


def test_default_weights_sum_to_1():
    assert fsum(getattr(DEFAULT_WEIGHTS, part) for part in PARTS) == 1


@given(weights())
def test_weights_that_sum_to_1_are_taken(weighting):
    assert abs(weighting.facial + weighting.vad + weighting.text - 1) < 1e-9


@pytest.mark.parametrize("wrong", [(0.5, 0.3, 0.3), (0.5, 0.3, 0.1999), (0, 0, 0), (0.3, 0.3, 0.3)])
def test_weights_that_do_not_sum_to_1_are_refused_with_a_sentence(wrong):
    with pytest.raises(ValueError, match=r"^The weights .* must sum to 1, but .* = .*\.$"):
        Weights(*wrong)


@pytest.mark.parametrize(
    ("wrong", "name"), [((1.2, -0.2, 0), "facial"), ((0.5, -0.1, 0.6), "vad"), ((0, 0, float("nan")), "text")]
)
def test_weight_outside_0_to_1_is_refused_and_named(wrong, name):
    with pytest.raises(ValueError, match=f"^The {name} weight must be between 0 and 1, but it is"):
        Weights(*wrong)


def test_weights_decide_which_part_counts():
    data = minute([1.0], [0], [0])
    assert score_minute(data, Weights(1, 0, 0)).combined == 1.0
    assert score_minute(data, Weights(0, 1, 0)).combined == 0.0
    assert score_minute(data, Weights(0, 0, 1)).combined == 0.5


@pytest.mark.parametrize(("x", "expected"), [(0.1 + 0.2, 0.3), (0.30000000000000004, 0.3), (2 / 3, 0.667), (0.0004, 0.0)])
def test_round3_gives_three_decimals_without_float_noise(x, expected):
    assert round3(x) == expected


def test_round3_gives_no_negative_zero():
    assert str(round3(-0.0001)) == "0.0"


@pytest.mark.parametrize(("x", "expected"), [(-0.2, 0.0), (1.0000001, 1.0), (0.1234, 0.123)])
def test_unit_holds_a_value_within_0_and_1(x, expected):
    assert unit(x) == expected


def test_statistics_without_minutes_are_zeros_and_an_empty_timeline():
    assert statistics([]) == {
        "totalMinutes": 0,
        "avgCombinedScore": 0.0,
        "avgFacialScore": 0.0,
        "avgVadScore": 0.0,
        "avgTextScore": 0.0,
        "avgTextSentiment": 0.0,
        "maxCombinedScore": 0.0,
        "minCombinedScore": 0.0,
        "timeline": [],
    }


def test_statistics_of_two_minutes():
    stats = statistics([scored(0, 0.5, 0.3, 0.7, 0.48), scored(3, 0.9, 0.4, 0.5, 0.67)])
    assert stats["totalMinutes"] == 2
    assert stats["avgCombinedScore"] == 0.575
    assert stats["avgFacialScore"] == 0.7
    assert stats["avgVadScore"] == 0.35
    assert stats["avgTextScore"] == stats["avgTextSentiment"] == 0.6
    assert (stats["maxCombinedScore"], stats["minCombinedScore"]) == (0.67, 0.48)
    assert [point["minute"] for point in stats["timeline"]] == [0, 3]
    assert stats["timeline"][1] == {
        "minute": 3,
        "combinedScore": 0.67,
        "facialScore": 0.9,
        "vadScore": 0.4,
        "textScore": 0.5,
        "textSentiment": 0.5,
    }


@given(st.lists(st.tuples(shares, shares, shares, shares), min_size=1, max_size=600))
def test_averages_lie_between_the_extremes(rows):
    stats = statistics([scored(index, *row) for index, row in enumerate(rows)])
    assert stats["minCombinedScore"] <= stats["avgCombinedScore"] <= stats["maxCombinedScore"]
    assert len(stats["timeline"]) == stats["totalMinutes"] == len(rows)
