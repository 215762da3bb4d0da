"""Uploads of frames, audio chunks and snippets: what is stored once, what counts, late data, both kinds of time."""

from dataclasses import dataclass, field
from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.samples import START_MS, audio, frames, start_session, stt
from tests.support.stored import contents, counts, totals

MAX_RELATIVE_MS = 10**11 - 1

#: The latest time that is taken of a session which has just started.
DAY_MS = 86_400_000


@dataclass(frozen=True, eq=False)
class Kind:
    """One of the three uploads."""

    path: str
    count: str
    total: str
    make: Callable
    place: int  # of its total among the session's totals
    spans: bool = True
    first: dict = field(default_factory=dict)
    other: dict = field(default_factory=dict)
    score: str = ""

    def at(self, *starts_ms, **fields):
        """Items that start at these times."""
        return [item for start in starts_ms for item in self.make(1, start, **fields)]

    def upload(self, client, session_id, items):
        """Upload items that are all good; answer the session's total."""
        answer = client.post(f"/api/session/{session_id}/{self.path}", json={"items": items})
        assert answer.status_code == 201, answer.text
        data = answer.json["data"]
        assert set(data) == {self.count, self.total} and data[self.count] == len(items)
        assert data[self.total] == totals(client, session_id)[self.place]
        return data[self.total]

    def refused(self, client, session_id, items):
        """Upload items that are refused; answer the error."""
        answer = client.post(f"/api/session/{session_id}/{self.path}", json={"items": items})
        assert answer.status_code == 400, answer.text
        return answer.json["error"]


FRAMES = Kind(
    "frames", "frameCount", "totalFramesInSession", frames, 0, False, {"qualityScore": 0.2}, {"qualityScore": 0.9}, "facialScore"
)
AUDIO = Kind("audio", "audioChunkCount", "totalAudioChunksInSession", audio, 1, True, {"vad": False}, {"vad": True}, "vadScore")
STT = Kind(
    "stt", "sttSnippetCount", "totalSttSnippetsInSession", stt, 2, True, {"text": "너무 슬퍼요"}, {"text": "정말 행복해요"}, "textScore"
)
KINDS = pytest.mark.parametrize("kind", [FRAMES, AUDIO, STT], ids=lambda kind: kind.path)


def tick(client, session_id, minute=0):
    return client.post(f"/api/session/{session_id}/tick", json={"minuteIndex": minute}).json["data"]


@KINDS
def test_one_to_a_hundred_items_are_stored_and_counted(client, kind):
    session_id = start_session(client)
    assert kind.upload(client, session_id, kind.make(1, 0)) == 1
    assert kind.upload(client, session_id, kind.make(4, 1_000_000)) == 5
    assert kind.upload(client, session_id, kind.make(100, 2_000_000)) == 105


@KINDS
def test_no_item_and_more_than_a_hundred_are_refused(client, kind):
    session_id = start_session(client)
    before = contents()
    for count in (0, 101):
        assert "items" in kind.refused(client, session_id, kind.make(count))["message"]
    assert contents() == before


@KINDS
def test_sending_again_does_not_make_totals_grow(client, kind):
    session_id = start_session(client)
    items = kind.make(50)
    assert kind.upload(client, session_id, items) == 50
    once = contents()
    assert kind.upload(client, session_id, items) == 50
    assert kind.upload(client, session_id, items[::-1]) == 50
    # What a session's row and its minutes know of revisions and bytes changes.
    changing = {"session": None, "minute_coverage": None}
    assert {**contents(), **changing} == {**once, **changing}
    assert kind.upload(client, session_id, items[25:] + kind.make(25, 1_000_000)) == 75
    assert kind.upload(client, session_id, items[:1] * 100) == 75
    assert kind.upload(client, session_id, kind.at(*[2_000_000] * 3)) == 76


@KINDS
def test_the_newest_of_equal_items_wins(client, kind):
    session_id = start_session(client)
    alone = {}
    for name, fields in (("first", kind.first), ("other", kind.other)):
        kind.upload(client, session_id, kind.at(0, **fields))
        alone[name] = tick(client, session_id)[kind.score]
    assert alone["first"] < alone["other"]
    kind.upload(client, session_id, kind.at(0, **kind.other) + kind.at(0, **kind.first))
    assert tick(client, session_id)[kind.score] == alone["first"]
    kind.upload(client, session_id, kind.at(0, **kind.first) + kind.at(0, **kind.other))
    assert tick(client, session_id)[kind.score] == alone["other"]
    assert kind.upload(client, session_id, kind.at(0, **kind.other)) == 1


@KINDS
def test_sessions_do_not_share_items(client, kind):
    one, two = start_session(client), start_session(client)
    assert kind.upload(client, one, kind.make(3)) == kind.upload(client, two, kind.make(3)) == 3
    assert kind.upload(client, one, kind.make(5)) == 5
    assert totals(client, two)[kind.place] == 3


@KINDS
def test_late_data_is_taken_while_paused_and_after_the_end(client, clock, kind):
    session_id = start_session(client)
    assert kind.upload(client, session_id, kind.make(2)) == 2
    client.post(f"/api/session/{session_id}/pause")
    assert kind.upload(client, session_id, kind.make(3)) == 3
    client.post(f"/api/session/{session_id}/end")
    clock.advance(300_000)
    assert kind.upload(client, session_id, kind.make(5)) == 5
    ended = client.post(f"/api/session/{session_id}/end").json["data"]
    assert ended["endedAt"] == START_MS and list(ended["stats"].values())[kind.place] == 5


@KINDS
def test_epoch_and_relative_times_name_the_same_moment(client, clock, kind):
    session_id = start_session(client)
    relative = (0, 1_000, 59_999, 60_000, DAY_MS - 3_000)
    assert kind.upload(client, session_id, kind.at(*relative)) == 5
    assert kind.upload(client, session_id, kind.at(*(START_MS + each for each in relative))) == 5
    assert kind.upload(client, session_id, kind.at(START_MS + 2_000)) == 6
    assert kind.upload(client, session_id, kind.at(2_000)) == 6
    assert kind.upload(client, session_id, kind.at(3_000, START_MS + 3_000, START_MS + 3_001, 3_001)) == 8, "in one batch, too"


@KINDS
def test_a_clock_a_little_behind_loses_nothing(client, clock, kind):
    session_id = start_session(client)
    behind = kind.at(*range(START_MS - 500, START_MS, 50), **kind.other)
    assert kind.upload(client, session_id, behind) == 10
    assert kind.upload(client, session_id, behind) == 10, "sending again made the total grow"
    assert kind.upload(client, session_id, kind.at(0)) == 11
    assert sum(tick(client, session_id)["dataPoints"].values()) == 11
    assert sum(tick(client, session_id, 1)["dataPoints"].values()) == 0


@KINDS
def test_one_bad_item_keeps_all_out(client, kind):
    session_id = start_session(client)
    kind.upload(client, session_id, kind.make(2))
    before = contents()
    items = kind.make(6, 0)
    name = "tsStart" if kind.spans else "ts"
    items[3] = {**items[3], name: "soon"}
    del items[5][name]
    error = kind.refused(client, session_id, items)
    assert [(each["index"], each["field"]) for each in error["details"]] == [(3, name), (5, name)]
    assert all(name in each["message"] for each in error["details"])
    assert error["message"] == error["details"][0]["message"]
    items[3] = None
    assert [each["index"] for each in kind.refused(client, session_id, items)["details"]] == [3, 5]
    assert contents() == before


@pytest.mark.parametrize("kind", [AUDIO, STT], ids=lambda kind: kind.path)
def test_spans_are_told_apart_by_both_ends(client, kind):
    session_id = start_session(client)
    spans = [{**kind.at(0)[0], "tsStart": start, "tsEnd": end} for start, end in ((0, 0), (0, 1), (1, 1), (0, 500))]
    assert kind.upload(client, session_id, spans) == 4
    assert kind.upload(client, session_id, spans) == 4
    before = contents()
    error = kind.refused(client, session_id, [*spans, {**spans[0], "tsStart": 2, "tsEnd": 1}])
    assert error["details"][0]["index"] == 4 and error["details"][0]["field"] in ("tsStart", "tsEnd")
    epoch = {**spans[0], "tsStart": START_MS + 2, "tsEnd": START_MS + 1}
    assert kind.refused(client, session_id, [epoch])["details"][0]["index"] == 0
    assert contents() == before


def test_left_out_fields_have_their_defaults(client):
    session_id = start_session(client)
    FRAMES.upload(client, session_id, [{"ts": 0}])
    AUDIO.upload(client, session_id, [{"tsStart": 0, "tsEnd": 1, "vad": 1}])
    STT.upload(client, session_id, [{"tsStart": 0, "tsEnd": 1, "text": "정말 행복해요"}])
    scored = tick(client, session_id)
    assert (scored["facialScore"], scored["vadScore"], scored["textScore"]) == (0.5, 0.85, 0.7)


def test_every_form_of_a_field_is_taken(client):
    session_id = start_session(client)
    points = [[0.1, 0.2], [0.1, 0.2, -0.3], {"x": 0.1, "y": 0.2}, {"x": 1, "y": 2, "z": -3}, [640, 480]]
    face = [
        {"landmarks": points},
        {"landmarks": []},
        {"landmarks": [[0.5, 0.5, 0.0]] * 478},
        {"faceLandmarksCompressed": "x" * 64 * 1024},
        {"faceLandmarksCompressed": ""},
        {"qualityScore": 0},
        {"qualityScore": 1},
        {"qualityScore": 1e-9, "blendshapes": {"jawOpen": [1, None]}},
        {"ts": 100_000.0},
    ]
    items = [{"ts": position, **each} for position, each in enumerate(face)]
    assert FRAMES.upload(client, session_id, items) == len(face)
    voice = [{"vad": vad} for vad in (True, False, 0, 1, 0.37)] + [{"pitch": pitch} for pitch in (None, 0, 85, 255.5)] + [{"rms": 0}]
    items = [{**AUDIO.at(position)[0], **each} for position, each in enumerate(voice)]
    assert AUDIO.upload(client, session_id, items) == len(voice)
    words = [{"text": "가" * 5000}, {"text": " x "}, {"text": "🙂"}, {"text": "I'm \"fine\"\n\\ \u2028"}, {"lang": "en"}, {"lang": "en-US"}]
    items = [{**STT.at(position)[0], **each} for position, each in enumerate(words)]
    assert STT.upload(client, session_id, items) == len(words)


def test_the_largest_batch_of_landmarks_is_stored_whole(client):
    session_id = start_session(client)
    assert FRAMES.upload(client, session_id, frames(100, faceLandmarksCompressed="x" * 64 * 1024)) == 100


UNIT = st.floats(0, 1) | st.integers(0, 1)
MOMENTS = st.integers(0, 300) | st.integers(START_MS - 100, START_MS + 300) | st.integers(0, DAY_MS - 3)
STARTS = st.tuples(MOMENTS, st.integers(0, 3))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40).filter(str.strip)


def _span(start, **fields):
    # The end may not cross from the session's times to the epoch's.
    end = start[0] + start[1]
    return {"tsStart": start[0], "tsEnd": start[0] if start[0] <= MAX_RELATIVE_MS < end else end, **fields}


def _batches(item, key):
    batch = st.lists(item, min_size=1, max_size=30)
    return st.lists(batch, min_size=1, max_size=3).map(lambda batches: (batches, key))


def _relative(ms):
    return ms - START_MS if ms > MAX_RELATIVE_MS else ms


POINTS = st.lists(st.lists(st.floats(-2, 2), min_size=2, max_size=3), max_size=3)
VALID = {
    FRAMES: _batches(
        st.fixed_dictionaries(
            {"ts": MOMENTS}, optional={"qualityScore": UNIT, "landmarks": POINTS, "faceLandmarksCompressed": TEXT}
        ),
        lambda item: _relative(item["ts"]),
    ),
    AUDIO: _batches(
        st.builds(_span, STARTS, vad=UNIT | st.booleans(), rms=UNIT, pitch=st.none() | st.floats(0, 4000)),
        lambda item: (_relative(item["tsStart"]), _relative(item["tsEnd"])),
    ),
    STT: _batches(
        st.builds(_span, STARTS, text=TEXT, lang=st.sampled_from(["ko", "en", "en-US"])),
        lambda item: (_relative(item["tsStart"]), _relative(item["tsEnd"])),
    ),
}


@KINDS
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_total_is_the_number_of_distinct_items(client, clock, kind, data):
    batches, key = data.draw(VALID[kind])
    session_id = start_session(client)
    total, seen = 0, set()
    for items in batches:
        total = kind.upload(client, session_id, items)
        seen.update(map(key, items))
        assert total == len(seen)
    table = {"frames": "frame", "audio": "audio_chunk", "stt": "stt_snippet"}[kind.path]
    assert counts()[table] == total
    client.delete(f"/api/session/{session_id}")
