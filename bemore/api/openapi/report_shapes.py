"""What the reports hold: JSON Schemas as in ``shapes``."""

from bemore.api.openapi import texts as prose
from bemore.api.openapi.emotion_shapes import AFFECT, DISTRIBUTION, DOMINANT, EMOTION, VECTOR
from bemore.api.openapi.shapes import BRIEF, MINUTE, MINUTE_SCORES, SCORES, SESSION_ID, STATISTICS, TOTALS, USER_ID
from bemore.api.openapi.shaping import count, fixed, list_of, or_null, score, span, text, time
from bemore.settings import MODEL_VERSION


_OFFSET = span("From the session's start")
_WHEN = text("ISO 8601 in UTC", format="date-time", examples=[prose.TIMESTAMP])
_SENTENCES = list_of({"type": "string"}, "Korean sentences that say what was measured")

_VOICE = fixed(
    "VoiceMetrics",
    "Speech and pauses as runs of voiced and unvoiced audio chunks; gaps between chunks are unknown and count as neither",
    speechRatio=score("Voiced share of the audio"),
    pauseRatio=score("Unvoiced share of the audio"),
    averagePauseDuration=span("Mean length of a pause"),
    longestPause=span("The longest pause"),
    averageSpeechBurst=span("Mean length of speech without a pause"),
    speechBurstCount=count("Runs of speech"),
    pauseCount=count("Pauses"),
    summary=text("The same in one Korean sentence"),
)

_REPORT_ID = text("The report", pattern="^rep_[0-9]+_[a-z0-9]+$", examples=["rep_1737250800_0a1b2c3d4e5f6g7h8i9j"])

_FEEDBACK = fixed(
    "GivenFeedback",
    "A rating of the session",
    feedbackId=text("The feedback"),
    rating={"type": "integer", "minimum": 1, "maximum": 5, "description": "1 to 5"},
    note=or_null(text("What else was said", maxLength=2000), "if there was none"),
    submittedAt=time("When it was given"),
)

REPORT = fixed(
    "Report",
    "Everything that was measured in a session",
    reportId=_REPORT_ID,
    userId=USER_ID,
    **BRIEF,
    durationFormatted=text("The duration in Korean", examples=["12분 3초"]),
    generatedAt=time("When the report was made"),
    version=text("Version of the report's shape"),
    modelVersion=text("The rules in force", examples=[MODEL_VERSION]),
    summary=fixed(
        "ReportSummary",
        "The scores in short; zeros without scored minutes",
        averageScore=score("Mean combined score"),
        maxScore=score("Highest combined score"),
        minScore=score("Lowest combined score"),
        dominantEmotion=DOMINANT,
        emotionCount=count("Minutes with an emotion"),
        vadAnalysisCount=count("Minutes with valence, arousal and dominance"),
    ),
    minutes=list_of(MINUTE_SCORES, "The minutes in their order"),
    vadVector=or_null(VECTOR, "without scored minutes"),
    vadTimeline=list_of(fixed("AffectOfMinute", "A minute's affect", t=_OFFSET, timestamp=_WHEN, **AFFECT), "One a minute"),
    vadSummary=_VOICE,
    emotionTimeline=list_of(
        fixed("EmotionOfMinute", "A minute's emotion", minuteIndex=MINUTE, t=_OFFSET, emotion=EMOTION, score=score("How near it is")),
        "One a minute",
    ),
    emotionDistribution=DISTRIBUTION,
    keywords=list_of(
        fixed("CountedKeyword", "A keyword", keyword=text("The word"), count=count("How often")), "The most frequent first", maxItems=20
    ),
    highlights=_SENTENCES,
    recommendations=_SENTENCES,
    cbtFindings=list_of({}, "Always empty: distortions of thought are not looked for", maxItems=0),
    feedback=list_of(_FEEDBACK, "Oldest first"),
    stats=fixed(
        "ReportStatistics", "Totals of telemetry and statistics of the minutes", **TOTALS["properties"], **STATISTICS["properties"]
    ),
)

REPORT_BRIEF = fixed(
    "ReportBrief",
    "A session's report in short",
    **{name: schema for name, schema in BRIEF.items() if name != "counselorId"},
    vadVector=or_null(VECTOR, "without scored minutes"),
    keyObservations=_SENTENCES,
    dominantEmotion=DOMINANT,
    averageVoiceMetrics=_VOICE,
    cbt=fixed(
        "Distortions",
        "Distortions of thought; not looked for, so none",
        totalDistortions=count("How many"),
        mostCommon={"type": "null", "description": "Always null"},
    ),
    recommendations=_SENTENCES,
)

REPORT_TEXT = fixed("ReportText", "The report as plain Korean text", reportId=_REPORT_ID, summary=text("Lines of text for an e-mail"))

_HISTORY = fixed(
    "VoiceOfMinute",
    "How the voice went in a minute that has a score or audio",
    # Audio may be later than the last minute that can have a score.
    minuteIndex=count("Minute of the session, counted from 0"),
    t=_OFFSET,
    timestamp=_WHEN,
    **{
        name: or_null(schema, "without audio in the minute")
        for name, schema in {
            "speechRatio": score("Share of voiced chunks"),
            "pauseRatio": score("Share of unvoiced chunks"),
            "meanRms": score("Mean loudness"),
        }.items()
    },
    vadScore=or_null(SCORES["vadScore"], "if the minute was not scored"),
    **{name: or_null(schema, "if the minute was not scored") for name, schema in AFFECT.items()},
)

VAD_ANALYSIS = fixed(
    "VoiceAnalysis",
    "How the voice went",
    sessionId=SESSION_ID,
    currentMetrics=_VOICE,
    history=list_of(_HISTORY, "One a minute"),
    timeSeries=list_of(
        fixed(
            "VoiceOfTenSeconds",
            "Ten seconds that have audio",
            t=_OFFSET,
            timestamp=time("When they began"),
            speechRate=score("Share of voiced chunks"),
            silenceRate=score("Share of unvoiced chunks"),
            speechCount=count("How often speech began"),
        ),
        "One per ten seconds that have audio",
    ),
    lastUpdate=or_null(time("The end of the newest data"), "without data"),
)
