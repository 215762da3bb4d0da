"""The search for sessions and a client's progress among a million sessions of 10,000 people; by SQL alone filled, asked over HTTP."""

from statistics import median

from bench.database import count_sessions
from bench.figures import number, table
from bench.filling import COUNTING
from bench.http1 import Connection, request
from bench.progress import bar
from bemore.models.keys import first_session_key, session_key

#: Everybody has the same share of the sessions; the last ones to be asked for are long gone.
USERS, COUNSELORS = 9_000, 1_000

#: The key of ``sess_1_aaaaaaaaaaaaaaaa`` is the sum of these.
_SECOND, _SUFFIX = first_session_key(1000), session_key("sess_0_aaaaaaaaaaaaaaaa")

_SESSIONS = COUNTING + (
    "INSERT INTO session (id, public_id, user_id, counselor_id, status, started_ms, ended_ms)"
    f" SELECT (1700000000 + CAST(n AS BIGINT) * 60) * {_SECOND} + {_SUFFIX}, 'sess_' || (1700000000 + n * 60) || '_aaaaaaaaaaaaaaaa',"
    " CASE WHEN n < 500 THEN 'gone-' ELSE 'user-' END || (CAST(n AS BIGINT) * 7919 % ?),"
    " 'counselor-' || (n % ?), 'ended', 1700000000000 + CAST(n AS BIGINT) * 60000, 1700003000000 + CAST(n AS BIGINT) * 60000 FROM counting"
)

#: What is asked for: what each case is called, and the query.
CASES = {
    "all sessions": "",
    "nearly everybody": "q=user-",
    "one letter": "q=e",
    "nobody": "q=zzz",
    "one client": "q=user-4711",
    "a hundred people": "q=r-77",
    "the long gone": "q=gone",
    "one client, some months": "q=user-4711&from=1710000000000&to=1725000000000",
    "of one counselor": "q=user-1&counselorId=counselor-5",
    "nobody who is active": "q=user-&status=active",
}


def measure(running, sessions, rounds):
    """``{case: p50 in ms}`` of ``rounds`` requests each, of a service whose database gets so many sessions first."""
    running.direct.relax()
    running.direct.run(_SESSIONS, sessions - 1, USERS, COUNSELORS)
    count_sessions(running.direct)
    running.direct.settle()
    paths = {case: f"/api/session?limit=50&{query}" for case, query in CASES.items()}
    paths["progress of a client"] = "/api/session/user/user-4711/progress"
    taken = {case: [] for case in paths}
    with Connection(running.port) as connection, bar(f"search, {running.subject.label}", rounds) as steps:
        for _ in range(rounds):
            for case, path in paths.items():
                answer = connection.send_request(request("GET", path))
                if answer.status != 200:
                    raise RuntimeError(f"{path}: {answer.status} {answer.body[:300]!r}")
                taken[case].append(answer.seconds * 1000)
            steps.step()
    return {case: median(latencies) for case, latencies in taken.items()}


def text(found):
    """A table of the medians by database."""
    if not found:
        return ""
    rows = [(case, *(number(by_case[case]) for by_case in found.values())) for case in next(iter(found.values()))]
    return table(("search: p50 in ms", *found), rows)
