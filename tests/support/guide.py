"""Reads the frontend's guide: its sections, and the snippets and answers in it."""

import re
from dataclasses import dataclass, field
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"

#: The guide by language.
GUIDES = {"en": DOCS / "frontend-guide.rst", "ko": DOCS / "frontend-guide.ko.rst"}

#: Where the snippets look for the service.
SERVICE = "http://localhost:8000"

LANGUAGES = ("javascript", "html", "sh", "json")

_BLOCK = re.compile(r"^\.\. (?:code-block|code|sourcecode)::[ ]*(\S*)\n(?:   :.*\n)*\n((?:(?:   .*)?\n)+)", re.MULTILINE)
_TITLE = re.compile(r"^(\S.*)\n([=~-])\2{3,}\n", re.MULTILINE)
_LITERAL = re.compile(r"``(.+?)``")

#: Comments are written in the guide's own language. What stands before ``//`` may not be a colon, as in an address.
_COMMENT = {
    "javascript": re.compile(r"(?<!:)//.*$", re.MULTILINE),
    "html": re.compile(r"<!--.*?-->|(?<!:)//.*$", re.MULTILINE | re.DOTALL),
    "sh": re.compile(r"(?:^|\s)#\s.*$", re.MULTILINE),
    "json": re.compile(r"(?!)"),
}


@dataclass
class Section:
    """``level`` is the underline of its title; ``blocks`` are (language, text) in their order, ``prose`` all else."""

    title: str
    level: str
    prose: str
    blocks: list = field(default_factory=list)

    @property
    def literals(self):
        """What stands in double backquotes: the names that are the same in every language."""
        return {*_LITERAL.findall(self.prose)}


def sections(text):
    """The sections of a document. AssertionError for a code block of a language that no test runs."""
    titles = [*_TITLE.finditer(text)]
    assert titles, "no title"
    ends = [each.start() for each in titles[1:]] + [len(text)]
    return [_section(title, text[title.end() : end]) for title, end in zip(titles, ends)]


def _section(title, text):
    blocks = [(language, _dedented(body)) for language, body in _BLOCK.findall(text)]
    prose = _BLOCK.sub("", text)
    assert not re.search(r"::[ ]*$", prose, re.MULTILINE), f"{title[1]}: a block without a language"
    for language, _ in blocks:
        assert language in LANGUAGES, f"{title[1]}: no test runs a block of {language!r}"
    return Section(title[1], title[2], prose, blocks)


def _dedented(body):
    return "\n".join(line[3:] for line in body.rstrip().split("\n")) + "\n"


def of(language):
    """The guide's sections in a language."""
    return sections(GUIDES[language].read_text("utf-8"))


def blocks(result):
    """All blocks of sections, as (language, text)."""
    return [block for section in result for block in section.blocks]


def without_comments(language, text):
    """A snippet's lines without comments, without blank ones, without space at their ends."""
    lines = _COMMENT[language].sub("", text).split("\n")
    return [line.rstrip() for line in lines if line.strip()]


def table_rows(section, columns):
    """The rows of a section's simple tables of so many columns, as lists of their cells' texts."""
    rows = []
    for table in re.findall(r"^(=+(?: +=+)+)\n.+?\n\1\n(.+?)\n\1$", section.prose, re.MULTILINE | re.DOTALL):
        starts = [each.start() for each in re.finditer("=+", table[0])]
        if len(starts) == columns:
            cut = [slice(start, end) for start, end in zip(starts, [*starts[1:], None])]
            rows += [[line[part].strip() for part in cut] for line in table[1].split("\n")]
    return rows
