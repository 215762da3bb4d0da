"""The HTML page: what it holds, what it asks for, and how a real browser lays it out."""

import base64
import hashlib
import io
import re
import threading
from contextlib import ExitStack, contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image, ImageStat
from pypdf import PdfReader

from tests.support.report_programs import need_program, run
from tests.support.report_samples import FORMULA, NOTES, SCRIPT, cases, hostile, html, report, sample, talked, timeline
from tests.support.watching import PHONE, Console

from bemore.reports.html.page import CONTENT_SECURITY_POLICY, STYLE_HASH
from bemore.reports.style import DARK as DARK_COLORS, LIGHT as LIGHT_COLORS

VOID = {"meta", "link", "br"}
#: What may name an address or run something.
REACHING = {"src", "srcset", "action", "data", "poster", "background", "style", "xlink:href", "ping", "formaction"}


class Page(HTMLParser):
    """The page's elements and its text; an element that is not closed, or closed twice, is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.text, self.styles = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        (self.styles if self.open[-1:] == ["style"] else self.text).append(data)


@pytest.mark.parametrize("name", cases())
def test_page_is_well_formed_and_reaches_for_nothing(name):
    page = Page(html(report(cases()[name])))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "form", "img", "base", "use", "image", "foreignobject"}
    assert {attributes["href"] for tag, attributes in page.elements if tag == "a"} <= {"../../../../docs/scoring?lang=ko"}
    for tag, attributes in page.elements:
        assert not set(attributes) & REACHING, (tag, attributes)
        assert not [each for each in attributes if each.startswith("on")], (tag, attributes)
        assert tag != "link" or attributes == {"rel": "icon", "href": "data:,"}
        assert tag != "meta" or "http-equiv" not in attributes
    assert not re.search(r"url\(|@import|https?:", "".join(page.styles))


def test_style_is_the_one_that_the_policy_allows():
    (style,) = Page(html(report(sample(1)))).styles
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert STYLE_HASH == f"sha256-{digest}" and f"style-src '{STYLE_HASH}';" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY and CONTENT_SECURITY_POLICY.startswith("default-src 'none';")


def test_hostile_text_is_shown_and_never_acts():
    text = html(report(hostile()))
    page = Page(text)
    shown = "".join(page.text)
    assert SCRIPT in shown and FORMULA in shown and "<script" not in text
    assert not set(text) & set("\u202e\u202c\u2066\u2069\u200f\u0000")
    assert "👨‍👩‍👧" in shown and "&amp;amp;" in text
    assert len(text) < 60_000, "5000 characters are shown shortened"


def test_notes_keep_their_lines_and_old_ones_are_counted():
    data = report(sample(1))
    data["feedback"] = [{"feedbackId": str(n), "rating": 3, "note": f"첫 줄 {n}\n\n둘째 줄", "submittedAt": 0, "role": None} for n in range(60)]
    text = html(data)
    assert "<bdi>첫 줄 59</bdi><br><bdi>둘째 줄</bdi>" in text and "첫 줄 9<" not in text
    assert "이전 피드백 10건은 줄였습니다." in text


def test_no_data_page_says_so():
    text = "".join(Page(html(report(cases()["no_data"]))).text)
    assert "측정된 구간이 없어" in text and "진행 중" in text and "표시할 장면이 없습니다." in text
    assert "이 점수는?" not in text[text.index("시간 흐름") :]


def test_table_of_a_long_session_is_folded_and_of_means():
    assert "<details class=\"card long\" open>" in html(report(sample(12)))
    made = report(sample(600, "mixed"))
    long = html(made)
    assert "<details class=\"card long\">" in long and len(re.findall(r'<th scope="row">\d+:\d\d–', long)) == 60
    assert "한 줄은 10분의 평균입니다." in long and '<th scope="row">9:50–10:00</th>' in long
    first = sum(minute["facialScore"] for minute in made["minutes"][:10]) / 10
    assert re.search(r'<th scope="row">0:00–0:10</th><td>\d+</td><td>(\d+)</td>', long)[1] == f"{first * 100:.0f}"


#: A browser draws a page of so many elements without a wait.
MANY = 3_000


@pytest.mark.parametrize("minutes", [50, 480, 600])
def test_page_of_a_long_session_has_few_elements(minutes):
    data = talked(minutes)
    page = Page(html(report(data), timeline(data)))
    assert len(page.elements) < MANY and len("".join(page.text)) > 1_000


def test_what_matters_comes_first_and_ids_come_last():
    data = talked(50)
    made = report(data)
    text = "".join(Page(html(made, timeline(data))).text)
    headings = (
        "주요 장면", "말하기와 침묵", "평균 종합 점수", "시간 흐름", "관찰", "제안", "추정 정서", "공유 메모", "피드백", "분별 점수\n", "대화 내용",
        "측정되지 않은 구간", "기술 정보",
    )  # fmt: skip
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places), dict(zip(headings, places, strict=True))
    assert text.index(made["sessionId"]) > text.index("기술 정보")


def test_moments_have_their_quotes_and_the_talk_its_figures():
    data = talked(50)
    made = report(data)
    text = " ".join("|".join(Page(html(made, timeline(data))).text).split())
    for moment in made["moments"]:
        for quote in moment["quotes"]:
            assert quote["text"] in text
    assert "가장 긴 침묵" in text and "|5초|" in text and "내담자의 가장 긴 발언" in text and "|17초|" in text
    assert "|68%|" in text and "|32%|" in text and "3초 이상의 침묵이 96번" in text
    assert "측정되지 않은 부분은 음성 2%(1분 3초), 얼굴 1%(43초)입니다." in text


def test_notes_and_gaps_are_listed_and_the_transcript_is_folded():
    data = talked(12)
    made = report(data)
    source = html(made, timeline(data))
    text = "".join(Page(source).text)
    assert "7:10–7:35 메모" in text and NOTES[1].text in text and "3:10 북마크" in text
    assert "음성6:00–7:001분" in "".join(text.split()) and "얼굴7:20–8:0040초" in "".join(text.split())
    folded = source[source.index("대화 내용") :]
    assert folded.index('<p dir="auto"><b>0:08 내담자</b> 회사 일이 많아서') < folded.index('<p dir="auto"><b>0:30 상담사</b>')
    assert '<details class="card long"><summary><h2>대화 내용' in source
    assert "대화 내용" not in html(made), "no transcript, no section"


def test_every_score_has_its_explanation_beside_it():
    data = talked(12)
    source = html(report(data), timeline(data))
    tiles = re.findall(r'<li class="tile.*?</li>', source, re.DOTALL)
    assert len(tiles) == 6 and all("이 점수는?" in tile and "<dd>" in tile for tile in tiles)
    for heading in ("주요 장면", "시간 흐름", "분별 점수"):
        part = source[source.index(f"<h2>{heading}</h2>") :].partition("</section>" if heading != "분별 점수" else "</footer>")[0]
        assert "이 점수는?" in part, heading
    assert "0.5 × 얼굴 + 0.3 × 음성 + 0.2 × 텍스트" in source and "얼굴이 얼마나 잘 보였는지" in source


@pytest.mark.parametrize("name", sorted(set(cases()) - {"hostile"}))
def test_english_page_is_in_english(name):
    data = cases()[name]
    made = report(data, "en")
    made["feedback"] = made["keywords"] = made["notes"] = []
    for moment in made["moments"]:
        moment["quotes"] = []
    for minute in made["minutes"]:
        minute["keywords"] = []
    made["userId"], made["counselorId"], made["sessionId"] = "a", "b", "c"
    source = html(made, language="en", zone="Europe/Berlin")
    assert '<html lang="en">' in source and "Berlin time" in source and "Jan 19, 2025, 02:40" in source
    assert not re.search("[가-힣]", source.partition("</style>")[2])


# -- In a browser ------------------------------------------------------------------------------------------------------------


@contextmanager
def serving(body, policy):
    """The page on a port of the loopback under a policy; yields its address and the requested paths."""
    requested = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requested.append(self.path)
            self.send_response(200 if self.path == "/report" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/report", requested
        finally:
            server.shutdown()
            thread.join()


def rgb(color):
    """A color as a picture has it."""
    return tuple(bytes.fromhex(color[1:]))


@pytest.fixture
def open_page(chromium):
    """``open_page(address, **profile)``: a page in a profile of its own."""
    with ExitStack() as exits:

        def open_page(address, **profile):
            page = exits.enter_context(chromium.new_context(**profile)).new_page()
            page.goto(address)
            return page

        yield open_page


@pytest.mark.parametrize(
    ("policy", "colors", "corner"),
    [
        (CONTENT_SECURITY_POLICY, "light", rgb(LIGHT_COLORS["page"])),
        (CONTENT_SECURITY_POLICY, "dark", rgb(DARK_COLORS["page"])),
        ("default-src 'none'", "light", (255, 255, 255)),
    ],
    ids=["light", "dark", "a policy that forbids the style"],
)
def test_page_keeps_its_style_under_its_policy_and_asks_for_nothing_else(open_page, policy, colors, corner):
    with serving(html(report(sample(12))).encode(), policy) as (address, requested):
        picture = open_page(address, color_scheme=colors).screenshot()
    with Image.open(io.BytesIO(picture)) as image:
        assert image.convert("RGB").getpixel((3, 3)) == corner
    assert requested == ["/report"]


@pytest.mark.parametrize("name", ["hostile", "mixed_60", "no_data", "two_speakers"])
def test_page_is_never_wider_than_the_window(open_page, tmp_path, name):
    data = cases()[name]
    (tmp_path / "page.html").write_text(html(report(data), timeline(data)), "utf-8")
    page = open_page((tmp_path / "page.html").as_uri())
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]") == [width, width]


def test_print_is_light_and_has_few_pages(open_page, tmp_path):
    pdftoppm = need_program("pdftoppm", "poppler-utils")
    (tmp_path / "page.html").write_text(html(report(sample(600, "mixed"))), "utf-8")
    page = open_page((tmp_path / "page.html").as_uri(), color_scheme="dark")
    page.pdf(path=tmp_path / "page.pdf", print_background=True, prefer_css_page_size=True)
    assert 1 <= len(PdfReader(tmp_path / "page.pdf").pages) <= 4, "the table is folded"
    run(pdftoppm, "-r", "40", "-gray", "-singlefile", tmp_path / "page.pdf", tmp_path / "page")
    with Image.open(tmp_path / "page.pgm") as image:
        assert ImageStat.Stat(image).mean[0] > 230, "dark text on white, though the reader's setting is dark"


@pytest.mark.parametrize(("language", "profile"), [("ko", {"color_scheme": "light"}), ("en", {"color_scheme": "dark", **PHONE})])
def test_axe_finds_nothing_in_the_unfolded_page(chromium, tmp_path, language, profile):
    data = talked(50)
    (tmp_path / "page.html").write_text(html(report(data, language), timeline(data), language=language), "utf-8")
    with Console(chromium, "", **profile) as watched:
        watched.page.goto((tmp_path / "page.html").as_uri())
        watched.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        assert watched.problems() == []
