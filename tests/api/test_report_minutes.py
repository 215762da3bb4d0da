"""Where data count in a report: the edges of minutes and of ten seconds, clocks that run behind, gaps, stray minutes."""

import csv
import io

import pytest

from tests.support.samples import START_MS, audio, frames, scores, start_session, stt
from tests.support.reported import PATHS, ask, data, send, send_scores, talk


def tell(client, session_id, *chunks):
    """Audio chunks as (start_ms, end_ms, vad)."""
    items = [{"tsStart": start, "tsEnd": end, "vad": vad, "rms": 0.5} for start, end, vad in chunks]
    send(client, session_id, "audio", {"items": items})


def history(client, session_id):
    """``{minute: (speechRatio, meanRms, vadScore)}``"""
    reported = data(client, session_id, "vad-analysis")["history"]
    return {each["minuteIndex"]: (each["speechRatio"], each["meanRms"], each["vadScore"]) for each in reported}


def series(client, session_id):
    """``{seconds since the start: (speechRate, speechCount)}``"""
    reported = data(client, session_id, "vad-analysis")["timeSeries"]
    return {each["t"] // 1000: (each["speechRate"], each["speechCount"]) for each in reported}


def test_clock_that_runs_behind_gives_the_first_moment_of_the_session(client, clock):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(10, START_MS - 500, qualityScore=1)})
    for start, vad in ((-90_000, True), (-1000, False), (0, False)):
        tell(client, session_id, (START_MS + start, START_MS + start + 1000, vad))
    send(client, session_id, "stt", {"items": stt(1, START_MS - 4_000, text="정말 행복해요")})
    send(client, session_id, "tick", {"minuteIndex": 0})
    clock.advance(30_000)
    assert history(client, session_id) == {0: (0.333, 0.5, pytest.approx(0.7 / 3 + 0.15, abs=0.001))}
    assert series(client, session_id) == {0: (0.333, 1)}
    report = data(client, session_id)
    (minute,) = report["minutes"]
    assert minute["dataPoints"] == {"frameCount": 10, "audioChunkCount": 3, "sttSnippetCount": 1}
    assert (minute["facialScore"], minute["textScore"]) == (1, 0.7)
    assert report["vadSummary"]["longestPause"] == 2000, "the gap of 88 seconds is unknown, not silence"
    assert data(client, session_id, "vad-analysis")["lastUpdate"] == START_MS + 30_000
    for path in PATHS:
        ask(client, session_id, path)


def test_chunk_counts_in_the_minutes_it_covers_and_in_the_ten_seconds_it_starts_in(client):
    session_id = start_session(client)
    tell(
        client, session_id,
        (0, 9_999, False), (9_999, 11_000, True), (19_999, 20_000, False), (20_000, 20_001, True),
        (59_999, 61_000, True), (60_000, 62_000, False), (119_999, 121_000, True), (120_000, 120_000, True),
    )  # fmt: skip
    assert {minute: ratio for minute, (ratio, *_) in history(client, session_id).items()} == {0: 0.091, 1: 0.5, 2: 1.0}
    rates = {at: rate for at, (rate, _) in series(client, session_id).items()}
    # The last chunk of the first minute is heard until 61 s.
    assert rates == {0: 0.5, 10: 0.0, 20: 1.0, 50: 1.0, 60: 0.5, 110: 1.0, 120: 1.0}


def test_vad_of_one_half_is_speech_and_less_is_not(client):
    session_id = start_session(client)
    tell(client, session_id, (0, 1000, 0.5), (1000, 2000, 0.499), (2000, 3000, 1), (3000, 4000, 0), (4000, 5000, True))
    assert history(client, session_id)[0][0] == 0.6
    assert data(client, session_id)["vadSummary"]["speechRatio"] == 0.6


def test_run_goes_on_over_the_edge_of_a_minute(client):
    session_id = start_session(client)
    send(client, session_id, "audio", {"items": talk(55, 10, 5)})
    voice = data(client, session_id)["vadSummary"]
    assert (voice["longestPause"], voice["pauseCount"], voice["speechBurstCount"]) == (10_000, 1, 2)
    assert series(client, session_id) == {0: (1, 1), 10: (1, 0), 20: (1, 0), 30: (1, 0), 40: (1, 0), 50: (0.5, 0), 60: (0.5, 1)}


def test_gap_between_chunks_is_neither_speech_nor_pause(client):
    session_id = start_session(client)
    send(client, session_id, "audio", {"items": [*talk(5), *talk(5, 5, start_ms=35_000)]})
    voice = data(client, session_id)["vadSummary"]
    assert (voice["speechRatio"], voice["longestPause"], voice["speechBurstCount"]) == (round(10 / 15, 3), 5000, 2)
    assert series(client, session_id) == {0: (1, 1), 30: (1, 1), 40: (0, 0)}


def test_same_moment_told_twice_counts_once(client):
    session_id = start_session(client)
    tell(client, session_id, (0, 4000, True), (1000, 3000, False), (3500, 5000, True), (4000, 8000, False), (8030, 9000, False))
    voice = data(client, session_id)["vadSummary"]
    assert (voice["speechBurstCount"], voice["averageSpeechBurst"], voice["pauseCount"], voice["longestPause"]) == (1, 5000, 1, 4000)
    assert [count for _, count in series(client, session_id).values()] == [1]
    assert history(client, session_id)[0][0] == voice["speechRatio"]


def test_minutes_with_audio_alone_and_with_scores_alone_stand_side_by_side(client):
    session_id = start_session(client)
    send(client, session_id, "audio", {"items": audio(5, 120_000)})
    send_scores(client, session_id, scores(1, 4))
    reported = data(client, session_id, "vad-analysis")["history"]
    assert [each["minuteIndex"] for each in reported] == [2, 4]
    assert (reported[0]["vadScore"], reported[0]["valence"], reported[0]["meanRms"]) == (None, None, 0.4)
    assert (reported[1]["vadScore"], reported[1]["speechRatio"], reported[1]["meanRms"]) == (0.6, None, None)
    assert [each["minuteIndex"] for each in data(client, session_id)["minutes"]] == [4]


def test_stray_minute_far_away_is_told_and_costs_nothing(client):
    session_id = start_session(client)
    send_scores(client, session_id, [*scores(3), *scores(1, 100_000)])
    report = data(client, session_id)
    assert [each["t"] for each in report["vadTimeline"]] == [0, 60_000, 120_000, 6_000_000_000]
    for path in PATHS:
        assert len(ask(client, session_id, path).get_data()) < 80_000
    rows = csv.DictReader(io.StringIO(ask(client, session_id, "report/csv").get_data(as_text=True).removeprefix("\ufeff"), newline=""))
    assert [int(row["minuteIndex"]) for row in rows] == [0, 1, 2, 100_000]


def test_data_sent_after_the_end_is_in_the_report(client, clock):
    session_id = start_session(client)
    clock.advance(90_000)
    send(client, session_id, "end")
    clock.advance(300_000)
    send(client, session_id, "audio", {"items": audio(3, 60_000)})
    send(client, session_id, "tick")
    report, analysis = data(client, session_id), data(client, session_id, "vad-analysis")
    assert (report["duration"], report["stats"]["totalAudioChunks"], len(report["minutes"])) == (90_000, 3, 2), "and the last by tick"
    assert analysis["lastUpdate"] == START_MS + 90_000, "nothing is newer than the end of the session"


def test_emotions_of_minutes_scored_here_come_with_the_words_of_those_minutes(client, clock):
    session_id = start_session(client)
    said = {
        -5000: "회사 때문에 힘들어요", 20_000: "회사 생각에 잠도 못 자서 괴로워요", 59_999: "회사 동료는 괜찮아요",
        60_000: "산책을 하니 행복해요", 70_000: "산책은 즐거워요", 119_999: "공원은 넓어요",
    }  # fmt: skip
    items = [{"tsStart": START_MS + ms, "tsEnd": START_MS + ms, "text": text, "lang": "ko"} for ms, text in said.items()]
    send(client, session_id, "stt", {"items": items})
    for minute in (0, 1, 2):
        send(client, session_id, "tick", {"minuteIndex": minute})
    content = ask(client, session_id, "report/csv?kind=emotion").get_data(as_text=True).removeprefix("\ufeff")
    rows = [(row["sentiment"], row["keywords"]) for row in csv.DictReader(io.StringIO(content, newline=""))]
    assert rows == [("negative", "회사; 동료"), ("positive", "산책; 행복; 공원"), ("", "")]
