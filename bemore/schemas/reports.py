"""Reports of a session."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from bemore.schemas.emotion import AROUSAL, DOMINANCE, VALENCE, AffectVector, Distribution, Emotion, SessionAffect, SessionEmotion, balance
from bemore.schemas.fields import OneOf
from bemore.schemas.minutes import MinuteScores, MinuteStatistics, PageOfMinutes
from bemore.schemas.notes import Note
from bemore.schemas.report_options import ReportOptions
from bemore.schemas.response import (
    CounselorId, MinuteIndex, NextCursor, OffsetMs, Response, SessionId, Timestamp, UserId, count, doc, epoch_ms, score, span_ms, word
)  # fmt: skip
from bemore.schemas.sessions import Duration, EndedAt, LastDataAt, StartedAt, Status, TotalAudioChunks, TotalFrames, TotalSttSnippets
from bemore.schemas.telemetry import SPEAKERS, SpeakerName
from bemore.settings import MODEL_VERSION


class PageOfReport(PageOfMinutes, ReportOptions):
    """A page of the report's minutes."""


class ChooseCsv(ReportOptions):
    """The table of a CSV file."""

    kind = OneOf("vad", "emotion", load_default="vad", description="`vad` has affect and scores, `emotion` has emotions and keywords")


ReportId = Annotated[str, doc("The report", pattern="^rep_[0-9]+_[a-z0-9]+$", examples=["rep_1737250800_0a1b2c3d4e5f6g7h8i9j"])]
Sentences = Annotated[list[str], doc("Sentences that say what was measured, in the language asked for")]


class VoiceMetrics(Response):
    """Speech and pauses as runs of voiced and unvoiced audio chunks; gaps between chunks are unknown and count as neither."""

    speech_ratio: Annotated[float, score("Voiced share of the audio")]
    pause_ratio: Annotated[float, score("Unvoiced share of the audio")]
    average_pause_duration: Annotated[int, span_ms("Mean length of a pause")]
    longest_pause: Annotated[int, span_ms("The longest pause")]
    average_speech_burst: Annotated[int, span_ms("Mean length of speech without a pause")]
    speech_burst_count: Annotated[int, count("Runs of speech")]
    pause_count: Annotated[int, count("Pauses")]
    summary: Annotated[str, doc("The same in one sentence")]


class ReportSummary(Response):
    """The scores in short; zeros without scored minutes."""

    average_score: Annotated[float, score("Mean combined score")]
    max_score: Annotated[float, score("Highest combined score")]
    min_score: Annotated[float, score("Lowest combined score")]
    dominant_emotion: SessionEmotion
    emotion_count: Annotated[int, count("Minutes with an emotion")]
    vad_analysis_count: Annotated[int, count("Minutes with valence, arousal and dominance")]


class AffectOfMinute(AffectVector):
    """A minute's affect."""

    t: OffsetMs
    timestamp: Timestamp


class EmotionOfMinute(Response):
    """A minute's emotion."""

    minute_index: MinuteIndex
    t: OffsetMs
    emotion: Emotion
    score: Annotated[float, score("How near it is")]


class CountedKeyword(Response):
    """A keyword."""

    keyword: Annotated[str, doc("The word")]
    count: Annotated[int, count("How often it was said")]


class GivenFeedback(Response):
    """A rating of the session."""

    feedback_id: Annotated[str, doc("The feedback")]
    rating: Annotated[int, doc("1 to 5", minimum=1, maximum=5)]
    note: Annotated[str | None, doc("The note", null="if there is none", maxLength=2000)]
    submitted_at: Annotated[int, epoch_ms("When it was submitted")]
    author: Annotated[str | None, doc("The subject of its author's token", null="without authentication, and of older ones")]
    role: Annotated[Literal["user", "counselor", "admin"] | None, doc("The role of that token", null="if the author is null")]


class Quote(Response):
    """What was said."""

    ts_start: OffsetMs
    speaker: SpeakerName
    text: Annotated[str, doc("The words; those that are left out are `…`", maxLength=200)]


class Moment(Response, kw_only=True):
    """A moment that a reader wants to see first."""

    kind: Annotated[
        Literal["lowest", "highest", "change", "silence", "longest-turn"],
        word(
            "The lowest and the highest scored minute, the largest change between neighboring minutes, the longest silence, a speaker's"
            " longest turn"
        ),
    ]
    start_ms: OffsetMs
    end_ms: OffsetMs
    value: Annotated[float, doc("The combined score 0..1, the signed change of it, or the length in milliseconds")]
    speaker: Annotated[Literal[SPEAKERS], word("Whose turn it is; absent otherwise")] | UnsetType = UNSET
    quotes: Annotated[list[Quote], doc("What was said nearest to its middle", maxItems=2)]


class ResponseTime(Response):
    """How long a speaker waits after the other one's turns."""

    count: Annotated[int, count("Turns that began after the other speaker's had ended")]
    median_ms: Annotated[int | None, span_ms("Median of the times between", null="without one")]


class SpeakerTalk(Response):
    """How one speaker talked."""

    speech_ms: Annotated[int, span_ms("Time spoken")]
    share: Annotated[float | None, score("Share of both speakers' time", null="if nobody spoke")]
    turns: Annotated[int, count("Turns")]
    longest_turn_ms: Annotated[int, span_ms("The longest turn, 0 without one")]
    longest_turn_at: Annotated[int | None, span_ms("When it began, from the session's start", null="without a turn")]
    average_turn_ms: Annotated[int, span_ms("Mean length of a turn, 0 without one")]
    words: Annotated[int, count("Words of the transcript")]
    words_per_minute: Annotated[float | None, count("Words per minute of speech", null="with less than 10 seconds of speech")]
    response_time: ResponseTime


class Talk(Response):
    """How one speaker talked, for each of the two."""

    user: SpeakerTalk
    counselor: SpeakerTalk


class SilencesBroken(Response):
    """Who spoke first after the silences."""

    user: Annotated[int, count("Broken by the client")]
    counselor: Annotated[int, count("Broken by the counselor")]


class Silences(Response):
    """Stretches of at least 3 seconds of audio in which neither spoke; none without audio of a known speaker."""

    count: Annotated[int, count("How many")]
    total_ms: Annotated[int, span_ms("Their length together")]
    longest_ms: Annotated[int, span_ms("The longest, 0 without one")]
    longest_at: Annotated[int | None, span_ms("When it began, from the session's start", null="without one")]
    broken_by: SilencesBroken


class TalkMeasures(Response):
    """Who spoke how much, as measured."""

    basis: Annotated[Literal["audio", "transcript"], word("What the times are of: audio chunks or, without a speaker there, snippets")]
    speakers: Talk
    overlap_ms: Annotated[int, span_ms("Time in which both spoke")]
    silences: Silences


class Gap(Response):
    """A stretch of a session without data."""

    start_ms: OffsetMs
    end_ms: OffsetMs


class KindCoverage(Response):
    """How much of a session has data of a kind."""

    seconds: Annotated[int, count("Seconds with data")]
    share: Annotated[float, score("Share of the session's seconds so far")]
    gaps: Annotated[list[Gap], doc("Stretches of 5 seconds or more without data, in their order", maxItems=100)]


class Coverage(Response):
    """How much of a session was measured."""

    frames: KindCoverage
    audio: KindCoverage


MeasuredTalk = Annotated[TalkMeasures | None, doc("Who spoke how much", null="while no chunk and no snippet has a speaker")]


class ReportStatistics(MinuteStatistics):
    """Totals of telemetry and statistics of the minutes."""

    total_frames: TotalFrames
    total_audio_chunks: TotalAudioChunks
    total_stt_snippets: TotalSttSnippets


class Report(Response):
    """Everything that was measured in a session."""

    report_id: ReportId
    session_id: SessionId
    user_id: UserId
    counselor_id: CounselorId
    status: Status
    started_at: StartedAt
    ended_at: EndedAt
    duration: Duration
    last_data_at: LastDataAt
    duration_formatted: Annotated[str, doc("The duration in the language asked for", examples=["12분 3초"])]
    generated_at: Annotated[int, epoch_ms("When the report was made")]
    version: Annotated[str, doc("Version of the report's format")]
    model_version: Annotated[str, doc("The rules in force", examples=[MODEL_VERSION])]
    text_rules: Annotated[str, doc("Version of the rules for sentiment, emotions and keywords of texts", examples=["ko-en-2"])]
    summary: ReportSummary
    moments: Annotated[list[Moment], doc("In their order", maxItems=8)]
    talk: MeasuredTalk
    coverage: Coverage
    minutes: Annotated[list[MinuteScores], doc("The minutes of this page, in their order")]
    next_cursor: NextCursor
    vad_vector: SessionAffect
    vad_timeline: Annotated[list[AffectOfMinute], doc("One a minute")]
    vad_summary: VoiceMetrics
    emotion_timeline: Annotated[list[EmotionOfMinute], doc("One a minute")]
    emotion_distribution: Distribution
    keywords: Annotated[list[CountedKeyword], doc("The most frequent first", maxItems=20)]
    highlights: Sentences
    recommendations: Sentences
    cbt_findings: Annotated[list, doc("Always empty: the service does not look for cognitive distortions", maxItems=0)]
    feedback: Annotated[list[GivenFeedback], doc("Oldest first")]
    notes: Annotated[list[Note], doc("The shared notes, by tStart and createdAt")]
    stats: ReportStatistics


class Distortions(Response):
    """Cognitive distortions; the service does not look for them, so none."""

    total_distortions: Annotated[int, count("How many")]
    most_common: Annotated[None, doc("Always null")]


class ReportBrief(Response):
    """A session's report in short."""

    session_id: SessionId
    status: Status
    started_at: StartedAt
    ended_at: EndedAt
    duration: Duration
    vad_vector: SessionAffect
    key_observations: Sentences
    dominant_emotion: SessionEmotion
    average_voice_metrics: VoiceMetrics
    talk: MeasuredTalk
    cbt: Distortions
    recommendations: Sentences


class ReportText(Response):
    """The report as plain text."""

    report_id: ReportId
    summary: Annotated[str, doc("Lines of text for an e-mail")]


_UNHEARD, _UNSCORED = "without audio in the minute", "if the minute was not scored"


class VoiceOfMinute(Response):
    """The voice in a minute that has a score or audio."""

    # Audio may come after the last minute that can have a score.
    minute_index: Annotated[int, count("Minute of the session, counted from 0")]
    t: OffsetMs
    timestamp: Timestamp
    speech_ratio: Annotated[float | None, score("Voiced share of the minute's audio", _UNHEARD)]
    pause_ratio: Annotated[float | None, score("Unvoiced share of the minute's audio", _UNHEARD)]
    mean_rms: Annotated[float | None, score("Mean loudness", _UNHEARD)]
    vad_score: Annotated[float | None, score("Share of speech and loudness of the audio", _UNSCORED)]
    valence: Annotated[float | None, balance(VALENCE, _UNSCORED)]
    arousal: Annotated[float | None, balance(AROUSAL, _UNSCORED)]
    dominance: Annotated[float | None, balance(DOMINANCE, _UNSCORED)]


class VoiceOfTenSeconds(Response):
    """Ten seconds that have audio."""

    t: OffsetMs
    timestamp: Annotated[int, epoch_ms("When they began")]
    speech_rate: Annotated[float, score("Share of voiced chunks")]
    silence_rate: Annotated[float, score("Share of unvoiced chunks")]
    speech_count: Annotated[int, count("How often speech began")]


_Spans = list[Annotated[list[int], Meta(min_length=2, max_length=2)]]


class VoiceLanes(Response):
    """When each speaker spoke, and when nobody did."""

    user: Annotated[_Spans, doc("Voiced intervals of the client, `[start, end]` in ms since the session's start")]
    counselor: Annotated[_Spans, doc("Voiced intervals of the counselor")]
    silences: Annotated[_Spans, doc("Silences of at least 3 seconds")]


class VoiceAnalysis(Response):
    """The voice over the session."""

    session_id: SessionId
    current_metrics: VoiceMetrics
    history: Annotated[list[VoiceOfMinute], doc("One a minute")]
    time_series: Annotated[list[VoiceOfTenSeconds], doc("One per ten seconds that have audio")]
    lanes: Annotated[VoiceLanes | None, doc("The intervals that `talk` of the report measures", null="while `talk` is null")]
    last_update: Annotated[int | None, epoch_ms("The end of the newest data", null="without data")]
