"""Whether requests get slower as data pile up: each endpoint's median against an almost empty database.

One service for every size runs beside the others, and each request is sent to all of them in turn, so that whatever else
happens on the machine happens to all. The requested sessions are alike in all databases and are stored in the middle of the filling.
"""

import contextlib
import random
import subprocess
import sys
import time
from statistics import median

from bemore.models import partitions
from bench import payloads, pictures, searching
from bench.database import add_sessions, count_sessions
from bench.filling import fill
from bench.figures import number, table
from bench.http1 import Connection, request
from bench.progress import bar
from bench.stage import WIDE_QUOTAS, Stage, Subject
from bench.surroundings import sentence, surroundings

SUBJECTS = {
    "sqlite": Subject("growth-sqlite", "SQLite", "bemore", 1),
    "postgres": Subject("growth-postgres", "PostgreSQL", "bemore", 1, "postgres"),
    "postgres-whole": Subject("growth-postgres-whole", "PostgreSQL, one partition for everything", "bemore", 1, "postgres"),
}

BOUND = 1.15

#: Sessions that requests name, in every database; their ids come from payloads.session_id.
PROBED = 24

_PROBED_MINUTES = 10

#: Retention is measured by erasing what is older than this; filling spreads it over 90 days.
_KEPT_DAYS = 60


def start():
    """The label and the bytes of the request that starts a round's own session."""
    return "POST /start", request("POST", "/api/session/start", {"userId": "user-own", "counselorId": "counselor-own"})


def probes(turn, own):
    """``[(label, bytes)]``: the other requests of a round, the same for every database but for ``own``, its own session's id."""
    source, session = random.Random(turn), payloads.session_id(turn % PROBED)
    minute = _PROBED_MINUTES + turn // PROBED
    begin = minute * payloads.MINUTE_MS

    def batch(first, count):
        return payloads.batch(first, count, source, session=session)

    contents = {
        "GET /:id": None,
        "POST /:id/frames": payloads.frames(begin, 100, source),
        "POST /:id/audio": payloads.audio(begin, 60, source),
        "POST /:id/stt": payloads.stt(begin, 10, source),
        "POST /:id/tick": {"minuteIndex": minute},
        "POST /batch-tick (1)": batch(1_000 + turn, 1),
        "POST /batch-tick (100)": batch(0, 100),
        "GET /:id/inferences": None,
        "GET /stats/summary": None,
        "GET /user/user-1": None,
        "GET /:id/summary": None,
        "GET /:id/report": None,
        "GET /:id/report/summary": None,
        "GET /:id/vad-analysis": None,
        "GET /:id/report/csv?kind=vad": None,
        "GET /:id/report/html": None,
        "GET /:id/report/pdf": None,
        "POST /own/feedback": {"rating": 5, "note": ""},
        "POST /own/pause": {},
        "POST /own/resume": {},
        "POST /own/end": {},
        "DELETE /own": None,
    }
    return [(label, _request(label, session, own, content)) for label, content in contents.items()]


def _request(label, session, own, content):
    method, path = label.split(" ")[:2]
    path = path.replace(":id", session).replace("/own", f"/{own}")
    return request(method, f"/api/session{path}", content)


def run(results, databases, sizes, rounds, sessions, directory=None):
    """Measure ``rounds`` rounds on every database and size of frames, and the search among ``sessions``; write the results, return their
    text.
    """
    surrounding, taken, filled, found, erased = surroundings(directory), {}, {}, {}, {}
    for database in databases:
        with contextlib.ExitStack() as exits:
            stage = exits.enter_context(Stage(directory))
            services = {size: exits.enter_context(stage.running(SUBJECTS[database], **WIDE_QUOTAS)) for size in sizes}
            for size, running in services.items():
                if database == "postgres-whole":
                    _make_whole(running.direct)
                filled[f"{database} {size}"] = _fill_around(running, size)
            lines = {size: exits.enter_context(Connection(running.port)) for size, running in services.items()}
            taken[database] = _rounds(lines, rounds, database)
            if SUBJECTS[database].database == "postgres":
                erased[database] = _erase(services[max(sizes)])
        if sessions:
            with Stage(directory) as stage, stage.running(SUBJECTS[database], **WIDE_QUOTAS) as running:
                found[SUBJECTS[database].label] = searching.measure(running, sessions, rounds)
    tables = [*(_text(database, sizes, taken[database]) for database in databases), searching.text(found), _retention(erased)]
    text = "\n\n".join([sentence(surrounding), *filter(None, tables)])
    by_database = {SUBJECTS[each].label: {label: ratios(by_size) for label, by_size in taken[each].items()} for each in databases}
    pictures.growth(results.path("png"), by_database, BOUND)
    medians = {
        database: {label: {size: median(latencies) for size, latencies in by_size.items()} for label, by_size in by_label.items()}
        for database, by_label in taken.items()
    }
    numbers = {
        "surroundings": surrounding, "bound": BOUND, "rounds": rounds, "rows": filled, "p50_ms": medians, "search_p50_ms": found,
        "retention": erased,
    }  # fmt: skip
    return results.write(text, numbers)


def _fill_around(running, size):
    """Fill half, add the sessions that requests name, fill the other half; return the number of rows by table."""
    with bar(f"filling {size:,} frames, {running.subject.label}", size) as steps:
        fill(running.direct, size // 2, "before", steps)
        with Connection(running.port) as connection:
            _add_probed(running.direct, connection)
        fill(running.direct, size - size // 2, "after", steps)
    return {table_name: running.direct.count(table_name) for table_name in ("session", "frame", "minute_score")}


def _make_whole(direct):
    """Put one partition for everything in the place of all others, in effect a table without partitions."""
    for name in partitions.TABLES:
        for (each,) in direct.run("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = ?::regclass", name):
            direct.run(f"DROP TABLE {each}")
        direct.run(f"CREATE TABLE {partitions.SCHEMA}.{name}_whole PARTITION OF {name} FOR VALUES FROM (0) TO ({2**63 - 1})")


def _erase(running):
    """Run ``bemore purge`` of all but _KEPT_DAYS: seconds, the size of the database in bytes and the vacuums before and after."""
    before, start = _vacuums(running.direct), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "bemore", "purge", "--older-than", f"{_KEPT_DAYS}d", "--yes"],
        env=running.server.env, cwd=running.server.directory, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"bemore purge: {done.stdout}{done.stderr}")
    seconds = time.monotonic() - start
    return {"seconds": seconds, "erased": done.stdout.splitlines()[-1], "before": before, "after": _vacuums(running.direct)}


def _vacuums(direct):
    """The size of the database, and of the tables of telemetry together: autovacuum's runs, rows alive and dead."""
    vacuums, live, dead = direct.run(
        "SELECT sum(autovacuum_count)::int, sum(n_live_tup)::bigint, sum(n_dead_tup)::bigint FROM pg_stat_user_tables WHERE schemaname = ?",
        partitions.SCHEMA,
    )[0]
    return {"bytes": direct.size(), "autovacuums": vacuums, "live": live, "dead": dead}


def _retention(erased):
    rows = [
        (SUBJECTS[name].label, each["seconds"], *(each[when]["bytes"] >> 20 for when in ("before", "after")), each["after"]["dead"])
        for name, each in erased.items()
    ]
    return rows and table((f"purge of all but {_KEPT_DAYS} days", "s", "MB before", "MB after", "dead rows"), rows)


def _add_probed(direct, connection):
    add_sessions(direct, PROBED)
    direct.run("UPDATE session SET user_id = 'user-1' WHERE user_id LIKE 'user-%'")
    count_sessions(direct)
    source = random.Random(7)
    for place in range(PROBED):
        path = f"/api/session/{payloads.session_id(place)}"
        for minute in range(_PROBED_MINUTES):
            begin = minute * payloads.MINUTE_MS
            for kind, body in (
                ("frames", payloads.frames(begin, 100, source)),
                ("audio", payloads.audio(begin, 60, source)),
                ("stt", payloads.stt(begin, 10, source)),
                ("tick", {"minuteIndex": minute}),
            ):
                answer = connection.send_request(request("POST", f"{path}/{kind}", body))
                if answer.status != 201:
                    raise RuntimeError(f"{path}/{kind}: {answer.status} {answer.body[:300]!r}")


def _rounds(lines, rounds, database):
    """``{label: {size: [ms]}}``; an endpoint that the service does not have is left out."""
    taken, sizes = {}, list(lines)
    with bar(f"requests, {SUBJECTS[database].label}", rounds) as steps:
        for turn in range(rounds):
            # Another one is first in every round.
            order = sizes[turn % len(sizes) :] + sizes[: turn % len(sizes)]
            label, raw = start()
            probe_requests = {}
            for size in order:
                answer = lines[size].send_request(raw)
                _keep(taken, label, size, answer)
                probe_requests[size] = probes(turn, answer.json["data"]["sessionId"])
            for place in range(len(probe_requests[order[0]])):
                for size in order:
                    label, raw = probe_requests[size][place]
                    _keep(taken, label, size, lines[size].send_request(raw))
            steps.step()
    return taken


def _keep(taken, label, size, answer):
    if answer.status == 404 and answer.json["error"]["code"] == "NOT_FOUND":
        return
    if answer.status >= 400:
        raise RuntimeError(f"{label}: {answer.status} {answer.body[:300]!r}")
    taken.setdefault(label, {}).setdefault(size, []).append(answer.seconds * 1000)


def ratios(by_size):
    """``{size: p50 against that of the smallest size}``."""
    middles = {size: median(latencies) for size, latencies in by_size.items()}
    return {size: each / middles[min(middles)] for size, each in middles.items()}


def _text(database, sizes, taken):
    rows = []
    for label, by_size in taken.items():
        growth_ratios = ratios(by_size)
        cells = (f"{number(median(by_size[size]))} ({growth_ratios[size]:.2f})" for size in sizes)
        rows.append((label, *cells, "yes" if growth_ratios[max(sizes)] <= BOUND else "no"))
    head = (f"{SUBJECTS[database].label}: p50 in ms (ratio)", *(f"{size:,} frames" for size in sizes), f"≤ {BOUND}")
    return table(head, rows)
