"""The transcript as WebVTT and as plain text over HTTP: languages, notes, silences, ETag, audit."""

import pytest

from tests.support.reported import ask, place, send
from tests.support.samples import start_session
from tests.support.signing import HS256, bearer
from tests.support.stocked import everything

PATHS = ("transcript/vtt", "transcript/text")


def conversation(client, headers=None):
    """The id of a session with both speakers, an unknown one, a silence and two notes."""
    session_id = start_session(client, headers=headers)
    said = [
        ("counselor", 0, 2000, "오늘은\n어떠세요?"), ("counselor", 1000, 2000, "네?"), ("user", 7000, 7000, "조금 <b>나아요</b> --> & 네"),
        (None, 9000, 9500, "누구"), ("user", 10_000, 11_000, "다시"),
    ]  # fmt: skip
    items = [{"tsStart": start, "tsEnd": end, "text": text, "speaker": who or "user"} for who, start, end, text in said if who]
    assert client.post(place(session_id, "stt"), json={"items": items}, headers=headers).status_code == 201
    if headers is None:
        send(client, session_id, "stt", {"items": [{"tsStart": 9000, "tsEnd": 9500, "text": "누구"}]})
    chunks = [("counselor", 0, 2000, 1), ("counselor", 2000, 7999, 0), ("user", 7999, 9000, 1)]
    items = [{"tsStart": start, "tsEnd": end, "vad": vad, "speaker": who} for who, start, end, vad in chunks]
    assert client.post(place(session_id, "audio"), json={"items": items}, headers=headers).status_code == 201
    for note in (
        {"tStart": 7000, "kind": "note", "text": "여기 -->\n보기", "visibility": "shared"},
        {"tStart": 9000, "kind": "bookmark", "visibility": "shared"},
        {"tStart": 100, "kind": "note", "text": "나만 볼 것"},
    ):
        assert client.post(place(session_id, "notes"), json=note, headers=headers).status_code == 201
    return session_id


KOREAN = """WEBVTT

00:00:00.000 --> 00:00:02.000
<v 상담사>오늘은 어떠세요?

00:00:01.000 --> 00:00:02.000
<v 상담사>네?

NOTE 00:00:07.000 여기 -> 보기

00:00:07.000 --> 00:00:07.001
<v 내담자>조금 &lt;b&gt;나아요&lt;/b&gt; -&gt; &amp; 네

NOTE 00:00:09.000

00:00:09.000 --> 00:00:09.500
누구

00:00:10.000 --> 00:00:11.000
<v 내담자>다시
"""


def test_webvtt_has_the_voices_the_shared_notes_and_no_private_one(client):
    session_id = conversation(client)
    answer = ask(client, session_id, "transcript/vtt")
    assert answer.content_type == "text/vtt; charset=utf-8" and answer.get_data(as_text=True) == KOREAN
    assert answer.headers["Content-Disposition"] == f'attachment; filename="bemore-transcript-{session_id}.vtt"'
    english = ask(client, session_id, "transcript/vtt?lang=en").get_data(as_text=True)
    assert english == KOREAN.replace("<v 상담사>", "<v Counselor>").replace("<v 내담자>", "<v Client>")


def test_plain_text_has_a_line_per_turn_and_per_silence(client):
    session_id = conversation(client)
    answer = ask(client, session_id, "transcript/text")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="bemore-transcript-{session_id}.txt"'
    korean = "상1: 오늘은 어떠세요? 네?\n(침묵 5초)\n내1: 조금 <b>나아요</b> --> & 네\n-: 누구\n내2: 다시\n"
    assert answer.get_data(as_text=True) == korean
    english = korean.replace("상", "C", 1).replace("내", "U").replace("(침묵 5초)", "(silence, 5 s)")
    assert ask(client, session_id, "transcript/text?lang=en").get_data(as_text=True) == english


def test_without_snippets_the_files_are_empty(client):
    session_id = start_session(client)
    assert ask(client, session_id, "transcript/vtt").get_data(as_text=True) == "WEBVTT\n"
    assert ask(client, session_id, "transcript/text").get_data(as_text=True) == ""


@pytest.mark.parametrize("path", PATHS)
def test_the_etag_depends_on_the_language_and_on_what_is_stored(client, path):
    session_id = conversation(client)
    etag = ask(client, session_id, path).headers["ETag"]
    again = {"headers": {"If-None-Match": etag}}
    assert client.get(place(session_id, path), **again).status_code == 304
    assert client.get(place(session_id, f"{path}?lang=en"), **again).status_code == 200
    send(client, session_id, "stt", {"items": [{"tsStart": 20_000, "tsEnd": 21_000, "text": "새로운 말"}]})
    assert "새로운 말" in ask(client, session_id, path, **again).get_data(as_text=True)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "message"), [("lang=fr", "lang must be one of ko, en"), ("tz=Mars", "tz must be the name of a time zone")]
)
def test_unknown_values_are_named(client, path, query, message):
    session_id = start_session(client)
    answer = client.get(place(session_id, f"{path}?{query}"))
    assert answer.status_code == 400 and answer.json["error"]["message"].startswith(message)


@pytest.mark.settings(**HS256)
@pytest.mark.parametrize("path", PATHS)
def test_who_reads_a_file_is_recorded_as_a_reader_of_the_transcript(client, database_url, path):
    counselor = bearer("counselor-1", "counselor")
    session_id = conversation(client, counselor)
    assert client.get(place(session_id, path), headers=bearer("counselor-2", "counselor")).status_code == 404
    ask(client, session_id, path, headers=counselor)
    (entry,) = everything(database_url)["audit"]
    assert entry[2:6] == ("counselor-1", "counselor", "transcript.read", session_id)
