"""Words that are never keywords, and nouns that the table of nouns misreads where they stand alone: ``stopwords.txt``."""

import re
from pathlib import Path

_LISTS = {
    name: frozenset(words.split())
    for name, words in re.findall(r"^\[(.*)\]\n([^\[]*)", Path(__file__).with_name("stopwords.txt").read_text("utf-8"), re.MULTILINE)
}
KOREAN_STOPWORDS, KOREAN_NOUNS, ENGLISH_STOPWORDS = (_LISTS[name] for name in ("korean stopwords", "korean nouns", "english stopwords"))
