"""Keywords of a text without a morphological analyzer: words without their particles and endings.

A Korean word passes these steps: stop words are dropped; nouns that only look like something else are kept as they are
(``stopwords.KOREAN_NOUNS``); a noun before 하다 or 되다 is cut out; a particle is cut off; what then ends like a verb or an
adjective is dropped. Whether 지, 고, 기, 면 are endings shows in what stands before them: 걷고 and 꺼내기, but 창고 and 위기.
"""

import re
from itertools import islice

from bemore.scoring.text.korean import normalize
from bemore.scoring.text.stopwords import ENGLISH_STOPWORDS, KOREAN_NOUN_ENDINGS, KOREAN_NOUNS, KOREAN_STEMS, KOREAN_STOPWORDS

MIN_LENGTH = 2
MAX_LENGTH = 20
MAX_PER_TEXT = 50

MAX_WORDS = 300
"""Words of one text that are examined, its first ones: two minutes of speech. It bounds the time for a text of any kind."""

_WORD = re.compile(r"[가-힣]{2,}|[A-Za-z][A-Za-z'\u2019-]{2,}")

_ANY, _AFTER_CONSONANT, _AFTER_VOWEL = range(3)


def _particles() -> dict[str, int]:
    """Each particle with what it may follow: 고양이 and 전문가 show why that matters: 이 follows a consonant, 가 a vowel."""
    after_consonant = """
        이라서 이라고 이라는 이라도 이라면 이라 이었던 이에요 이었어요 이랑은 이랑도 으로는 으로도 으로만 으로서 으로써 으로 이지만 이어서 이나 이랑
        과는 과도 과의 이 을 은 과
        """.split()
    after_vowel = """
        라서 라고 라는 라도 라면 였던 예요 였어요 랑은 랑도 로는 로도 로만 로서 로써 지만 여서 나 랑 로 와는 와도 와의 가 를 는 와
        """.split()
    cases = "에게서 한테서 에게 한테 에서 에 까지 부터 께서 께 하고 들".split()
    after_any = """
        입니다 입니까 이었습니다 였습니다 인데요 이네요 인가요 이라면 보다 보다는 보다도 처럼 처럼은 만큼 만큼은 마다 조차 조차도 마저 마저도 밖에 이다
        인데 이고 만은 만이 만을 만 도 의 들이 들을 들과 대로
        """.split()
    after_any += [case + topic for case in cases for topic in ("", "는", "은", "도", "만", "의")]
    groups = ((after_vowel, _AFTER_VOWEL), (after_consonant, _AFTER_CONSONANT), (after_any, _ANY))
    return {particle: condition for group, condition in groups for particle in group}


_PARTICLES = _particles()
_LENGTHS = sorted({len(particle) for particle in _PARTICLES}, reverse=True)

# 밤마다, 집에서: a noun of one syllable is too short for a keyword. Other particles after one syllable may be part of a noun: 도로는.
_AFTER_ONE_SYLLABLE = tuple("에서 에게 한테 에는 에도 에만 까지 부터 께서 으로 이랑 보다 처럼 만큼 마다 조차 마저 밖에 이라".split())

# 잠을, 꿈이, 비가, 말에: likewise. 을 를 은 는 에 end hardly any noun; 이 after a consonant and 가 after a vowel are particles but for
# the nouns that are listed; the others are recognized after the most common nouns of one syllable, as 회의 and 나이 are nouns.
_SHORT = re.compile(
    r"^(?:[가-힣][을를은는에]"
    r"|[잠꿈말일집밥돈몸술약손눈병책길물힘화딸형방애나너저제내네뭐또더잘안못꼭다번점적편살속숨것때곳쪽앞뒤옆날밤낮비코귀목등팔][이가도만의와과로나])$"
)

# 걱정돼요, 불안해서, 운동했습니다, 무시당하는: the noun before 하다 or 되다 is the keyword.
_NOUN_VERB = re.compile(r"^([가-힣]{2,}?)(?:스러[가-힣]+|스럽[가-힣]*|당?(?:하|해|했|할|한|합|함|되|돼|됐|된|될|됩)[가-힣]{0,8})$")
# 기차였는지, 학생이었어요: so is the noun before 이다.
_NOUN_WAS = re.compile(r"^([가-힣]{2,}?)(?:이었|였)[가-힣]{1,6}$")


def _syllables(vowels: str = "", finals: str = "") -> str:
    """All syllables with one of these vowels (and no final consonant, unless ``finals`` says another), for a class of a pattern."""
    found = []
    for code in range(11_172):
        vowel, final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"[code % 588 // 28], " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"[code % 28]
        if (not vowels or vowel in vowels) and final in (finals or " "):
            found.append(chr(0xAC00 + code))
    return "".join(found)


_FINAL = _syllables(finals="ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
# Hardly a noun ends in these consonants before 고, 지 or 기; none at all in the second group.
_VERB_FINALS = _syllables(finals="ㄲㄵㄶㄷㄺㄻㄼㅀㅄㅅㅆㅈㅊㅌㅍㅎ")
_NEVER_IN_NOUNS = _syllables(finals="ㄵㄶㅀㅆㅎ")
_IN_PAST = _syllables(finals="ㅆ")
# The vowels that 아 and 어 leave: 내서, 지쳐서, 봐서, 줘서, 돼서. Nouns in 서 have others (질서, 도서), or are listed.
_CONTRACTED = _syllables("ㅏㅐㅓㅔㅕㅘㅙㅝㅞ")
# The last syllables of most stems: 꺼내, 일어나, 기다리, 배우, 힘들, 무섭 …
_STEM_ENDS = (
    "하되리르키치우나내지히이시쓰크프쁘쉬뛰꾸누추두주가오기끼니디티뜨끄켜펴피으들살울놀알걸풀팔떨졸먹죽막남담잡입씹뽑렵섭럽겁갑돕눕춥덥볍롭맙쉽뵙" + _VERB_FINALS
)
_ENDING = "(?:고|기|면|지|던|게|자|려|느|니|며|거|겠|는|도록)"

# Verbs and adjectives: what is left of them after the particles.
_PREDICATE = re.compile(
    r"(?:"
    # 해요, 갔습니다, 있네, 간다, 괜찮다고, 하자고, 간다는, 오냐고, 뭐라고
    rf"요|니다|니까|네|죠|다|[다자냐]고|[다자냐]는|[{_FINAL}]라고|^[가-힣]라고|자마자"
    # 받는데, 좋은데, 한데, 쓰려고, 하려는, 하던, 봤더니, 하다가, 먹도록, 하느라, 먹거나, 하든지, 갈수록, 하려면, 했으면, 하면서
    rf"|[{_syllables(finals='ㄴ')}]데|려고|려는|려|던|더니|다가|거든|더라|느라|거나|[든던]지|[{_syllables(finals='ㄹ')}]수록|면서|으면|[{_syllables(finals='ㄹ')}]까|듯이?"
    rf"|[{_STEM_ENDS}](?:고|지|기|긴|면|지만|도록|려|러|거)|^[보사자가오서타빼떼짜까차매재비](?:고|지|기|긴|면|지만|러)"
    rf"|[아어해와려여켜]보[고기지면]|[나들려아어]서[고지면]|[으려러라다]면|[{_CONTRACTED}]서|이라서|[는은쁜픈운런떤뭔닌]지|[{_syllables(finals='ㄹ')}]지"
    # 겪어야, 먹어, 받아, 지쳐, 나눠, 예뻐, 크게, 많이 기쁜 듯
    rf"|[아어여해와려져나가]야(?:지|만)?|[{_FINAL}][아어]|[져쳐켜셔춰둬눠봐줘돼뻐워]|게|히"
    # 비웃는; 내려놓, 않, 없, 싶; 주신; 즐거운, 즐거울; 좋아진
    rf"|[{_FINAL}]는|[{_NEVER_IN_NOUNS}]|[싶없]|[하주가오으][신실]"
    rf"|[가-힣][{_syllables()}][운울]|[가-힣][아어라려여켜]진|[아어라려여켜지]질"
    r")$"
    # 했지만, 힘들었을, 봤더니: nothing with ㅆ is a noun. 말하기, 일하고, 편하지, 친한, 말할: nor what is left of one syllable.
    rf"|[{_IN_PAST}].|^(?![지이축귀낙저부투휘산])[가-힣][하되]{_ENDING}|^[가-힣][하되]$|^[가-힣][한할]$|^[못잘]해$|^[하보가오나되사]니$"
)


def extract_keywords(text: str, lang: str = "ko") -> list[str]:
    """Keywords of one text in the order of their first appearance, each once, 2..20 characters, at most 50.

    Only the first ``MAX_WORDS`` words of at least two syllables or three letters are examined. Hangul words lose particles and
    endings by simple rules; predicates and stop words are dropped. English words are lower-case. Both scripts are read whatever
    ``lang`` says, since transcripts mix them; ``lang`` decides only whether Latin words are English (and so have stop words):
    with another language than ``ko`` or ``en`` they are all kept.
    """
    english = lang[:2].lower() in ("ko", "en", "")
    keywords: dict[str, None] = {}
    words = (match[0] for match in _WORD.finditer(text if text.isascii() else normalize(text)))
    for word in dict.fromkeys(islice(words, MAX_WORDS)):
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
    if _is_listed(word):
        return word
    noun = _before_verb(word)
    if noun is None:
        if _is_short(word):
            return None
        noun = _without_particle(word)
    if not _is_listed(noun) and (_PREDICATE.search(noun) or _ends_with_stem(noun)):
        return None
    return None if len(noun) < MIN_LENGTH or noun in KOREAN_STOPWORDS else noun


def _is_listed(noun: str) -> bool:
    return noun in KOREAN_NOUNS or any(noun[-length:] in KOREAN_NOUN_ENDINGS for length in (2, 3, 4))


def _ends_with_stem(word: str) -> bool:
    return any(word[-length:] in KOREAN_STEMS for length in (2, 3, 4))


def _before_verb(word: str) -> str | None:
    """The noun before 하다, 되다 or 이다."""
    verb = _NOUN_VERB.match(word)
    if verb:
        return verb[1]
    was = _NOUN_WAS.match(word)
    if was and _has_final(was[1]) == (word[len(was[1])] == "이"):
        return was[1]
    return None


def _is_short(word: str) -> bool:
    if len(word) == 2:
        return bool(_SHORT.match(word)) or word[1] == ("이" if _has_final(word[0]) else "가")
    return word[1:].startswith(_AFTER_ONE_SYLLABLE) and word[1:] in _PARTICLES


def _without_particle(word: str) -> str:
    rests = [word[:-length] for length in _LENGTHS if word[-length:] in _PARTICLES and len(word) - length >= MIN_LENGTH]
    for rest in rests:
        if _is_listed(rest):
            return rest
    for rest in rests:
        particle = word[len(rest):]
        condition = _PARTICLES[particle]
        after_vowel = not _has_final(rest) or (particle.startswith("로") and (ord(rest[-1]) - ord("가")) % 28 == 8)
        if condition == _ANY or after_vowel == (condition == _AFTER_VOWEL):
            return rest[:-1] if rest.endswith("들") and len(rest) > MIN_LENGTH else rest
    return word


def _has_final(text: str) -> bool:
    """Whether the last syllable ends in a consonant."""
    return (ord(text[-1]) - ord("가")) % 28 > 0
