"""Language and time zone of reports: the query, the settings, what differs and what does not."""

import io
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from bemore.reports.language import LANGUAGES
from tests.support.figures import on_sqlite_in_short
from tests.support.reported import PATHS, ask, data, filled, place, send, talk
from tests.support.samples import start_session, stt

#: Paths whose text depends on the language, and those with times of people's clocks.
TOLD = ("report", "summary", "report/summary", "vad-analysis", "report/html", "report/pdf")
TIMED = ("report/summary", "report/html", "report/pdf")


def url(path, **query):
    return path + ("&" if "?" in path else "?") + "&".join(f"{name}={value}" for name, value in query.items())


def shown(client, session_id, path):
    """What a person reads of an answer."""
    answer = ask(client, session_id, path)
    if answer.mimetype == "application/pdf":
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.get_data())).pages)
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("path", TOLD)
def test_sentences_are_in_the_language_asked_for(client, path):
    session_id = filled(client, "server scores")
    korean, english = shown(client, session_id, path), shown(client, session_id, url(path, lang="en"))
    assert "말한 시간 비율" in korean or "말한시간비율" in "".join(korean.split())
    assert "Speech filled" in " ".join(english.split()) and "말한" not in english


def test_names_codes_and_numbers_of_json_do_not_depend_on_it(client):
    session_id = filled(client, "both")
    korean, english = data(client, session_id), data(client, session_id, "report?lang=en&tz=America/New_York")
    reported = {"durationFormatted", "highlights", "recommendations", "vadSummary", "generatedAt", "duration"}
    assert {name for name in korean if korean[name] != english[name]} <= reported
    assert re.fullmatch(r"\d+ s|\d+ min \d+ s", english["durationFormatted"]) and korean["durationFormatted"].endswith("초")
    assert {name for name, value in korean["vadSummary"].items() if english["vadSummary"][name] != value} == {"summary"}
    assert data(client, session_id, "vad-analysis?lang=en")["history"] == data(client, session_id, "vad-analysis")["history"]
    for kind in ("vad", "emotion"):
        csv = [ask(client, session_id, f"report/csv?kind={kind}{more}").get_data() for more in ("", "&lang=en&tz=UTC")]
        assert csv[0] == csv[1], "times stay UTC, codes stay codes"


@pytest.mark.parametrize("path", TIMED)
def test_times_are_on_the_clocks_of_the_zone(client, path):
    session_id = filled(client, "one minute")
    started = client.get(place(session_id)).json["data"]["startedAt"]
    for zone, language in (("Asia/Seoul", "ko"), ("America/New_York", "en")):
        expected = LANGUAGES[language].timestamp(started, ZoneInfo(zone))
        text = shown(client, session_id, url(path, tz=zone, lang=language))
        assert "".join(expected.split()) in "".join(text.split())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"lang": "de"}, "lang must be one of ko, en"),
        ({"lang": "KO"}, "lang must be one of ko, en"),
        ({"tz": "Seoul"}, "tz must be the name of a time zone, such as Asia/Seoul or UTC"),
        ({"tz": "../zone.tab"}, "tz must be the name of a time zone, such as Asia/Seoul or UTC"),
        ({"tz": "localtime"}, "tz must be the name of a time zone, such as Asia/Seoul or UTC"),
        ({"tz": "x" * 65}, "tz must be a string of 1 to 64 characters"),
    ],
)
def test_unknown_values_are_refused_by_name(client, path, query, message):
    if path == "vad-analysis" and "tz" in query:
        return  # it shows no time of people's clocks
    session_id = start_session(client)
    answer = client.get(place(session_id, url(path, **query)))
    assert answer.status_code == 400 and answer.json["error"]["message"] == message


@on_sqlite_in_short
@pytest.mark.parametrize("path", PATHS)
def test_etags_depend_on_language_and_zone(client, path):
    session_id = filled(client, "one minute")
    requested = [path, url(path, lang="en")] + ([url(path, tz="UTC"), url(path, lang="en", tz="UTC")] if path != "vad-analysis" else [])
    tags = [ask(client, session_id, each).headers["ETag"] for each in requested]
    assert len(set(tags)) == len(tags)
    for each, tag in zip(requested, tags, strict=True):
        assert client.get(place(session_id, each), headers={"If-None-Match": tag}).status_code == 304
        others = ", ".join(other for other in tags if other != tag)
        assert client.get(place(session_id, each), headers={"If-None-Match": others}).status_code == 200


@pytest.mark.settings(REPORT_LANGUAGE="en", REPORT_TIME_ZONE="Europe/Berlin")
def test_settings_are_the_defaults(client):
    session_id = filled(client, "server scores")
    page = shown(client, session_id, "report/html")
    assert '<html lang="en">' in page and "(Berlin time)" in page
    assert data(client, session_id)["highlights"][0].startswith("The average score over 3 measured minutes is")
    assert '<html lang="ko">' in shown(client, session_id, "report/html?lang=ko&tz=Asia/Seoul")


@pytest.mark.parametrize(
    ("user_id", "name"),
    [
        ("user-1", "user-1"), ("a.b_c@example.org", "a.b_c_example.org"), ("../..", "client"), ("가나다", "client"), ('x";y\\z', "x_y_z"),
        ("u" * 128, "u" * 64),
    ],
)  # fmt: skip
def test_name_of_the_pdf_has_the_day_and_the_user_in_safe_characters(client, user_id, name):
    session_id = start_session(client, user_id)
    started = client.get(place(session_id)).json["data"]["startedAt"]
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        day = datetime.fromtimestamp(started / 1000, ZoneInfo(zone)).date()
        answer = ask(client, session_id, url("report/pdf", tz=zone))
        assert answer.headers["Content-Disposition"] == f'attachment; filename="bemore-{day}-{name}.pdf"'


def test_transcript_is_in_the_page_and_in_the_pdf_if_asked_for(client):
    session_id = start_session(client)
    words = "오늘은 바다에 다녀온 이야기를 " * 20
    send(client, session_id, "stt", {"items": [{**stt(1)[0], "text": words + "끝", "speaker": "user"}]})
    send(client, session_id, "audio", {"items": talk(5, 5, speaker="counselor")})
    page = shown(client, session_id, "report/html")
    assert words + "끝" in page and "내담자" in page
    assert "".join((words + "끝").split()) in "".join(shown(client, session_id, "report/pdf?transcript=true").split())
    for path in ("report/pdf", "report/pdf?transcript=false"):
        assert "다녀온이야기를끝" not in "".join(shown(client, session_id, path).split())
    answer = client.get(place(session_id, "report/pdf?transcript=yes"))
    assert answer.status_code == 400 and answer.json["error"]["message"] == "transcript must be one of true, false"
