"""What a report tells of a conversation: who spoke, how much was measured, the moments to look at. And when data last came."""

import pytest

from tests.support.reported import data, place, send, send_scores
from tests.support.samples import START_MS, audio, frames, scores, start_session, stt

NOBODY = {
    "speechMs": 0, "share": None, "turns": 0, "longestTurnMs": 0, "longestTurnAt": None, "averageTurnMs": 0, "words": 0,
    "wordsPerMinute": None, "responseTime": {"count": 0, "medianMs": None},
}  # fmt: skip


def chunks(speaker, *spans):
    """Audio of a speaker: ``(start, end, vad)``."""
    return {"items": [{"tsStart": start, "tsEnd": end, "vad": vad, "speaker": speaker} for start, end, vad in spans]}


def conversation(client):
    """The id of a session in which the counselor asks, both are silent for five seconds, and the user answers."""
    session_id = start_session(client)
    send(client, session_id, "audio", chunks("counselor", (0, 2000, True), (2000, 8000, False)))
    send(client, session_id, "audio", chunks("user", (-0.4, 1000, 0.2), (7000, 21_000, 0.5), (21_300, 22_000, True)))
    said = [("counselor", 0, 2000, "오늘은 어떠세요?"), ("user", 7000, 20_000, "오늘은 조금 나아요"), (None, 8000, 9000, "누구")]
    items = [{"tsStart": start, "tsEnd": end, "text": text, "speaker": who} for who, start, end, text in said]
    send(client, session_id, "stt", {"items": items})
    return session_id


def test_report_and_summary_tell_who_spoke(client):
    session_id = conversation(client)
    talk = data(client, session_id)["talk"]
    assert talk == {
        "basis": "audio",
        "speakers": {
            "user": {
                "speechMs": 15_000, "share": 0.882, "turns": 1, "longestTurnMs": 15_000, "longestTurnAt": 7000, "averageTurnMs": 15_000,
                "words": 3, "wordsPerMinute": 12.0, "responseTime": {"count": 1, "medianMs": 5000},
            },
            "counselor": {
                "speechMs": 2000, "share": 0.118, "turns": 1, "longestTurnMs": 2000, "longestTurnAt": 0, "averageTurnMs": 2000,
                "words": 2, "wordsPerMinute": None, "responseTime": {"count": 0, "medianMs": None},
            },
        },
        "overlapMs": 0,
        "silences": {"count": 1, "totalMs": 5000, "longestMs": 5000, "longestAt": 2000, "brokenBy": {"user": 1, "counselor": 0}},
    }  # fmt: skip
    assert data(client, session_id, "summary")["talk"] == talk


def test_without_a_speaker_there_is_no_talk_and_snippets_alone_make_a_transcripts(client):
    session_id = start_session(client)
    send(client, session_id, "audio", {"items": audio(3)})
    send(client, session_id, "stt", {"items": stt(1)})
    assert data(client, session_id)["talk"] is None and data(client, session_id, "summary")["talk"] is None
    send(client, session_id, "stt", {"items": stt(1, 5000, speaker="user")})
    talk = data(client, session_id)["talk"]
    assert (talk["basis"], talk["speakers"]["user"]["speechMs"], talk["silences"]["count"]) == ("transcript", 3000, 0)
    assert talk["speakers"]["counselor"] == {**NOBODY, "share": 0.0}
    send(client, session_id, "audio", chunks("counselor", (9000, 9500, False)))
    assert data(client, session_id)["talk"]["speakers"] == {"user": {**NOBODY, "words": 3}, "counselor": NOBODY}


def test_voice_metrics_look_at_everybody_together(client):
    session_id = start_session(client)
    send(client, session_id, "audio", chunks("counselor", (0, 1000, True), (1000, 2000, False)))
    send(client, session_id, "audio", chunks("user", (0, 1000, False), (1000, 2000, True)))
    report = data(client, session_id)
    assert (report["vadSummary"]["speechRatio"], report["vadSummary"]["speechBurstCount"]) == (1.0, 1)
    assert report["talk"]["overlapMs"] == 0


def test_moments_come_in_their_order_with_what_was_said(client):
    session_id = conversation(client)
    send_scores(client, session_id, scores(1, 0, combinedScore=0.3) + scores(1, 1, combinedScore=0.7) + scores(1, 3, combinedScore=0.6))
    requested = {"tsStart": 0, "speaker": "counselor", "text": "오늘은 어떠세요?"}
    answered = {"tsStart": 7000, "speaker": "user", "text": "오늘은 조금 나아요"}
    unknown = {"tsStart": 8000, "speaker": None, "text": "누구"}
    assert data(client, session_id)["moments"] == [
        {"kind": "lowest", "startMs": 0, "endMs": 60_000, "value": 0.3, "quotes": [answered, unknown]},
        {"kind": "change", "startMs": 0, "endMs": 120_000, "value": 0.4, "quotes": [answered, unknown]},
        {"kind": "longest-turn", "startMs": 0, "endMs": 2000, "value": 2000, "speaker": "counselor", "quotes": [requested]},
        {"kind": "silence", "startMs": 2000, "endMs": 7000, "value": 5000, "quotes": []},
        {"kind": "longest-turn", "startMs": 7000, "endMs": 22_000, "value": 15_000, "speaker": "user", "quotes": [answered, unknown]},
        {"kind": "highest", "startMs": 60_000, "endMs": 120_000, "value": 0.7, "quotes": []},
    ]


def test_long_words_are_quoted_to_200_characters(client):
    session_id = start_session(client)
    send(client, session_id, "stt", {"items": stt(1, text="가" * 5000, speaker="user")})
    ((quote,),) = [moment["quotes"] for moment in data(client, session_id)["moments"]]
    assert quote["text"] == "가" * 199 + "…"


def test_coverage_counts_each_second_once_and_names_the_gaps(client, clock):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(20, 2500, 100) + frames(5, 58_000, 1000)})
    send(client, session_id, "frames", {"items": frames(20, 2500, 100, speaker="counselor")})  # of the same seconds
    send(client, session_id, "audio", chunks("user", (0, 1500, True), (900, 2000, False), (30_000, 30_000, True), (59_999, 60_001, False)))
    for minute in (0, 1, 5):
        send(client, session_id, "tick", {"minuteIndex": minute})
    clock.advance(89_001)
    send(client, session_id, "end")
    report = data(client, session_id)
    assert report["coverage"] == {
        "frames": {
            "seconds": 8, "share": 0.089, "gaps": [{"startMs": 5000, "endMs": 58_000}, {"startMs": 63_000, "endMs": 90_000}],
        },
        "audio": {
            "seconds": 4, "share": 0.044, "gaps": [{"startMs": 2000, "endMs": 59_000}, {"startMs": 61_000, "endMs": 90_000}],
        },
    }  # fmt: skip
    of_minutes = [{"frames": 0.083, "audio": 0.05}, {"frames": 0.05, "audio": 0.017}, None]
    assert [minute["coverage"] for minute in report["minutes"]] == of_minutes
    reported = client.get(place(session_id, "inferences")).json["data"]["inferences"]
    assert [minute["coverage"] for minute in reported] == of_minutes
    paged = client.get(place(session_id, "inferences?limit=1")).json["data"]
    more = client.get(place(session_id, f"inferences?limit=1&cursor={paged['nextCursor']}")).json["data"]["inferences"]
    assert [minute["coverage"] for minute in (*paged["inferences"], *more)] == of_minutes[:2]


@pytest.mark.parametrize(("kind", "item", "seconds"), [
    ("frames", {"ts": 7000}, 8), ("audio", {"tsStart": 1000, "tsEnd": 7001, "vad": True}, 8),
    ("audio", {"tsStart": 7001, "tsEnd": 7001, "vad": True}, 8), ("stt", {"tsStart": 1000, "tsEnd": 7001, "text": "말"}, 1),
])  # fmt: skip
def test_a_session_lasts_until_its_last_frame_or_chunk_but_not_its_last_snippet(client, clock, kind, item, seconds):
    session_id = start_session(client)
    send(client, session_id, kind, {"items": [item]})
    send_scores(client, session_id, scores(1, 3))
    covered = data(client, session_id)["coverage"]["frames" if kind == "frames" else "audio"]
    held = {"frames": 1, "stt": 0, "audio": 0 if item.get("tsStart") == item.get("tsEnd") else 7}[kind]
    assert (covered["seconds"], covered["share"]) == (held, round(held / seconds, 3))


def test_of_a_running_session_the_seconds_until_now_count(client, clock):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(1)})
    clock.advance(9_500)
    assert data(client, session_id)["coverage"]["frames"]["share"] == 0.1
    nothing = {"seconds": 0, "share": 0.0, "gaps": [{"startMs": 0, "endMs": 10_000}]}
    assert data(client, session_id)["coverage"]["audio"] == nothing


def listed(client):
    """``lastDataAt`` of the one session, in all lists."""
    lists = [client.get(f"/api/session{path}").json["data"]["sessions"] for path in ("", "/user/user-1")]
    return [session["lastDataAt"] for (session,) in lists]


def test_when_data_last_came_is_told_with_the_session_and_in_every_list(client, clock):
    session_id = start_session(client)
    assert listed(client) == [None, None]
    clock.advance(60_000)
    send(client, session_id, "stt", {"items": stt(2, 3000)})
    send(client, session_id, "audio", chunks("user", (START_MS + 20_000, START_MS + 29_000, 1), (START_MS + 21_000, START_MS + 22_000, 1)))
    send(client, session_id, "audio", chunks("user", (0, 1000, 1)))  # later, but not newer
    result = client.get(place(session_id)).json["data"]["lastDataAt"]
    assert result == {"frames": None, "audio": START_MS + 29_000, "stt": START_MS + 9000}
    assert listed(client) == [START_MS + 29_000] * 2
    send(client, session_id, "frames", {"items": frames(2, 40_000)})
    assert client.get(place(session_id)).json["data"]["lastDataAt"]["frames"] == START_MS + 40_100
    assert listed(client) == [START_MS + 40_100] * 2


def test_when_data_last_came_is_in_the_report_as_well(client, clock):
    session_id = start_session(client)
    assert data(client, session_id)["lastDataAt"] == {"frames": None, "audio": None, "stt": None}
    send(client, session_id, "stt", {"items": stt(1)})
    send(client, session_id, "frames", {"items": frames(2, 40_000)})
    result = client.get(place(session_id)).json["data"]["lastDataAt"]
    assert data(client, session_id)["lastDataAt"] == result == {"frames": START_MS + 40_100, "audio": None, "stt": START_MS + 3000}


def test_the_lanes_of_the_voices_are_what_talk_measures(client):
    session_id = start_session(client)
    assert data(client, session_id, "vad-analysis")["lanes"] is None
    send(client, session_id, "audio", {"items": audio(3)})
    assert data(client, session_id, "vad-analysis")["lanes"] is None, "it is not known who spoke"
    session_id = conversation(client)
    lanes = {"user": [[7000, 22_000]], "counselor": [[0, 2000]], "silences": [[2000, 7000]]}
    assert data(client, session_id, "vad-analysis")["lanes"] == lanes
    session_id = start_session(client)
    send(client, session_id, "stt", {"items": stt(2, 5000, speaker="user")})
    assert data(client, session_id, "vad-analysis")["lanes"] == {"user": [[5000, 11_000]], "counselor": [], "silences": []}


def test_data_of_a_clock_that_runs_behind_came_at_the_start(client, clock):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(1, START_MS - 700)})
    assert client.get(place(session_id)).json["data"]["lastDataAt"]["frames"] == START_MS
    assert data(client, session_id)["coverage"]["frames"]["seconds"] == 1
