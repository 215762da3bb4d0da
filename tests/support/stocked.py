"""Sessions with something in every table, a look at all that is stored past the models, and the command as a process."""

import logging
import os
import subprocess
import sys

from click.testing import CliRunner

from tests.support import storing
from tests.support.servers import REPOSITORY, straight

from bemore.cli.main import main
from bemore.models import feedback, idempotency, minute, note, session, summary
from bemore.models.scope import Reader, SessionScope
from bemore.db import connections
from bemore.db.connections import execute, read, write_transaction

HOUR_MS, DAY_MS = 3_600_000, 86_400_000

#: A client's own time, and no multiple of anything.
NOW_MS = 1_795_000_000_123

#: Who gives feedback and writes notes while authentication is off.
NOBODY = Reader(None, None)

#: The scope of a session by its id: a test may use every session.
unrestricted = SessionScope.unrestricted


def bemore(*arguments, url, cwd, stdin=subprocess.DEVNULL, **env):
    """The command ``bemore`` on the database of ``url``, run to its end."""
    env = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "DATABASE_URL": url, **env}
    command = [sys.executable, "-m", "bemore", *map(str, arguments)]
    return subprocess.run(command, env=env, cwd=cwd, stdin=stdin, capture_output=True, text=True, timeout=60, check=False)


def in_process(*arguments, url, **env):
    """The command ``bemore``, run in this process, which takes a tenth of the time: ``.exit_code`` and all its ``.output``."""
    connections.close()
    loggers = [logging.getLogger(name) for name in (None, "bemore", "gunicorn.error", "gunicorn.access")]
    before = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    try:
        result = CliRunner().invoke(main, list(map(str, arguments)), env={"DATABASE_URL": url, **env})
    finally:
        for each, each.handlers, each.level, each.propagate in before:
            each.manager._clear_cache()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def started(at_ms, user="user-1", counselor="counselor-1"):
    """A session that started then, as its row."""
    with write_transaction():
        return session.start(user, counselor, at_ms)


def stocked(at_ms, rows=10, **people):
    """The id of an active session with rows in every table that holds some of a session."""
    row = started(at_ms, **people)
    public_id, scope = row.public_id, unrestricted(row.public_id)
    points = [(ms, 0.5, f"packed-{ms}", "[[0.1,0.2,0.3],[1,0,0]]") for ms in range(0, rows * 100, 100)]
    storing.store_frames(scope, points)
    storing.store_audio(scope, [(ms, ms + 900, 1.0, 0.25, None if ms else 181.5) for ms in range(-1000, rows * 1000, 1000)])
    said = '오늘은 "기분"이\n좋아요 \\ 🙂'
    storing.store_stt(scope, [(ms, ms + 3000, said, "ko", "positive", '["기분"]') for ms in range(0, rows * 3000, 3000)])
    storing.tick(scope, 0, at_ms + 60_000)
    minute.store(scope, [(1, 0.1, 0.2, 0.3, 0.4, ["잠", "일"], "neutral", 0.9, at_ms + 61_001, 60_000)], "rules-v1.0")
    with write_transaction():
        feedback.add(scope, 4, "메모, 그리고 'quote'", Reader("user-1", "user"), at_ms + 62_000)
        told = {"kind": "note", "t_start": 5000, "t_end": 9000, "text": '"여기" \\ 🙂', "visibility": "private"}
        _, note_key, _ = note.add(scope, Reader("author-9", "counselor"), told, at_ms + 63_000)
        answer = idempotency.StoredAnswer(201, '{"data":{"rating":4}}')
        idempotency.remember(
            "127.0.0.1", f"/api/session/{public_id}/feedback", f"key-{public_id}", "hash", answer, at_ms + 62_000, row.key
        )
        idempotency.remember(
            "author-9", f"/api/session/{public_id}/notes", f"key-{public_id}", "hash", answer, at_ms + 63_000, row.key, note_key
        )
    summary.refresh(session.get(scope))
    return public_id


def shown(public_id):
    """The session's row."""
    with read():
        return session.find(unrestricted(public_id))


def everything(url):
    """``{table: [row, …]}`` of all tables, rows in an order that depends on nothing but them; read past the models."""
    with straight(url) as connection:
        if url.startswith("postgresql"):
            sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        else:
            sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        tables = [name for (name,) in connection.execute(sql).fetchall()]
        return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in sorted(tables)}


def raw(url, sql):
    """Run a statement past the models, and commit."""
    with straight(url) as connection:
        connection.execute(sql)
        connection.commit()


def recounted():
    """What the tallies must say, counted from the sessions in sight: ``{(scope, status): (sessions, duration_ms)}``."""
    counted = {}
    with read():
        rows = execute("SELECT user_id, counselor_id, status, started_ms, ended_ms FROM session WHERE erasing = 0").fetchall()
    for user, counselor, status, started_ms, ended_ms in rows:
        for scope in ("all", f"user:{user}", f"counselor:{counselor}"):
            sessions, duration = counted.get((scope, status), (0, 0))
            counted[scope, status] = sessions + 1, duration + (ended_ms - started_ms if status == "ended" else 0)
    return counted


def tallied():
    """What the tallies do say, in the form of ``recounted``."""
    with read():
        rows = execute("SELECT scope, status, sessions, duration_ms FROM tally").fetchall()
    return {(scope, status): (sessions, duration) for scope, status, sessions, duration in rows}
