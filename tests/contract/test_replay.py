"""What two versions of the real frontend sent, 210 requests in their order, replayed against the running service.

``tests/data/frontend-requests.jsonl`` holds them: a JSON object a line (``client, method, path, headers, body``). A line
that ``binds`` a name such as ``{session1}`` is a start; later lines use the id it was answered under that name. Bodies
were recorded up to their 549th character: ten, all of ``batch-tick``, are cut there and end with ``…``. Those are sent as
they are, which is broken JSON, and mended, as the frontend really sent them but for the items that are lost.
"""

import json
import re
from dataclasses import dataclass

import pytest

from tests.support.servers import REPOSITORY

RECORDING = REPOSITORY / "tests" / "data" / "frontend-requests.jsonl"


#: What each endpoint answers when all is well: the status, and what ``data`` at least has.
GOOD = {
    ("POST", "/api/session/start"): (200, {"sessionId", "startedAt", "status", "userId", "counselorId"}),
    ("GET", "/api/session/:id"): (
        200,
        {"sessionId", "userId", "counselorId", "status", "startedAt", "pausedAt", "resumedAt", "endedAt", "duration"}
        | {"emotionCount", "landmarkCount", "sttCount", "stats"},
    ),
    ("POST", "/api/session/:id/pause"): (200, {"sessionId", "status", "pausedAt"}),
    ("POST", "/api/session/:id/resume"): (200, {"sessionId", "status", "resumedAt"}),
    ("POST", "/api/session/:id/end"): (
        200, {"sessionId", "status", "endedAt", "duration", "stats", "inferenceStats", "emotionCount", "emotionSummary"}
    ),
    ("POST", "/api/session/:id/tick"): (
        201, {"minuteIndex", "facialScore", "vadScore", "textScore", "textSentiment", "combinedScore", "dataPoints"}
    ),
    ("POST", "/api/session/batch-tick"): (201, {"success", "count", "batchId"}),
    ("POST", "/api/session/:id/feedback"): (201, {"feedbackId", "sessionId", "rating", "submittedAt"}),
    ("GET", "/api/session/stats/summary"): (
        200, {"total", "active", "paused", "ended", "avgDuration", "totalDuration", "recentSessions"}
    ),
    ("GET", "/api/session/:id/report"): (
        200,
        {"reportId", "sessionId", "userId", "counselorId", "status", "startedAt", "endedAt", "duration", "durationFormatted"}
        | {"generatedAt", "version", "modelVersion", "summary", "minutes", "vadVector", "vadTimeline", "vadSummary", "emotionTimeline"}
        | {"emotionDistribution", "keywords", "highlights", "recommendations", "cbtFindings", "feedback", "stats"},
    ),
    ("GET", "/api/session/:id/summary"): (
        200,
        {"sessionId", "status", "startedAt", "endedAt", "duration", "vadVector", "keyObservations", "dominantEmotion"}
        | {"averageVoiceMetrics", "cbt", "recommendations"},
    ),
    ("GET", "/api/session/:id/report/summary"): (200, {"reportId", "summary"}),
    ("GET", "/api/dashboard/summary"): (200, {"todayAvg", "trend", "recommendations", "recentSessions"}),
    ("GET", "/api/user/preferences"): (200, set()),
    ("PUT", "/api/user/preferences"): (200, set()),
    ("POST", "/api/session/devices/check"): (200, {"camera", "microphone", "network"}),
    ("POST", "/api/emotion"): (200, {"emotion", "score", "sentiment"}),
    ("GET", "/api/monitoring/health"): (200, {"status", "uptime", "requests"}),
    ("GET", "/api/monitoring/error-stats"): (200, {"totalErrors", "byStatus", "byRoute"}),
}  # fmt: skip

#: Downloads: the content type, and how the content begins.
DOWNLOADS = {
    "/api/session/:id/report/pdf": ("application/pdf", b"%PDF-"),
    "/api/session/:id/report/csv": ("text/csv", "\ufeffminuteIndex,t,timestamp,".encode()),
}

#: The requests that are wrong in themselves: what is seen of them, the status, the code, and what the message names.
WRONG = [
    (r"^GET /api/session/sess_does_not_exist $", 404, "SESSION_NOT_FOUND", "세션을 찾을 수 없습니다: sess_does_not_exist"),
    (r'^POST /api/session/start \{"userId":"","counselorId":""\}$', 400, "VALIDATION_ERROR", "userId"),
    (r'^POST /api/session/[^/]+/feedback \{"rating":0\}$', 400, "VALIDATION_ERROR", "rating"),
    (r"^POST /api/session/batch-tick .*…$", 400, "VALIDATION_ERROR", "body"),
    (r'^POST /api/session/batch-tick \{"sessionId":"sess_nope"', 404, "SESSION_NOT_FOUND", "세션을 찾을 수 없습니다: sess_nope"),
    # Scores of 0..100 where 0..1 is due; tick takes none, so there they are among the fields that are ignored.
    (r'^POST /api/session/batch-tick .*"facialScore":72\.5', 400, "VALIDATION_ERROR", "facialScore must be between 0 and 1"),
]


@dataclass
class Sent:
    """A line of the recording, with the names it was bound to replaced by ids."""

    method: str
    path: str
    headers: dict
    body: str | None

    @property
    def endpoint(self):
        """The path with ``:id`` for the session and without a query."""
        path = self.path.partition("?")[0]
        return path if path in GOOD_PATHS else re.sub(r"/sess_[^/]+", "/:id", path)

    @property
    def mended(self):
        """The same with the items that are whole, in place of a body that was cut; or None."""
        if self.body is None or not self.body.endswith("…"):
            return None
        return Sent(self.method, self.path, self.headers, self.body[: self.body.rindex("},")] + "}]}")

    def __str__(self):
        return f"{self.method} {self.path} {self.body or ''}"


GOOD_PATHS = {path for _, path in GOOD}


def recording():
    return [json.loads(line) for line in RECORDING.read_text("utf-8").splitlines()]


def expected(sent):
    """(status, code or None, what the message names or the fields of ``data``) by the tables."""
    for pattern, status, code, named in WRONG:
        if re.search(pattern, str(sent)):
            return status, code, named
    status, data_fields = GOOD[sent.method, sent.endpoint]
    return status, None, data_fields


class Replay:
    """Sends lines, remembers what their names are bound to, and collects what is not as it should be."""

    def __init__(self, http, base):
        self.http, self.base = http, base
        self.bound, self.problems, self.answered = {}, [], 0

    def fill(self, text):
        for name, value in self.bound.items():
            text = text.replace(name, value)
        assert "{session" not in text
        return text

    def run(self, lines):
        for number, line in enumerate(lines, 1):
            headers = {name: self.fill(value) for name, value in line["headers"].items()}
            sent = Sent(line["method"], self.fill(line["path"]), headers, line["body"] and self.fill(line["body"]))
            answer = self.send(number, sent)
            if sent.mended:
                self.send(number, sent.mended)
            if "binds" in line:
                self.bound[line["binds"]] = answer.json()["data"]["sessionId"]

    def send(self, number, sent):
        body = None if sent.body is None else sent.body.encode("utf-8")
        answer = self.http.request(sent.method, self.base + sent.path, headers=sent.headers, data=body)
        self.answered += 1
        try:
            (check_preflight if sent.method == "OPTIONS" else check_answer)(sent, answer)
        except AssertionError as problem:
            shown = answer.text[:500] if "json" in answer.headers.get("Content-Type", "") else f"{len(answer.content)} bytes"
            self.problems.append(f"line {number}, {sent}\n    {answer.status_code} {shown}\n    {problem}")
        return answer


def listed(header):
    return {each.strip().lower() for each in (header or "").split(",")}


def check_preflight(sent, answer):
    """A browser goes on only after a 2xx that allows the origin, the method and each header it is about to send."""
    allowed = answer.headers
    assert allowed.get("Access-Control-Allow-Origin") == sent.headers["Origin"], "the origin is not allowed"
    assert answer.status_code in (200, 204), "the preflight fails"
    assert sent.headers["Access-Control-Request-Method"].lower() in listed(allowed.get("Access-Control-Allow-Methods"))
    missing = listed(sent.headers["Access-Control-Request-Headers"]) - listed(allowed.get("Access-Control-Allow-Headers"))
    assert not missing, f"these headers are not allowed: {missing}"


def check_answer(sent, answer):
    if "Origin" in sent.headers:
        assert answer.headers.get("Access-Control-Allow-Origin") == sent.headers["Origin"], "the page may not read it"
        assert {"x-request-id", "retry-after"} <= listed(answer.headers.get("Access-Control-Expose-Headers"))
    assert answer.headers.get("RateLimit-Limit") in ("300", "600"), "no quota is told"
    if sent.endpoint in DOWNLOADS:
        check_download(sent, answer)
        return
    status, code, names = expected(sent)
    assert answer.status_code == status, f"should be {status} {code or ''}"
    content = answer.json()
    if code:
        assert content["error"]["code"] == code
        assert names in content["error"]["message"], f"the message should name {names}"
    else:
        assert names <= set(content["data"]), f"data misses {names - set(content['data'])}"
        check_data(sent, content)


def check_download(sent, answer):
    kind, start = DOWNLOADS[sent.endpoint]
    assert answer.status_code == 200 and answer.headers["Content-Type"].partition(";")[0] == kind, f"should be {kind}"
    assert answer.content.startswith(start), f"should begin with {start}"
    assert answer.headers["Content-Disposition"].startswith("attachment"), "should be saved, not shown"
    # The page reads the file's name from it.
    assert "content-disposition" in listed(answer.headers["Access-Control-Expose-Headers"])


def check_data(sent, content):
    data, body = content["data"], json.loads(sent.body) if sent.body else {}
    last = sent.endpoint.rpartition("/")[2]
    if "sessionId" in data and last != "start":
        assert data["sessionId"] in sent.path, "another session is answered"
    if last == "start":
        assert re.fullmatch(r"sess_\d+_[a-z0-9]{16,}", data["sessionId"])
        assert (data["status"], data["userId"], data["counselorId"]) == ("active", body["userId"], body["counselorId"])
    elif last in ("pause", "resume", "end"):
        state, moment = {"pause": ("paused", "pausedAt"), "resume": ("active", "resumedAt"), "end": ("ended", "endedAt")}[last]
        assert data["status"] == state and type(data[moment]) is int
    elif last == "tick":
        # Scored by the server, which has no telemetry of this session: the browser's numbers are ignored.
        scored = [data[part] for part in ("facialScore", "vadScore", "textScore", "combinedScore")]
        assert (data["minuteIndex"], scored) == (body["minuteIndex"], [0.5, 0.3, 0.5, 0.44])
    elif last == "batch-tick":
        count = len(body["items"])
        assert (content["success"], content["count"], data["count"]) == (True, count, count)
        assert content["message"] == f"{count}개 항목이 처리되었습니다"
        assert content["batchId"] == data["batchId"] and "errors" not in content
    elif last == "feedback":
        assert content["message"] == "피드백이 저장되었습니다" and data["rating"] == body["rating"]
    elif sent.endpoint == "/api/session/stats/summary":
        assert all(type(each["id"]) is str and type(each["durationMs"]) in (int, float) for each in data["recentSessions"])
    elif sent.endpoint == "/api/user/preferences" and sent.method == "PUT":
        assert data == body["preferences"]
    elif sent.endpoint == "/api/dashboard/summary":
        check_dashboard(data)
    elif sent.endpoint == "/api/session/devices/check":
        # Straight to the service, over TCP: what the page shows as numbers are numbers.
        assert all(type(data["network"][name]) in (int, float) and data["network"][name] > 0 for name in ("latency", "bandwidth"))
        assert all(data[device] == {"available": True, "permission": "prompt"} for device in ("camera", "microphone"))
    elif sent.endpoint == "/api/emotion":
        assert (data["emotion"], data["sentiment"]) == ("anxious", "negative")
    elif sent.endpoint.startswith("/api/monitoring/"):
        assert content["success"] is True


def check_dashboard(data):
    steps = data["trend"]["dayOverDay"]
    assert set(data["todayAvg"]) == set(steps) == {"valence", "arousal", "dominance"}
    assert all(value is None or type(value) in (int, float) for value in (*data["todayAvg"].values(), *steps.values()))
    assert all(type(each[name]) is str for each in data["recommendations"] for name in ("id", "title", "desc"))
    for each in data["recentSessions"]:
        assert re.fullmatch(r"sess_\d+_[a-z0-9]{16,}", each["sessionId"]) and type(each["reportId"]) is str
        assert type(each["createdAt"]) is int


def last_chosen(device):
    """The preferences that the recording's last PUT of a device (or of none) holds."""
    lines = [line for line in recording() if (line["method"], line["path"]) == ("PUT", "/api/user/preferences")]
    return [json.loads(line["body"])["preferences"] for line in lines if line["headers"].get("X-Device-ID") == device][-1]


# -- The tests -----------------------------------------------------------------------------------------------------------


def test_recording_is_whole():
    lines = recording()
    assert len(lines) == 210
    assert {line["client"] for line in lines} == {"2025-11-04", "2025-11-19"}
    assert sum((line["body"] or "").endswith("…") for line in lines) == 10
    assert [line["binds"] for line in lines if "binds" in line] == ["{session1}", "{session2}", "{session3}"] * 2


def test_every_recorded_request_is_answered_as_the_contract_says(service, http):
    """With the quotas as they are by default: two afternoons of a real page must not run into them."""
    running = service(RATE_LIMIT_ENABLED="true")
    replay = Replay(http, running.url)
    replay.run(recording())
    assert not replay.problems, "\n".join(replay.problems)
    assert replay.answered == 210 + 10

    # What is left of it: six sessions, all ended, and the minutes of the second one.
    summary = http.get(f"{running.url}/api/session/stats/summary").json()["data"]
    assert (summary["total"], summary["active"], summary["ended"], len(summary["recentSessions"])) == (6, 0, 6, 6)
    session = f"{running.url}/api/session/{replay.bound['{session2}']}"
    rows = http.get(f"{session}/inferences").json()["data"]["inferences"]
    assert [(row["minuteIndex"], row["source"]) for row in rows] == [(0, "server"), (1, "server"), *((m, "client") for m in (2, 3, 5, 6))]
    assert all(row["keywords"] == ["불안", "학업"] for row in rows[2:])
    # What each device, and those without one, chose last.
    for device in {line["headers"].get("X-Device-ID") for line in recording()}:
        headers = {} if device is None else {"X-Device-ID": device}
        kept = {} if device is None else last_chosen(device)
        assert http.get(f"{running.url}/api/user/preferences", headers=headers).json()["data"] == kept
    shown = http.get(session).json()["data"]
    assert shown["startedAt"] <= shown["pausedAt"] <= shown["resumedAt"] <= shown["endedAt"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_replay_through_a_page_of_another_origin_is_not_readable(service, http):
    """The same requests from a page that FRONTEND_URLS does not list: no answer allows it."""
    running = service()
    for line in recording()[:120]:
        if "Origin" in line["headers"] and "{" not in line["path"]:
            body = None if line["body"] is None or "{session" in line["body"] else line["body"].encode()
            headers = {name: value for name, value in line["headers"].items() if "{" not in value}
            headers["Origin"] = "http://localhost.example.org:5173"
            answer = http.request(line["method"], running.url + line["path"], headers=headers, data=body)
            assert "Access-Control-Allow-Origin" not in answer.headers
