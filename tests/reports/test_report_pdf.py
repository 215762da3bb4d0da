"""The PDF: pages, tags, font, text, and how it looks when rendered."""

import io
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import pytest
from PIL import Image
from pypdf import PdfReader

from tests.support.report_programs import need_program, run
from tests.support.report_samples import (
    EMOJI, FEEDBACK, HOSTILE, LONG, cases, hostile, options, pdf, report, sample, talked, timeline, view
)  # fmt: skip

from bemore.reports.pdf import document

A4_POINTS = (595.28, 841.89)


@pytest.fixture(scope="module")
def files():
    return {name: pdf(report(data), timeline(data)) for name, data in cases().items()}


@cache
def read(data):
    return PdfReader(io.BytesIO(data), strict=True)


@cache
def letters_of_pages(data):
    """The text of each page without white space: how far letters stand apart is for each reader to guess."""
    return ["".join(page.extract_text().replace("\u200b", "").split()) for page in read(data).pages]


def letters(data):
    """The text of the file without white space."""
    return "".join(letters_of_pages(data))


@pytest.mark.parametrize("name", cases())
def test_file_is_a_few_numbered_a4_pages_under_400_kb(files, name):
    assert files[name].startswith(b"%PDF-") and len(files[name]) < 400_000
    pages = read(files[name]).pages
    assert 1 <= len(pages) <= 7
    for number, (page, text) in enumerate(zip(pages, letters_of_pages(files[name]), strict=True), 1):
        assert tuple(map(float, page.mediabox[2:])) == pytest.approx(A4_POINTS, abs=0.5)
        assert f"{number}/{len(pages)}" in text


@pytest.mark.parametrize("name", cases())
def test_only_font_is_the_embedded_korean_one_reduced_to_what_is_used(files, name):
    for page in read(files[name]).pages:
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert {font["/BaseFont"].partition("+")[2].partition("-Identity")[0] for font in fonts} == {"NotoSansKR-Regular"}
        for font in fonts:
            (descendant,) = font["/DescendantFonts"]
            assert 500 < len(descendant.get_object()["/FontDescriptor"]["/FontFile3"].get_data()) < 250_000
            assert "/ToUnicode" in font
        assert "/XObject" not in page["/Resources"], "the charts are drawn, not pictures"


# -- Tags --------------------------------------------------------------------------------------------------------------------


def structure(data):
    """The elements of the structure tree as ``(type, alternative text or None)`` in reading order."""
    result = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif isinstance(node, dict):
            if "/S" in node:
                result.append((node["/S"], node.get("/Alt")))
            if "/K" in node:
                walk(node["/K"])

    walk(read(data).trailer["/Root"]["/StructTreeRoot"])
    return result


TITLES = [("ko", "상담 세션 리포트 2025-01-19 10:40"), ("en", "Counseling session report Jan 19, 2025, 10:40")]


@pytest.mark.parametrize(("language", "title"), TITLES)
def test_file_is_tagged_with_title_language_headings_tables_and_charts_in_words(language, title):
    data = talked(12)
    made = report(data, language)
    content = pdf(made, timeline(data), language=language)
    root = read(content).trailer["/Root"]
    assert root["/Lang"] == language and root["/MarkInfo"]["/Marked"] and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read(content).metadata["/Title"] == title
    assert b"pdfuaid" in root["/Metadata"].get_data(), "it says that it is PDF/UA-1"
    kinds = Counter(kind for kind, _ in structure(content))
    assert kinds["/H1"] == 1 and kinds["/H2"] >= 12 and kinds["/Table"] == 3 and kinds["/TH"] >= 10 and kinds["/LI"] > 3
    charts = view(made, timeline(data), language=language).charts
    assert [alt for kind, alt in structure(content) if kind == "/Figure"] == [f"{charts.described} {charts.lanes.described}"]


@pytest.mark.parametrize("name", sorted(set(cases()) - {"hostile"}))
def test_reports_meet_pdf_ua(files, name):
    assert b"pdfuaid" in read(files[name]).trailer["/Root"]["/Metadata"].get_data()


def test_characters_that_the_font_lacks_cost_the_mark_and_not_the_tags(files):
    root = read(files["hostile"]).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and b"pdfuaid" not in root["/Metadata"].get_data()
    assert ("/H1", None) in structure(files["hostile"])


# -- What stands in it -------------------------------------------------------------------------------------------------------


def test_order_is_that_of_the_page():
    data = talked(12)
    made = report(data)
    text = letters(pdf(made, timeline(data)))
    headings = (
        "주요장면", "말하기와침묵", "평균종합점수", "이점수는?종합", "시간흐름", "관찰", "제안", "추정정서", "주요단어", "공유메모", "피드백",
        "분별점수구간", "측정되지않은구간자료", "기술정보", "대화내용",
    )  # fmt: skip
    places = [text.find(heading) for heading in headings]
    assert -1 not in places and places == sorted(places), dict(zip(headings, places, strict=True))


def test_hangul_comes_out_of_the_file(files):
    text = letters(files["mixed_60"])
    for expected in (
        "상담세션리포트", "1시간3초", "분별점수", "종합", "얼굴", "음성", "텍스트", "세션시작후시간(분)", "말한시간", "침묵한시간", "추정정서", "추정감정",
        "주요단어", "가족", "관찰", "제안", "피드백", "편안하게이야기할수있었습니다.", "이점수는?", "얼굴이얼마나잘보였는지",
    ):  # fmt: skip
        assert expected in text


def test_sentences_of_the_report_stand_in_the_file(files):
    for name in set(cases()) - {"hostile", "two_speakers"}:
        made, text = report(cases()[name]), letters(files[name])
        for sentence in (*made["highlights"], *made["recommendations"], made["vadSummary"]["summary"]):
            assert "".join(sentence.split()) in text


def test_moments_notes_and_gaps_stand_in_the_file():
    data = talked(12)
    made = report(data)
    text = letters(pdf(made))
    for expected in ("가장긴침묵5초", "내담자의가장긴발언17초", "7:10–7:35메모", "산책이야기를할때목소리가밝아짐.", "음성6:00–7:001분", "절반넘게측정되지않음"):
        assert expected in text
    for moment in made["moments"]:
        for quote in moment["quotes"]:
            assert "".join(quote["text"].split()) in text


def test_transcript_is_an_appendix_where_there_is_one():
    data = talked(12)
    with_it, without = letters(pdf(report(data), timeline(data))), letters(pdf(report(data)))
    assert "대화내용" not in without
    appendix = with_it[with_it.index("대화내용0:00상담사") :]
    assert all("".join(snippet.text.split()) in appendix for snippet in data.snippets)


def test_english_file_is_in_english():
    made = report(sample(12), "en")
    made["feedback"] = made["keywords"] = []
    text = letters(pdf(made, language="en", zone="Europe/Berlin"))
    assert "Counselingsessionreport" in text and "02:40(Berlintime)" in text and "Whatisthisscore?" in text
    assert not re.search("[가-힣]", text)


# -- Text from users ---------------------------------------------------------------------------------------------------------


def test_hostile_text_is_cut_and_never_acts(files):
    text = letters(files["hostile"])
    assert "<script>alert('x')" in text and "=cmd|'/Ccalc'!A0" in text and "{nb}" in text
    assert "\u202e" not in text
    assert text.count("가" * 30) < 150, "5000 characters are cut"


MARKUP = ("#sys.version", "$x^2$", '#import "/etc/passwd"', "*b* _i_ `c` <l> @r = H", "\\u{41}", "https://a.example")


@pytest.mark.parametrize("mark", MARKUP)
def test_markup_of_the_library_is_text(mark):
    made = report(replace(sample(1), feedback=[("fb", 4, mark, 0)]))
    made["highlights"] = [mark]
    assert letters(pdf(made)).count("".join(mark.split())) == 2


@pytest.mark.parametrize("text", [*HOSTILE, EMOJI * 500, "ا" * 2000, "\u0300" * 2000, "a b " * 2500, "漢字かな" * 300, "x" * 5000])
def test_text_of_any_kind_and_length_keeps_to_a_few_pages_and_to_the_margins(text, tmp_path):
    data = hostile()
    data = replace(
        data,
        session=replace(data.session, user_id=text, counselor_id=text, session_id="sess_" + text, status="active", ended_at_ms=None),
        snippet_keywords=[(text + str(number), 10) for number in range(20)],
        feedback=[(str(number), 3, text, number) for number in range(4)],
        model_version=text,
    )
    made = report(data)
    made["highlights"] = made["recommendations"] = [LONG, text] * 10
    content = pdf(made)
    assert 1 <= len(read(content).pages) <= 15
    _check_margins(content, tmp_path)


def test_notes_of_2000_characters_are_whole():
    notes = [" ".join(f"{note}번 메모의 {number:03}째 마디" for number in range(200))[:1999] + "끝" for note in range(4)]
    content = pdf(report(replace(sample(12), feedback=[(f"fb_{number}", 4, note, number) for number, note in enumerate(notes)])))
    text = re.sub(r"BeMore상담세션리포트,\w+\d/\d", "", letters(content))
    for note in notes:
        assert "".join(note.split()) in text


def test_note_keeps_its_lines():
    lines = [f"{number}째 줄" for number in range(50)]
    few = read(pdf(report(replace(sample(1), feedback=[("fb", 4, "\r\n\r\n".join(lines), 0)]))))
    shown = [line.strip() for page in few.pages for line in page.extract_text().splitlines()]
    assert [line for line in shown if line in lines] == lines


def test_feedback_without_a_note_is_a_rating():
    text = letters(pdf(report(replace(sample(1), feedback=FEEDBACK[1:]))))
    assert "4/5점2025-01-1911:45" in text


# -- The file ----------------------------------------------------------------------------------------------------------------


def test_same_report_is_the_same_file_with_the_time_of_the_report():
    made = report(sample(3))
    assert pdf(made) == pdf(made)
    assert read(pdf(made)).metadata.creation_date.isoformat().startswith("2025-01-19T04:13:00")


def test_reports_made_at_once_do_not_mix():
    made = [report(sample(minutes)) for minutes in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(pdf, made)) == [pdf(each) for each in made]


def test_nothing_is_logged_or_printed(caplog, capfd):
    caplog.set_level(0, "")
    pdf(report(hostile()))
    assert caplog.records == [] and capfd.readouterr() == ("", "")


def test_template_knows_every_value_that_it_is_given():
    template = document._template().decode()
    values = document._data(report(sample(1)), view(report(sample(1))))
    assert [name for name in values if not re.search(rf"\bdata\.{name}\b", template)] == []
    json.dumps(values, allow_nan=False)
    assert options().language.code == values["lang"]


def test_pages_render_with_content_and_clear_margins(files, tmp_path):
    for data in files.values():
        for image in _check_margins(data, tmp_path):
            left, _, right, _ = image.getbbox()
            assert right - left > 340, "the page is used"


def _check_margins(data, folder):
    """Nothing is drawn outside of the margins; the pages as pictures, white on black."""
    pdftoppm = need_program("pdftoppm", "poppler-utils")
    for old in folder.glob("page*"):
        old.unlink()
    (folder / "page.pdf").write_bytes(data)
    run(pdftoppm, "-r", "50", "-png", folder / "page.pdf", folder / "page")
    result = []
    for path in sorted(folder.glob("page-*.png")):
        with Image.open(path) as image:
            gray = image.convert("L").point(lambda value: 255 if value < 245 else 0)
        left, top, right, bottom = gray.getbbox()
        assert left >= 28 and right <= gray.width - 28 and top >= 25 and bottom <= gray.height - 10, (path.name, gray.getbbox())
        result.append(gray)
    assert len(result) == len(read(data).pages)
    return result


def test_words_come_out_in_order(files, tmp_path):
    pdftotext = need_program("pdftotext", "poppler-utils")
    (tmp_path / "a.pdf").write_bytes(files["server_only"])
    text = run(pdftotext, "-layout", tmp_path / "a.pdf", "-").decode()
    assert "상담 세션 리포트" in text and "측정이 고르게 이루어졌습니다. 같은 환경에서" in text
    assert re.search(r"평균 종합 점수 +최고 +최저 +얼굴 평균 +음성 평균 +텍스트 평균\s+71 +78 +60 +85 +54 +60", text)
