"""The report as values: ``report``, ``summary``, ``report/summary`` and ``vad-analysis``."""

import json
import time
from dataclasses import replace
from datetime import datetime

import pytest

from tests.support.report_samples import (
    HOSTILE, SESSION_ID, START_MS, cases, client_minute, html, no_data, report, sample, server_minute, session, text as summary_text, view
)  # fmt: skip

from bemore.reports.build import summary, vad_analysis
from bemore.reports.report_input import MinuteAudio
from bemore.reports.time_series import VoiceSeries
from bemore.reports.language import LANGUAGES

REPORT_KEYS = (
    "reportId sessionId userId counselorId status startedAt endedAt duration lastDataAt durationFormatted generatedAt version modelVersion"
    " textRules summary moments talk coverage minutes vadVector vadTimeline vadSummary"
    " emotionTimeline emotionDistribution keywords highlights"
    " recommendations cbtFindings feedback notes stats"
).split()
VOICE_KEYS = set(
    "speechRatio pauseRatio averagePauseDuration longestPause averageSpeechBurst speechBurstCount pauseCount summary".split()
)
INFERENCE_KEYS = set(
    "id sessionId minuteIndex facialScore vadScore textScore textSentiment combinedScore modelVersion source dataPoints"
    " keywords sentiment confidence timestamp durationMs coverage".split()
)


@pytest.mark.parametrize("name", cases())
def test_report_has_the_keys_of_the_contract_in_every_case(name):
    made = report(cases()[name])
    assert list(made) == REPORT_KEYS
    assert set(made["summary"]) == {"averageScore", "maxScore", "minScore", "dominantEmotion", "emotionCount", "vadAnalysisCount"}
    assert set(made["vadSummary"]) == VOICE_KEYS
    assert all(set(minute) == INFERENCE_KEYS for minute in made["minutes"])
    assert {"totalFrames", "totalAudioChunks", "totalSttSnippets", "totalMinutes", "timeline"} <= set(made["stats"])
    json.dumps(made, allow_nan=False)


@pytest.mark.parametrize("name", cases())
def test_every_list_of_minutes_has_the_same_minutes(name):
    made = report(cases()[name])
    counts = {len(made[key]) for key in ("minutes", "vadTimeline", "emotionTimeline")}
    assert counts == {made["stats"]["totalMinutes"]} == {made["summary"]["emotionCount"]} == {made["summary"]["vadAnalysisCount"]}
    for minute, affect, emotion in zip(made["minutes"], made["vadTimeline"], made["emotionTimeline"], strict=True):
        assert affect["t"] == emotion["t"] == minute["minuteIndex"] * 60_000
        assert emotion["minuteIndex"] == minute["minuteIndex"]


def test_session_without_data_has_nothing_to_show_and_says_so():
    made = report(no_data())
    assert made["vadVector"] is None and made["summary"]["dominantEmotion"] is None and made["endedAt"] is None
    assert made["minutes"] == made["vadTimeline"] == made["emotionTimeline"] == made["keywords"] == []
    assert made["emotionDistribution"] == {} and made["summary"]["averageScore"] == 0
    assert len(made["highlights"]) == len(made["recommendations"]) == 1


def test_report_has_the_session_unchanged():
    data = sample(12)
    made = report(data)
    assert made["reportId"] == "rep_" + SESSION_ID.removeprefix("sess_")
    assert (made["startedAt"], made["endedAt"], made["duration"]) == (START_MS, data.session.ended_at_ms, 723_000)
    assert made["durationFormatted"] == "12분 3초"
    assert made["generatedAt"] == data.generated_at_ms and made["version"] == "1.0" and made["cbtFindings"] == []
    assert made["stats"]["totalFrames"] == data.session.total_frames
    assert made["feedback"][0] == {
        "feedbackId": "fb_1", "rating": 5, "note": "편안하게 이야기할 수 있었습니다.", "submittedAt": START_MS + 3_700_000,
        "author": None, "role": None,
    }  # fmt: skip


def test_average_is_the_mean_of_the_minutes():
    made = report(sample(60, "mixed"))
    combined = [minute["combinedScore"] for minute in made["minutes"]]
    assert made["summary"]["averageScore"] == pytest.approx(sum(combined) / 60, abs=0.0005)
    assert made["summary"]["maxScore"] == max(combined) and made["summary"]["minScore"] == min(combined)
    assert made["vadVector"]["valence"] == pytest.approx(sum(point["valence"] for point in made["vadTimeline"]) / 60, abs=0.001)


def test_minute_of_the_browser_keeps_what_the_browser_said():
    made = report(sample(12, "client"))
    minute = made["minutes"][3]
    assert minute["id"] == f"{SESSION_ID}:3" and minute["source"] == "client" and minute["textSentiment"] == minute["textScore"]
    assert minute["confidence"] == 0.82 and minute["durationMs"] == 60_000 and minute["keywords"] == ["가족", "회사 생활", "단어0"]
    assert minute["timestamp"] == made["vadTimeline"][3]["timestamp"] == "2025-01-19T01:43:00.417Z"


def test_minute_of_the_server_has_the_time_of_its_beginning():
    made = report(sample(2))
    assert made["minutes"][1]["timestamp"] is None
    assert made["vadTimeline"][1]["timestamp"] == "2025-01-19T01:41:00.000Z"
    assert datetime.fromisoformat(made["vadTimeline"][1]["timestamp"].replace("Z", "+00:00")).timestamp() * 1000 == START_MS + 60_000


def test_audio_of_a_minute_moves_its_affect():
    quiet = replace(sample(1), audio_minutes={0: MinuteAudio(0, 0.1, 0.1)})
    lively = replace(sample(1), audio_minutes={0: MinuteAudio(0, 0.9, 0.8)})
    assert report(lively)["vadVector"]["arousal"] > report(quiet)["vadVector"]["arousal"]


def test_keyword_of_snippets_and_browser_counts_once():
    data = replace(sample(4, "client"), snippet_keywords=[("산책", 2), ("가족", 3)])
    counts = {each["keyword"]: each["count"] for each in report(data)["keywords"]}
    assert counts == {"가족": 4, "회사 생활": 4, "산책": 2, "단어0": 2, "단어1": 1, "단어2": 1}


def test_keywords_are_the_twenty_most_frequent_largest_first():
    data = replace(sample(1), snippet_keywords=[(f"w{number}", 1 + number) for number in range(40)])
    assert [each["count"] for each in report(data)["keywords"]] == list(range(40, 20, -1))


UNSCORED = "세션 12분 가운데 3분에는 점수가 없습니다."


def test_minutes_without_a_score_are_counted_in_one_sentence():
    data = sample(12)
    gaps = replace(data, minutes=[minute for minute in data.minutes if minute.minute_index not in (2, 3, 11)])
    assert [sentence for sentence in report(gaps)["highlights"] if "점수가 없습니다" in sentence] == [UNSCORED]
    assert UNSCORED in summary_text(report(gaps)) and UNSCORED in "".join(view(report(gaps)).observations.rows)
    assert not any("점수가 없습니다" in sentence for sentence in report(data)["highlights"]), "the 3 seconds of the last minute are no minute"


def test_minute_that_was_just_completed_is_not_called_unscored_while_the_session_runs():
    running = {"status": "active", "ended_at_ms": None}
    data = replace(sample(12), session=session(12, **running), minutes=sample(11).minutes)
    assert not any("점수가 없습니다" in sentence for sentence in report(data)["highlights"])
    data = replace(data, minutes=sample(10).minutes)
    assert "세션 11분 가운데 1분에는 점수가 없습니다." in report(data)["highlights"]


def test_scores_beyond_the_end_of_the_session_stand_for_none_of_its_minutes():
    data = replace(sample(3), minutes=[server_minute(0), server_minute(500)])
    assert "세션 3분 가운데 2분에는 점수가 없습니다." in report(data)["highlights"]


@pytest.mark.parametrize(("kind", "gap", "even"), [("server", 0, True), ("client", 0, False), ("mixed", 0, False), ("server", 1, False)])
def test_only_a_session_that_the_server_scored_throughout_was_measured_evenly(kind, gap, even):
    data = sample(12, kind)
    data = replace(data, minutes=[replace(minute, combined=0.5) for minute in data.minutes[gap:]])
    sentences = report(data)["recommendations"]
    assert sentences and any("고르게" in sentence for sentence in sentences) == even


def test_emotion_of_0_percent_is_left_out():
    made = report(sample(12))
    made["emotionDistribution"] = {"happy": 0.8, "neutral": 0.199, "angry": 0.001, "sad": 0.0}
    assert [(row.label, row.value) for row in view(made).emotions.rows] == [("기쁨", "80%"), ("중립", "20%"), ("화", "<1%")]
    assert "슬픔" not in html(made)


def test_summary_agrees_with_the_report():
    made, short = report(sample(60, "mixed")), summary(sample(60, "mixed"), LANGUAGES["ko"])
    assert list(short) == (
        "sessionId status startedAt endedAt duration vadVector keyObservations dominantEmotion averageVoiceMetrics talk cbt recommendations"
    ).split()
    for key in ("sessionId", "status", "startedAt", "endedAt", "duration", "vadVector", "recommendations"):
        assert short[key] == made[key]
    assert short["averageVoiceMetrics"] == made["vadSummary"] and short["dominantEmotion"] == made["summary"]["dominantEmotion"]
    assert short["cbt"] == {"totalDistortions": 0, "mostCommon": None}
    assert short["keyObservations"] and all(isinstance(sentence, str) for sentence in short["keyObservations"])


@pytest.mark.parametrize("name", cases())
def test_summary_text_is_plain_lines_of_korean(name):
    made = report(cases()[name])
    text = summary_text(made)
    assert "\r" not in text and all(line == line.rstrip() for line in text.split("\n"))
    assert (made["vadSummary"]["summary"] in text) == (made["talk"] is None), "with speakers, their own figures take its place"
    if made["minutes"]:
        assert f"평균 종합 점수 {LANGUAGES['ko'].score(made['summary']['averageScore'])}, " in text and "이 점수는?" in text
    else:
        assert "측정된 구간이 없어" in text and "이 점수는?" not in text
    text.encode("utf-8")


def test_summary_text_shows_no_character_that_acts():
    text = summary_text(report(replace(sample(1), snippet_keywords=[(word, 9) for word in HOSTILE])))
    assert not set(text) & {"\u202e", "\u2066", "\u0000", "\u200f"}


def test_vad_analysis_counts_ten_seconds_and_minutes():
    data = replace(sample(2), audio_minutes={0: MinuteAudio(0, 0.5, 0.4), 2: MinuteAudio(2, 0.5, 0.1)})
    series = VoiceSeries([(0, 6, 10, 2), (3, 0, 8, 0), (4, 0, 0, 0)], {0: 0.625, 2: 0.25})
    made = vad_analysis(data, series, LANGUAGES["ko"])
    assert list(made) == ["sessionId", "currentMetrics", "history", "timeSeries", "lanes", "lastUpdate"]
    assert made["timeSeries"] == [
        {"t": 0, "timestamp": START_MS, "speechRate": 0.6, "silenceRate": 0.4, "speechCount": 2},
        {"t": 30_000, "timestamp": START_MS + 30_000, "speechRate": 0.0, "silenceRate": 1.0, "speechCount": 0},
    ]
    assert [(entry["minuteIndex"], entry["speechRatio"], entry["vadScore"] is None) for entry in made["history"]] == [
        (0, 0.625, False), (1, None, False), (2, 0.25, True),
    ]  # fmt: skip
    assert made["history"][0]["pauseRatio"] == 0.375 and made["history"][2]["valence"] is None
    assert set(made["currentMetrics"]) == VOICE_KEYS
    assert made["lastUpdate"] == START_MS + data.session.duration_ms, "the end of the newest data, at most of the session"


def test_vad_analysis_without_data_is_empty():
    made = vad_analysis(no_data(), VoiceSeries([], {}), LANGUAGES["ko"])
    assert made["history"] == made["timeSeries"] == [] and made["lastUpdate"] is None


def test_report_of_eight_hours_reads_no_frames_and_is_quick():
    data = sample(480)
    begun = time.perf_counter()
    made = report(data)
    assert time.perf_counter() - begun < 1.0, "far above what it takes, far below what frames would"
    assert len(made["minutes"]) == 480


def test_minutes_may_have_gaps_and_lie_far_away():
    data = replace(sample(0), minutes=[server_minute(0), client_minute(7), server_minute(100_000)])
    made = report(data)
    assert [point["t"] for point in made["vadTimeline"]] == [0, 420_000, 6_000_000_000]
    assert [minute["minuteIndex"] for minute in made["minutes"]] == [0, 7, 100_000]
