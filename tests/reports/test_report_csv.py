"""The CSV files, read by Python's csv, by pandas and by LibreOffice."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from tests.support.report_programs import need_module, need_program, run
from tests.support.report_samples import FORMULA, HOSTILE, cases, hostile, report, sample

from bemore.reports.csv_export import VAD_COLUMNS, cell, emotion_csv, vad_csv
from bemore.reports.report_input import MinuteText


def read(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("kind", [vad_csv, emotion_csv])
def test_file_is_utf8_with_mark_and_crlf_and_has_a_row_a_minute(name, kind):
    made = report(cases()[name])
    data = kind(made)
    assert data.startswith(b"\xef\xbb\xbfminuteIndex,t,timestamp,") and data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == 1 + len(made["minutes"]), "no cell has a line end"
    rows = read(data)
    assert len(rows) == len(made["minutes"])
    assert all(None not in row and None not in row.values() for row in rows), "every row is as long as the header"


def test_columns_are_those_of_the_contract():
    made = report(sample(1))
    affect = vad_csv(made).decode("utf-8-sig").splitlines()[0]
    assert affect == "minuteIndex,t,timestamp,valence,arousal,dominance,facialScore,vadScore,textScore,combinedScore"
    emotion = emotion_csv(made).decode("utf-8-sig").splitlines()[0]
    assert emotion == "minuteIndex,t,timestamp,emotion,score,sentiment,confidence,keywords"


def test_numbers_are_those_of_the_report():
    made = report(sample(60, "mixed"))
    for row, minute, point in zip(read(vad_csv(made)), made["minutes"], made["vadTimeline"], strict=True):
        assert [float(row[key]) for key in VAD_COLUMNS[6:]] == [minute[key] for key in VAD_COLUMNS[6:]]
        assert [float(row[key]) for key in VAD_COLUMNS[3:6]] == [point[key] for key in VAD_COLUMNS[3:6]]
        assert (int(row["t"]), row["timestamp"]) == (point["t"], point["timestamp"])
    for row, minute, emotion in zip(read(emotion_csv(made)), made["minutes"], made["emotionTimeline"], strict=True):
        assert (row["emotion"], float(row["score"])) == (emotion["emotion"], emotion["score"])
        assert row["sentiment"] == (minute["sentiment"] or "")
        assert row["confidence"] == ("" if minute["confidence"] is None else str(minute["confidence"]))
        assert row["keywords"] == "; ".join(minute["keywords"])
        assert row["timestamp"], "also where the browser sent none"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n1", " =1", "\u200f=1", "\ufeff@a", "＝1", "＠a", "\u00a0-1"])
def test_cell_that_could_be_a_formula_gets_an_apostrophe(text):
    assert cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "가족", "a=1", "1-2", "'=1", "2025-01-19T01:40:00.000Z"])
def test_other_cells_stay_as_they_are(text):
    assert cell(text) == text


@pytest.mark.parametrize("text", ["x;=1+1", "가족; =1+1; 회사", "a,@b", "a\t+b", "x; -1+2", "x;\u200f＝1", "1; +SUM(A1)", "x;-a"])
def test_cell_with_a_formula_behind_another_separator_gets_an_apostrophe(text):
    assert cell(text) == "'" + text


@pytest.mark.parametrize("text", ["=1+1", "x;=1+1", "가족; @회사"])
def test_cell_with_an_apostrophe_is_quoted(text):
    minutes = [replace(sample(1, "client").minutes[0], keywords=(text,))]
    line = emotion_csv(report(replace(sample(1, "client"), minutes=minutes))).decode("utf-8-sig").splitlines()[1]
    assert line.endswith(f""",0.82,"'{text}\"""")


@pytest.mark.parametrize("text", ["x; -1", "-0.5%가 아닌 값; +3", "a=1; b=2", "2025-01-19; 1-2", "가; -1e-3 ; +2%", "메일@주소", ""])
def test_number_with_a_sign_behind_another_separator_is_none(text):
    assert cell(text) == (text if not text.startswith("-") else "'" + text)


def test_minutes_of_the_server_have_the_sentiment_and_keywords_of_their_snippets():
    data = replace(sample(10, "mixed"), minute_texts={0: MinuteText("negative", ("회사", "잠")), 5: MinuteText("positive", ("산책",))})
    rows = read(emotion_csv(report(data), data.minute_texts))
    assert [rows[0][key] for key in ("sentiment", "keywords", "confidence")] == ["negative", "회사; 잠", ""]
    assert [rows[1][key] for key in ("sentiment", "keywords", "confidence")] == ["", "", ""], "no snippets"
    sent = data.minutes[5]
    assert [rows[5][key] for key in ("sentiment", "keywords")] == [sent.sentiment, "; ".join(sent.keywords)], "what the browser sent"


def test_negative_numbers_stay_numbers():
    made = report(sample(60, "client"))
    values = [row["valence"] for row in read(vad_csv(made))]
    assert any(value.startswith("-") for value in values) and all(float(value) <= 1 for value in values)


def test_hostile_keywords_come_back_in_one_cell():
    data = hostile()
    words = data.minutes[0].keywords
    data = replace(data, minutes=[replace(minute, source="client") for minute in data.minutes])
    of_server = emotion_csv(report(hostile()), {minute: MinuteText("neutral", words) for minute in range(3)})
    for row in [*read(emotion_csv(report(data))), *read(of_server)]:
        words = row["keywords"].split("; ")
        assert words[0] == "'<script>alert('x')</script>" and words[1] == FORMULA
        assert len(row["keywords"]) > 5000


def test_pandas_reads_numbers_and_hangul():
    pandas = need_module("pandas")
    made = report(sample(60, "mixed"))
    frame = pandas.read_csv(io.BytesIO(vad_csv(made)))
    assert list(frame.columns) == list(VAD_COLUMNS) and len(frame) == 60
    assert frame["combinedScore"].tolist() == [minute["combinedScore"] for minute in made["minutes"]]
    assert all(frame[key].dtype == float for key in VAD_COLUMNS[3:])
    words = pandas.read_csv(io.BytesIO(emotion_csv(made)), keep_default_na=False)["keywords"]
    assert words[5] == "가족; 회사 생활; 단어2"


def test_libreoffice_opens_it_with_hangul_and_without_a_formula(tmp_path):
    soffice = need_program("soffice", "libreoffice-calc")
    for number, word in enumerate(HOSTILE):
        data = sample(2, "client")
        minutes = [replace(minute, keywords=(word, "가족")) for minute in data.minutes]
        (tmp_path / f"{number}.csv").write_bytes(emotion_csv(report(replace(data, minutes=minutes))))
    files = sorted(tmp_path.glob("*.csv"))
    run(
        soffice, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
        # Field separator 44 (comma), text quote 34 ("), character set 76 (UTF-8), first line 1.
        "--infilter=Text - txt - csv (StarCalc):44,34,76,1", "--convert-to", "ods", "--outdir", tmp_path, *files,
    )  # fmt: skip
    for number in range(len(files)):
        with zipfile.ZipFile(tmp_path / f"{number}.ods") as sheet:
            content = sheet.read("content.xml").decode()
        assert "가족" in content and "minuteIndex" in content
        assert "table:formula" not in content
        assert content.count("<table:table ") == 1
