"""A report is of one moment, also while data come in and the session ends."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from bemore.db import connections
from tests.support.answers import CheckingSession
from tests.support.samples import audio, start_session, stt
from tests.support.openapi_check import AnswerChecker
from tests.support.reported import PATHS, data, filled, place, send, talk


def test_report_is_of_one_moment(client, app):
    """Data that come in between two statements of a report are in none of its parts."""
    session_id = filled(client, "one minute")
    before = data(client, session_id)

    def upload():
        other = app.test_client()
        send(other, session_id, "audio", {"items": talk(5, start_ms=120_000)})
        send(other, session_id, "stt", {"items": stt(1, 120_000, text="바다")})
        send(other, session_id, "feedback", {"rating": 1})
        send(other, session_id, "end")
        connections.close()

    def meanwhile(record):
        """A filter of the log of statements, as those hold no lock that the other thread would wait for."""
        if "FROM minute_score" in record.msg[0] and uploads:
            thread = threading.Thread(target=uploads.pop())
            thread.start()
            thread.join()
        return True

    uploads, logger = [upload], logging.getLogger("peewee")
    logger.addFilter(meanwhile)
    logger.setLevel(logging.DEBUG)
    try:
        during = data(client, session_id)
    finally:
        logger.removeFilter(meanwhile)
        logger.setLevel(logging.NOTSET)
    moving = {"duration", "durationFormatted", "generatedAt", "coverage"}
    assert {name for name in during if during[name] != before[name]} <= moving
    after = data(client, session_id)
    assert not uploads and after["status"] == "ended" and len(after["feedback"]) == 1
    assert after["stats"]["totalAudioChunks"] == before["stats"]["totalAudioChunks"] + 5


def test_reports_are_whole_while_data_comes_in_and_the_session_ends(service, http):
    """Over real sockets. Every chunk here is a run of its own, so that chunks and runs are as many."""
    base = service().url
    session_id = start_session(http, base=base)
    stop = threading.Event()
    checker = AnswerChecker(http.get(f"{base}/api/openapi.json").json())

    def session_goes_on_and_ends():
        with CheckingSession() as client:
            for minute in range(1000):
                alternating = [{**chunk, "vad": number % 2} for number, chunk in enumerate(audio(10, minute * 60_000))]
                send(client, session_id, "audio", {"items": alternating}, base)
                send(client, session_id, "tick", {"minuteIndex": minute}, base)
                if stop.is_set():
                    return minute + 1, [send(client, session_id, "end", base=base) for _ in range(5)]

    def read_all():
        for path in PATHS:
            answer = http.get(base + place(session_id, path))
            assert answer.status_code == 200 and not checker.problems("GET", place(session_id, path.partition("?")[0]), answer)
        report = http.get(base + place(session_id, "report")).json()["data"]
        assert len(report["minutes"]) == report["stats"]["totalMinutes"] == len(report["vadTimeline"])
        runs = report["vadSummary"]["speechBurstCount"] + report["vadSummary"]["pauseCount"]
        assert runs == report["stats"]["totalAudioChunks"]
        return report

    with ThreadPoolExecutor(1) as pool:
        try:
            running = pool.submit(session_goes_on_and_ends)
            reported = [read_all() for _ in range(3)]
        finally:
            stop.set()
        while not running.done():
            reported.append(read_all())
        minutes, answers = running.result()
    reported.append(read_all())
    counts = [report["stats"]["totalMinutes"] for report in reported]
    assert counts == sorted(counts) and counts[-1] == minutes and len(set(counts)) > 2
    assert reported[0]["status"] == "active" and reported[-1]["status"] == "ended"
    assert {ended["endedAt"] for ended in answers} == {reported[-1]["endedAt"]}
    assert answers[0]["emotionSummary"]["distribution"] == reported[-1]["emotionDistribution"]
