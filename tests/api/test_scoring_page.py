"""The page that explains the scores, made of docs/scoring.rst."""

import re

import pytest

from bemore.scoring.text import TEXT_RULES
from tools.build_pages import PAGES, SOURCES, render


@pytest.mark.parametrize("lang", SOURCES)
def test_the_page_says_what_the_document_says(lang):
    assert (PAGES / f"scoring.{lang}.html").read_text("utf-8") == render(lang), "run python -m tools.build_pages"


@pytest.mark.parametrize("lang", SOURCES)
def test_the_document_describes_the_rules_in_force(lang):
    text = SOURCES[lang].read_text("utf-8")
    assert f"``{TEXT_RULES}``" in text and "``rules-v1.0``" in text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_service_shows_it_to_everybody_in_both_languages(client, app):
    pages = {query: app.test_client().get(f"/docs/scoring{query}") for query in ("", "?lang=ko", "?lang=en")}
    titles = {query: re.search("<h1>(.*)</h1>", page.text)[1] for query, page in pages.items()}
    assert titles[""] == titles["?lang=ko"] == "이 점수는 무엇을 뜻하나요?" and titles["?lang=en"] == "What the scores mean"
    (style,) = re.findall('rel="stylesheet" href="(.*?)"', pages[""].text)
    assert app.test_client().get(f"/docs/{style}").headers["Cache-Control"].endswith("immutable")
    assert app.test_client().get("/docs/scoring?lang=fr").status_code == 400
