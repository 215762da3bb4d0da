"""The report of a session as plain values: what ``report``, ``summary``, ``report/summary`` and ``vad-analysis`` answer.

``report`` makes the dict that the file formats are drawn from. Scores and rules come from ``bemore.scoring``; here they are
only put together under the API's names. Every function is pure: the same input gives the same dict.
"""

from collections.abc import Iterable, Mapping, Sequence

from bemore.reports import wording
from bemore.reports.facts import Minute, MinuteAudio, ReportInput, SessionFacts
from bemore.reports.minutes import inference, statistics
from bemore.reports.scored import Scored
from bemore.reports.time_series import BUCKET_MS
from bemore.reports.wording import MINUTE_MS
from bemore.scoring.emotion import distribution
from bemore.scoring.rounding import round3
from bemore.scoring.speech import voice_metrics

__all__ = [
    "Minute", "MinuteAudio", "ReportInput", "SessionFacts", "emotion_summary", "report", "summary", "summary_text", "vad_analysis"
]  # fmt: skip

VERSION = "1.0"
"""Version of the report's shape."""

MOST_KEYWORDS = 20


def report(data: ReportInput) -> dict:
    """The ``data`` of ``GET /:id/report``.

    Without minutes the scores of ``summary`` are 0, ``vadVector`` and ``dominantEmotion`` None, the timelines empty.
    ``stats`` holds the session's totals and the statistics of its minutes as in ``inferences``.
    """
    session = data.session
    scored = Scored(data)
    stats = statistics(data.minutes)
    voice = voice_metrics(data.chunks)
    return {
        "reportId": report_id(session.session_id),
        "sessionId": session.session_id,
        "userId": session.user_id,
        "counselorId": session.counselor_id,
        "status": session.status,
        "startedAt": session.started_at_ms,
        "endedAt": session.ended_at_ms,
        "duration": session.duration_ms,
        "durationFormatted": wording.duration(session.duration_ms),
        "generatedAt": data.generated_at_ms,
        "version": VERSION,
        "modelVersion": data.model_version,
        "summary": {
            "averageScore": stats["avgCombinedScore"],
            "maxScore": stats["maxCombinedScore"],
            "minScore": stats["minCombinedScore"],
            "dominantEmotion": scored.dominant,
            "emotionCount": len(scored.emotions),
            "vadAnalysisCount": len(scored.affects),
        },
        "minutes": [inference(session.session_id, minute) for minute in data.minutes],
        "vadVector": scored.vector,
        "vadTimeline": scored.timeline(),
        "vadSummary": voice,
        "emotionTimeline": scored.emotion_timeline(),
        "emotionDistribution": distribution(scored.labels),
        "keywords": keywords(data.snippet_keywords, data.minutes),
        "highlights": scored.highlights(),
        "recommendations": scored.recommendations(voice),
        "cbtFindings": [],
        "feedback": [
            {"feedbackId": feedback_id, "rating": rating, "note": note, "submittedAt": submitted_ms}
            for feedback_id, rating, note, submitted_ms in data.feedback
        ],
        "stats": {
            "totalFrames": session.total_frames,
            "totalAudioChunks": session.total_audio_chunks,
            "totalSttSnippets": session.total_stt_snippets,
            **stats,
        },
    }


def summary(data: ReportInput) -> dict:
    """The ``data`` of ``GET /:id/summary``. Cognitive distortions are not looked for, so ``cbt`` counts none."""
    session = data.session
    scored = Scored(data)
    voice = voice_metrics(data.chunks)
    return {
        "sessionId": session.session_id,
        "status": session.status,
        "startedAt": session.started_at_ms,
        "endedAt": session.ended_at_ms,
        "duration": session.duration_ms,
        "vadVector": scored.vector,
        "keyObservations": scored.observations(voice),
        "dominantEmotion": scored.dominant,
        "averageVoiceMetrics": voice,
        "cbt": {"totalDistortions": 0, "mostCommon": None},
        "recommendations": scored.recommendations(voice),
    }


def summary_text(report: Mapping) -> str:
    """A report as plain Korean text for an e-mail, lines of any length, no mark-up, ``\\n`` between lines."""
    stats, totals = report["stats"], report["summary"]
    state = wording.STATES.get(report["status"], report["status"])
    lines = [
        "BeMore 상담 세션 리포트 요약",
        "",
        f"세션: {wording.shown(report['sessionId'])}",
        f"시작: {wording.korean_time(report['startedAt'])} (한국 시각)",
        f"길이: {report['durationFormatted']} ({state})",
        "",
    ]
    if stats["totalMinutes"]:
        lines += [
            f"채점된 시간: {stats['totalMinutes']}분",
            f"평균 종합 점수: {wording.score(totals['averageScore'])}"
            f" (최고 {wording.score(totals['maxScore'])}, 최저 {wording.score(totals['minScore'])})",
            f"얼굴 {wording.score(stats['avgFacialScore'])}, 음성 {wording.score(stats['avgVadScore'])},"
            f" 텍스트 {wording.score(stats['avgTextScore'])}",
        ]
    else:
        lines.append("채점된 시간이 없습니다.")
    if totals["dominantEmotion"]:
        lines.append(f"주요 감정: {wording.dominant(totals['dominantEmotion'])}")
    lines.append(f"음성: {report['vadSummary']['summary']}")
    if report["keywords"]:
        lines.append("주요 단어: " + ", ".join(wording.clipped(each["keyword"], 40) for each in report["keywords"][:10]))
    for title, sentences in (("주요 내용", report["highlights"]), ("제안", report["recommendations"])):
        if sentences:
            lines += ["", title, *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines)


def emotion_summary(data: ReportInput) -> dict | None:
    """``emotionSummary`` of an ended session: its dominant emotion and the share of each; None without minutes."""
    scored = Scored(data)
    if not scored.labels:
        return None
    return {"dominantEmotion": scored.dominant, "distribution": distribution(scored.labels), "vadVector": scored.vector}


def vad_analysis(data: ReportInput, time_series_rows: Iterable[tuple[int, int, int, int]]) -> dict:
    """The ``data`` of ``GET /:id/vad-analysis``.

    ``time_series_rows`` are ``(bucket_index, voiced_count, chunk_count, speech_starts)`` per 10 seconds that have audio, in
    their order. ``history`` has every minute that has a score or audio; what it has none of is None. ``timestamp`` of a
    minute is ISO 8601, that of ten seconds and ``lastUpdate`` (the end of the newest data, None without) ms since the epoch.
    """
    session = data.session
    series = [
        {
            "t": bucket * BUCKET_MS,
            "timestamp": session.started_at_ms + bucket * BUCKET_MS,
            "speechRate": round3(voiced / chunks),
            "silenceRate": round3(1 - round3(voiced / chunks)),
            "speechCount": starts,
        }
        for bucket, voiced, chunks, starts in time_series_rows
        if chunks > 0
    ]
    history = Scored(data).history()
    ends = [entry["t"] + MINUTE_MS for entry in history[-1:]] + [entry["t"] + BUCKET_MS for entry in series[-1:]]
    return {
        "sessionId": session.session_id,
        "currentMetrics": voice_metrics(data.chunks),
        "history": history,
        "timeSeries": series,
        "lastUpdate": session.started_at_ms + min(max(ends), session.duration_ms) if ends else None,
    }


def report_id(session_id: str) -> str:
    """The report's id: the session's, under its own prefix."""
    return "rep_" + session_id.removeprefix("sess_")


def keywords(snippet_keywords: Sequence[tuple[str, int]], minutes: Sequence[Minute]) -> list[dict]:
    """The most frequent keywords, at most 20, largest count first.

    A keyword counts as often as the snippets have it, or in as many minutes as the browser named it, whichever is more:
    both come from the same speech, so adding them would count it twice.
    """
    counts = dict(snippet_keywords)
    named: dict[str, int] = {}
    for minute in minutes:
        for keyword in dict.fromkeys(minute.keywords):
            named[keyword] = named.get(keyword, 0) + 1
    for keyword, count in named.items():
        counts[keyword] = max(counts.get(keyword, 0), count)
    most = sorted(counts.items(), key=lambda entry: -entry[1])[:MOST_KEYWORDS]
    return [{"keyword": keyword, "count": count} for keyword, count in most]
