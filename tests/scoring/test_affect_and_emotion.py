"""Affect of minutes and sessions, emotion labels of minutes and texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.scoring.affect import Affect, minute_affect, session_affect
from bemore.scoring.emotion import EMOTIONS, PROTOTYPES, distribution, dominant, minute_emotion, text_emotion

shares = st.floats(0, 1)
maybe = st.none() | shares
signs = st.sampled_from([None, "positive", "neutral", "negative"])
affects = st.builds(Affect, *[st.integers(-1000, 1000).map(lambda n: n / 1000)] * 3)


@given(shares, shares, shares, maybe, maybe)
def test_affect_is_between_minus_1_and_1_with_three_decimals(facial, vad, text, speech, rms):
    affect = minute_affect(facial, vad, text, speech, rms)
    for value in (affect.valence, affect.arousal, affect.dominance):
        assert -1 <= value <= 1 and value == round(value, 3)


@given(shares, shares, shares, shares, shares, shares)
def test_friendlier_words_never_lower_valence_or_dominance(facial, vad, text, other, speech, rms):
    low, high = sorted((text, other))
    before, after = (minute_affect(facial, vad, x, speech, rms) for x in (low, high))
    assert after.valence >= before.valence and after.dominance >= before.dominance and after.arousal == before.arousal


@given(shares, shares, shares, shares, shares, shares)
def test_more_speech_never_lowers_arousal_or_dominance(facial, vad, text, speech, other, rms):
    low, high = sorted((speech, other))
    before, after = (minute_affect(facial, vad, text, x, rms) for x in (low, high))
    assert after.arousal >= before.arousal and after.dominance >= before.dominance and after.valence == before.valence


def test_middling_scores_have_no_affect():
    assert minute_affect(0.5, 0.5, 0.5, 0.5, 0.5) == minute_affect(0.5, 0.5, 0.5, None, None) == Affect(0.0, 0.0, 0.0)


def test_affect_follows_the_written_formula():
    assert minute_affect(0.9, 0.1, 0.7, 0.8, 0.6) == Affect(valence=0.6, arousal=0.4, dominance=0.6)


def test_voice_score_stands_in_for_missing_audio_at_half():
    assert minute_affect(0.5, 1.0, 0.5, None, None).arousal == 0.5
    assert minute_affect(0.5, 1.0, 0.5, 1.0, 1.0).arousal == 1.0


def test_session_affect_is_the_mean_and_none_without_minutes():
    assert session_affect([]) is None
    assert session_affect([Affect(0.5, -0.5, 0.1)]) == Affect(0.5, -0.5, 0.1)
    assert session_affect([Affect(1, 0, -1), Affect(0, 0.5, 0)]) == Affect(0.5, 0.25, -0.5)


@given(st.lists(affects, min_size=1, max_size=600), st.randoms())
def test_session_affect_does_not_depend_on_the_order(minutes, random):
    shuffled = [*minutes]
    random.shuffle(shuffled)
    assert session_affect(shuffled) == session_affect(minutes)


@given(affects, signs)
def test_minute_emotion_is_a_known_label_with_a_score(affect, sign):
    label, score = minute_emotion(affect, sign)
    assert label in EMOTIONS and 0 <= score <= 1 and score == round(score, 3)


@pytest.mark.parametrize("label", EMOTIONS)
def test_prototype_has_its_own_label_and_score_1(label):
    sign = {"happy": "positive", "surprised": "positive", "neutral": None}.get(label, "negative")
    assert minute_emotion(Affect(*PROTOTYPES[label]), sign) == (label, 1.0)


@given(affects)
def test_label_never_contradicts_the_sentiment(affect):
    assert minute_emotion(affect, "positive")[0] in ("happy", "surprised", "neutral")
    assert minute_emotion(affect, "negative")[0] != "happy"


def test_lively_talk_without_a_tone_is_neutral_and_not_anxious():
    assert minute_emotion(Affect(0.02, 0.6, 0.3), None)[0] == "neutral"


def test_calm_unpleasant_minute_is_sad_and_loud_one_is_angry():
    assert minute_emotion(Affect(-0.5, -0.4, -0.4), "negative")[0] == "sad"
    assert minute_emotion(Affect(-0.5, 0.6, 0.4), "negative")[0] == "angry"


@pytest.mark.parametrize(
    ("text", "emotion", "sign"),
    [
        ("너무 화가 나요", "angry", "negative"),
        ("정말 행복해요", "happy", "positive"),
        ("외롭고 슬퍼요", "sad", "negative"),
        ("불안하고 초조해요", "anxious", "negative"),
        ("밤이 무서워요", "fearful", "negative"),
        ("역겹고 싫어요", "disgusted", "negative"),
        ("깜짝 놀랐어요", "surprised", "neutral"),
        ("큰 충격을 받았어요", "surprised", "negative"),
        ("놀라지 않았어요", "neutral", "neutral"),
        ("불안하지 않아요", "neutral", "positive"),
        ("행복하지 않아요", "sad", "negative"),
        ("밥을 먹었어요", "neutral", "neutral"),
        ("", "neutral", "neutral"),
    ],
)
def test_text_emotion_of_a_korean_sentence(text, emotion, sign):
    label, score, sentiment = text_emotion(text)
    assert (label, sentiment) == (emotion, sign)
    assert 0 <= score <= 1


def test_text_emotion_of_an_english_sentence():
    assert text_emotion("I am so angry at him", "en") == ("angry", 0.5, "negative")


def test_score_of_a_text_grows_with_agreeing_words():
    assert text_emotion("슬퍼요")[1] < text_emotion("슬프고 외로워요")[1] < text_emotion("슬프고 외롭고 서러워요")[1]


@given(st.text(max_size=300))
def test_any_text_has_an_emotion(text):
    label, score, sign = text_emotion(text)
    assert label in EMOTIONS and 0 <= score <= 1 and sign in ("positive", "neutral", "negative")


def test_distribution_is_ordered_by_share():
    shares_of = distribution(["sad", "happy", "sad", "neutral"])
    assert list(shares_of.items()) == [("sad", 0.5), ("happy", 0.25), ("neutral", 0.25)]
    assert distribution([]) == {}


@given(st.lists(st.sampled_from(EMOTIONS), min_size=1, max_size=600))
def test_distribution_sums_to_about_1_whatever_the_order(labels):
    shares_of = distribution(labels)
    assert abs(sum(shares_of.values()) - 1) < 0.005
    assert distribution(reversed(labels)) == shares_of and dominant(labels[::-1]) == dominant(labels)
    assert set(shares_of) == set(labels)


def test_dominant_emotion_has_a_percentage_with_one_decimal():
    assert dominant(["sad", "happy", "sad"]) == {"emotion": "sad", "percentage": 66.7}
    assert dominant(["neutral"] * 600) == {"emotion": "neutral", "percentage": 100.0}
    assert dominant([]) is None
