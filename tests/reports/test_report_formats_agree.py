"""JSON, CSV, HTML and PDF of a session have the same averages."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from statistics import fmean

import pytest
from pypdf import PdfReader

from tests.support.report_samples import html, pdf, report, sample

from bemore.reports.csv_export import emotion_csv, vad_csv
from bemore.reports.language import LANGUAGES

WORDS = LANGUAGES["ko"]
NAMES = ("평균 종합 점수", "얼굴 평균", "음성 평균", "텍스트 평균")
COLUMNS = ("combinedScore", "facialScore", "vadScore", "textScore")
STATS = ("avgCombinedScore", "avgFacialScore", "avgVadScore", "avgTextScore")
AXES = {"정서가": "valence", "각성": "arousal", "통제감": "dominance"}
KINDS = [(1, "server"), (12, "client"), (12, "server"), (60, "mixed"), (600, "mixed")]


class Tiles(HTMLParser):
    """The page's text, its pieces parted by bars."""

    def __init__(self, text):
        super().__init__()
        self.pieces = []
        self.feed(text)

    def handle_data(self, data):
        if data.strip():
            self.pieces.append(data)


def page_text(made):
    return "|".join(Tiles(html(made)).pieces)


def file_text(made):
    pages = PdfReader(io.BytesIO(pdf(made))).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(("minutes", "kind"), KINDS)
def test_averages_are_the_same_in_all_four_formats(minutes, kind):
    made = json.loads(json.dumps(report(sample(minutes, kind))))
    page, paper, table = page_text(made), file_text(made), rows(vad_csv(made))
    averages = [made["stats"][name] for name in STATS]
    assert averages[0] == made["summary"]["averageScore"]
    assert [fmean(float(row[name]) for row in table) for name in COLUMNS] == pytest.approx(averages, abs=0.0005)
    assert [re.search(rf"{name}\|(\d+)\|", page)[1] for name in NAMES] == list(map(WORDS.score, averages))
    # On paper the tiles' names stand in one row and their values in the next; the text has them tile by tile.
    for name, average in zip(NAMES, averages, strict=True):
        assert f"{name.replace(' ', '')}{WORDS.score(average)}" in paper
    extremes = [made["summary"]["maxScore"], made["summary"]["minScore"]]
    assert extremes == [max(float(row["combinedScore"]) for row in table), min(float(row["combinedScore"]) for row in table)]
    for name, value in zip(("최고", "최저"), extremes, strict=True):
        assert f"|{name}|{WORDS.score(value)}|" in page and f"{name}{WORDS.score(value)}" in paper


@pytest.mark.parametrize(("minutes", "kind"), KINDS)
def test_affect_and_voice_are_the_same_in_all_four_formats(minutes, kind):
    made = report(sample(minutes, kind))
    page, paper, table = page_text(made), file_text(made), rows(vad_csv(made))
    for name, key in AXES.items():
        value = made["vadVector"][key]
        assert fmean(float(row[key]) for row in table) == pytest.approx(value, abs=0.0006)
        assert f"|{name}|{WORDS.signed(value)}|" in page and f"{name}{WORDS.signed(value)}" in paper
    if made["vadSummary"]["speechBurstCount"]:
        ratio = WORDS.percent(made["vadSummary"]["speechRatio"])
        assert f"|말한 시간|{ratio}|" in page and f"말한시간{ratio}" in paper


@pytest.mark.parametrize(("minutes", "kind"), KINDS)
def test_emotions_are_the_same_in_all_four_formats(minutes, kind):
    made = report(sample(minutes, kind))
    page, paper, table = page_text(made), file_text(made), rows(emotion_csv(made))
    for emotion, share in made["emotionDistribution"].items():
        assert sum(row["emotion"] == emotion for row in table) / minutes == pytest.approx(share, abs=0.0005)
        assert f"|{WORDS.emotions[emotion]}|{WORDS.percent(share)}|" in page
        assert f"{WORDS.emotions[emotion]}{WORDS.percent(share)}" in paper
