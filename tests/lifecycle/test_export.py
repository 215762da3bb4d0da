"""``bemore export``: everything that is stored of a session, as of one moment, in little memory."""

import json
import stat
import threading
import tracemalloc

import msgspec
import pytest

from tests.support import storing
from tests.support.stocked import NOBODY, NOW_MS, bemore, everything, in_process, shown, started, stocked, unrestricted

from bemore.models import audit, feedback, session, telemetry
from bemore.lifecycle import export
from bemore.db import connections
from bemore.db.connections import execute, write_transaction

ID = "sess_1_aaaaaaaaaaaaaaaa"


def exported(public_id, url, directory):
    done = in_process("export", public_id, "-o", directory / "out.jsonl", url=url)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in (directory / "out.jsonl").read_text("utf-8").split("\n")[:-1]]


def select(what, session_key):
    with connections.read():
        return connections.execute(f"SELECT {what} WHERE session_id = ?", (session_key,)).fetchall()


def test_every_row_of_a_session_is_in_it(app, database_url, tmp_path):
    public_id, other = stocked(NOW_MS), stocked(NOW_MS, user="user-2")
    session.pause(unrestricted(public_id), NOW_MS + 5)
    row = shown(public_id)
    connections.close()
    lines = exported(public_id, database_url, tmp_path)
    first, *_, last = lines
    at = first.pop("exportedAt")
    assert first == {
        "type": "session", "formatVersion": 1, "sessionId": public_id, "userId": "user-1", "counselorId": "counselor-1", "status": "paused",
        "startedAt": NOW_MS, "pausedAt": NOW_MS + 5, "resumedAt": None, "endedAt": None, "duration": at - NOW_MS, "demo": False,
        "clockOffsetMs": None, "revision": row.revision,
        "stats": {"totalFrames": 10, "totalAudioChunks": 11, "totalSttSnippets": 10},
    }  # fmt: skip
    assert last == {"type": "end", "lines": len(lines) - 1}
    stored = everything(database_url)
    mine = {
        "frame": [
            {"ts": ts, "speaker": None, "qualityScore": quality, "faceLandmarksCompressed": packed, "landmarks": json.loads(points)}
            for ts, quality, packed, points in select("ts_ms, quality, compressed, landmarks FROM frame", row.key)
        ],
        "audio": [
            {"tsStart": start, "tsEnd": end, "speaker": None, "vad": vad, "rms": rms, "pitch": pitch}
            for start, end, vad, rms, pitch in select("ts_start_ms, ts_end_ms, vad, rms, pitch FROM audio_chunk", row.key)
        ],
        "stt": [
            {
                "tsStart": start, "tsEnd": end, "speaker": None, "text": text, "lang": lang, "sentiment": sentiment,
                "keywords": json.loads(words),
            } for start, end, text, lang, sentiment, words in select(
                "ts_start_ms, ts_end_ms, text, lang, sentiment, keywords FROM stt_snippet", row.key
            )
        ],
        "feedback": [
            {"feedbackId": public, "rating": rating, "note": note, "submittedAt": at_ms, "author": "user-1", "role": "user"}
            for _, public, key, rating, note, at_ms, *_ in stored["feedback"] if key == row.key
        ],
        "note": [
            {
                "noteId": public, "author": "author-9", "role": "counselor", "kind": "note", "tStart": 5000, "tEnd": 9000,
                "text": '"여기" \\ 🙂', "visibility": "private", "createdAt": NOW_MS + 63_000, "editedAt": None,
            } for _, public, key, *_ in stored["note"] if key == row.key
        ],
        "idempotentAnswer": [
            {
                "caller": caller, "path": path, "key": key, "bodyHash": digest, "status": status, "answer": json.loads(answer),
                "createdAt": at_ms,
            } for caller, path, key, digest, status, answer, at_ms, session_key, _ in stored["idempotency_key"] if session_key == row.key
        ],
    }  # fmt: skip
    for kind, rows in mine.items():
        found = [{name: value for name, value in line.items() if name != "type"} for line in lines if line["type"] == kind]
        assert rows and sorted(found, key=repr) == sorted(rows, key=repr)
    by_server, by_client = [line for line in lines if line["type"] == "minute"]
    assert by_server["source"] == "server" and by_server["dataPoints"] == {
        "frameCount": 10,
        "audioChunkCount": 11,
        "sttSnippetCount": 10,
    }
    assert by_client == {
        "type": "minute", "minuteIndex": 1, "facialScore": 0.1, "vadScore": 0.2, "textScore": 0.3, "combinedScore": 0.4,
        "modelVersion": "rules-v1.0", "source": "client", "dataPoints": {"frameCount": 0, "audioChunkCount": 0, "sttSnippetCount": 0},
        "keywords": ["잠", "일"], "sentiment": "neutral", "confidence": 0.9, "timestamp": "2026-11-18T11:07:41.124Z", "durationMs": 60_000,
    }  # fmt: skip
    assert len(lines) == 2 + 2 + sum(map(len, mine.values()))
    assert other not in json.dumps(lines)


#: What of a table is left out of an export, or is there under another form.
LEFT_OUT = {
    "session": {"erasing"}, "minute_score": {"data_revision"}, "minute_coverage": None, "session_summary": None, "audit": None,
    "tally": None, "migration": None, "preference": None, "idempotency_key": {"note_id"}, "frame": {"resent"}, "audio_chunk": {"resent"},
    "stt_snippet": {"resent"},
}  # fmt: skip


def test_no_column_is_forgotten(app, database_url):
    """A new column has to be exported, or named above."""
    read_columns = {
        table: {column.partition(" AS ")[0] for column in f"{key}, {columns}".split(", ")} for _, table, key, columns in export._PARTS
    }
    read_columns["session"] = {"id", *session.SessionRow._fields[1:]}
    for table in everything(database_url):
        left_out = LEFT_OUT.get(table, set())
        if left_out is not None:
            made = {each.name for each in connections.database.get_columns(table)}
            assert made - left_out - {"session_id", "id"} == read_columns[table] - {"id"}


def test_the_file_is_its_owners_alone_and_the_export_is_recorded(app, database_url, tmp_path):
    public_id = stocked(NOW_MS)
    (tmp_path / "out.jsonl").write_text("old")
    exported(public_id, database_url, tmp_path)
    assert stat.S_IMODE((tmp_path / "out.jsonl").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if "part" in each.name] == []
    (entry,) = audit.entries()
    assert (entry.action, entry.session_id) == ("session.export", public_id) and entry.actor.startswith("cli:")


def test_on_the_terminal_there_is_nothing_but_the_lines(app, database_url, tmp_path):
    public_id = stocked(NOW_MS, rows=3)
    connections.close()
    done = bemore("export", public_id, "-o", "-", url=database_url, cwd=tmp_path)
    assert done.returncode == 0
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == [
        "session", *["frame"] * 3, *["audio"] * 4, *["stt"] * 3, "minute", "minute", "note", "feedback",
        *["idempotentAnswer"] * 2, "end",
    ]  # fmt: skip


def test_two_speakers_at_the_same_moments_are_all_exported(app, database_url, tmp_path):
    row = started(NOW_MS)
    scope, count = unrestricted(row.public_id), export.BATCH
    for speaker in (1, 2, 3):
        for first in range(0, count, 100):
            telemetry.store_frames(scope, [(ms, speaker, 0.5, None, None) for ms in range(first, first + 100)], storing.ARRIVAL)
    connections.close()
    lines = [line for line in exported(row.public_id, database_url, tmp_path) if line["type"] == "frame"]
    assert len(lines) == 3 * count and {line["speaker"] for line in lines} == {"counselor", "user", None}
    assert len({(line["ts"], line["speaker"]) for line in lines}) == 3 * count


@pytest.mark.parametrize("public_id", [ID, "nonsense", "x" * 500])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_session_that_is_not_there_leaves_no_file_and_no_entry(app, database_url, tmp_path, public_id):
    done = in_process("export", public_id, "-o", tmp_path / "out.jsonl", url=database_url)
    assert done.exit_code == 1 and f"Error: There is no session {public_id}." in done.output
    assert [each for each in tmp_path.iterdir() if "out" in each.name] == [] and list(audit.entries()) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_place_that_cannot_be_written_is_told(app, database_url, tmp_path):
    public_id = stocked(NOW_MS, rows=1)
    done = in_process("export", public_id, "-o", tmp_path / "no/such/directory/out", url=database_url)
    assert done.exit_code == 1 and "no/such/directory" in done.output


def test_what_comes_meanwhile_is_not_seen(app, monkeypatch):
    monkeypatch.setattr(export, "BATCH", 4)
    public_id = stocked(NOW_MS)
    lines = export.lines(unrestricted(public_id), NOW_MS)
    seen = [next(lines) for _ in range(3)]
    store_from_elsewhere(public_id)
    seen += lines
    assert [line["type"] for line in seen].count("frame") == seen[0]["stats"]["totalFrames"] == 10
    assert "feedback" in {line["type"] for line in seen} and len([line for line in seen if line["type"] == "feedback"]) == 1
    assert shown(public_id).frame_count == 12


def store_from_elsewhere(public_id):
    """Frames before and behind those that are there, and feedback, from another thread and its connection."""

    def store():
        storing.store_frames(unrestricted(public_id), [(-5, 0.5, None, None), (99_999, 0.5, None, None)])
        with write_transaction():
            feedback.add(unrestricted(public_id), 1, None, NOBODY, NOW_MS)
        connections.close()

    thread = threading.Thread(target=store)
    thread.start()
    thread.join()


def test_many_rows_take_no_more_memory_than_few(app):
    row = started(NOW_MS)
    with write_transaction():
        numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)"
        text = "x" * 1000
        execute(f"INSERT INTO frame (session_id, ts_ms, quality, compressed) {numbers} SELECT {row.key}, n, 0.5, '{text}' FROM n")
    tracemalloc.start()
    try:
        count, peak = 0, 0
        for line in export.lines(unrestricted(row.public_id), NOW_MS):
            count += 1
            if count % 1000 == 0:
                assert len(msgspec.json.encode(line)) > 1000
                peak = max(peak, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
    assert count == 20_002
    assert peak < 6_000_000  # of 20 MB
