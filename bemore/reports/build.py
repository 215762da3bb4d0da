"""Builds what ``report``, ``summary`` and ``vad-analysis`` return, and ``emotionSummary`` of an ended session.

Scores and rules come from ``bemore.scoring``; this module combines them under the API's names. Every function is pure: the
same input gives the same dict.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from bemore.clock import MINUTE_MS
from bemore.reports.analysis import SessionAnalysis
from bemore.reports.language import Language
from bemore.reports.narrative import voice_sentence
from bemore.reports.stored import inference, note_as_data
from bemore.reports.report_input import Feedback, Minute, ReportInput
from bemore.reports.time_series import BUCKET_MS, VoiceSeries
from bemore.reports.timeline import Timeline
from bemore.scoring.coverage import seconds_so_far, session_coverage
from bemore.scoring.emotion import distribution
from bemore.scoring.minute_score import statistics
from bemore.scoring.moments import moments
from bemore.scoring.rounding import round3
from bemore.scoring.talk import talk_measures
from bemore.scoring.text import TEXT_RULES
from bemore.scoring.voice_metrics import VoiceMetrics

VERSION = "1.0"
"""Version of the report's shape."""

MAX_KEYWORDS = 20


def report(data: ReportInput, language: Language) -> dict[str, Any]:
    """The ``data`` of ``GET /:id/report``: see ``report_and_timeline``."""
    return report_and_timeline(data, language)[0]


def report_and_timeline(data: ReportInput, language: Language, transcript: bool = False) -> tuple[dict[str, Any], Timeline]:
    """The ``data`` of ``GET /:id/report``, and what the pages show besides; the transcript if asked for.

    Without minutes the scores of ``summary`` are 0, ``vadVector`` and ``dominantEmotion`` None, the timelines empty.
    ``stats`` holds the session's totals and the statistics of its minutes as in ``inferences``.
    """
    session = data.session
    analysis = SessionAnalysis(data)
    stats = statistics(data.minutes)
    voice, talk = data.heard
    timeline = Timeline(
        talk.voiced if talk else {},
        [(start, end) for start, end, _ in talk.silences] if talk else (),
        [(each.start_ms, each.end_ms, each.speaker, each.text) for each in data.snippets] if transcript else (),
    )
    made = {
        "reportId": report_id(session.session_id),
        "sessionId": session.session_id,
        "userId": session.user_id,
        "counselorId": session.counselor_id,
        "status": session.status,
        "startedAt": session.started_at_ms,
        "endedAt": session.ended_at_ms,
        "duration": session.duration_ms,
        "lastDataAt": dict(session.last_data_at),
        "durationFormatted": language.duration(session.duration_ms, exact=True),
        "generatedAt": data.generated_at_ms,
        "version": VERSION,
        "modelVersion": data.model_version,
        "textRules": TEXT_RULES,
        "summary": {
            "averageScore": stats["avgCombinedScore"],
            "maxScore": stats["maxCombinedScore"],
            "minScore": stats["minCombinedScore"],
            "dominantEmotion": analysis.dominant,
            "emotionCount": len(analysis.emotions),
            "vadAnalysisCount": len(analysis.affects),
        },
        "moments": moments(
            [(minute.minute_index, minute.combined) for minute in data.minutes],
            talk.silences if talk else (),
            talk.turns if talk else (),
            data.snippets,
        ),
        "talk": talk and talk_measures(talk, data.snippets),
        "coverage": session_coverage(
            data.coverage, seconds_so_far(session.duration_ms, session.last_frame_ms, session.last_audio_ms)
        ),
        "minutes": [inference(session.session_id, minute, data.coverage.get(minute.minute_index)) for minute in data.minutes],
        "vadVector": analysis.vector,
        "vadTimeline": analysis.vad_timeline(),
        "vadSummary": _with_summary(voice, language),
        "emotionTimeline": analysis.emotion_timeline(),
        "emotionDistribution": distribution(analysis.labels),
        "keywords": top_keywords(data.snippet_keywords, data.minutes),
        "highlights": analysis.highlights(language),
        "recommendations": analysis.recommendations(language, voice),
        "cbtFindings": [],
        "feedback": [_feedback(Feedback(*values)) for values in data.feedback],
        "notes": [note_as_data(session.session_id, note) for note in data.notes],
        "stats": {
            "totalFrames": session.total_frames,
            "totalAudioChunks": session.total_audio_chunks,
            "totalSttSnippets": session.total_stt_snippets,
            **stats,
        },
    }
    return made, timeline


def _feedback(feedback: Feedback) -> dict[str, Any]:
    return {
        "feedbackId": feedback.feedback_id,
        "rating": feedback.rating,
        "note": feedback.note,
        "submittedAt": feedback.submitted_at_ms,
        "author": feedback.author,
        "role": feedback.role,
    }


def summary(data: ReportInput, language: Language) -> dict[str, Any]:
    """The ``data`` of ``GET /:id/summary``. Cognitive distortions are not detected, so ``cbt`` counts none."""
    session = data.session
    analysis = SessionAnalysis(data)
    voice, talk = data.heard
    return {
        "sessionId": session.session_id,
        "status": session.status,
        "startedAt": session.started_at_ms,
        "endedAt": session.ended_at_ms,
        "duration": session.duration_ms,
        "vadVector": analysis.vector,
        "keyObservations": analysis.observations(language, voice),
        "dominantEmotion": analysis.dominant,
        "averageVoiceMetrics": _with_summary(voice, language),
        "talk": talk and talk_measures(talk, data.snippets),
        "cbt": {"totalDistortions": 0, "mostCommon": None},
        "recommendations": analysis.recommendations(language, voice),
    }


def emotion_summary(data: ReportInput) -> dict[str, Any] | None:
    """``emotionSummary`` of an ended session: its dominant emotion and the share of each; None without minutes."""
    analysis = SessionAnalysis(data)
    if not analysis.labels:
        return None
    return {"dominantEmotion": analysis.dominant, "distribution": distribution(analysis.labels), "vadVector": analysis.vector}


def vad_analysis(data: ReportInput, voice: VoiceSeries, language: Language) -> dict[str, Any]:
    """The ``data`` of ``GET /:id/vad-analysis``.

    ``history`` has every minute that has a score or audio, with None for the values it lacks. ``timestamp`` of a minute is
    ISO 8601, that of ten seconds and ``lastUpdate`` (the end of the newest data, None without) ms since the epoch.
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
        for bucket, voiced, chunks, starts in voice.buckets
        if chunks > 0
    ]
    history = SessionAnalysis(data).voice_history(voice.speech)
    ends = [entry["t"] + MINUTE_MS for entry in history[-1:]] + [entry["t"] + BUCKET_MS for entry in series[-1:]]
    return {
        "sessionId": session.session_id,
        "currentMetrics": _with_summary(data.heard.voice, language),
        "history": history,
        "timeSeries": series,
        "lanes": _lanes(data),
        "lastUpdate": session.started_at_ms + min(max(ends), session.duration_ms) if ends else None,
    }


def _lanes(data: ReportInput) -> dict[str, Any] | None:
    """When each speaker spoke and when nobody did, as ``[start, end]``: the intervals and silences of ``talk``; None where that is."""
    talk = data.heard.talk
    if talk is None:
        return None
    return {**talk.voiced, "silences": [(start, end) for start, end, _ in talk.silences]}


def _with_summary(voice: VoiceMetrics, language: Language) -> dict[str, Any]:
    return {**voice, "summary": voice_sentence(language, voice)}


def report_id(session_id: str) -> str:
    """The report's id: the session's with another prefix."""
    return "rep_" + session_id.removeprefix("sess_")


def top_keywords(snippet_keywords: Sequence[tuple[str, int]], minutes: Sequence[Minute]) -> list[dict[str, Any]]:
    """The most frequent keywords, at most 20, largest count first.

    A keyword's count is its count in the snippets or the number of minutes for which the browser sent it, whichever is
    larger: both come from the same speech, so their sum would count it twice.
    """
    counts = Counter(dict(snippet_keywords))
    counts |= Counter(keyword for minute in minutes for keyword in dict.fromkeys(minute.keywords))
    return [{"keyword": keyword, "count": count} for keyword, count in counts.most_common(MAX_KEYWORDS)]
