"""Where a session lies among others: the sentences of both languages, in every format that shows them."""

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from tests.support import report_samples as samples

from bemore.reports import build
from bemore.reports.html.page import html
from bemore.reports.language import LANGUAGES
from bemore.reports.pdf.document import pdf
from bemore.reports.timeline import Comparison
from bemore.reports.view import ReportView

COMPARED = Comparison(
    4,
    {"longestSilence": 14_000, "talkShare": 0.621, "score": 0.58},
    {"longestSilence": [9_000, 14_020, 5_500, 20_000], "talkShare": [0.7, 0.8, 0.9], "score": [0.5801, 0.5799, 0.58]},
)

SENTENCES = {
    "ko": [
        "가장 긴 침묵은 14초로, 최근 4회(5.5초~20초) 중 2회보다 길었습니다.",
        "내담자가 말한 비율은 62%로, 최근 3회(70%~90%)의 어느 세션보다 낮았습니다.",
        "종합 점수 평균은 58점으로, 최근 3회와 모두 같았습니다.",
    ],
    "en": [
        "The longest silence, 14 s, was longer than in 2 of the last 4 sessions (5.5 s to 20 s).",
        "The client’s share of the talking, 62%, was smaller than in any of the last 3 sessions (70% to 90%).",
        "The average combined score, 58, was the same as in each of the last 3 sessions.",
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_pdf_tell_it_and_only_if_there_is_one(language):
    data, options = samples.talked(4), samples.options(language)
    made, timeline = build.report_and_timeline(data, LANGUAGES[language])
    compared = replace(timeline, comparison=COMPARED)
    view = ReportView(made, compared, options)
    assert view.comparison.rows == SENTENCES[language]
    page, file = html(made, compared, options), pdf(made, compared, options)
    text = "".join("".join(each.extract_text() for each in PdfReader(io.BytesIO(file)).pages).split())
    for sentence in (*SENTENCES[language], view.comparison.more):
        assert sentence in page and "".join(sentence.split()) in text
    assert view.comparison.title not in html(made, timeline, options)
