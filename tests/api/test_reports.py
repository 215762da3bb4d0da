"""The reports as JSON: their fields, what they tell of each kind of session, and that they tell what is stored."""

import re

import pytest

from tests.support.samples import START_MS, frames, scores, start_session, stt
from tests.support.reported import KINDS, PATHS, TOLD, ask, data, filled, place, send, send_scores, talk
from tests.support.stored import inferences

#: The fields, letter by letter as the contract has them.
REPORT = """
    reportId sessionId userId counselorId status startedAt endedAt duration lastDataAt durationFormatted generatedAt version modelVersion
    textRules summary moments talk coverage minutes nextCursor vadVector vadTimeline vadSummary emotionTimeline emotionDistribution keywords
    highlights recommendations cbtFindings feedback notes stats
""".split()
SUMMARY = """
    sessionId status startedAt endedAt duration vadVector keyObservations dominantEmotion averageVoiceMetrics talk cbt recommendations
""".split()
VOICE = "speechRatio pauseRatio averagePauseDuration longestPause averageSpeechBurst speechBurstCount pauseCount summary".split()
EMOTIONS = set("happy sad angry anxious neutral surprised disgusted fearful".split())
AXES = {"valence", "arousal", "dominance"}

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

#: What no sentence of a report may say: illnesses, signs and dangers of them, and what a doctor does.
DISORDERS = re.compile(
    "우울|불안|장애|위험|진단|자살|자해|증상|증후군|질환|질병|병원|병적|치료|처방|약물|환자|의심|조울|공황|강박|중독|트라우마|망상|환각|정신과"
    "|depress|anxiety|disorder|symptom|diagnos|suicid|risk|patient",
    re.IGNORECASE,
)


def decimals(value):
    return len(f"{value!r}".partition(".")[2])


def leave(client, session_id, state):
    """Bring a session that is active into a state."""
    for verb in {"active": (), "paused": ("pause",), "ended": ("end",)}[state]:
        send(client, session_id, verb)


@pytest.mark.parametrize("state", ["active", "paused", "ended"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_session_has_all_reports_in_every_state(client, clock, kind, state):
    session_id = filled(client, kind)
    clock.advance(723_400)
    leave(client, session_id, state)
    clock.advance(60_000)
    count, duration = KINDS[kind], 723_400 if state == "ended" else 783_400
    ended_at = START_MS + 723_400 if state == "ended" else None
    brief = {"sessionId": session_id, "status": state, "startedAt": START_MS, "endedAt": ended_at, "duration": duration}

    report = data(client, session_id)
    assert list(report) == REPORT
    assert {name: report[name] for name in brief} == brief
    assert report["reportId"] == "rep_" + session_id.removeprefix("sess_")
    assert (report["userId"], report["counselorId"]) == ("user-1", "counselor-1")
    assert (report["generatedAt"], report["modelVersion"]) == (START_MS + 783_400, "rules-v1.0")
    assert report["durationFormatted"] == ("12분 3초" if state == "ended" else "13분 3초")
    assert report["version"] and report["cbtFindings"] == []
    assert set(report["summary"]) == {"averageScore", "maxScore", "minScore", "dominantEmotion", "emotionCount", "vadAnalysisCount"}
    assert report["summary"]["emotionCount"] == report["summary"]["vadAnalysisCount"] == count
    assert len(report["minutes"]) == len(report["vadTimeline"]) == len(report["emotionTimeline"]) == count
    check_affect(report, count)
    check_emotions(report, count)
    check_voice(report["vadSummary"])
    assert all(set(each) == {"keyword", "count"} for each in report["keywords"])
    sentences = [*report["highlights"], *report["recommendations"]]

    summary = data(client, session_id, "summary")
    assert list(summary) == SUMMARY
    assert {name: summary[name] for name in brief} == brief
    same = {"vadVector": report["vadVector"], "dominantEmotion": report["summary"]["dominantEmotion"]}
    same |= {"averageVoiceMetrics": report["vadSummary"], "recommendations": report["recommendations"]}
    assert {name: summary[name] for name in same} == same
    assert summary["cbt"] == {"totalDistortions": 0, "mostCommon": None}
    sentences += summary["keyObservations"]

    mail = data(client, session_id, "report/summary")
    assert set(mail) == {"reportId", "summary"} and mail["reportId"] == report["reportId"]
    assert all(sentence in mail["summary"] for sentence in (*report["highlights"], *report["recommendations"]))
    for sentence in (*sentences, report["vadSummary"]["summary"]):
        assert re.search("[가-힣]", sentence) and not DISORDERS.search(sentence), sentence

    check_analysis(data(client, session_id, "vad-analysis"), report)


def check_affect(report, count):
    vector = report["vadVector"]
    assert (vector is None) == (count == 0)
    for point in [vector] if vector else []:
        assert set(point) == AXES and all(-1 <= value <= 1 and decimals(value) <= 3 for value in point.values())
    assert isinstance(report["vadTimeline"], list)
    for point, minute in zip(report["vadTimeline"], report["minutes"], strict=True):
        assert list(point)[:2] == ["t", "timestamp"] and set(point) == {"t", "timestamp", *AXES}
        assert point["t"] == minute["minuteIndex"] * 60_000 and ISO.fullmatch(point["timestamp"])
        assert all(-1 <= point[axis] <= 1 and decimals(point[axis]) <= 3 for axis in AXES)


def check_emotions(report, count):
    dominant = report["summary"]["dominantEmotion"]
    assert (dominant is None) == (count == 0)
    if dominant:
        assert set(dominant) == {"emotion", "percentage"} and dominant["emotion"] in EMOTIONS
        share = report["emotionDistribution"][dominant["emotion"]]
        assert share == max(report["emotionDistribution"].values()) == pytest.approx(dominant["percentage"] / 100, abs=0.001)
        assert sum(report["emotionDistribution"].values()) == pytest.approx(1, abs=0.005)
    assert set(report["emotionDistribution"]) == {each["emotion"] for each in report["emotionTimeline"]} <= EMOTIONS
    for each, minute in zip(report["emotionTimeline"], report["minutes"], strict=True):
        assert list(each) == ["minuteIndex", "t", "emotion", "score"] and 0 <= each["score"] <= 1
        assert (each["minuteIndex"], each["t"]) == (minute["minuteIndex"], minute["minuteIndex"] * 60_000)


def check_voice(voice):
    assert list(voice) == VOICE
    assert 0 <= voice["speechRatio"] <= 1 and 0 <= voice["pauseRatio"] <= 1
    assert all(type(voice[name]) is int and voice[name] >= 0 for name in VOICE[2:-1])
    assert type(voice["summary"]) is str and voice["summary"].count(".") >= 1


def check_analysis(analysis, report):
    assert list(analysis) == ["sessionId", "currentMetrics", "history", "timeSeries", "lanes", "lastUpdate"]
    assert analysis["currentMetrics"] == report["vadSummary"]
    # Here every minute that has audio is scored as well.
    assert [each["minuteIndex"] for each in analysis["history"]] == [each["minuteIndex"] for each in report["minutes"]]
    for each, point in zip(analysis["history"], report["vadTimeline"], strict=True):
        assert {name: each[name] for name in point} == point
    for each in analysis["timeSeries"]:
        assert {"timestamp", "speechRate", "silenceRate", "speechCount"} <= set(each)
        assert type(each["timestamp"]) is int and each["timestamp"] == report["startedAt"] + each["t"] and each["t"] % 10_000 == 0
        assert 0 <= each["speechRate"] <= 1 and each["speechRate"] + each["silenceRate"] == pytest.approx(1)
    assert sum(each["speechCount"] for each in analysis["timeSeries"]) == report["vadSummary"]["speechBurstCount"]
    assert (analysis["lastUpdate"] is None) == (not analysis["history"])


def test_numbers_are_those_of_pencil_and_paper(client, clock):
    session_id = start_session(client)
    send(client, session_id, "frames", {"items": frames(4, qualityScore=0.9)})
    send(client, session_id, "audio", {"items": talk(4, 3, 3, rms=0.5)})
    send(client, session_id, "stt", {"items": stt(1, text="정말 행복해요. 친구와 산책했어요")})
    send(client, session_id, "tick", {"minuteIndex": 0})
    clock.advance(90_000)
    report = data(client, session_id)
    assert report["vadSummary"] == {
        "speechRatio": 0.7, "pauseRatio": 0.3, "averagePauseDuration": 3000, "longestPause": 3000, "averageSpeechBurst": 3500,
        "speechBurstCount": 2, "pauseCount": 1, "summary": report["vadSummary"]["summary"],
    }  # fmt: skip
    assert "70%" in report["vadSummary"]["summary"] and "3초" in report["vadSummary"]["summary"]
    # With c(x) = 2x - 1: c(text) + c(face) / 4, then c(speech) / 2 + c(loudness) / 2, then 0.6 c(speech) + 0.2 c(text) + 0.2 c(face)
    affect = {"valence": 0.6, "arousal": 0.2, "dominance": 0.48}
    assert report["vadVector"] == affect
    assert report["vadTimeline"] == [{"t": 0, "timestamp": "2025-01-19T01:40:00.000Z", **affect}]
    assert report["summary"]["dominantEmotion"] == {"emotion": "happy", "percentage": 100.0}
    assert report["emotionDistribution"] == {"happy": 1.0}
    combined = round(0.5 * 0.9 + 0.3 * (0.7 * 0.7 + 0.3 * 0.5) + 0.2 * 0.7, 3)
    assert [report["summary"][name] for name in ("averageScore", "maxScore", "minScore")] == [combined] * 3
    assert {"keyword": "친구", "count": 1} in report["keywords"] and {"keyword": "산책", "count": 1} in report["keywords"]
    analysis = data(client, session_id, "vad-analysis")
    assert analysis["timeSeries"] == [
        {"t": 0, "timestamp": START_MS, "speechRate": 0.7, "silenceRate": 0.3, "speechCount": 2}
    ]
    (minute,) = analysis["history"]
    assert (minute["speechRatio"], minute["pauseRatio"], minute["meanRms"], minute["vadScore"]) == (0.7, 0.3, 0.5, 0.64)


@pytest.mark.parametrize("kind", KINDS)
def test_report_agrees_with_inferences_and_with_the_end(client, kind):
    session_id = filled(client, kind)
    report, told = data(client, session_id), inferences(client, session_id)
    assert report["minutes"] == told["inferences"]
    totals = {"totalFrames", "totalAudioChunks", "totalSttSnippets"}
    assert {name: value for name, value in report["stats"].items() if name not in totals} == told["stats"]
    assert report["summary"]["averageScore"] == told["stats"]["avgCombinedScore"]
    ended = send(client, session_id, "end")
    assert ended["stats"] == {name: report["stats"][name] for name in totals}
    assert ended["inferenceStats"] == told["stats"] and ended["emotionCount"] == KINDS[kind]
    expected = {"dominantEmotion": report["summary"]["dominantEmotion"], "distribution": report["emotionDistribution"]}
    assert ended["emotionSummary"] == ({**expected, "vadVector": report["vadVector"]} if KINDS[kind] else None)
    shown = client.get(place(session_id)).json["data"]
    assert (shown["stats"], shown["emotionCount"]) == (ended["stats"], ended["emotionCount"])


def test_browser_scores_come_back_with_what_it_told(client):
    session_id = start_session(client)
    send_scores(client, session_id, scores(1, 7, **TOLD, timestamp="2025-01-19T10:47:03.5+09:00"))
    report = data(client, session_id)
    (minute,) = report["minutes"]
    assert {name: minute[name] for name in TOLD} == TOLD and minute["source"] == "client"
    assert report["vadTimeline"][0]["timestamp"] == minute["timestamp"] == "2025-01-19T01:47:03.500Z"
    assert report["keywords"] == [{"keyword": "가족", "count": 1}, {"keyword": "휴식", "count": 1}]


def test_feedback_comes_oldest_first_with_its_notes(client, clock):
    session_id = start_session(client)
    given = [send(client, session_id, "feedback", {"rating": rating, "note": note}) for rating, note in ((3, ""), (5, "좋았어요"))]
    given.append(send(client, session_id, "feedback", {"rating": 1}))
    expected = [(each["feedbackId"], each["rating"], each["submittedAt"]) for each in given]
    told = data(client, session_id)["feedback"]
    assert [(each["feedbackId"], each["rating"], each["submittedAt"]) for each in told] == expected
    assert [each["note"] for each in told] == ["", "좋았어요", None]


def test_dark_words_never_make_a_sentence_that_names_an_illness(client):
    session_id = start_session(client)
    words = "우울증 같아요. 불안해서 죽고 싶어요. 공황 장애 진단을 받았어요"
    send(client, session_id, "frames", {"items": frames(5, qualityScore=0)})
    send(client, session_id, "audio", {"items": talk(1, 59)})
    send(client, session_id, "stt", {"items": stt(5, text=words)})
    send(client, session_id, "tick", {"minuteIndex": 0})
    send_scores(client, session_id, scores(1, 1, combinedScore=0, sentiment="negative", textScore=0, facialScore=0))
    report, summary = data(client, session_id), data(client, session_id, "summary")
    for sentence in (*report["highlights"], *report["recommendations"], *summary["keyObservations"], report["vadSummary"]["summary"]):
        assert not DISORDERS.search(sentence), sentence
    lines = data(client, session_id, "report/summary")["summary"].splitlines()
    keywords = lines[lines.index("[주요 단어]") + 1]
    assert any(words[:40] in line for line in lines), "what was said is quoted"
    own = [line for line in lines if line != keywords and not line.startswith("    ")]
    assert not DISORDERS.search("\n".join(own))


# -- Sessions that are not there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_unknown_and_erased_sessions_have_no_report(client, path):
    session_id = filled(client, "one minute")
    etag = ask(client, session_id, path).headers["ETag"]
    assert client.delete(place(session_id)).status_code == 200
    for gone in (session_id, "sess_1737250800_00000000000000000000", "none"):
        for known in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
            answer = client.get(place(gone, path), headers=known)
            assert (answer.status_code, answer.json["error"]["code"]) == (404, "SESSION_NOT_FOUND")
            assert answer.json["error"]["message"] == f"세션을 찾을 수 없습니다: {gone}"
            assert "ETag" not in answer.headers
