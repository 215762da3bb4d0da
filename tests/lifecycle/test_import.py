"""``bemore import`` and ``POST /:id/transcript``: transcripts that other programs have made."""

import json
import time
from contextlib import suppress

import pytest

from tests.support.reported import place, send
from tests.support.samples import frames, start_session
from tests.support.signing import HS256, bearer
from tests.support.stocked import in_process

from bemore.errors import InvalidInput
from bemore.schemas import captions

#: As Teams, Zoom and this service write it: voices, mark-up, comments, settings; line 14 ends before it begins, line 17 is no time.
VTT = """WEBVTT - exported

NOTE a comment
of two lines

STYLE
::cue(v) { color: red }

1
00:00:01.000 --> 00:00:02.500 align:start
<v 김상담>오늘은 &amp; <i>어떠</i>셨어요?
&lt;b&gt;

00:03.000 --> 00:02.000
거꾸로

00:xx --> 00:05.000
시간이 아님

00:06.000 --> 00:07.000

00:08.000 --> 00:09.500
<v 이내담>좋아요.</v> <v 김상담>네.</v>
"""

SRT = """
1
00:00:01,000 --> 00:00:02,500
{\\an8}<font color="red">오늘은</font> 1 < 2

빈 줄 뒤

2
00:00:03,000 --> later
시간이 아님

00:00:04,000 --> 00:00:05,000
번호가 없음

4
0:0:6,500 --> 00:00:07,000
편안해요
"""

_WORDS = [{"start": 0.5, "end": 2.0, "text": " 오늘은", "avg_logprob": float("nan"), "speaker": "SPEAKER_00"},
          {"start": 3, "end": 2, "text": "거꾸로"}, {"start": 4, "end": 5.25, "text": "편안해요"}, {"id": 3}]  # fmt: skip
WHISPER = json.dumps({"text": "…", "language": "korean", "segments": _WORDS})
WHISPER_CPP = json.dumps({"result": {"language": "ko"}, "transcription": [
    {"timestamps": {"from": "00:00:00,500", "to": "00:00:02,000"}, "offsets": {"from": 500, "to": 2000}, "text": " 오늘은"},
]})  # fmt: skip


def snippets(client, session_id):
    got = client.get(place(session_id, "transcript")).json["data"]["snippets"]
    return [(each["tsStart"], each["tsEnd"], each["speaker"], each["text"]) for each in got]


@pytest.fixture
def imported(client, database_url, tmp_path):
    """``imported(session_id, name, content, *options)``: the status, the lines printed, and the snippets then."""

    def run(session_id, name, content, *options):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        result = in_process("import", session_id, tmp_path / name, *options, url=database_url)
        printed = [line for line in result.output.splitlines() if line and "Importing" not in line]
        return result.exit_code, printed, snippets(client, session_id)

    return run


def test_webvtt_is_imported_with_its_voices_and_what_was_not_taken_is_listed(client, imported):
    session_id = start_session(client)
    options = "--speaker", "user", "--voice", "김상담=counselor"
    status, printed, found = imported(session_id, "talk.vtt", VTT, *options)
    assert (status, found) == (1, [
        (1000, 2500, "counselor", "오늘은 & 어떠셨어요? <b>"), (8000, 9500, "counselor", "네."), (8000, 9500, "user", "좋아요."),
    ])  # fmt: skip
    assert printed == [
        "line 14: tsEnd must not be before tsStart", "line 17: caption cannot be read", "imported 3 snippets, 2 not taken",
    ]  # fmt: skip
    assert imported(session_id, "talk.vtt", VTT, *options) == (status, printed, found), "twice is once"


def test_subrip_is_imported_at_an_offset(client, imported):
    session_id = start_session(client)
    status, printed, found = imported(session_id, "talk.srt", SRT, "--offset", "-1500")
    assert (status, found) == (1, [(5000, 5500, None, "편안해요")])
    assert printed == [
        "line 3: tsStart must be a number between 0 and 9999999999999", "line 9: caption cannot be read", "line 12: caption cannot be read",
        "imported 1 snippet, 3 not taken",
    ]  # fmt: skip
    assert imported(session_id, "talk.srt", SRT.encode("utf-16"), "--offset", "500")[2][0] == (1500, 3000, None, "오늘은 1 < 2 빈 줄 뒤")


@pytest.mark.parametrize(
    "content, taken, refused",
    [
        (WHISPER, [(500, 2000, "counselor", "오늘은"), (4000, 5250, None, "편안해요")], ["segment 2", "segment 4"]),
        (json.dumps(_WORDS[2:3]), [(4000, 5250, None, "편안해요")], []),
        (WHISPER_CPP, [(500, 2000, None, "오늘은")], []),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whispers_json_is_imported(client, imported, content, taken, refused):
    status, printed, found = imported(start_session(client), "talk.json", content, "--voice", "SPEAKER_00=counselor")
    assert (status, found) == (bool(refused), taken)
    assert [line.partition(":")[0] for line in printed[:-1]] == refused


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_is_status_2_and_an_unknown_session_1(client, imported, database_url, tmp_path):
    session_id = start_session(client)
    for name, content in (
        ("a.vtt", SRT), ("a.srt", VTT), ("a.json", "{}"), ("a.json", "no"), ("a.vtt", "WEBVTT\n\n안녕".encode("cp949")),
        ("a.txt", VTT), ("a.vtt", ""),
    ):  # fmt: skip
        status, printed, found = imported(session_id, name, content)
        assert status == 2 and found == [] and len(printed[-1]) < 120, printed
    assert imported(session_id, "a.vtt", VTT, "--voice", "nobody")[0] == 2
    unknown = in_process("import", "sess_1_aaaaaaaaaaaaaaaa", tmp_path / "a.vtt", url=database_url)
    assert unknown.exit_code == 1 and unknown.output == "Error: There is no session sess_1_aaaaaaaaaaaaaaaa.\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_session_does_not_take_is_listed_and_the_rest_is_stored(client, imported):
    session_id = start_session(client)
    late = "WEBVTT\n\n00:01.000 --> 00:02.000\n네\n\n99:00:00.000 --> 99:00:01.000\n너무 늦음\n"
    status, printed, found = imported(session_id, "late.vtt", late)
    assert status == 1 and [each[3] for each in found] == ["네"]
    assert printed[0].startswith("line 6: ts") and "24 hours" in printed[0]


def test_a_transcript_of_an_ended_session_scores_its_minutes_again(client, imported):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(1)})
    send(client, session_id, "end")
    assert imported(session_id, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n기분이 좋아요\n")[0] == 0
    (minute,) = client.get(place(session_id, "inferences")).json["data"]["inferences"]
    assert minute["dataPoints"]["sttSnippetCount"] == 1 and minute["textScore"] == 0.7


# -- Over HTTP -----------------------------------------------------------------------------------------------------------------


def upload(client, session_id, content, kind="text/vtt", query="", **headers):
    return client.post(place(session_id, f"transcript{query}"), data=content, content_type=kind, headers=headers)


GOOD = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v 김상담>네</v>\n\n00:03.000 --> 00:04.000\n좋아요\n"


def test_a_file_is_uploaded_once_however_often_it_is_sent(client):
    session_id = start_session(client)
    for _ in range(2):
        answer = upload(client, session_id, GOOD, query="?speaker=user&offset=1000&voice=김상담=counselor,누구=user")
        assert answer.status_code == 201 and answer.json["data"] == {"sttSnippetCount": 2, "totalSttSnippetsInSession": 2}
    assert snippets(client, session_id) == [(2000, 3000, "counselor", "네"), (4000, 5000, "user", "좋아요")]
    assert upload(client, session_id, SRT[-50:].replace("편안해요", "네"), "application/x-subrip; charset=utf-8").status_code == 400
    one = "1\n00:00:06,000 --> 00:00:07,000\n편안해요\n"
    assert upload(client, session_id, one, "application/x-subrip").json["data"]["totalSttSnippetsInSession"] == 3


@pytest.mark.settings(**HS256)
def test_the_speaker_is_the_role_of_the_token_by_default(client):
    user = bearer("user-1")
    session_id = start_session(client, headers=user)
    assert upload(client, session_id, GOOD, **user).status_code == 201
    got = client.get(place(session_id, "transcript"), headers=user).json["data"]["snippets"]
    assert {each["speaker"] for each in got} == {"user"}
    assert upload(client, session_id, GOOD, **bearer("user-2")).status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_with_a_bad_caption_is_refused_whole_and_its_lines_named(client):
    session_id = start_session(client)
    error = upload(client, session_id, VTT).json["error"]
    assert error["message"] == "line 14: tsEnd must not be before tsStart"
    assert [each["message"].partition(":")[0] for each in error["details"]] == ["line 14", "line 17"]
    late = "WEBVTT\n\n00:01.000 --> 00:02.000\n네\n\n99:00:00.000 --> 99:00:01.000\n너무 늦음\n"
    assert upload(client, session_id, late).json["error"]["message"].startswith("line 6: ts")
    for content, kind, query, status in (
        ("", "text/vtt", "", 400), ("WEBVTT\n", "text/vtt", "", 400), (SRT, "text/vtt", "", 400), (b"WEBVTT\n\xff", "text/vtt", "", 400),
        (GOOD, "application/json", "", 415), (GOOD, None, "", 415), (GOOD, "text/vtt", "?offset=1.5", 400),
        (GOOD, "text/vtt", "?voice=x", 400), (GOOD, "text/vtt", "?speaker=me", 400),
    ):  # fmt: skip
        assert upload(client, session_id, content, kind, query).status_code == status, (content, kind, query)
    assert snippets(client, session_id) == []


HOSTILE = {
    "arrows": "WEBVTT\n\n" + "-->\n" * 2_000_000,
    "captions": "WEBVTT\n\n" + "00:01.000 --> 00:02.000\nx\n\n" * 10_000,
    "voices": "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v A>" * 1_500_000,
    "digits": "WEBVTT\n\n" + "1" * 8_000_000 + " --> 1",
    "tags": "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<" * 8_000_000,
    "spaces": "WEBVTT\n\n" + " " * 8_000_000 + "-->",
    "entities": "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "&" * 8_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", [captions.VTT, captions.SRT])
def test_no_file_takes_long(name, kind):
    raw = HOSTILE[name] if kind == captions.VTT else HOSTILE[name].replace("WEBVTT\n\n", "1\n")
    began = time.process_time()
    with suppress(InvalidInput):
        captions.read(raw.encode(), kind, captions.Mapping())
    assert time.process_time() - began < 20
