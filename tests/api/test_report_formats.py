"""The reports as files, as a client gets them: headers, contents, all formats of one mind, text from users that stays text."""

import csv
import io
import re
import unicodedata
from datetime import datetime
from html.parser import HTMLParser
from itertools import chain
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from pypdf.generic import NameObject

from bemore.reports.language import LANGUAGES
from tests.support.figures import on_sqlite_in_short
from tests.support.samples import frames, scores, start_session, stt
from tests.support.openapi_check import AnswerChecker
from tests.support.reported import KINDS, PATHS, ask, data, filled, place, send, send_scores

WORDS = LANGUAGES["ko"]

VAD_HEADER = "minuteIndex,t,timestamp,valence,arousal,dominance,facialScore,vadScore,textScore,combinedScore"
EMOTION_HEADER = "minuteIndex,t,timestamp,emotion,score,sentiment,confidence,keywords"
BOM = b"\xef\xbb\xbf"

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>"
FORMULA = "=cmd|' /C calc'!A0"
RIGHT_TO_LEFT = "\u202eגנב\u202c\u2066x\u2069\u200f"
EMOJI = "가족 👨‍👩‍👧 😀"
ACTING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class Page(HTMLParser):
    """What a browser makes of a page: the names of its elements and attributes, its text in pieces parted by bars."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self._pieces = set(), set(), []
        self.feed(text)
        self.text = "|".join(self._pieces)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)

    def handle_data(self, text):
        self._pieces.append(text)


def table(content):
    """The rows of a CSV file, read as strictly as RFC 4180 has it."""
    assert content.startswith(BOM) and not content.startswith(BOM * 2)
    return list(csv.DictReader(io.StringIO(content[len(BOM) :].decode("utf-8"), newline=""), strict=True))


def letters(content):
    """The text of a PDF without white space."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages)


def csv_file(client, session_id, kind):
    return ask(client, session_id, f"report/csv?kind={kind}").get_data()


# -- Headers and shapes ------------------------------------------------------------------------------------------------------


def test_files_come_under_their_types_and_names(client):
    session_id = filled(client, "one minute")
    started = client.get(place(session_id)).json["data"]["startedAt"]
    day = datetime.fromtimestamp(started / 1000, ZoneInfo("Asia/Seoul")).date()
    for path, kind, name in (
        ("report/pdf", "application/pdf", f"bemore-{day}-user-1.pdf"),
        ("report/csv?kind=vad", "text/csv; charset=utf-8", f"bemore-vad-{session_id}.csv"),
        ("report/csv?kind=emotion", "text/csv; charset=utf-8", f"bemore-emotion-{session_id}.csv"),
        ("report/html", "text/html; charset=utf-8", None),
    ):
        answer = ask(client, session_id, path)
        assert answer.headers["Content-Type"] == kind and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers.get("Content-Disposition") == (name and f'attachment; filename="{name}"')
        assert int(answer.headers["Content-Length"]) == len(answer.get_data())


def test_page_may_do_nothing_but_show_its_style(client):
    session_id = filled(client)
    answer = ask(client, session_id, "report/html")
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", directives.pop("style-src"))
    nothing = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")
    assert directives == {**nothing, "img-src": "data:"}
    page = Page(answer.get_data(as_text=True))
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "form", "base"}
    assert not page.attributes & {"src", "style", "action"} and not [name for name in page.attributes if name.startswith("on")]


@on_sqlite_in_short
@pytest.mark.parametrize("kind", KINDS)
def test_csv_has_the_columns_of_the_contract_and_a_row_a_minute(client, kind):
    session_id = filled(client, kind)
    for name, header in (("vad", VAD_HEADER), ("emotion", EMOTION_HEADER)):
        content = csv_file(client, session_id, name)
        lines = content[len(BOM) :].decode().split("\r\n")
        assert lines[0] == header and lines[-1] == "" and len(lines) == KINDS[kind] + 2
        assert content.count(b"\n") == content.count(b"\r\n")
        assert [int(row["minuteIndex"]) for row in table(content)] == [m["minuteIndex"] for m in data(client, session_id)["minutes"]]
    assert ask(client, session_id, "report/csv").get_data() == csv_file(client, session_id, "vad"), "the default"


@on_sqlite_in_short
@pytest.mark.parametrize("kind", KINDS)
def test_pdf_is_a4_of_a_few_pages_with_its_font(client, kind):
    content = ask(client, filled(client, kind), "report/pdf").get_data()
    assert content.startswith(b"%PDF-") and len(content) < 300_000
    pages = PdfReader(io.BytesIO(content)).pages
    assert 1 <= len(pages) <= 6
    for number, page in enumerate(pages, 1):
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
        text = "".join(page.extract_text().split())
        assert f"{number}/{len(pages)}" in text and re.search("[가-힣]", text)
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert all("/FontFile3" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts)


def test_files_over_real_sockets_are_as_documented(service, http):
    base = service().url
    session_id = filled(http, base=base)
    checker = AnswerChecker(http.get(f"{base}/api/openapi.json").json())
    for path in PATHS:
        address = place(session_id, path)
        answer = http.get(base + address)
        assert answer.status_code == 200 and not checker.problems("GET", address.partition("?")[0], answer)
        known = http.get(base + address, headers={"If-None-Match": answer.headers["ETag"]})
        assert known.status_code == 304 and not checker.problems("GET", address.partition("?")[0], known)
        gone = http.get(base + address.replace(session_id, "sess_1_0000000000000000"))
        assert gone.status_code == 404 and not checker.problems("GET", address.partition("?")[0], gone)


# -- All formats tell the same -----------------------------------------------------------------------------------------------


@on_sqlite_in_short
@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind]])
def test_all_formats_agree_on_the_averages(client, kind):
    session_id = filled(client, kind)
    report = data(client, session_id)
    page = Page(ask(client, session_id, "report/html").get_data(as_text=True)).text
    paper = letters(ask(client, session_id, "report/pdf").get_data())
    affect, emotions = (table(csv_file(client, session_id, name)) for name in ("vad", "emotion"))
    columns = {"combinedScore": "평균 종합 점수", "facialScore": "얼굴 평균", "vadScore": "음성 평균", "textScore": "텍스트 평균"}
    for column, name in columns.items():
        reported = report["stats"]["avg" + column[0].upper() + column[1:]]
        assert fmean(float(row[column]) for row in affect) == pytest.approx(reported, abs=0.00051)
        assert f"|{name}|{WORDS.score(reported)}|" in page and f"{name.replace(' ', '')}{WORDS.score(reported)}" in paper
    for name, reported in {"최고": report["summary"]["maxScore"], "최저": report["summary"]["minScore"]}.items():
        assert f"|{name}|{WORDS.score(reported)}|" in page and f"{name}{WORDS.score(reported)}" in paper
    combined = [float(row["combinedScore"]) for row in affect]
    assert (max(combined), min(combined)) == (report["summary"]["maxScore"], report["summary"]["minScore"])
    for axis, name in {"valence": "정서가", "arousal": "각성", "dominance": "통제감"}.items():
        reported = report["vadVector"][axis]
        assert fmean(float(row[axis]) for row in affect) == pytest.approx(reported, abs=0.00051)
        assert f"|{name}|{WORDS.signed(reported)}|" in page and f"{name}{WORDS.signed(reported)}" in paper
    for emotion, share in report["emotionDistribution"].items():
        assert sum(row["emotion"] == emotion for row in emotions) / len(emotions) == pytest.approx(share, abs=0.00051)
        assert f"|{WORDS.emotions[emotion]}|{WORDS.percent(share)}|" in page
        assert f"{WORDS.emotions[emotion]}{WORDS.percent(share)}" in paper
    mail = data(client, session_id, "report/summary")["summary"]
    assert f"평균 종합 점수 {WORDS.score(report['summary']['averageScore'])}, " in mail
    for row, minute in zip(affect, report["minutes"], strict=True):
        assert [float(row[name]) for name in columns] == [minute[name] for name in columns]
    for sentence in (*report["highlights"], *report["recommendations"], report["vadSummary"]["summary"]):
        assert sentence in page and "".join(sentence.split()) in paper


# -- Text from users ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(client):
    """A session in which every text that a user may send is as bad as it may be."""
    session_id = start_session(client, SCRIPT + RIGHT_TO_LEFT, FORMULA + EMOJI)
    send(client, session_id, "frames", {"items": frames(3, faceLandmarksCompressed=SCRIPT)})
    texts = ("가" * 5000, "x" * 5000, SCRIPT, FORMULA, RIGHT_TO_LEFT + EMOJI)
    snippets = [{**snippet, "text": text} for snippet, text in zip(stt(len(texts)), texts, strict=True)]
    send(client, session_id, "stt", {"items": snippets})
    send(client, session_id, "tick", {"minuteIndex": 0})
    words = [SCRIPT, FORMULA, RIGHT_TO_LEFT, EMOJI, "가" * 100, "+1", "-1", "@a", "\t=1", "a\r\nb", '"a", b; &amp;', "\u200f=1", "＝1"]
    send_scores(client, session_id, [item for n, word in enumerate(words) for item in scores(1, n + 1, keywords=[word])])
    for note in (SCRIPT + "가" * 1900, FORMULA, RIGHT_TO_LEFT + "\n" + EMOJI):
        send(client, session_id, "feedback", {"rating": 3, "note": note})
    return session_id


def test_hostile_text_is_data_in_json(client, hostile):
    report = data(client, hostile)
    assert report["userId"] == SCRIPT + RIGHT_TO_LEFT and report["counselorId"] == FORMULA + EMOJI
    assert report["minutes"][1]["keywords"] == [SCRIPT] and report["feedback"][1]["note"] == FORMULA
    mail = data(client, hostile, "report/summary")["summary"]
    assert not set(mail) & ACTING and "\r" not in mail and max(map(len, mail.splitlines())) < 700


def test_hostile_text_is_text_in_the_page(client, hostile):
    source = ask(client, hostile, "report/html").get_data(as_text=True)
    page = Page(source)
    assert "script" not in page.tags and "img" not in page.tags and "onerror" not in page.attributes
    assert "<script>alert('x')</script>" in page.text and FORMULA in page.text and "👨‍👩‍👧" in page.text and "&amp;" in page.text
    assert not set(source) & ACTING
    assert not [char for char in source if unicodedata.category(char) == "Cc" and char != "\n"]
    assert len(source) < 80_000


def names_in(value):
    """The names in an object of a PDF file, without those of objects that it refers to."""
    if isinstance(value, dict):
        yield from chain.from_iterable(names_in(value.raw_get(name)) for name in value)
        yield from value
    elif isinstance(value, list):
        yield from chain.from_iterable(map(names_in, list.__iter__(value)))
    elif isinstance(value, NameObject):
        yield value


def test_hostile_text_is_text_on_paper(client, hostile):
    content = ask(client, hostile, "report/pdf").get_data()
    reader = PdfReader(io.BytesIO(content))
    names = set(chain.from_iterable(names_in(reader.get_object(number)) for number in range(1, reader.trailer["/Size"])))
    assert {"/Type", "/Catalog", "/Page"} <= names and not names & {"/JavaScript", "/JS", "/AA", "/URI", "/Launch", "/EmbeddedFile"}
    assert len(content) < 300_000 and len(reader.pages) <= 7
    text = letters(content)
    assert "<script>alert('x')" in text and not set(text) & ACTING


@pytest.mark.parametrize("kind", ["vad", "emotion"])
def test_no_cell_is_a_formula(client, hostile, kind):
    content = csv_file(client, hostile, kind)
    rows = table(content)
    assert len(rows) == 14 == content.count(b"\n") - 1, "no cell has a line end"
    for row in rows:
        for name, value in row.items():
            number = name not in ("timestamp", "emotion", "sentiment", "keywords")
            first = unicodedata.normalize("NFKC", value.strip())[:1]
            assert number or not first or first not in "=+-@\t\r\n", (name, value)
            assert not set(value) & ACTING
    if kind == "emotion":
        words = [row["keywords"] for row in rows]
        assert words[1] == SCRIPT and words[2] == "'" + FORMULA and words[4] == EMOJI and words[5] == "가" * 100
        assert words[6:9] == ["'+1", "'-1", "'@a"] and words[10] == "a b" and words[11] == '"a", b; &amp;'
