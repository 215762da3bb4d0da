"""Renders docs/scoring.rst and docs/scoring.ko.rst to the pages that the service shows at /docs/scoring.

    python -m tools.build_pages
"""

from pathlib import Path

from docutils.core import publish_parts

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {"en": ROOT / "docs" / "scoring.rst", "ko": ROOT / "docs" / "scoring.ko.rst"}
PAGES = ROOT / "bemore" / "web" / "docs"

_PAGE = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="scoring.css?v={{{{ version }}}}">
</head>
<body>
<nav><a href="?lang=ko" lang="ko">한국어</a> <a href="?lang=en" lang="en">English</a></nav>
<main>
<h1>{title}</h1>
{body}</main>
</body>
</html>
"""


def render(lang: str) -> str:
    """The page in a language: a template, as its style sheet has a version."""
    options = {"table_style": "colwidths-auto", "strip_comments": True, "report_level": 2, "halt_level": 2}
    parts = publish_parts(SOURCES[lang].read_text("utf-8"), writer="html5", settings_overrides=options)
    tables = parts["body"].replace("<table", '<div class="table"><table').replace("</table>", "</table></div>")
    return _PAGE.format(lang=lang, title=parts["title"], body=tables)


def main() -> None:
    for lang in SOURCES:
        (PAGES / f"scoring.{lang}.html").write_text(render(lang), "utf-8")


if __name__ == "__main__":
    main()
