"""Transcripts that other programs have made: WebVTT, SubRip, Whisper's JSON. Their captions become items as uploads of snippets have them.

Captions are parsed by webvtt-py, which leaves out what it cannot read and knows no lines: both are found by parsing each line of times
alone. JSON is read by the standard library, as Whisper writes NaN.
"""

import html
import io
import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import webvtt

from bemore.errors import InvalidInput
from bemore.schemas.base import load_partly, problem
from bemore.schemas.telemetry import MAX_CAPTIONS, UploadStt

VTT, SRT, WHISPER = "vtt", "srt", "json"

#: Longer captions are no text of one, and not searched for voices.
_MAX_CAPTION = 20_000

#: Items that are checked at once.
_BATCH = 100

_VOICES = re.compile(r"(?=<v[.\s])")
_SUBRIP_OVERRIDE = re.compile(r"\{\\[^}]*\}")


class Mapping(NamedTuple):
    """How captions become items: who speaks (None: unknown), who a voice is by its name, and what is added to all times, in ms."""

    speaker: str | None = None
    voices: dict = {}
    offset_ms: int = 0


@dataclass
class Transcript:
    """``rows`` of snippets as the schema of an upload gives them, with their ``places`` (``line 3``) in the file, and what was
    ``refused``, as [(place, problem)].
    """

    rows: list = field(default_factory=list)
    places: list = field(default_factory=list)
    refused: list = field(default_factory=list)

    def refusals(self):
        """What was refused, in the order of the file."""
        return sorted(self.refused, key=lambda each: int(each[0].split()[1]))


class _Caption(NamedTuple):
    place: str
    start_ms: float
    end_ms: float
    voice: str | None
    text: str


def read(raw, kind, mapping):
    """The Transcript in the bytes of a file. Captions without words are left out. Raises InvalidInput if it is no file of that kind."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        text = raw.decode(encoding, "replace" if kind == WHISPER else "strict")  # whisper.cpp cuts characters in two
    except UnicodeDecodeError:
        raise InvalidInput([problem("body", "must be text in UTF-8")]) from None
    if text.count("-->") > MAX_CAPTIONS:
        raise _too_many()
    made = Transcript()
    if kind == WHISPER:
        captions, lang = _whisper(text)
    else:
        captions, lang = _captions(text, kind, made.refused), None
    if len(captions) > MAX_CAPTIONS:
        raise _too_many()
    items = [(each.place, _item(each, mapping, lang)) for each in captions if each.text.strip()]
    for first in range(0, len(items), _BATCH):
        _check(items[first : first + _BATCH], made)
    return made


def _too_many():
    return InvalidInput([problem("body", f"must have at most {MAX_CAPTIONS} captions")])


def _item(caption, mapping, lang):
    item = {
        "tsStart": caption.start_ms + mapping.offset_ms,
        "tsEnd": caption.end_ms + mapping.offset_ms,
        "text": " ".join(caption.text.split()),
        "speaker": mapping.voices.get(caption.voice, mapping.speaker),
    }
    return {**item, "lang": lang} if lang else item


_schema = UploadStt()


def _check(items, made):
    """Add items to a Transcript as rows, or as refused, by the schema of an upload."""
    places = [place for place, _ in items]
    try:
        body, refused = load_partly(_schema, msgspec.json.encode({"items": [item for _, item in items]}))
        rows, problems = body["items"], [each for _, each in refused]
    except InvalidInput as error:
        rows, problems = [], error.problems
    wrong = {}
    for each in problems:
        wrong.setdefault(each["index"], each)
    made.refused += [(places[index], each) for index, each in wrong.items()]
    made.rows += rows
    made.places += [place for index, place in enumerate(places) if index not in wrong]


# -- Captions ------------------------------------------------------------------------------------------------------------------


def _captions(text, kind, refused):
    """The captions of WebVTT or SubRip; what cannot be read is added to ``refused``."""
    lines = re.split("\r\n|\r|\n", text)
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    try:
        parsed = _parse(lines[first:], kind)
    except webvtt.errors.MalformedFileError:
        raise InvalidInput([problem("body", f"must be {'WebVTT' if kind == VTT else 'SubRip'}")]) from None
    found, rest = [], iter(parsed)
    caption = next(rest, None)
    for number, line in enumerate(lines, 1):
        if "-->" not in line:
            continue
        alone = _alone(line, kind)
        if caption is not None and alone == (caption.start, caption.end):
            found += _spoken(caption, f"line {number}")
            caption = next(rest, None)
        elif alone is None or (number < len(lines) and lines[number].strip()):
            refused.append((f"line {number}", problem("caption", "cannot be read")))
    return found


def _parse(lines, kind):
    return webvtt.from_buffer(io.StringIO("\n".join(lines)), format=kind).captions


def _alone(line, kind):
    """The start and the end that a line says by itself, None if it cannot be read."""
    head = "WEBVTT\n" if kind == VTT else "1"
    parsed = _parse([*head.split("\n"), line, "x"], kind)
    return (parsed[0].start, parsed[0].end) if parsed else None


def _spoken(caption, place):
    """A caption for each voice in it, without mark-up."""
    by_voice = {}
    text = _SUBRIP_OVERRIDE.sub("", caption.raw_text)
    for part in _VOICES.split(text) if len(text) <= _MAX_CAPTION else [text]:
        piece = webvtt.Caption(caption.start, caption.end, part)
        if piece.text.strip():
            by_voice.setdefault(piece.voice and html.unescape(piece.voice), []).append(html.unescape(piece.text))
    times = _milliseconds(caption.start), _milliseconds(caption.end)
    return [_Caption(place, *times, voice, " ".join(texts)) for voice, texts in by_voice.items()]


def _milliseconds(timestamp):
    return webvtt.models.Timestamp.from_string(timestamp).in_milliseconds()


# -- Whisper -------------------------------------------------------------------------------------------------------------------


def _whisper(text):
    """The captions and the language in Whisper's JSON: ``segments`` in seconds (OpenAI, whisper-ctranslate2), ``transcription`` with
    ``offsets`` in ms (whisper.cpp).
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    found = {"segments": found} if isinstance(found, list) else found
    if isinstance(found, dict) and isinstance(found.get("segments"), list):
        segments, lang, times_of = found["segments"], found.get("language"), _seconds
    elif isinstance(found, dict) and isinstance(found.get("transcription"), list):
        result = found.get("result")
        segments, lang, times_of = found["transcription"], result.get("language") if isinstance(result, dict) else None, _offsets
    else:
        raise InvalidInput([problem("body", "must be JSON of Whisper")])
    captions = []
    for number, segment in enumerate(segments, 1):
        segment = segment if isinstance(segment, dict) else {}
        words, voice = segment.get("text"), segment.get("speaker")
        # A lone surrogate is half of a character.
        words = words.encode("utf-8", "replace").decode().strip() if isinstance(words, str) else "?"
        captions.append(_Caption(f"segment {number}", *times_of(segment), voice if isinstance(voice, str) else None, words))
    return captions, lang if isinstance(lang, str) else None


def _seconds(segment):
    return [_number(segment.get(name), 1000) for name in ("start", "end")]


def _offsets(segment):
    offsets = segment.get("offsets")
    return [_number(offsets.get(name) if isinstance(offsets, dict) else None, 1) for name in ("from", "to")]


def _number(value, factor):
    """A number in ms; one that is none is a time that every schema refuses."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and -1e12 < value < 1e12
    return round(value * factor) if is_number else -1e18
