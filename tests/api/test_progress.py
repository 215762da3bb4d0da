"""A client over many sessions: the measures of each, which can be compared, what keeps them up to date, and who sees them."""

import csv
import io
from dataclasses import replace

import pytest

from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.signing import HS256, bearer
from tests.support.statements import recorded

FIELDS = [
    "sessionId", "counselorId", "status", "startedAt", "endedAt", "duration", "scoredMinutes", "averages", "modelVersion", "talkShare",
    "coverage", "longestSilenceMs", "rating", "comparable",
]  # fmt: skip


def talked(client, clock, user="user-1", counselor="counselor-1", minutes=3, silence_s=5, end=True, headers=None):
    """A session of that many minutes: in each the counselor speaks 10 s, nobody for some seconds, then the user to the end."""
    session_id = start_session(client, user, counselor, headers=headers)
    for minute in range(minutes):
        begin, chunks = minute * 60_000, []
        for second in range(60):
            who = "counselor" if second < 10 else "user" if second >= 10 + silence_s else None
            for speaker in ("counselor", "user"):
                span = {"tsStart": begin + second * 1000, "tsEnd": begin + second * 1000 + 1000}
                chunks.append({**span, "vad": speaker == who, "rms": 0.5, "speaker": speaker})
        for place in (0, 60):
            answer = client.post(f"/api/session/{session_id}/audio", json={"items": chunks[place : place + 60]}, headers=headers)
            assert answer.status_code == 201, answer.text
        frames_of_minute = frames(60, begin, 1000)
        assert client.post(f"/api/session/{session_id}/frames", json={"items": frames_of_minute}, headers=headers).status_code == 201
    clock.advance(minutes * 60_000)
    if end:
        assert client.post(f"/api/session/{session_id}/end", headers=headers).status_code == 200
    return session_id


def progress(client, user="user-1", headers=None, **query):
    answer = client.get(f"/api/session/user/{user}/progress", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    data = answer.json["data"]
    assert (data["userId"], data["count"]) == (user, len(data["sessions"]))
    return data["sessions"]


def test_the_measures_are_those_of_the_report(client, clock):
    session_id = talked(client, clock, silence_s=5)
    for rating in (4, 5, 5):
        assert client.post(f"/api/session/{session_id}/feedback", json={"rating": rating}).status_code == 201
    (found,) = progress(client)
    assert list(found) == FIELDS
    report = client.get(f"/api/session/{session_id}/report").json["data"]
    stats = report["stats"]
    assert found["averages"] == {name: stats[f"avg{name.capitalize()}Score"] for name in ("combined", "facial", "vad", "text")}
    assert found["talkShare"] == report["talk"]["speakers"]["user"]["share"] == 0.818
    assert found["longestSilenceMs"] == report["talk"]["silences"]["longestMs"] == 5000
    assert found["coverage"] == {kind: covered["share"] for kind, covered in report["coverage"].items()} == {"frames": 1.0, "audio": 1.0}
    assert (found["scoredMinutes"], found["modelVersion"], found["rating"], found["comparable"]) == (3, "rules-v1.0", 4.67, True)
    assert (found["status"], found["duration"], found["endedAt"]) == ("ended", 180_000, clock.now_ms)


def test_what_is_unknown_is_null_and_a_session_without_data_is_there(client, clock):
    empty, spoken = start_session(client), start_session(client)
    assert client.post(f"/api/session/{spoken}/stt", json={"items": stt(2, speaker="user")}).status_code == 201
    by_id = {each["sessionId"]: each for each in progress(client)}
    nothing = {"scoredMinutes": 0, "averages": None, "modelVersion": None, "rating": None, "comparable": False, "longestSilenceMs": None}
    for session_id, share in ((empty, None), (spoken, 1.0)):
        assert by_id[session_id].items() >= {**nothing, "talkShare": share, "coverage": {"frames": 0.0, "audio": 0.0}}.items()
    client.post("/api/session/start", json={"userId": "user-1", "counselorId": "c", "demo": True})
    assert len(progress(client)) == 2, "demonstrations are left out"
    assert progress(client, "nobody") == []


def test_comparable_are_those_like_the_newest_that_was_measured_enough(client, clock, app, monkeypatch):
    whole = [talked(client, clock) for _ in range(2)]
    short = talked(client, clock, minutes=2)
    silent = start_session(client)
    assert client.post("/api/session/batch-tick", json={"sessionId": silent, "items": scores(5)}).status_code == 201
    clock.advance(300_000)
    client.post(f"/api/session/{silent}/end")
    comparable = {each["sessionId"] for each in progress(client) if each["comparable"]}
    assert comparable == set(whole) and short not in comparable and silent not in comparable
    # By other rules the newer ones are alone; one that was scored by both stands for itself.
    mixed = talked(client, clock, minutes=3, end=False)
    assert client.post(f"/api/session/{mixed}/tick", json={"minuteIndex": 0}).status_code == 201
    monkeypatch.setitem(app.extensions, "bemore", replace(app.extensions["bemore"], model_version="rules-v2.0"))
    assert client.post(f"/api/session/{mixed}/end").status_code == 200
    by_id = {each["sessionId"]: each for each in progress(client)}
    assert by_id[mixed]["modelVersion"] == "mixed" and {each for each in by_id if by_id[each]["comparable"]} == set(whole)
    newest = talked(client, clock)
    assert [each["sessionId"] for each in progress(client) if each["comparable"]] == [newest]
    # What the page leaves out counts all the same.
    assert [each["comparable"] for each in progress(client, counselorId="counselor-1", cursor=_cursor_after(client, 4))] == [False] * 2


def _cursor_after(client, count):
    return client.get(f"/api/session/user/user-1/progress?limit={count}").json["data"]["nextCursor"]


def test_a_page_is_told_by_cursor_and_counselor_and_the_version_is_that_of_all(client, clock):
    ids = [talked(client, clock, counselor=f"counselor-{number % 2}") for number in range(4)]
    first = client.get("/api/session/user/user-1/progress?limit=3").json["data"]
    assert [each["sessionId"] for each in first["sessions"]] == ids[:0:-1]
    rest = client.get(f"/api/session/user/user-1/progress?limit=3&cursor={first['nextCursor']}").json["data"]
    assert [each["sessionId"] for each in rest["sessions"]] == ids[:1] and rest["nextCursor"] is None
    assert [each["sessionId"] for each in progress(client, counselorId="counselor-1")] == [ids[3], ids[1]]
    for query in ("limit=0", "limit=201", "cursor=x", "counselorId="):
        answer = client.get(f"/api/session/user/user-1/progress?{query}")
        assert answer.status_code == 400 and query.partition("=")[0] in answer.json["error"]["message"]


def test_the_table_has_every_session(client, clock):
    ids = [talked(client, clock, minutes=1) for _ in range(2)] + [start_session(client, counselor_id="=1+1")]
    answer = client.get("/api/session/user/user-1/progress/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bemore-progress.csv"' and answer.data.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert list(table[0]) == [
        "sessionId", "counselorId", "status", "startedAt", "endedAt", "duration", "scoredMinutes", "averageCombined", "averageFacial",
        "averageVad", "averageText", "modelVersion", "talkShare", "coverageFrames", "coverageAudio", "longestSilenceMs", "rating",
        "comparable",
    ]  # fmt: skip
    assert [row["sessionId"] for row in table] == ids[::-1]
    assert (table[0]["counselorId"], table[0]["averageCombined"], table[0]["comparable"]) == ("'=1+1", "", "false")
    assert float(table[1]["averageCombined"]) > 0 and table[1]["talkShare"] == "0.818"
    assert len(client.get("/api/session/user/user-1/progress/csv?counselorId=counselor-1").data.splitlines()) == 3


def test_no_telemetry_is_read_while_nothing_changed(client, clock):
    ids = [talked(client, clock, minutes=1) for _ in range(3)]

    def read():
        with recorded(transactions=False) as statements:
            found = progress(client)
        return found, [sql for sql, _ in statements]

    before, statements = read()
    assert len(statements) <= 5 and not any(table in sql for sql in statements for table in ("audio_chunk", "minute_score", "FROM frame"))
    # Data that comes late: its session alone is read again, once.
    late = audio(30, 60_000, vad=True, speaker="counselor")
    assert client.post(f"/api/session/{ids[1]}/audio", json={"items": late}).status_code == 201
    after, statements = read()
    assert sum("FROM audio_chunk" in sql for sql in statements) == 2, "chunks, and their means by minute"
    assert [each["sessionId"] for each in after if each not in before] == [ids[1]] and after[1]["talkShare"] < before[1]["talkShare"]
    assert read()[0] == after and not any("audio_chunk" in sql for sql in read()[1])


def test_a_report_reads_the_audio_of_an_ended_session_once(client, clock):
    session_id = talked(client, clock, minutes=1)

    def chunks_read(path):
        with recorded(transactions=False) as statements:
            made = client.get(f"/api/session/{session_id}/{path}").data
        return made, any("audio_chunk" in sql for sql, _ in statements)

    assert [chunks_read(path)[1] for path in ("report", "summary", "report/html", "report/csv")] == [False] * 4
    kept = client.get(f"/api/session/{session_id}/report").json["data"]
    client.post(f"/api/session/{session_id}/notes", json={"tStart": 0, "kind": "bookmark", "visibility": "private"})
    assert chunks_read("report")[1], "another revision"
    made = client.get(f"/api/session/{session_id}/report").json["data"]
    kept["notes"], kept["generatedAt"] = made["notes"], made["generatedAt"]
    assert kept == made


def test_a_report_tells_where_a_session_lies_among_three_or_more(client, clock):
    ids = [talked(client, clock, silence_s=4 + number) for number in range(2)]

    def page(session_id, lang="ko"):
        return client.get(f"/api/session/{session_id}/report/html?lang={lang}")

    assert "다른 세션과 비교" not in page(ids[1]).text
    seen = page(ids[0]).headers["ETag"]
    talked(client, clock, silence_s=30, counselor="counselor-2")
    assert client.get(f"/api/session/{ids[0]}/report/html?lang=ko", headers={"If-None-Match": seen}).status_code == 304
    ids.append(talked(client, clock, silence_s=6))
    answer = page(ids[0])
    assert answer.headers["ETag"] != seen and "가장 긴 침묵은 4초로, 최근 2회(5초~6초)의 어느 세션보다 짧았습니다." in answer.text
    ids.append(talked(client, clock, silence_s=7))
    told = page(ids[2]).text
    assert "가장 긴 침묵은 6초로, 최근 3회(4초~7초) 중 2회보다 길었습니다." in told
    assert "종합 점수 평균은" in told and "최근 3회와 모두 같았습니다." in told
    told = page(ids[3], "en").text
    assert "The longest silence, 7 s, was longer than in any of the last 3 sessions (4 s to 6 s)." in told
    assert client.get(f"/api/session/{ids[3]}/report/pdf").status_code == 200
    assert "다른 세션과 비교" not in page(talked(client, clock, minutes=1)).text, "too short to compare"
    assert "다른 세션과 비교" not in page(talked(client, clock, end=False)).text, "it still goes on"


@pytest.mark.settings(**HS256)
def test_each_role_sees_its_own(client, clock):
    admin = bearer("admin-1", "admin")
    for counselor in ("counselor-1", "counselor-2"):
        talked(client, clock, counselor=counselor, headers=admin)
    both, own = ["counselor-2", "counselor-1"], ["counselor-1"]
    callers = ("user-1", "user", both), ("counselor-1", "counselor", own), ("counselor-3", "counselor", []), ("a", "admin", both)
    for subject, role, seen in callers:
        assert [each["counselorId"] for each in progress(client, headers=bearer(subject, role))] == seen
    at = "/api/session/user/user-1/progress"
    for path in (at, f"{at}/csv"):
        assert client.get(path, headers=bearer("user-2", "user")).status_code == 403
        assert client.get(f"{path}?counselorId=counselor-2", headers=bearer("counselor-1", "counselor")).status_code == 403
        assert client.get(path).status_code == 401
