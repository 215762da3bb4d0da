"""The transcript as files: WebVTT (W3C), and plain text with a line per run of one speaker.

Section 5 of the project's contract for reviewing sessions. Snippets are ``(start, end, speaker, text)`` in ms since the session's start,
ordered by start, end and speaker; ``speaker`` is ``user``, ``counselor`` or None.
"""

from collections.abc import Iterable, Sequence
from html import escape

from bemore.reports.language import Language

Snippet = tuple[int, int, str | None, str]


def webvtt(snippets: Iterable[Snippet], notes: Sequence[tuple[int, str]], language: Language) -> str:
    """A WebVTT file: one cue per snippet with a voice span (none for an unknown speaker), ``notes`` ``(start, text)`` as NOTE blocks.

    The text of a bookmark may be empty.
    """
    blocks = [(start, 0, f"NOTE {_timestamp(start)} {_one_line(text)}".rstrip()) for start, text in notes]
    for start, end, speaker, text in snippets:
        start = max(start, 0)
        voice = f"<v {language.speakers[speaker]}>" if speaker else ""
        # A cue ends after its start.
        times = f"{_timestamp(start)} --> {_timestamp(max(end, start + 1))}"
        blocks.append((start, 1, f"{times}\n{voice}{escape(_one_line(text), quote=False)}"))
    blocks.sort(key=lambda block: block[:2])
    return "\n\n".join(("WEBVTT", *(text for *_, text in blocks))) + "\n"


def plain_text(snippets: Sequence[Snippet], silences: Sequence[tuple[int, int, str]], language: Language) -> str:
    """Plain text: a line per run of snippets of one speaker, numbered per speaker, and a line per silence, which splits a run."""
    lines: list[str] = []
    numbers: dict[str, int] = {}
    waiting = list(silences)
    previous: object = ...
    for start, _, speaker, text in snippets:
        while waiting and waiting[0][0] <= start:
            begin, end, _ = waiting.pop(0)
            lines.append(language.silence_line((end - begin) // 1000))
            previous = ...
        if speaker == previous:
            lines[-1] += f" {_line(text)}"
            continue
        previous = speaker
        if speaker is None:
            lines.append(f"-: {_line(text)}")
        else:
            numbers[speaker] = numbers.get(speaker, 0) + 1
            lines.append(f"{language.speaker_marks[speaker]}{numbers[speaker]}: {_line(text)}")
    lines += [language.silence_line((end - begin) // 1000) for begin, end, _ in waiting]
    return "".join(f"{line}\n" for line in lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _one_line(text: str) -> str:
    # "-->" ends nothing but is not allowed in a cue or a NOTE.
    line = _line(text)
    while "-->" in line:
        line = line.replace("-->", "->")
    return line


def _timestamp(ms: int) -> str:
    seconds, thousandths = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{thousandths:03d}"
