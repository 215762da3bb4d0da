"""The browser client names speakers, keeps notes, and asks for reports and transcripts in a language."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browsing import QUICK, SESSION, Tab, database_of, frame, stored
from tests.support.samples import audio, frames, stt
from tests.support.scripted import RESET, failure, success

#: A device whose clock is ten minutes ahead.
AHEAD = "const right = Date.now.bind(Date); Date.now = () => right() + 600_000;"

NOTE = {"tStart": 61_000, "kind": "note", "text": "목소리가 작아짐"}


def uploaded(scripted, kind):
    return [item for each in scripted.sent(kind) for item in each.items]


# -- Speakers --------------------------------------------------------------------------------------------------------------


def test_items_get_the_speaker_of_the_options_and_keep_their_own(tab, scripted):
    tab.open(**QUICK, speaker="counselor")
    tab.call("frames", SESSION, [frame(1), frame(2, speaker="user"), frame(3, speaker=None)])
    tab.call("audio", SESSION, audio(1))
    tab.call("stt", SESSION, stt(1))
    tab.call("batchTick", SESSION, {"minuteIndex": 0})
    tab.call("flush")
    assert [each["speaker"] for each in uploaded(scripted, "frames")] == ["counselor", "user", None]
    assert [each["speaker"] for kind in ("audio", "stt") for each in uploaded(scripted, kind)] == ["counselor"] * 2
    assert "speaker" not in uploaded(scripted, "batch-tick")[0]


def test_without_the_option_the_service_decides_who_speaks(tab, scripted):
    tab.open(**QUICK)
    tab.call("frames", SESSION, [frame(1), frame(2, speaker="user"), "no frame"])
    tab.call("flush")
    assert [isinstance(each, dict) and each.get("speaker") for each in uploaded(scripted, "frames")] == [None, "user", False]


def test_what_is_no_item_is_dropped_as_it_was_given(tab, scripted):
    scripted.answers["frames"] = [(400, {}, failure(400, [{"index": 0, "field": "items", "message": "must be an object"}]))]
    tab.open(**QUICK, speaker="user")
    tab.call("frames", SESSION, ["no frame", frame(1)])
    tab.call("flush")
    assert tab.events("dropped")[0]["items"] == ["no frame"] and scripted.sent("frames")[-1].items[0]["speaker"] == "user"


def test_only_the_two_of_a_session_can_be_speakers(tab):
    tab.open()
    for speaker in ("admin", "", 1):
        with pytest.raises(Exception, match="speaker must be"):
            tab.make_only(speaker=speaker)
    tab.make_only(speaker=None)


def test_two_who_upload_at_the_same_moments_overwrite_nothing_of_each_other(shared, tab, context):
    tab.open(**QUICK, baseUrl=shared.url, speaker="user")
    session_id = tab.call("start", "user-1", "counselor-1")["sessionId"]
    other = Tab(context.new_page()).open(**QUICK, baseUrl=shared.url, speaker="counselor")
    for each in (tab, other):
        each.call("frames", session_id, frames(5))
        each.call("audio", session_id, audio(5))
        each.call("stt", session_id, stt(2))
        assert each.call("flush")["items"] == 0
    assert stored(shared, session_id) == (10, 10, 4)
    said = tab.call("transcript", session_id)["snippets"]
    assert sorted(each["speaker"] for each in said) == ["counselor", "counselor", "user", "user"]
    with database_of(shared) as connection:
        count = "select speaker, count(*) from audio_chunk group by speaker order by speaker"
        assert [count for _, count in connection.execute(count)][-2:] == [5, 5]


# -- Notes -----------------------------------------------------------------------------------------------------------------


def test_a_note_is_written_once_changed_and_deleted(tab, scripted):
    scripted.answers["notes"] = [RESET, (201, {}, success(data={"noteId": "note_1"}))]
    tab.open(**QUICK)
    assert tab.call("addNote", SESSION, NOTE)["noteId"] == "note_1"
    first, second = scripted.sent("notes")
    assert first.method == "POST" and first.body == second.body == NOTE
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] is not None

    tab.call("addNote", SESSION, NOTE, {"idempotencyKey": "mine"})
    assert scripted.sent("notes")[-1].headers["Idempotency-Key"] == "mine"
    tab.call("notes", SESSION)
    assert scripted.sent("notes")[-1].method == "GET"
    tab.call("editNote", SESSION, "note_1/..", {"text": "더 작아짐", "visibility": "shared"})
    changed = scripted.sent()[-1]
    assert (changed.method, changed.path) == ("PUT", f"/api/session/{SESSION}/notes/note_1%2F..")
    assert changed.body == {"text": "더 작아짐", "visibility": "shared"}
    tab.call("deleteNote", SESSION, "note_1")
    assert (scripted.sent()[-1].method, scripted.sent()[-1].kind) == ("DELETE", "note_1")


def test_a_note_whose_deletion_got_no_answer_is_deleted(tab, scripted):
    missing = json.loads(json.dumps(failure(404)).replace("SESSION_NOT_FOUND", "NOTE_NOT_FOUND"))
    tab.open(**QUICK)
    scripted.answers["note_1"] = [RESET, (404, {}, missing)]
    assert tab.call("deleteNote", SESSION, "note_1") == {"noteId": "note_1", "deleted": True}
    scripted.answers["note_1"] = [(404, {}, missing)]
    assert tab.error("deleteNote", SESSION, "note_1")["code"] == "NOTE_NOT_FOUND"
    scripted.answers["note_1"] = [RESET, (404, {}, failure(404))]
    assert tab.error("deleteNote", SESSION, "note_1")["code"] == "SESSION_NOT_FOUND"


@pytest.mark.parametrize("known", [True, False], ids=["started here", "started elsewhere"])
def test_moments_of_notes_are_corrected_like_those_of_uploads(context, scripted, known):
    context.add_init_script(AHEAD)
    tab = Tab(context.new_page()).open(**QUICK)
    scripted.started_ms -= 60_000
    if known:
        tab.call("start", "user-1", "counselor-1")
    tab.page.evaluate("(id) => client.addNote(id, {tStart: Date.now(), tEnd: 1234.5, kind: 'bookmark'})", SESSION)
    tab.page.evaluate("(id) => client.editNote(id, 'note_1', {tEnd: Date.now()})", SESSION)
    added, changed = scripted.sent("notes")[0].body, scripted.sent("note_1")[0].body
    assert added.keys() == {"tStart", "tEnd", "kind"} and added["tEnd"] == 1235
    for moment in (added["tStart"], changed["tEnd"]):
        assert 60_000 <= moment < 60_000 + 30_000, "not ten minutes more, and no time of the epoch"


# -- Languages and files -----------------------------------------------------------------------------------------------------


def test_reports_are_asked_for_in_a_language_and_a_zone(tab, scripted):
    tab.open(**QUICK)
    chosen = {"lang": "en", "tz": "Europe/Berlin"}
    for name in ("report", "reportSummary", "summary", "transcriptVtt", "transcriptText"):
        tab.call(name, SESSION, chosen)
        requested = urlsplit(scripted.sent()[-1].path)
        assert parse_qs(requested.query) == {"lang": ["en"], "tz": ["Europe/Berlin"]}, name
        tab.call(name, SESSION)
        assert not urlsplit(scripted.sent()[-1].path).query
    tab.call("vadAnalysis", SESSION, {"lang": "ko"})
    assert scripted.sent()[-1].path.endswith("/vad-analysis?lang=ko")
    tab.call("report", SESSION, {"limit": 5, "lang": "ko"})
    assert scripted.sent()[-1].path.endswith("/report?limit=5&lang=ko")


def test_addresses_of_reports_say_what_they_hold(tab):
    tab.open(baseUrl="https://bemore.example")
    place = "https://bemore.example/api/session/sess_1/report/"
    address = lambda *values: tab.call("reportUrl", "sess_1", *values).removeprefix(place)  # noqa: E731
    assert address("pdf") == "pdf" and address("html") == "html" and address("csv") == "csv?kind=vad"
    assert address("pdf", {"transcript": True, "lang": "en", "kind": "emotion"}) == "pdf?transcript=true&lang=en"
    assert address("pdf", {"transcript": False}) == "pdf"
    assert address("csv", {"kind": "emotion", "tz": "Asia/Seoul", "transcript": True}) == "csv?kind=emotion&tz=Asia%2FSeoul"
    assert tab.error("reportUrl", "sess_1", "xml")["name"] == "TypeError"


def test_transcripts_are_files_with_the_name_that_the_service_gives(tab, scripted):
    vtt = "WEBVTT\n\n00:00.000 --> 00:02.500\n<v 내담자>안녕하세요\n"
    headers = {
        "Content-Type": "text/vtt; charset=utf-8",
        "Content-Disposition": 'attachment; filename="transcript.vtt"',
        "Access-Control-Expose-Headers": "Content-Disposition",
    }
    scripted.answers["vtt"] = [(200, headers, vtt.encode()), (404, {}, failure(404))]
    scripted.answers["text"] = [(200, {"Content-Type": "text/plain"}, "내1: 안녕하세요".encode())]
    tab.open(**QUICK)
    read = """async ([name, id]) => {
      const file = await client[name](id);
      return [file.name, file.type, await file.text()];
    }"""
    assert tab.page.evaluate(read, ["transcriptVtt", SESSION]) == ["transcript.vtt", "text/vtt; charset=utf-8", vtt]
    assert tab.page.evaluate(read, ["transcriptText", SESSION]) == [f"bemore-transcript-{SESSION}.txt", "text/plain", "내1: 안녕하세요"]
    assert tab.error("transcriptVtt", SESSION)["code"] == "SESSION_NOT_FOUND"
