"""A session of eight hours: what its report, its end and its ticks read does not grow with the frames of other minutes.

A twentieth of it is tried always, the whole of it where BEMORE_TEST_LONG=1; that prints the times of both as well.
"""

import os
import re
import sqlite3
import time
from dataclasses import dataclass
from statistics import median

import psycopg
import pytest
from flask.testing import FlaskClient

from bemore.db.proxy import database
from bemore.db import connections
from bemore.db.connections import execute, write, write_statement, write_transaction
from bemore.models.session import touch
from tests.support.samples import start_session
from tests.support.reported import PATHS, ask, data, place, send
from tests.support.statements import recorded
from tests.support.stocked import unrestricted

ROUNDS = 9


@dataclass(frozen=True)
class Size:
    """How much a session holds."""

    minutes: int
    frames: int
    chunks: int
    snippets: int


EIGHT_HOURS = Size(480, 860_000, 28_800, 5_000)
A_TWENTIETH = Size(24, 43_000, 1_440, 250)
ONE_MINUTE = Size(1, 1_792, 60, 10)

long = pytest.mark.skipif(os.environ.get("BEMORE_TEST_LONG") != "1", reason="BEMORE_TEST_LONG=1 runs it, in about a minute")
sizes = pytest.mark.parametrize("size", [pytest.param(A_TWENTIETH, id="short"), pytest.param(EIGHT_HOURS, id="long", marks=long)])
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_COUNT = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)"
_ROWS = {
    "frame (session_id, ts_ms, quality, compressed)": "i * {minutes} * 60000 / {frames}, 0.5 + (i % 100) / 250.0, 'bG0xAAECAwQFBgcICQ=='",
    "audio_chunk (session_id, ts_start_ms, ts_end_ms, vad, rms)": (
        "i * 1000, i * 1000 + 1000, CASE (i / 7) % 3 WHEN 0 THEN 0.1 ELSE 0.9 END, 0.4"
    ),
    "stt_snippet (session_id, ts_start_ms, ts_end_ms, text, lang, sentiment, keywords)": (
        "i * {minutes} * 60000 / {snippets}, i * {minutes} * 60000 / {snippets} + 3000, '가족과 산책을 했습니다', 'ko', 'positive',"
        """ '["가족","산책","단어' || (i % 200) || '"]'"""
    ),
    "minute_score (session_id, minute_index, facial, vad, text, combined, model_version, source, frame_count, audio_count, stt_count)": (
        "i, round(0.5 + (i % 40) / 100.0, 3), 0.604, 0.7, round(0.4 + (i % 37) / 100.0, 3), 'rules-v1.0', 'server', 1791, 60, 10"
    ),
}


def filled_by_sql(client, size):
    """A session of that size, as if it had come in by requests."""
    session_id = start_session(client)
    with write_transaction():
        if database.obj.dialect == "postgres":
            database.obj.lift_time_limits()
        row = touch(unrestricted(session_id))
        counts = {"frame": size.frames, "audio_chunk": size.chunks, "stt_snippet": size.snippets, "minute_score": size.minutes}
        for table, columns in _ROWS.items():
            columns = columns.format(minutes=f"CAST({size.minutes} AS BIGINT)", frames=size.frames, snippets=size.snippets)
            execute(f"{_COUNT} INSERT INTO {table} SELECT {row.key}, {columns} FROM n", (counts[table.split()[0]],))
        started = row.started_ms - size.minutes * 60_000
        totals = (started, size.frames, size.chunks, size.snippets, row.key)
        execute("UPDATE session SET started_ms = ?, frame_count = ?, audio_count = ?, stt_count = ? WHERE id = ?", totals)
    if database.obj.dialect == "sqlite":
        database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    else:
        write_statement(lambda: execute("ANALYZE"))
    return session_id


#: What a report reads, and the log of who read it.
READ = {"session", "minute_score", "minute_coverage", "audio_chunk", "stt_snippet", "feedback", "note", "audit", "session_summary"}


def tables(statements):
    """The tables that statements name."""
    return {table for sql, _ in statements for table in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) (?!SET\b)(\w+)", sql)}


def plans(statements, url):
    """How the database would run each statement; small tables are not read whole where an index serves."""
    connections.close()
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        for sql, params in statements:
            yield sql, "\n".join(step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())
        connection.close()
        return
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        for sql, params in statements:
            yield sql, "\n".join(line for (line,) in connection.execute(f"EXPLAIN {sql}", params).fetchall())


@sizes
def test_reports_and_the_end_read_no_frame(client, settings, size):
    session_id = filled_by_sql(client, size)
    seen = []
    for path in PATHS:
        with recorded(transactions=False) as statements:
            answer = ask(client, session_id, path)
        assert tables(statements) == READ, path
        assert len(statements) <= 12
        seen += statements
        with recorded(transactions=False) as statements:
            assert client.get(place(session_id, path), headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert tables(statements) == {"session"} and len(statements) == 1, "a 304 reads the session's row alone"
    with recorded(transactions=False) as statements:
        ended = send(client, session_id, "end")
    assert tables(statements) == {
        "session", "tally", "minute_score", "minute_coverage", "audio_chunk", "stt_snippet", "session_summary",
    }  # fmt: skip
    report = data(client, session_id)
    assert (ended["stats"]["totalFrames"], len(report["minutes"])) == (size.frames, size.minutes)
    assert report["vadSummary"]["speechBurstCount"] == pytest.approx(size.chunks / 21, abs=1)
    for sql, plan in plans([*seen, *statements], settings.database_url):
        assert not re.search(r"\bSCAN (?!\d+ CONSTANT ROW)|Seq Scan", plan), f"{sql}\n{plan}"


@sizes
def test_tick_reads_the_frames_of_its_minute_alone(client, settings, size):
    session_id = filled_by_sql(client, size)
    minute = size.minutes // 2
    with recorded(transactions=False) as statements:
        told = send(client, session_id, "tick", {"minuteIndex": minute})
    assert told["dataPoints"]["frameCount"] == pytest.approx(size.frames / size.minutes, abs=1)
    of_frames = [(sql, params) for sql, params in statements if re.search(r"\bframe\b", sql)]
    ((_, params),) = of_frames
    assert list(params)[1:3] == [minute * 60_000, (minute + 1) * 60_000]
    one_range = r"SEARCH frame .*\(session_id=\? AND ts_ms>\? AND ts_ms<\?\)|Index Cond: .*session_id = .*ts_ms >= .*ts_ms < "
    for sql, plan in plans(of_frames, settings.database_url):
        assert re.search(one_range, plan), f"{sql}\n{plan}"


def steps(work):
    """How many hundreds of instructions SQLite runs for it, whatever else the machine does meanwhile."""
    count = [0]

    def one_more():
        count[0] += 1

    def count_by(handler, every):
        # Writes run in the thread of the write queue, on a connection of its own.
        for run in (lambda action: action(), write):
            run(lambda: database.connection().set_progress_handler(handler, every))

    count_by(one_more, 100)
    try:
        work()
    finally:
        count_by(None, 0)
    return count[0]


def same(counts):
    counts = list(counts)
    return max(counts) <= 1.02 * min(counts) + 2


@on_sqlite
@sizes
def test_work_of_the_database_does_not_grow_with_the_frames_of_other_minutes(client, size):
    few, many = filled_by_sql(client, ONE_MINUTE), filled_by_sql(client, size)
    without = filled_by_sql(client, size)
    with write_transaction():
        execute("DELETE FROM frame WHERE session_id = (SELECT id FROM session WHERE public_id = ?)", (without,))
    for path in PATHS:
        assert same(steps(lambda: ask(client, at, path)) for at in (many, without)), path
    assert same(steps(lambda: send(client, at, "end")) for at in (many, without))
    middle, last = size.minutes // 2, size.minutes - 1
    of_tick = [steps(lambda: send(client, at, "tick", {"minuteIndex": m})) for at, m in ((few, 0), (many, 0), (many, middle), (many, last))]
    assert same(of_tick), of_tick
    assert min(of_tick) > 50, "the frames of its own minute are counted, so the measure sees frames"


# -- Times, for whoever asks -------------------------------------------------------------------------------------------------


@long
def test_times_of_eight_hours_beside_one_minute(client, capsys):
    """Prints medians in ms. The limits are those of a busy machine."""
    session_ids = [filled_by_sql(client, size) for size in (ONE_MINUTE, EIGHT_HOURS)]
    client = FlaskClient(client.application)  # one that does not check the answers, which takes longer than to make them
    took = {}
    for session_id, minute in zip(session_ids, (0, 240)):
        calls = {path: lambda path=path: ask(client, session_id, path) for path in PATHS}
        calls["tick"] = lambda: send(client, session_id, "tick", {"minuteIndex": minute})
        calls["end"] = lambda: send(client, session_id, "end")
        for name, call in calls.items():
            call()
            took.setdefault(name, []).append(median(_timed(call) for _ in range(ROUNDS)))
    with capsys.disabled():
        print(f"\n{database.obj.dialect}: medians of {ROUNDS} in ms, one minute and eight hours")
        for name, (small, large) in took.items():
            print(f"  {name:<24}{small:>8.1f}{large:>8.1f}")
    assert took["tick"][1] < 3 * took["tick"][0] + 10
    assert took["report"][1] < 300 and took["end"][1] < 150


def _timed(call):
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
