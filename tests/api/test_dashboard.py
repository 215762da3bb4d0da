"""The dashboard: a page from the first moment on, two days of averages, at the same cost however much is stored."""

import re

import pytest

from bemore.models import dashboard
from tests.support.samples import audio, scores, start_session, stt
from tests.support.signing import HS256, bearer

DAY_MS = 24 * 3600 * 1000
PARTS = ("valence", "arousal", "dominance")
NOTHING = dict.fromkeys(PARTS)


def shown(client, **headers):
    answer = client.get("/api/dashboard/summary", headers=headers)
    assert answer.status_code == 200
    return answer.json["data"]


def send(client, path, **body):
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text


def scored(client, session_id, **fields):
    send(client, "/api/session/batch-tick", sessionId=session_id, items=scores(**fields))


def affect(client, *session_ids):
    """The mean of the minutes' affect as the sessions' reports have it."""
    reports = [client.get(f"/api/session/{session_id}/report").json["data"] for session_id in session_ids]
    minutes = [minute for report in reports for minute in report["vadTimeline"]]
    return {part: pytest.approx(sum(minute[part] for minute in minutes) / len(minutes), abs=0.0006) for part in PARTS}


def test_a_fresh_database_gives_a_page(client):
    data = shown(client)
    assert data["todayAvg"] == data["trend"]["dayOverDay"] == NOTHING
    assert [each["id"] for each in data["recommendations"]] == ["start"]
    assert data["recentSessions"] == []


def test_sessions_without_a_scored_minute_are_named_and_give_no_average(client, clock):
    ids = [start_session(client)]
    clock.advance(1000)
    ids.append(start_session(client))
    send(client, f"/api/session/{ids[0]}/audio", items=audio(3))
    data = shown(client)
    assert data["todayAvg"] == NOTHING
    assert data["recentSessions"] == [
        {"reportId": "rep_" + each.removeprefix("sess_"), "sessionId": each, "createdAt": clock.now_ms - back}
        for each, back in ((ids[1], 0), (ids[0], 1000))
    ]
    assert [each["id"] for each in data["recommendations"]] == ["measure"]


def test_the_average_is_that_of_the_reports_and_the_trend_is_the_step_from_the_day_before(client, clock):
    first = start_session(client)
    scored(client, first, count=3, facialScore=0.2, textScore=0.3)
    clock.advance(DAY_MS + 1)
    with_voice, without = start_session(client), start_session(client)
    send(client, f"/api/session/{with_voice}/audio", items=[*audio(20), *audio(20, 60_000, vad=False, rms=0.1)])
    send(client, f"/api/session/{with_voice}/stt", items=stt(3))
    for minute in (0, 1, 2):
        send(client, f"/api/session/{with_voice}/tick", minuteIndex=minute)
    scored(client, without, count=2)
    data = shown(client)
    today, yesterday = affect(client, with_voice, without), affect(client, first)
    assert data["todayAvg"] == today
    steps = {part: today[part].expected - yesterday[part].expected for part in PARTS}
    assert data["trend"]["dayOverDay"] == {part: pytest.approx(step, abs=0.0016) for part, step in steps.items()}
    assert all(abs(step) > 0.01 for step in steps.values()), "a test of steps that are none"


def test_a_session_is_todays_for_24_hours_yesterdays_for_24_more(client, clock):
    scored(client, start_session(client))
    clock.advance(DAY_MS)
    today = shown(client)
    assert today["todayAvg"]["valence"] is not None and today["trend"]["dayOverDay"] == NOTHING
    clock.advance(1)
    assert shown(client)["todayAvg"] == NOTHING
    scored(client, start_session(client))
    assert shown(client)["trend"]["dayOverDay"] == {"valence": 0, "arousal": 0, "dominance": 0}
    clock.advance(DAY_MS)
    assert shown(client)["trend"]["dayOverDay"] == NOTHING


def test_only_the_newest_sessions_and_the_first_hour_of_each_are_read(client, clock):
    for _ in range(dashboard.DAY_SESSIONS + 2):
        scored(client, start_session(client), count=1)
        clock.advance(1)
    newest = start_session(client)
    scored(client, newest, count=3, first_minute=dashboard.MOST_MINUTES - 1, textScore=0.9)
    result = dashboard.two_days(clock.now_ms)
    assert len(result.newest) == len(result.today) == dashboard.DAY_SESSIONS
    assert result.newest[0][0] == newest and result.yesterday == []
    clock.advance(DAY_MS + 1000)
    later = dashboard.two_days(clock.now_ms)
    assert (len(later.today), len(later.yesterday)) == (0, dashboard.DAY_SESSIONS)


def test_erased_sessions_are_gone_from_it(client):
    session_id = start_session(client)
    scored(client, session_id)
    assert client.delete(f"/api/session/{session_id}").status_code == 200
    assert shown(client)["recentSessions"] == [] and shown(client)["todayAvg"] == NOTHING


def hints(client):
    return [each["id"] for each in shown(client)["recommendations"]]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hints_tell_of_what_was_measured_and_how(client):
    texts = [shown(client)["recommendations"]]
    session_id = start_session(client)
    texts.append(shown(client)["recommendations"])
    send(client, f"/api/session/{session_id}/frames", items=[{"ts": 0, "qualityScore": 0.1}])
    send(client, f"/api/session/{session_id}/tick", minuteIndex=0)
    assert hints(client) == ["longer", "camera", "microphone"]
    texts.append(shown(client)["recommendations"])
    scored(client, session_id, count=4)
    assert hints(client) == ["steady"]
    texts.append(shown(client)["recommendations"])
    for each in (hint for result in texts for hint in result):
        assert each["desc"].endswith(("니다.", "주세요.")) and len(each["desc"]) <= 60 and each["cta"] and not re.search(
            "우울|불안|증상|장애|질환|진단|위험|치료", each["title"] + each["desc"]
        )


@pytest.mark.settings(**HS256)
def test_with_authentication_it_is_about_the_callers_own_sessions(client):
    admin = bearer("admin-1", "admin")
    for user, counselor, text in (("user-1", "counselor-1", 0.9), ("user-2", "counselor-1", 0.1), ("user-2", "counselor-2", 0.1)):
        started = client.post("/api/session/start", json={"userId": user, "counselorId": counselor}, headers=admin).json["data"]
        minutes = {"sessionId": started["sessionId"], "items": scores(2, textScore=text, facialScore=0.5)}
        assert client.post("/api/session/batch-tick", json=minutes, headers=admin).status_code == 201

    def seen(subject, role):
        data = shown(client, **bearer(subject, role))
        return len(data["recentSessions"]), data["todayAvg"]["valence"]

    assert seen("user-1", "user") == (1, 0.8)
    assert seen("user-2", "user") == (2, -0.8)
    assert seen("counselor-1", "counselor") == (2, 0.0)
    assert seen("counselor-2", "counselor") == (1, -0.8)
    assert seen("user-1", "counselor") == seen("nobody", "user") == (0, None)
    assert seen("admin-1", "admin") == (3, -0.267)
