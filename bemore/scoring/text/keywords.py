"""Keywords of a text without a morphological analyzer: words without their particles and endings."""

import re

from bemore.scoring.text.korean import normalize
from bemore.scoring.text.stopwords import ENGLISH_STOPWORDS, KOREAN_STOPWORDS

MIN_LENGTH = 2
MAX_LENGTH = 20
MAX_PER_TEXT = 50

_WORD = re.compile(r"[가-힣]+|[A-Za-z][A-Za-z'\u2019-]*")

# Particles by what they may follow (a final consonant, a vowel, anything). Longest first within a group, so that
# 에서는 goes before 는. 고양이 and 전문가 show why the condition matters: 이 follows a consonant, 가 a vowel.
_AFTER_CONSONANT = """
    이라서 이라고 이라는 이라도 이었던 이에요 이었어요 이랑은 이랑도 으로는 으로도 으로서 으로써 이지만 이어서 이나 이랑 으로 과는 과도 과의 이 을 은 과
""".split()
_AFTER_VOWEL = """
    라서 라고 라는 라도 였던 예요 였어요 랑은 랑도 로는 로도 로서 로써 지만 여서 나 랑 로 와는 와도 와의 가 를 는 와
""".split()
_AFTER_ANY = """
    에게서는 한테서는 에게서 한테서 에게는 한테는 에게도 한테도 에서는 에서도 에서의 까지는 까지도 부터는 께서는 하고는 하고도 입니다 입니까 이었습니다
    였습니다 인데요 이네요 인가요 이라면 에게 한테 에서 까지 부터 께서 하고 보다 처럼 만큼 마다 조차 마저 밖에 에는 에도 이다 인데 이고 만은 만이 들이 들을 들은 들과
    들도 들의 도 만 의 에 들
""".split()
_NEVER_STRIPPED = frozenset("고양이 어린이 젊은이 늙은이 원숭이 떡볶이 호랑이 달팽이 손잡이 목걸이 귀걸이 마을 가을 노을".split())
# 잠을, 꿈이, 말에: a noun of one syllable and its particle are too short together for a keyword, but 회의 and 나이 are
# nouns themselves. 을 를 은 는 에 end hardly any noun; the other particles are recognized after the most common such nouns.
_SHORT = re.compile(r"^(?:[가-힣][을를은는에]|[잠꿈말일집밥돈몸술약손눈병책길물힘화딸형방애나너저제내네뭐또더잘안못꼭다][이가도만의와과로나])$")

# 걱정돼요, 불안해서, 운동했습니다, 행복하고: the noun before 하다 or 되다 is the keyword.
_NOUN_VERB = re.compile(r"^([가-힣]{2,}?)(?:스러[가-힣]+|스럽[가-힣]*|(?:하|해|했|할|한|합|함|되|돼|됐|된|될|됩)[가-힣]{0,8})$")
# Other words that end like this are verbs or adjectives, not nouns: 갔어요, 먹었습니다, 힘들고, 좋아서 …
_PREDICATE_END = re.compile(
    r"(?:요|니다|니까|는데|은데|지만|어서|아서|워서|려고|으면|면서|거든|더라|네|죠|었다|았다|였다|는다|ㄴ다|[었았했였]던|[었았겠]고|기가|기도|을까|세요|지는|지도"
    r"|[가-힣](?:[아어여워와려파퍼뻐나러가]서|[아어여워려파나]도)|[들르리치지기우두쁘]고|[누르리]면|[가-힣]셔서|[들싶있없]어|[들싶있없]는|고서|다가|[가-힣]게|듯이?|[았었]을)$"
)

# 걷고, 싶지, 없고, 않지: hardly a noun before 고 or 지 ends in ㄲ ㄵ ㄶ ㄷ ㄺ ㄻ ㄼ ㅀ ㅄ ㅅ ㅆ ㅈ ㅊ ㅌ ㅍ ㅎ.
_VERB_FINALS = frozenset((2, 5, 6, 7, 9, 10, 11, 15, 18, 19, 20, 22, 23, 25, 26, 27))


def extract_keywords(text: str, lang: str = "ko") -> list[str]:
    """Keywords of one text in the order of their first appearance, each once, 2..20 characters, at most 50.

    Hangul words lose particles and endings by simple rules; predicates and stop words are dropped. English words are
    lower-case. Both scripts are read whatever ``lang`` says, since transcripts mix them; ``lang`` decides only whether
    Latin words are English (and so have stop words): with another language than ``ko`` or ``en`` they are all kept.
    """
    english = lang[:2].lower() in ("ko", "en", "")
    keywords: dict[str, None] = {}
    for match in _WORD.finditer(text if text.isascii() else normalize(text)):
        word = match[0]
        keyword = _korean(word) if word[0] >= "가" else _latin(word, english)
        if keyword is not None and MIN_LENGTH <= len(keyword) <= MAX_LENGTH:
            keywords.setdefault(keyword)
            if len(keywords) == MAX_PER_TEXT:
                break
    return list(keywords)


def _latin(word: str, english: bool) -> str | None:
    word = word.lower().replace("\u2019", "'").rstrip("'-")
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) < 3 or (english and word in ENGLISH_STOPWORDS):
        return None
    return word


def _korean(word: str) -> str | None:
    # Longer than any keyword with its endings: text without spaces, in which no word can be identified.
    if len(word) > MAX_LENGTH + 5 or word in KOREAN_STOPWORDS:
        return None
    noun = word
    if _SHORT.match(word) and word not in _NEVER_STRIPPED:
        return None
    if word not in _NEVER_STRIPPED:
        verb = _NOUN_VERB.match(word)
        if verb:
            noun = verb[1]
        else:
            noun = _without_particle(word)
            if noun == word and (_PREDICATE_END.search(word) or _ends_like_a_verb(word)):
                return None
    return None if len(noun) < MIN_LENGTH or noun in KOREAN_STOPWORDS else noun


def _without_particle(word: str) -> str:
    for particle in _AFTER_ANY:
        if word.endswith(particle) and len(word) - len(particle) >= MIN_LENGTH:
            return _without_plural(word[:-len(particle)])
    for particle in (*_AFTER_CONSONANT, *_AFTER_VOWEL):
        rest = word[:-len(particle)]
        if len(rest) >= MIN_LENGTH and word.endswith(particle) and rest not in _NEVER_STRIPPED:
            final = (ord(rest[-1]) - 0xAC00) % 28
            after_vowel = final == 0 or (particle.startswith("로") and final == 8)
            if after_vowel == (particle in _AFTER_VOWEL):
                return _without_plural(rest)
        elif len(rest) >= MIN_LENGTH and word.endswith(particle):
            return rest
    return word


def _ends_like_a_verb(word: str) -> bool:
    return len(word) > 1 and word[-1] in "고지" and "가" <= word[-2] <= "힣" and (ord(word[-2]) - ord("가")) % 28 in _VERB_FINALS


def _without_plural(noun: str) -> str:
    return noun[:-1] if noun.endswith("들") and len(noun) > MIN_LENGTH else noun
