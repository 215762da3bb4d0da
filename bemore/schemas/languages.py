"""Language tags as speech engines and browsers write them, made BCP 47 (RFC 5646)."""

import re
from functools import lru_cache

#: Stored for a language that is not understood (ISO 639-2: undetermined).
UNDETERMINED = "und"

_NAMES = {
    "arabic": "ar", "bengali": "bn", "bulgarian": "bg", "burmese": "my", "cantonese": "yue", "chinese": "zh", "croatian": "hr",
    "czech": "cs", "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "filipino": "fil", "finnish": "fi", "french": "fr",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "indonesian": "id", "italian": "it",
    "japanese": "ja", "kazakh": "kk", "khmer": "km", "korean": "ko", "lao": "lo", "latvian": "lv", "lithuanian": "lt", "malay": "ms",
    "mandarin": "zh", "mongolian": "mn", "nepali": "ne", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt",
    "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swahili": "sw",
    "swedish": "sv", "tagalog": "tl", "tamil": "ta", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz",
    "vietnamese": "vi",
}  # fmt: skip

_TAG = re.compile(
    r"""[a-z]{2,3}(-[a-z]{3}){0,3}        # language, extended language
    (-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?   # script, region
    (-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*  # variants
    (-[a-wyz0-9](-[a-z0-9]{2,8})+)*       # extensions
    (-x(-[a-z0-9]{1,8})+)?                # private use
    |x(-[a-z0-9]{1,8})+""",
    re.IGNORECASE | re.VERBOSE,
)


@lru_cache(maxsize=1024)
def language_tag(text):
    """The BCP 47 tag that ``text`` means: ``ko_KR`` is ``ko-KR``, ``English`` is ``en``, ``en-US@posix`` is ``en-US``; else ``und``.

    A valid tag stays as it is.
    """
    tag = re.split("[@.]", text.strip(), maxsplit=1)[0].replace("_", "-")
    return _NAMES.get(tag.lower()) or (tag if _TAG.fullmatch(tag) else UNDETERMINED)
