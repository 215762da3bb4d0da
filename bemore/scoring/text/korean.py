"""Emotion words in Korean text, with negation, relief, doubt and questions."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from bemore.scoring.text.conjugation import beginnings
from bemore.scoring.text.evidence import MAX_WORDS, Evidence, in_context
from bemore.scoring.text.lexicon import KOREAN


class _Entry(NamedTuple):
    value: float
    emotion: str
    starts_word: bool
    noun: bool


def forms() -> dict[str, _Entry]:
    """All forms of all entries. Spaces are where transcripts differ most, so every space may be there or not."""
    found: dict[str, _Entry] = {}
    for emotion, polarity, entries in KOREAN:
        for written in entries.split():
            bare = written.lstrip("~")
            starts_word = bare.startswith("^") and bare != "^^"
            conjugated = written.endswith("다")
            entry = _Entry(polarity * 0.5 ** (len(written) - len(bare)), emotion, starts_word, not conjugated)
            for spaced in _alternatives(_CHOICE.split(bare[1:] if starts_word else bare), ","):
                for form in _alternatives(spaced.replace("_", "_ |_").split("_"), "|"):
                    for beginning in beginnings(form[:-1]) if conjugated else (form,):
                        found.setdefault(beginning, entry)
    return found


def _alternatives(parts: list[str], separator: str) -> Iterator[str]:
    return map("".join, product(*(part.split(separator) for part in parts)))


def _lengths() -> dict[str, list[int]]:
    """Lengths of the forms that may begin with two characters, the longest first."""
    lengths: dict[str, set[int]] = {}
    for form in _FORMS:
        lengths.setdefault(form[:2], set()).add(len(form))
    for key, group in lengths.items():
        if key[0] in _FORMS:
            group.add(1)
    return {key: sorted(group, reverse=True) for key, group in lengths.items()}


_CHOICE = re.compile("[{}]")
_FORMS = forms()
_LENGTHS = _lengths()
_LONE = (1,)
"""For two characters with which no form begins: the first may be one."""

# Where a form may begin. Syllables that are everywhere have to be followed by one of the few that follow them in forms.
_COMMON = "어이아지가하에서해다"
_FIRST = re.compile(
    f"[{re.escape(''.join({form[0] for form in _FORMS}.difference(_COMMON)))}]"
    f"|[{_COMMON}](?=[{''.join({form[1:2] for form in _FORMS if form[0] in _COMMON})}])"
)

_MARKS = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff"
_INVISIBLE = re.compile(f"[{_MARKS}]+")
_JAMO = re.compile("[\u1100-\u11ff]+")
_TO_NORMALIZE = re.compile(f"[{_MARKS}\u1100-\u11ff]")

# 안, 못, 덜 right before the word, as a word of their own: 안 좋아요, but not 그동안 좋아요 or 집안 좋은.
# 그렇게 좋을 수가 없어요, 이보다 더 행복할 수 없어요: as happy as can be.
_BEFORE = re.compile(r"(?:(?:^|[^가-힣]|[이가은는도을를게만])(?:안|않|못|덜)|(?P<as_can_be>[그이저]렇게|더))\s?$")
_BEFORE_LENGTH = 4

_NOUN_END = r"(?:감|함|음|움|증세|\s?증상|증)?"
_ADVERB = r"(?:(?:전혀|거의|별로|하나도|아예|많이|좀|조금|조금씩|다|점점|점차|훨씬|한결|더|잘|그렇게|크게|완전히|자꾸|계속|뚝|바닥까지)\s?)?"
_BOUND_NOUN = r"(?:것|거|게|건|일|적|점|날|때|데|곳|사람|친구|느낌|감정|마음|생각|기분|필요|기색|정도|자격|이유|기억|추억|순간|시간|여유|기미|조짐|가능성|확신)"
_NEGATED = re.compile(
    r"(?:"
    # 좋지 않아요, 행복하지는 못해요, 걱정하지 마세요
    r"[가-힣]{0,3}?(?:지(?:는|도|가|를|만은)?|진|질)\s?(?:않|안|못|말|마)"
    # 걱정은 안 해요, 웃음이 안 나와요, 인정을 못 받아요
    rf"|{_NOUN_END}[이가은는을를도]?\s?{_ADVERB}(?:안|못)\s?(?:하|해|했|합|할|한|되|돼|됐|됩|된|될|나|났|날|느|받|들|드|생|얻|갖|보)"
    # 행복할 수 없어요
    r"|[가-힣]{0,3}\s?수(?:가|는|도|조차)?\s?없"
    # 걱정이 없어요, 희망도 없고, 우울은 아니에요
    rf"|{_NOUN_END}[이가은는도]?\s?{_ADVERB}(?:없|아니|아닙|아녜|아닌)"
    # 힘든 일은 없어요, 불안한 건 아니에요, 죽고 싶다는 생각은 안 해요
    rf"|[가-힣]{{0,3}}\s?{_BOUND_NOUN}[이가은는도만]{{0,2}}\s?{_ADVERB}(?:없|아니|아닙|아녜|아닌|안\s?[하해했든들보느]|(?:보이|느껴)지[가는]?\s?않)"
    r"|[가-힣]{0,3}\s?(?:것|거|건|느낌)\s?같[지진](?:는|도)?\s?않"
    # 행복한 줄 모르겠어요; 편할 줄 알았는데
    r"|[가-힣]{0,3}\s?줄(?:[은을도]?\s?모|로?\s?알았(?=는데|지만|더니))"
    # 희망도 꿈도 없어요
    r"|(?:도\s?[가-힣]{1,5}){1,3}?도\s?(?:다\s)?(?:없|안\s|못)"
    # 웃고 싶지 않아요; 우울하지도 불안하지도 않아요; 편하게 잠을 잘 수가 없어요, 편히 쉬지도 못해요
    r"|(?:[가-힣]{0,2}고)?\s?싶지(?:가|도|는)?\s?(?:않|안)"
    r"|[가-힣]{0,3}?지도(?=\s[가-힣\s]{1,10}지도\s?(?:않|못))"
    r"|[가-힣]{0,2}게\s(?:(?![고서며]\s)[가-힣\s]){0,10}?(?:못|없|지\s?않|안\s)"
    r"|\s[가-힣]{1,3}지(?:도|는)?\s?못"
    # 기쁨을 느끼지 못해요, 희망이 보이지 않아요, 행복을 느낄 수 없어요
    rf"|{_NOUN_END}[이가은는을를도]\s(?:잘\s)?[가-힣]{{1,3}}(?:지(?:가|도|는)?\s?(?:않|못)|\s?수[가는도]?\s?없)"
    r")"
)
# Each is much quicker than its pattern to find that a text has none of it.
_NEGATION = re.compile("[안못않없모알마말]|아[니닙녜닌]")
_REACH = 28
# 불안이 줄었어요, 걱정이 많이 사라졌어요, 우울한 기분이 나아졌어요, 걱정했던 것보다
_RELIEF = re.compile(
    rf"(?:(?:{_NOUN_END}|[가-힣]{{0,3}}(?:\s[가-힣]는)?\s(?:마음|기분|느낌|생각|감정|증상|것|게|건|횟수|빈도|강도|정도|날|일))"
    rf"(?:이|가|은|는|을|를|도|에서)?\s?{_ADVERB}"
    r"(?:줄(?:[어었고면]|(?=지))|사라|없어|풀[리렸려린]|해소|극복|이겨|가라앉|나아|좋아|해결|가[셨시]|날려|떨쳐|내려놓|덜[어해하했]|덜\s?[돼되됐나느받보]|완화|벗어|해방)"
    r"|[가-힣]{0,4}\s?(?:것|거|때|날)보다)"
)
# 자신감이 떨어졌어요, 희망을 잃었어요; 괜찮은 척했어요
_LOST = re.compile(
    rf"(?:{_NOUN_END}[이가은는을를도]?\s?{_ADVERB}(?:줄[어었]|사라|떨어|무너|깨[졌지진]|꺾|잃|부족|모자라|식었)|[가-힣]{{0,3}}\s?척)"
)
# 괜찮을까요, 행복한지 모르겠어요, 좋았을 텐데, 행복했으면 좋겠어요, 좋은 사람이 되고 싶어요: a wish or a doubt states no feeling.
_WISH_OR_DOUBT = re.compile(
    r"(?:[가-힣]{0,3}[을할될질울릴날]까|[가-힣]{0,3}지[도를는]?\s?(?:잘\s?)?(?:모르|몰)"
    r"|[가-힣]{0,3}\s?수(?:도|는)?\s?있을까|[가-힣]{0,3}\s?텐데|[가-힣]{0,3}면\s?(?:좋|하는|싶)|[이가도]?\s(?:[좀더]\s)?필요(?!\s?없)"
    r"|[가-힣]{0,4}[길기]를?\s?(?:바[라랍랄랐래]|빌|기도|희망)|[가-힣]{0,2}(?:려[고는]|도록)\s"
    r"|(?![가-힣]{0,5}(?:서|니까|지만|데|며|요|다|고(?!\s?싶))\s)[가-힣]{0,4}(?:\s[가-힣]{1,5}){0,3}?고\s?싶(?!지))"
)
_WISHING = re.compile("[모몰좋하싶바빌필까데]|희망|기도|려[고는]|도록")
# 얼마나 좋았는지 몰라요
_EXCLAMATION = re.compile("얼마나|어찌나")
_CANNOT = re.compile(r"[가-힣]{0,2}\s?수[가는]?\s?없")
# 우울증 검사지, 이별 노래, 분노에 대해: what is talked about, not felt.
_TOPIC = re.compile(
    r"(?:증|감|장애|\s조절)?(?:\s?자가)?(?:\s?진단)?(?:\s?(?:검사|척도|설문|문항|테스트|관련|관리|교육|강의|수업|프로그램|클리닉|센터|책|영화|노래"
    r"|드라마|소설|장면|기사|논문|연구|일기|점수|이야기[가를]\s(?:나오|담은|다룬|읽))|에\s?(?:대[한해]|관[한해])|[을를이가]\s주제"
    r"|(?:이?라는|란)\s?(?:주제|단어|말|감정|제목)|[이가은는]\s(?:뭔지|뭘까|무엇인지|무엇일까)|의\s?(?:조건|의미|정의|종류|원인|기술|\S{1,5}라는))"
)
# 많이 불안하셨나요? 우울한가요, 힘드시죠, 불안하다고 하셨는데: asks about a feeling or repeats one, and states none.
# An honorific without a question mark may tell of another person's feeling: 어머니가 많이 우울하셨어요.
_QUESTION = re.compile(
    r"(?:(?!요\s|다\s)[^.!?…]){0,20}?(?:[시셨](?:죠|지요)|[은는한인던운픈쁜든건신른린런떤큰난된진간]가요|[합습됩십]니까|(?:시|셨을)까요|실까요"
    r"|(?:(?<=[셨았었했였겠됐졌렸났왔갔봤있썼컸랐렀냈꼈시하되드쁘프좋싫지리받끼내없])|(?<=\s[가오]))나요|다고\s?(?:말씀)?(?:하시|하셨|그러셨)"
    r"|(?P<honorific>(?:(?<![마주])세요|셔요|셨어요|[시셨]겠어요)(?!\s?\?))|(?:세요|셔요|셨어요))"
)
_ASKING_END = re.compile("[나가까]요|니까|[세셔]요|셨|시[죠지겠]|다고")
_ASKING = re.compile("언제|왜|어떤|어떻|어떨|얼마나|어디|누가|누구|무슨|무엇|뭐가|뭘|혹시|몇")
_OTHER_PERSON = re.compile(
    r"(?:님|씨|(?<!기)분|관|장|교수|[상의교강]사|대표|엄마|아빠|머니|버지|부모|형|누나|언니|오빠|이모|고모|선배|남편|아내)들?(?:[이가은는도]|께서는?)\s"
)
_SENTENCE_END = re.compile(r"[.!?…]|(?<=[요다죠])\s")
_BEFORE_IN_SENTENCE = 40
# However long, they count once.
_LAUGHING_OR_CRYING = re.compile("[ㅋㅎ]+|[ㅠㅜ]+")


def normalize(text: str) -> str:
    """Text prepared for matching: without invisible marks, Jamo composed, runs of white space as one space.

    Only runs of Jamo are composed: full normalization takes quadratic time on long runs of combining marks.
    """
    if _TO_NORMALIZE.search(text):
        text = _JAMO.sub(lambda run: unicodedata.normalize("NFC", run[0]), _INVISIBLE.sub("", text))
    return " ".join(text.split())


def find_evidence(text: str) -> Iterator[Evidence]:
    """Emotion words in ``text`` (from :func:`normalize`), from left to right, the longest form at each position."""
    position = seen = 0
    for first in _FIRST.finditer(text):
        start = first.start()
        if start < position:
            continue
        for length in _LENGTHS.get(text[start:start + 2], _LONE):
            entry = _FORMS.get(text[start:start + length])
            if entry is not None and not (entry.starts_word and start and "가" <= text[start - 1] <= "힣"):
                break
        else:
            continue
        seen += 1
        position = start + length
        if entry.value or entry.emotion == "surprised":
            run = text[start] in "ㅋㅎㅠㅜ" and _LAUGHING_OR_CRYING.match(text, start)
            evidence = _evaluate(text, start, run.end() if run else position, entry)
            position = evidence.position
            yield evidence
        if seen == MAX_WORDS:
            return


def _evaluate(text: str, start: int, end: int, entry: _Entry) -> Evidence:
    """The entry's value in its context. ``position`` of the result is the end of all text that was used."""
    if (entry.noun and _TOPIC.match(text, end)) or _asks(text, start, end):
        return Evidence(end, 0.0, "neutral")
    value = entry.value
    before = _BEFORE.search(text, max(0, start - _BEFORE_LENGTH), start)
    if before and before["as_can_be"]:
        cannot = _CANNOT.match(text, end)
        if cannot:
            return Evidence(cannot.end(), value, entry.emotion)
    negated = before is not None and not before["as_can_be"]
    # Twice at most: 걱정이 없지 않아요 says that there is worry.
    for _ in range(2):
        pleasant_here = (value > 0) != negated
        tail = (_LOST if pleasant_here else _RELIEF).match(text, end)
        if tail is None and _NEGATION.search(text, end, end + _REACH):
            tail = _NEGATED.match(text, end)
        if tail is None:
            break
        negated = not negated
        end = tail.end()
    wished = (value > 0) != negated and _WISHING.search(text, end, end + _REACH) and _WISH_OR_DOUBT.match(text, end)
    if wished and not _EXCLAMATION.search(_sentence_before(text, start)):
        return Evidence(end, 0.0, "neutral")
    return Evidence(end, *in_context(value, entry.emotion, negated))


def _asks(text: str, start: int, end: int) -> bool:
    question = _ASKING_END.search(text, end, end + _REACH) and _QUESTION.match(text, end)
    if not question or not question["honorific"]:
        return bool(question)
    before = _sentence_before(text, start)
    return bool(_ASKING.search(before)) or not _OTHER_PERSON.search(before)


def _sentence_before(text: str, start: int) -> str:
    return _SENTENCE_END.split(text[max(0, start - _BEFORE_IN_SENTENCE):start])[-1]
