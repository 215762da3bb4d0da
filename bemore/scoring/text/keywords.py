"""Keywords of a text: its Korean nouns, found by a small trained table (``nouns``), and its Latin words, without stop words."""

import re
from itertools import islice

from bemore.scoring.text.korean import normalize
from bemore.scoring.text.nouns import noun_length
from bemore.scoring.text.stopwords import ENGLISH_STOPWORDS, KOREAN_NOUNS, KOREAN_STOPWORDS

MIN_LENGTH = 2
MAX_LENGTH = 20
MAX_PER_TEXT = 50

MAX_WORDS = 300
"""Words of one text that are examined, its first ones: two minutes of speech. It bounds the time for a text of any kind."""

_WORD = re.compile(r"[가-힣]{2,}|[A-Za-z][A-Za-z'\u2019-]{2,}")


def extract_keywords(text: str, lang: str = "ko") -> list[str]:
    """Keywords of one text in the order of their first appearance, each once, 2..20 characters, at most 50.

    Only the first ``MAX_WORDS`` words of at least two syllables or three letters are examined. Of a Hangul word counts the noun of at
    least two syllables that it begins with; verbs, adjectives and stop words are dropped. English words are lower-case. Both scripts
    are read whatever ``lang`` says, since transcripts mix them; ``lang`` decides only whether Latin words are English (and so have stop
    words): with another language than ``ko`` or ``en`` they are all kept.
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
    if word in KOREAN_STOPWORDS or len(word) > MAX_LENGTH + 5:
        return None
    noun = word if word in KOREAN_NOUNS else word[:noun_length(word)]
    return None if noun in KOREAN_STOPWORDS else noun or None
