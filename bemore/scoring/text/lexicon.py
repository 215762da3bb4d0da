"""Emotion words, Korean and English, written for this project: ``lexicon.txt``.

Each group is ``(emotion, polarity, entries)``, in the file entries after ``[language emotion polarity]``. Polarity is 1 (pleasant),
-1 (unpleasant) or 0 (neither, or a word that only looks like one: it is listed so that a longer match hides the shorter one, as 남편하고
hides 편하).

A Korean entry that ends with 다 is the dictionary form of a verb or an adjective and stands for all its forms
(:mod:`bemore.scoring.text.conjugation`). Any other entry is the beginning of written forms: 행복 of 행복하다, 행복한, 행복을.
``{a,b}`` is one of several, ``_`` a space that may be left out, ``^`` at the front "only at the beginning of a word",
each ``~`` at the front halves the value. Of a form that is listed twice the first entry counts.
English entries are words (endings such as -s, -ed, -ing, -ly are found without being listed); ``_`` joins a phrase.
"""

import re
from pathlib import Path

_GROUP = re.compile(r"^\[(ko|en) (\w+) (-?[01])\]\n([^\[]*)", re.MULTILINE)
_GROUPS = _GROUP.findall(Path(__file__).with_name("lexicon.txt").read_text("utf-8"))

KOREAN, ENGLISH = (
    tuple((emotion, int(polarity), entries) for language, emotion, polarity, entries in _GROUPS if language == code)
    for code in ("ko", "en")
)
