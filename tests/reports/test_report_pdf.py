"""The PDF: pages, font, text, and how it looks when rendered."""

import io
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from pypdf import PdfReader

from tests.support.report_programs import need_program, run
from tests.support.report_samples import EMOJI, FEEDBACK, HOSTILE, LONG, cases, hostile, pdf, report, sample

from bemore.reports.pdf.font import truetype, widths
from bemore.reports.pdf.page import COLORS, Pages
from bemore.reports.style import SCORE_LINES

A4_POINTS = (595.28, 841.89)


@pytest.fixture(scope="module")
def files():
    return {name: pdf(report(data)) for name, data in cases().items()}


@pytest.fixture(scope="module")
def file_with_notes():
    return pdf(report(replace(sample(60), feedback=[(f"fb_{number}", 4, "긴 메모입니다. " * 220, number) for number in range(4)])))


def read(data):
    return PdfReader(io.BytesIO(data), strict=True)


def letters(data):
    """The text without white space: how far letters stand apart is for each reader to guess."""
    return "".join("".join(page.extract_text() for page in read(data).pages).split())


@pytest.mark.parametrize("name", cases())
def test_file_is_one_to_three_a4_pages_under_300_kb(files, name):
    assert files[name].startswith(b"%PDF-") and len(files[name]) < 300_000
    pages = read(files[name]).pages
    assert 1 <= len(pages) <= 3
    for number, page in enumerate(pages, 1):
        assert tuple(map(float, page.mediabox[2:])) == pytest.approx(A4_POINTS, abs=0.5)
        assert f"{number}/{len(pages)}" in "".join(page.extract_text().split())


@pytest.mark.parametrize("name", cases())
def test_only_font_is_the_embedded_korean_one_reduced_to_what_is_used(files, name):
    for page in read(files[name]).pages:
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert [font["/BaseFont"] for font in fonts] == ["/MPDFAA+NotoSansKR"]
        (descendant,) = fonts[0]["/DescendantFonts"]
        assert 500 < len(descendant.get_object()["/FontDescriptor"]["/FontFile2"].get_data()) < 250_000
        assert fonts[0]["/Encoding"] == "/Identity-H" and "/ToUnicode" in fonts[0]
        assert "/XObject" not in page["/Resources"], "the chart is drawn, not a picture"


def test_hangul_comes_out_of_the_file(files):
    text = letters(files["mixed_60"])
    for expected in (
        "상담세션리포트", "1시간3초", "분별점수", "종합", "얼굴", "음성", "텍스트", "세션시작후시간(분)", "점수(0–1)",
        "말한시간", "멈춘시간", "정서값", "감정분포", "주요단어", "가족", "관찰", "제안", "피드백", "편안하게이야기할수있었습니다.",
    ):  # fmt: skip
        assert expected in text


@pytest.mark.parametrize("name", cases())
def test_sentences_of_the_report_stand_in_the_file(files, name):
    made, text = report(cases()[name]), letters(files[name])
    for sentence in (*made["highlights"], *made["recommendations"], made["vadSummary"]["summary"]):
        assert "".join(sentence.split()) in text


def test_hostile_text_is_cut_and_what_the_font_lacks_becomes_a_square(files):
    text = letters(files["hostile"])
    assert "<script>alert('x')" in text and "=cmd|'/Ccalc'!A0" in text
    assert "가족□□□□" in text, "three persons of one emoji and one more"
    assert "\u202e" not in text and "😀" not in text
    assert "{nb}" in text, "the library's sign for the number of pages is text like any other"
    assert text.count("가" * 30) < 5, "5000 characters are cut"
    assert "모두16건" in text


@pytest.mark.parametrize("text", [*HOSTILE, EMOJI * 500, "ا" * 2000, "\u0300" * 2000, "a b " * 2500, "漢字かな" * 300])
def test_any_text_of_any_length_keeps_to_three_pages_and_those_of_four_whole_notes(text):
    data = hostile()
    data = replace(
        data,
        session=replace(data.session, user_id=text, counselor_id=text, session_id="sess_" + text, status="active", ended_at_ms=None),
        snippet_keywords=[(text + str(number), 10) for number in range(20)],
        feedback=[(str(number), 3, text, number) for number in range(40)],
        model_version=text,
    )
    made = report(data)
    made["highlights"] = made["recommendations"] = [LONG, text] * 10
    assert 1 <= len(read(pdf(made)).pages) <= 3 + 4
    made["feedback"] = []
    assert 1 <= len(read(pdf(made)).pages) <= 3


def letters_of_notes(*notes):
    return letters(pdf(report(replace(sample(12), feedback=[(f"fb_{number}", 4, note, number) for number, note in enumerate(notes)]))))


@pytest.mark.parametrize("count", [1, 4])
def test_notes_of_2000_characters_are_whole(count):
    notes = [" ".join(f"{note}번 메모의 {number:03}째 마디" for number in range(200))[:1999] + "끝" for note in range(count)]
    text = re.sub(r"BeMore상담세션리포트,\w+\d/\d|피드백\(이어짐\)", "", letters_of_notes(*notes))
    for note in notes:
        assert "".join(note.split()) in text


def test_note_keeps_its_lines_unless_they_are_very_many():
    lines = [f"{number}째 줄" for number in range(50)]
    words = [line.partition(" ")[0] for line in lines]
    few = read(pdf(report(replace(sample(1), feedback=[("fb", 4, "\r\n\r\n".join(lines), 0)]))))
    shown = [line.strip() for page in few.pages for line in page.extract_text().splitlines()]
    assert [line for line in shown if line in lines] == lines
    many = letters_of_notes("\n".join(words * 8))
    assert "".join(words * 8) in re.sub(r"BeMore상담세션리포트,\w+\d/\d|피드백\(이어짐\)", "", many)


def test_note_of_characters_that_are_all_different_is_whole_and_further_ones_are_squares():
    hangul = [char for char in widths() if "가" <= char <= "힣"]
    parts = ["".join(hangul[start : start + 2000]) for start in (0, 2000, 4000)]
    content = pdf(report(replace(sample(1), feedback=[(f"fb_{number}", 4, part, number) for number, part in enumerate(parts)])))
    text = re.sub(r"BeMore상담세션리포트,\w+\d/\d|피드백\(이어짐\)", "", letters(content))
    assert parts[2] in text, "the newest"
    assert text.count("□") > 3000 and len(content) < 1_000_000


def test_lines_are_drawn_for_all_four_scores():
    drawn = read(pdf(report(sample(12)))).pages[0].get_contents().get_data().decode("latin-1")
    for line in SCORE_LINES:
        operator = " ".join(f"{part:.4f}".rstrip("0") for part in COLORS[line.color].colors) + " RG"
        longest = max(len(re.findall(r" l\b", path.partition(operator)[2])) for path in re.split(r"\bq\b", drawn) if operator in path)
        assert longest == 11, "twelve minutes, joined"


def test_same_report_is_the_same_file():
    made = report(sample(3))
    assert pdf(made) == pdf(made)
    assert read(pdf(made)).metadata["/Title"] == "상담 세션 리포트 2025-01-19 10:40"
    assert read(pdf(made)).metadata.creation_date.isoformat().startswith("2025-01-19T04:13:00")


def test_reports_made_at_once_do_not_mix():
    made = [report(sample(minutes)) for minutes in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(pdf, made)) == [pdf(each) for each in made]


def test_nothing_of_the_session_is_logged(caplog):
    caplog.set_level(logging.DEBUG, "")
    for name in ("fontTools.subset", "fontTools"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING
    pdf(report(hostile()))
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []
    assert "alert" not in caplog.text


@pytest.mark.parametrize("name", ["no_data", "mixed_60"])
def test_font_has_every_letter_of_the_words_that_the_report_itself_uses(files, name):
    assert "□" not in letters(files[name])


def test_font_file_is_truetype_with_only_the_requested_letters():
    made = truetype("가나A")
    font = TTFont(io.BytesIO(made))
    assert set(map(chr, font.getBestCmap())) == {" ", "가", "나", "A"} and "glyf" in font and "CFF " not in font
    assert font["OS/2"].fsType == 0, "embedding is not restricted"
    assert "SIL Open Font License" in font["name"].getDebugName(13)
    assert font["hmtx"][font.getBestCmap()[ord("A")]][0] / font["head"].unitsPerEm == widths()["A"]
    assert truetype("A나가가") == made
    assert font["head"].modified == font["head"].created < 3_900_000_000, "the source's time, before 2027, not that of now"


@pytest.mark.parametrize("text", ["가나다 라마 바사아자차카타파하 " * 9, "x" * 900, "가 " * 300, "짧은 글", ""])
@pytest.mark.parametrize("width", [12.0, 60.0, 164.0])
def test_wrapped_lines_fit_and_lose_nothing_until_they_are_cut(text, width):
    pages = Pages("", "", 0)
    lines = pages.wrapped(text, width, 9.5, max_lines=1000)
    assert all(line and pages.width_of(line, 9.5) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    cut = pages.wrapped(text, width, 9.5, max_lines=2)
    assert cut == lines if len(lines) <= 2 else len(cut) == 2 and cut[0] == lines[0] and cut[1].endswith("…")
    assert all(pages.width_of(line, 9.5) <= width for line in cut)


def test_feedback_without_a_note_is_a_rating():
    text = letters(pdf(report(replace(sample(1), feedback=FEEDBACK[1:]))))
    assert "4/5점,2025-01-1911:45" in text


def test_pages_render_with_content_and_clear_margins(files, file_with_notes, tmp_path):
    pdftoppm = need_program("pdftoppm", "poppler-utils")
    for name, data in {**files, "notes": file_with_notes}.items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(data)
        run(pdftoppm, "-r", "50", "-png", path, tmp_path / name)
        images = sorted(tmp_path.glob(f"{name}-*.png"))
        assert len(images) == len(read(data).pages)
        for image_path in images:
            with Image.open(image_path) as image:
                gray = image.convert("L").point(lambda value: 255 if value < 245 else 0)
            left, top, right, bottom = gray.getbbox()
            assert left >= 28 and right <= gray.width - 28 and top >= 25 and bottom <= gray.height - 10, (name, gray.getbbox())
            assert right - left > 340, "the page is used"


def test_words_come_out_in_order(files, tmp_path):
    pdftotext = need_program("pdftotext", "poppler-utils")
    (tmp_path / "a.pdf").write_bytes(files["server_only"])
    text = run(pdftotext, "-layout", tmp_path / "a.pdf", "-").decode()
    assert "상담 세션 리포트" in text and "측정이 고르게 이루어졌습니다. 같은 환경에서" in text
    assert re.search(r"평균 종합 점수 +최고 +최저 +얼굴 평균 +음성 평균 +텍스트 평균\s+0\.706 +0\.782 +0\.601 +0\.853 +0\.535 +0\.596", text)
