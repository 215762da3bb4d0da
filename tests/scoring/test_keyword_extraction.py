"""Keywords of texts and their counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.scoring.text.keywords import MAX_WORDS, extract_keywords


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


VERBS = """
    내서 나면 꺼내기 지쳐서 하자고 괜찮다고 줘서 봐서 떨어져서 만나고 살고 아프고 다니고 무섭지 나쁘지 보이지 사라지지 즐겁지도 쉬지도 힘들지는 좋지만 않지만
    마시면 걸으면 돌아가면 배우면 하려면 아니라면 쉬기 걷기 버티기 일어나기가 하기도 먹어도 지쳐도 들어도 있어도 먹어야 일어나야 나눠 지쳐 예뻐 했지만 봤더니
    기차표였더라고요 그리던 놀러 만나러 보려고 만들라고 그만두라고 오냐고 간다는 많다는 못한다는 하는지 뭔지 좋은지 할지 볼지 먹거나 하든지 하느라 갈수록 들어오자마자
    비웃는 고르는 막히는 일어나는 좋아지는 내려놓은 털어놓을 주신 즐거운 외로울 좋아진 말하기 일하고 편하지 친한 말할 다행히 자세히 크게 없이 웃으면서 하다가
""".split()


@pytest.mark.parametrize("word", VERBS)
def test_verb_is_no_keyword_in_any_form(word):
    assert set(extract_keywords(word)) <= {"기차표"}


@pytest.mark.parametrize("word", "밤마다 집에서 일부터 말까지 꿈처럼 때보다 저한테도 일에도 앞으로 숨이 속이 비가 살은 것을 번도".split())
def test_noun_of_one_syllable_is_no_keyword_with_its_particle_either(word):
    assert extract_keywords(word) == []


NOUNS = """
    아기 위기 분위기 그림자 과자 광고 창고 냉면 가면 화면 수면 장마 감기 용기 물고기 비행기 사춘기 쓰레기 소나기 크기 장면 표면 체면 숙면 라면 반면 얼굴 냉장고
    독서 문서 질서 교과서 보고서 소개서 안내서 평가서 경찰서 용서 사고 경고 참고 해고 망고 편지 의지 돼지 강아지 바지 휴지 잡지 먼지 정지 메시지 소시지 이미지 페이지
    아버지 가게 무게 동네 그네 필요 강요 바다 수다 캐나다 영어 단어 육아 신생아 샤워 기운 겨울 거울 서울 방울 사진 임신 정신 자신 화장실 태도 온도 지도 파도 포도 분야
    나이 아이 차이 놀이 종이 길이 깊이 먹이 고양이 어린이 휴가 평가 작가 요가 물가 전문가 회의 주의 학교 마을 가을 사랑 자랑 도로 진로 피로 불만 비만 나라 카메라 바나나
    라디오 보리 다리 머리 호두 만두 구두 배우자 피자 이자 남자 여자 환자 지하철 지하실 이해 피해 북한 역할 권한 런던 가운데 기차 통화 이별 약속
""".split()


@pytest.mark.parametrize("noun", NOUNS)
def test_noun_that_ends_like_a_verb_or_a_particle_stays_whole_with_and_without_particle(noun):
    final = (ord(noun[-1]) - ord("가")) % 28 > 0
    for particle in ("", *(("은", "을", "과") if final else ("는", "를", "와")), "에서", "마다", "까지", "보다", "에게도", "처럼"):
        assert extract_keywords(noun + particle) == [noun], noun + particle


def test_conversation_gives_what_it_is_about():
    said = "팀장님과 이야기하고 나면 속상하고 우울해요. 밤마다 회의 생각이 나서 불안합니다. 말을 꺼내기가 어려웠어요. 가족에게도 짜증을 내서 미안했습니다."
    assert extract_keywords(said) == ["팀장님", "속상", "우울", "회의", "불안", "가족", "짜증", "미안"]


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


def test_only_the_first_words_of_a_long_text_are_examined():
    filler = "그냥 " * MAX_WORDS
    assert extract_keywords("회사 " + filler) == ["회사"]
    assert extract_keywords(filler + "회사") == []
