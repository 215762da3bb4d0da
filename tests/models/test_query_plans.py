"""Every statement of a request finds its rows by an index, and rows of telemetry by their session."""

import re
import sqlite3

import psycopg
import pytest

from bemore.db import connections
from tests.support.samples import audio, frames, scores, start_session, stt
from tests.support.statements import recorded

#: ``stats/summary`` and the dashboard walk an index from its newest end and stop after 20 and 10 sessions.
_NEWEST = re.compile(
    r"FROM session WHERE erasing = 0( AND status <> 'ended')?( AND status = \?)?( AND demo = 0)?"
    r"( AND \(instr\(user_id, \?\) > 0 OR instr\(counselor_id, \?\) > 0\))?"
    r"( AND \(started_ms, id\) < \(\?, \?\))? ORDER BY started_ms DESC, id DESC LIMIT"
)

#: The search looks through the people, of whom there are few beside the sessions; and through lists that it is given.
_SCANNED = ("SCAN tally", "SCAN person VIRTUAL TABLE", "SCAN found VIRTUAL TABLE")

_OF_SESSIONS = ("frame", "audio_chunk", "stt_snippet", "minute_score", "minute_coverage", "feedback")


@pytest.fixture
def statements(client):
    """Every statement that the endpoints run, with parameters it was run with."""
    with recorded() as statements:
        for _ in range(2):
            drive(client)
    kinds = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
    by_text = {sql: params for sql, params in statements if sql.split()[0] in kinds}
    assert len(by_text) > 25
    return by_text


def drive(client):
    session = start_session(client)
    at = f"/api/session/{session}"
    for kind, items in (("frames", frames()), ("audio", audio()), ("stt", stt())):
        for _ in range(2):  # the second time is a resend
            assert client.post(f"{at}/{kind}", json={"items": items}).status_code == 201
    assert client.post(f"{at}/tick", json={"minuteIndex": 0}).status_code == 201
    for _ in range(2):
        assert client.post("/api/session/batch-tick", json={"sessionId": session, "items": scores()}).status_code == 201
    key = {"Idempotency-Key": f"key-{session}"}
    for _ in range(2):
        assert client.post(f"{at}/feedback", json={"rating": 5}, headers=key).status_code == 201
    queries = "", "?status=active", "?status=ended", "?userId=user-1", "?counselorId=counselor-1", "?overview=true"
    lists = [f"/api/session{query}" for query in (*queries, "?q=user", "?q=user&from=1&to=2", "?q=user&status=active")]
    lists.append("/api/session/user/user-1/progress?limit=1")
    for path in (at, f"{at}/inferences", f"{at}/transcript", "/api/session/stats/summary", "/api/session/user/user-1", *lists):
        assert client.get(path).status_code == 200
    device = {"X-Device-ID": "device-1"}
    for _ in range(2):
        assert client.put("/api/user/preferences", json={"preferences": {"language": "en"}}, headers=device).status_code == 200
    assert client.get("/api/user/preferences", headers=device).status_code == 200
    for path in ("/api/dashboard/summary", "/metrics", "/api/monitoring/health"):
        assert client.get(path).status_code == 200
    listed = client.get("/api/session/user/user-1?limit=1").json["data"]
    if listed["nextCursor"]:
        assert client.get(f"/api/session/user/user-1?limit=1&cursor={listed['nextCursor']}").status_code == 200
    for verb in ("pause", "resume", "end"):
        assert client.post(f"{at}/{verb}").status_code == 200
    if start_session(client):
        assert client.delete(at).status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_statement_scans_a_table_on_sqlite(statements, settings):
    connections.close()
    connection = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    for sql, params in statements.items():
        steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()]
        # The one row of a subquery of aggregates is read whole; how its rows are found is another step.
        subqueries = {step.split()[-1] for step in steps if step.startswith(("CO-ROUTINE ", "MATERIALIZE "))}
        for step in steps:
            if step.startswith(_SCANNED):
                continue
            if step.startswith("SCAN") and "CONSTANT ROW" not in step and step.split()[1] not in subqueries and not _NEWEST.search(sql):
                raise AssertionError(f"{step}: {sql}")
            if " demo = 0" in sql and step.split()[1] == "session":
                assert "not_demo" in step, f"{step}: {sql}"
            for table in _OF_SESSIONS:
                if step.startswith(f"SEARCH {table} "):
                    assert "(session_id=?" in step, f"{step}: {sql}"
    connection.close()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_no_statement_scans_a_table_on_postgres(statements, settings):
    connections.close()
    with psycopg.connect(settings.database_url, cursor_factory=psycopg.ClientCursor) as connection:
        # Tables of a test are small enough to be read whole; the planner may do so only where no index serves.
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        for sql, params in statements.items():
            plan = [line for (line,) in connection.execute(f"EXPLAIN {sql}", params).fetchall()]
            text = "\n".join(plan)
            assert "Seq Scan" not in text, f"{sql}\n{text}"
            assert " demo = 0" not in sql or "not_demo" in text, f"{sql}\n{text}"
            for number, line in enumerate(plan):
                if re.search(rf"Index (Only )?Scan .*on ({'|'.join(_OF_SESSIONS)})\b", line):
                    assert "session_id = " in plan[number + 1], f"{sql}\n{text}"
