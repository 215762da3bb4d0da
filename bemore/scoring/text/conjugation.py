"""The written forms of Korean verbs and adjectives, generated from their dictionary forms."""

_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_CONTRACTED = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"} | {vowel: vowel for vowel in "ㅏㅓㅐㅔㅕㅖ"}

# Irregular where the other stems with this final consonant are not, and the reverse.
_IRREGULAR = frozenset("닫듣걷싣낫짓붓잇긋젓")
_REGULAR = frozenset("잡입뽑씹좁집업접꼽좋놓넣낳쌓닿") | {"따르", "치르", "들르"}


def beginnings(stem: str) -> tuple[str, ...]:
    """How the forms of a stem begin, the stem first: of 슬프 슬프 슬픈 슬플 슬픔 슬픕 슬퍼 슬펐, of 무겁 무겁 무거우 무거운 … 무거웠.

    ``stem`` is a dictionary form without its 다 and ends with a Hangul syllable. Knows the irregular stems in ㅂ, ㄷ, ㅅ, ㅎ,
    르, 으, ㄹ and 하, and contracted vowels (떨리어: 떨려).
    """
    vowel, final = _parts(stem[-1])
    if final == " ":
        return (stem, *(_with(stem, vowel, end) for end in "ㄴㄹㅁㅂ"), *_past(stem, vowel))
    if final == "ㄹ":
        return (stem, *(_with(stem, vowel, end) for end in " ㄴㅂㄻㅁ"))
    irregular = stem[-1] in _IRREGULAR if final in "ㄷㅅ" else final in "ㅂㅎ" and stem[-1] not in _REGULAR
    if not irregular:
        return (stem,)
    if final == "ㄷ":
        return stem, _with(stem, vowel, "ㄹ")
    open_stem = _with(stem, vowel, " ")
    if final == "ㅂ":
        return (stem, *beginnings(open_stem + "우"))
    if final == "ㅎ":
        joined = {"ㅑ": "ㅒ", "ㅕ": "ㅖ"}.get(vowel, "ㅐ")
        return (stem, *(_with(stem, vowel, end) for end in " ㄴㄹㅁ"), _with(stem, joined, " "), _with(stem, joined, "ㅆ"))
    return (stem, *(open_stem + end for end in "으은을음" + ("아았" if vowel in "ㅏㅗ" else "어었")))


def _past(stem: str, vowel: str) -> tuple[str, ...]:
    """The stem joined with 아 or 어 and with 았 or 었; nothing where the two are not contracted (뛰어)."""
    if stem[-1] == "하":
        joined = "ㅐ"
    elif vowel == "ㅡ":
        before = _parts(stem[-2]) if len(stem) > 1 and stem[-2] >= "가" else ("ㅓ", " ")
        joined = "ㅏ" if before[0] in "ㅏㅗ" else "ㅓ"
        if stem[-1] == "르" and stem[-2:] not in _REGULAR:
            stem = _with(stem[:-1], before[0], "ㄹ") + "르"
    elif vowel in _CONTRACTED:
        joined = _CONTRACTED[vowel]
    else:
        return ()
    forms = _with(stem, joined, " "), _with(stem, joined, "ㅆ")
    return forms if forms[0] != stem else forms[1:]


def _parts(syllable: str) -> tuple[str, str]:
    place = (ord(syllable) - 0xAC00) % 588
    return _VOWELS[place // 28], _FINALS[place % 28]


def _with(stem: str, vowel: str, final: str) -> str:
    """The stem with another vowel and final consonant in its last syllable."""
    place = ord(stem[-1]) - 0xAC00
    return stem[:-1] + chr(0xAC00 + place // 588 * 588 + _VOWELS.index(vowel) * 28 + _FINALS.index(final))
