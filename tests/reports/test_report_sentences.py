"""Sentences of reports: they describe measurements and never an illness."""

import ast
import inspect
import re
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.reports import narrative
from bemore.reports.language import LANGUAGES, english, korean
from bemore.scoring.affect import Affect
from bemore.scoring.emotion import EMOTIONS
from bemore.scoring.minute_score import Minute
from bemore.scoring.voice_metrics import voice_metrics

FORBIDDEN = re.compile(
    "우울|불안|장애|위험|진단|자살|자해|증상|증후군|질환|질병|병원|병적|치료|처방|약물|복용|환자|의사|의심|조울|공황|강박|중독|트라우마|망상|환각"
    "|정신|심각|이상 징후|정상|비정상|검사|상담을 받|depress|anxiety|disorder|symptom|diagnos|suicid|risk|patient",
    re.IGNORECASE,
)
KOREAN, ENGLISH = LANGUAGES["ko"], LANGUAGES["en"]
highlights, observations, recommendations = (
    partial(rule, KOREAN) for rule in (narrative.highlights, narrative.observations, narrative.recommendations)
)
NO_AUDIO = voice_metrics([])


def minute(index, combined=0.5, *, facial=0.5, text=0.5, source="server", frames=10, audio=10, stt=1):
    return Minute(index, facial, 0.5, text, combined, "rules-v1.0", source, frames, audio, stt)


def talk(*lengths):
    """Voice metrics of speech and pauses in turn, in ms."""
    chunks, at = [], 0
    for number, length in enumerate(lengths):
        chunks.append((at, at + length, 1 - number % 2))
        at += length
    return voice_metrics(chunks)


shares = st.integers(0, 1000).map(lambda n: n / 1000)
some_minutes = st.lists(
    st.builds(
        lambda combined, facial, text, source, frames, audio, stt: minute(
            0, combined, facial=facial, text=text, source=source, frames=frames, audio=audio, stt=stt
        ),
        shares,
        shares,
        shares,
        st.sampled_from(["client", "server"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    max_size=30,
)
voices = st.lists(st.integers(1, 200_000), max_size=12).map(lambda lengths: talk(*lengths))
some_affect = st.none() | st.builds(Affect, *[shares] * 3)
some_dominant = st.none() | st.builds(
    lambda emotion, tenths: {"emotion": emotion, "percentage": tenths / 10},
    st.sampled_from(EMOTIONS),
    st.integers(1, 1000),
)


ENDINGS = {"ko": r"니다(\([^)]*\))?\.$", "en": r"^[A-Z0-9].*\.$"}


@pytest.mark.parametrize("code", LANGUAGES)
@given(some_minutes, voices, some_affect, some_dominant)
def test_no_sentence_names_an_illness_and_each_is_one_in_polite_words(code, minutes, voice, affect, dominant):
    language = LANGUAGES[code]
    minutes = [replace(each, minute_index=index) for index, each in enumerate(minutes)]
    groups = (
        narrative.highlights(language, minutes, len(minutes) // 3, len(minutes)),
        narrative.observations(language, [each.text for each in minutes], voice, affect, dominant),
        narrative.recommendations(language, minutes, voice),
        [narrative.voice_sentence(language, voice)],
    )
    for sentences in groups:
        assert sentences
        for sentence in sentences:
            assert not FORBIDDEN.search(sentence)
            assert re.search(ENDINGS[code], sentence), sentence
            assert code == "ko" or not re.search("[가-힣]|\\b1 (minutes|silences|stretches)\\b|  ", sentence), sentence


@pytest.mark.parametrize("module", [korean, english])
def test_no_text_of_a_language_names_an_illness(module):
    texts = [
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 100
    assert [text for text in texts if FORBIDDEN.search(text)] == []


def test_the_forbidden_words_are_recognized():
    assert FORBIDDEN.search("우울증이 의심됩니다.") and FORBIDDEN.search("자살 위험이 있습니다.")


def test_no_data_is_one_sentence_each():
    assert highlights([]) == [KOREAN.no_scores]
    assert observations([], NO_AUDIO, None, None) == [KOREAN.no_measurements]
    assert recommendations([], NO_AUDIO) == [KOREAN.nothing_to_advise_on]


def test_highlights_of_one_minute_have_its_score_and_no_comparison():
    assert highlights([minute(0, 0.62)]) == ["측정된 1분의 평균 점수는 62점입니다."]


def test_highlights_tell_extremes_and_the_largest_step():
    sentences = " ".join(highlights([minute(0, 0.5), minute(1, 0.8), minute(2, 0.4)]))
    assert "가장 높은 곳은 1~2분 구간(80점)" in sentences
    assert "가장 낮은 곳은 2~3분 구간(40점)" in sentences
    assert "2~3분 구간이며, 바로 앞보다 40점 내렸습니다" in sentences


def test_highlights_of_600_rising_minutes_tell_the_drift():
    sentences = highlights([minute(m, m / 1000) for m in range(600)])
    assert sentences[0].startswith("측정된 600분의 평균")
    assert any("올라가는 흐름" in sentence and " 60점" in sentence for sentence in sentences)
    assert not any("가장 크게 달라진" in sentence for sentence in sentences)


def test_observations_describe_voice_tone_and_mood():
    sentences = observations([0.7], talk(3200, 14_000), Affect(0.2, -0.001, -0.1), {"emotion": "neutral", "percentage": 60.0})
    assert sentences[0] == "말한 시간 비율은 19%이고, 한 번에 평균 3.2초씩 1번 말했으며, 가장 긴 침묵은 14초입니다."
    assert "평균 70점으로, 긍정적 표현이 더 많은 편" in sentences[1]
    assert "정서가 +0.20, 각성 0.00, 통제감 −0.10" in sentences[2]
    assert "'중립'이며, 전체 구간의 60%" in sentences[3]


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_every_emotion_has_a_korean_name(emotion):
    sentences = observations([], NO_AUDIO, None, {"emotion": emotion, "percentage": 50.0})
    assert KOREAN.emotions[emotion] in sentences[0]


def test_recommendations_count_minutes_without_a_visible_face():
    sentences = recommendations([minute(m, facial=0.2 if m < 4 else 0.9) for m in range(10)], talk(5000, 5000))
    assert sentences == ["카메라에 얼굴이 잘 보이지 않은 구간이 4분 있습니다. 조명과 카메라의 위치를 확인해 주시기 바랍니다."]


def test_recommendations_tell_what_the_server_did_not_get():
    sentences = " ".join(recommendations([minute(m, frames=0, audio=0, stt=0) for m in range(5)], NO_AUDIO))
    assert "얼굴이 측정되지 않은 구간이 5분" in sentences
    assert "음성이 측정되지 않은 구간이 5분" in sentences
    assert "글로 기록되지 않았습니다" in sentences


def test_minutes_scored_by_the_browser_are_not_called_unmeasured():
    sentences = recommendations([minute(m, source="client", frames=0, audio=0, stt=0) for m in range(5)], NO_AUDIO)
    assert "측정되지 않은" not in " ".join(sentences)


def test_recommendations_on_talking():
    even = [minute(m) for m in range(5)]
    assert "넉넉히" in recommendations(even, talk(1000, 20_000))[0]
    assert "잠시 쉬며" in recommendations(even, talk(20_000, 1000))[0]
    assert "가장 긴 침묵은 40초" in recommendations(even, talk(30_000, 40_000))[0]


def test_recommendations_point_at_a_large_step():
    sentences = recommendations([minute(0, 0.3), minute(1, 0.3), minute(2, 0.9)], talk(500, 500))
    assert sentences == ["점수가 크게 달라진 2~3분 구간의 대화를 함께 돌아보시면 좋겠습니다."]


def test_even_session_gets_one_kind_sentence():
    assert recommendations([minute(m) for m in range(5)], talk(500, 500)) == [KOREAN.even_measurement]
    assert recommendations([minute(m, source="client") for m in range(5)], talk(500, 500)) == [KOREAN.comparable]
    assert recommendations([minute(m) for m in range(5)], talk(500, 500), unscored=2) == [KOREAN.comparable]
    assert recommendations([], talk(500, 500)) == [KOREAN.not_scored_yet]


def test_voice_in_a_sentence():
    assert narrative.voice_sentence(KOREAN, NO_AUDIO) == KOREAN.no_audio
    assert KOREAN.voice(talk(500, 1500)) == "말한 시간 비율은 25%이고, 한 번에 평균 0.5초씩 1번 말했으며, 가장 긴 침묵은 1.5초입니다."
    assert KOREAN.voice(talk(1000)).endswith("침묵은 없었습니다.")
    assert KOREAN.voice(talk(0, 1000)) == "음성이 기록된 1초 동안 말소리가 감지되지 않았습니다."
    assert ENGLISH.voice(talk(500, 1500)) == (
        "Speech filled 25% of the recorded time, in 1 stretch of 0.5 s on average; the longest silence lasted 1.5 s."
    )


def test_english_reads_like_english():
    minutes = [minute(0, 0.5), minute(1, 0.8), minute(2, 0.4)]
    assert narrative.highlights(ENGLISH, minutes, 1, 4) == [
        "The average score over 3 measured minutes is 57.",
        "1 of the session's 4 minutes has no score.",
        "The score peaks at 1–2 min (80).",
        "The score is lowest at 2–3 min (40).",
        "The biggest change comes at 2–3 min: down 40 points on the minute before.",
        "Overall, the score falls by about 10 points from start to finish.",
    ]


def test_what_is_missing_is_one_sentence():
    assert KOREAN.missing(600, {"audio": 72, "frames": 0}) == "측정되지 않은 부분은 음성 12%(1분 12초)입니다."
    assert ENGLISH.missing(600, {"audio": 72, "frames": 60}) == (
        "Not measured: the voice for 12% of the session (1 min 12 s) and the face for 10% of the session (1 min)."
    )
    assert "빠짐없이" in KOREAN.missing(600, {"audio": 0, "frames": 0}) and "throughout" in ENGLISH.missing(600, {"audio": 0, "frames": 0})
    assert "저장되지 않았습니다" in KOREAN.missing(60, {"audio": 60, "frames": 60})


@pytest.mark.parametrize("language", [KOREAN, ENGLISH])
def test_explanations_name_the_weights_the_parts_and_the_range(language):
    explained = language.explained((0.4, 0.4, 0.2))
    assert list(explained) == list(language.scores) and "0.4 ×" in explained["combinedScore"] and "0.2 ×" in explained["combinedScore"]
    assert all("100" in text for text in explained.values())
    assert re.search("기분을 뜻하지 않습니다|nothing about expression or mood", explained["facialScore"])
