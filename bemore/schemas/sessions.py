"""Sessions: starting, reading, listing and ending them, and feedback."""

from typing import Annotated, Literal

from msgspec import UNSET, UnsetType

from bemore.schemas import examples
from bemore.schemas.base import Body
from bemore.schemas.emotion import EmotionSummary
from bemore.schemas.fields import MAX_TIME_MS, Flag, Id, OneOf, Text, Whole
from bemore.schemas.minutes import MinuteStatistics
from bemore.schemas.paging import Cursor, Limit, QueryInteger
from bemore.schemas.response import (
    CounselorId, Envelope, NextCursor, Response, SessionId, Succeeded, UserId, count, doc, epoch_ms, score, span_ms, word
)  # fmt: skip

STATUSES = ("active", "paused", "ended")


class StartSession(Body):
    """The two people of a session."""

    examples = {"A user and a counselor": {"userId": examples.USER_ID, "counselorId": examples.COUNSELOR_ID}}

    user_id = Id(required=True, description="The client whose session it is")
    counselor_id = Id(required=True, description="The counselor")
    demo = Flag(load_default=False, description="Whether it is a demonstration: left out of totals, dashboards and progress")


class GiveFeedback(Body):
    """A rating of the session, and a note."""

    examples = {"With a note": {"rating": 5, "note": "편하게 이야기할 수 있어서 좋았습니다."}, "A rating alone": {"rating": 4}}

    rating = Whole(1, 5, required=True, description="From 1 (bad) to 5 (good)")
    note = Text(0, 2000, description="A note; may be empty")


class OfUser(Body):
    """The user in a path."""

    user_id = Id(required=True, description="The user")


class ListSessions(Body):
    """A page of a list."""

    limit = Limit(100, load_default=100, description="Most sessions on a page")
    cursor = Cursor()


class ListProgress(Body):
    """A page of a user's progress."""

    limit = Limit(200, load_default=50, description="Most sessions on a page")
    cursor = Cursor()
    counselor_id = Id(description="Only those with this counselor")


class ChooseProgress(Body):
    """Which sessions a user's progress has."""

    counselor_id = Id(description="Only those with this counselor")


class FindSessions(ListSessions):
    """A page of a list, filtered."""

    status = OneOf(*STATUSES, description="Only those in this state")
    user_id = Id(description="Only those of this user")
    counselor_id = Id(description="Only those of this counselor")
    q = Text(1, 128, description="Only those whose `userId` or `counselorId` contains this text; letters are compared as they are")
    from_ms = QueryInteger(0, MAX_TIME_MS, data_key="from", description="Only those that started then or later, ms since the epoch")
    to_ms = QueryInteger(0, MAX_TIME_MS, data_key="to", description="Only those that started then or earlier")
    overview = OneOf("true", "false", load_default="false", description="Whether each session comes with how it went")


Status = Annotated[Literal[STATUSES], word("The session's state: active ⇄ paused → ended")]
StartedAt = Annotated[int, epoch_ms("When the session started")]
EndedAt = Annotated[int | None, epoch_ms("When the session ended", null="while it goes on")]
ResumedAt = Annotated[int | None, epoch_ms("When the session was last resumed", null="if it never was paused")]
Duration = Annotated[int, span_ms("From the session's start to its end, or to now while it goes on")]
TotalFrames = Annotated[int, count("Face frames")]
TotalAudioChunks = Annotated[int, count("Audio chunks")]
TotalSttSnippets = Annotated[int, count("Transcript snippets")]
SessionsOnPage = Annotated[int, count("Sessions on this page", maximum=100)]


class SessionTotals(Response):
    """How much telemetry of a session is stored."""

    total_frames: TotalFrames
    total_audio_chunks: TotalAudioChunks
    total_stt_snippets: TotalSttSnippets


class StartedSession(Response):
    """A session that was started."""

    session_id: SessionId
    started_at: StartedAt
    status: Annotated[Literal["active"], word("A new session is active")]
    user_id: UserId
    counselor_id: CounselorId


class SessionTimes(Response):
    """Which session it is, its state and its times."""

    session_id: SessionId
    counselor_id: CounselorId
    status: Status
    started_at: StartedAt
    ended_at: EndedAt
    duration: Duration


class SessionBrief(SessionTimes):
    """What every answer tells of a session."""

    demo: Annotated[bool, doc("Whether it is a demonstration")]


class ListedSession(SessionBrief):
    """A session in a list."""

    last_data_at: Annotated[int | None, epoch_ms("The end of its newest frame, audio chunk or snippet", null="without one")]


class LastDataAt(Response):
    """The end of a session's newest data of each kind."""

    frames: Annotated[int | None, epoch_ms("The newest face frame", null="without one")]
    audio: Annotated[int | None, epoch_ms("The end of the newest audio chunk", null="without one")]
    stt: Annotated[int | None, epoch_ms("The end of the newest transcript snippet", null="without one")]


class Session(SessionBrief):
    """A session and its totals."""

    user_id: UserId
    last_data_at: LastDataAt
    clock_offset_ms: Annotated[int | None, doc("Largest offset seen of the client's clock, ms; positive: it is ahead", null="if none was")]
    paused_at: Annotated[int | None, epoch_ms("When the session was last paused", null="if it never was")]
    resumed_at: ResumedAt
    emotion_count: Annotated[int, count("Scored minutes")]
    landmark_count: Annotated[int, count("Face frames")]
    stt_count: Annotated[int, count("Transcript snippets")]
    stats: SessionTotals


class PausedSession(Response):
    """A paused session."""

    session_id: SessionId
    status: Annotated[Literal["paused"], word("A paused session is paused")]
    paused_at: Annotated[int, epoch_ms("When the session was paused; pausing it again changes nothing")]


class ResumedSession(Response):
    """A session that goes on."""

    session_id: SessionId
    status: Annotated[Literal["active"], word("A resumed session is active")]
    resumed_at: ResumedAt


class EndedSession(Response):
    """A session that has ended."""

    session_id: SessionId
    status: Annotated[Literal["ended"], word("An ended session stays so")]
    ended_at: Annotated[int, epoch_ms("When the session ended; ending it again changes nothing")]
    duration: Annotated[int, span_ms("From the session's start to its end")]
    stats: SessionTotals
    inference_stats: MinuteStatistics
    emotion_count: Annotated[int, count("Scored minutes")]
    emotion_summary: Annotated[EmotionSummary | None, doc("The emotions of its minutes", null="without scored minutes")]


class ErasedSession(Response):
    """A session that was erased."""

    session_id: Annotated[str, doc("The id that the session had", examples=[examples.SESSION_ID])]
    deleted: Annotated[bool, doc("The session and everything stored under it is erased", const=True)]


class RecentSession(Response):
    """One of the newest sessions."""

    id: Annotated[str, doc("The same as sessionId", examples=[examples.SESSION_ID])]
    session_id: SessionId
    started_at: StartedAt
    duration_ms: Duration
    status: Status


class SessionStates(Response):
    """Sessions by state."""

    active: Annotated[int, count("Active sessions")]
    paused: Annotated[int, count("Paused sessions")]
    ended: Annotated[int, count("Ended sessions")]


class SessionsSummary(SessionStates):
    """How many sessions there are, and the newest of them."""

    total: Annotated[int, count("Sessions in any state")]
    avg_duration: Annotated[int, span_ms("Mean duration of the ended sessions, 0 without one")]
    total_duration: Annotated[int, span_ms("Total duration of the ended sessions")]
    recent_sessions: Annotated[list[RecentSession], doc("The newest sessions, newest first", maxItems=20)]


class UserSessions(Response):
    """A page of a user's sessions."""

    user_id: Annotated[str, doc("The user of the request", examples=[examples.USER_ID])]
    count: SessionsOnPage
    sessions: Annotated[list[ListedSession], doc("Newest first", maxItems=100)]
    next_cursor: NextCursor


class SessionOverview(Response):
    """How a session went."""

    scored_minutes: Annotated[int, count("Scored minutes")]
    average_score: Annotated[float | None, score("Mean of their combined scores", null="without one")]
    scores: Annotated[
        list[float | None],
        doc("Combined scores of the minutes; of a longer session, means of 24 equal stretches; null where none is scored", maxItems=24),
    ]
    rating: Annotated[float | None, doc("Mean of its feedback, 1..5 with two decimals", null="without feedback", minimum=1, maximum=5)]


class SessionOfUser(ListedSession):
    """A session in a list of several users' sessions."""

    user_id: UserId
    overview: Annotated[SessionOverview, doc("How it went; only if asked for")] | UnsetType = UNSET


class FoundSessions(Response):
    """A page of sessions."""

    count: SessionsOnPage
    sessions: Annotated[list[SessionOfUser], doc("Newest first", maxItems=100)]
    next_cursor: NextCursor


class MeanScores(Response):
    """The means of a session's scored minutes."""

    combined: Annotated[float, score("Combined score")]
    facial: Annotated[float, score("Face")]
    vad: Annotated[float, score("Voice")]
    text: Annotated[float, score("Text")]


class CoverageShares(Response):
    """How much of a session was measured."""

    frames: Annotated[float, score("Share of its seconds with a frame")]
    audio: Annotated[float, score("Share of its seconds with audio")]


class ProgressOfSession(SessionTimes):
    """How a session of a user went."""

    scored_minutes: Annotated[int, count("Scored minutes")]
    averages: Annotated[MeanScores | None, doc("Means of the scored minutes; null without one")]
    model_version: Annotated[str | None, doc("The rules of its minutes, `mixed` if there are several", null="without a scored minute")]
    talk_share: Annotated[float | None, score("The user's share of what both said", null="where it is unknown")]
    coverage: CoverageShares
    longest_silence_ms: Annotated[int | None, span_ms("The longest silence, 0 if there was none", null="where nobody knows")]
    rating: Annotated[float | None, doc("Mean of its feedback, 1..5 with two decimals", null="without feedback", minimum=1, maximum=5)]
    comparable: Annotated[
        bool,
        doc(
            "At least 3 scored minutes, all by the rules of the user's newest such session, and audio of at least half of it."
            " Only such sessions can be compared"
        ),
    ]


class UserProgress(Response):
    """A page of a user's sessions and how they went."""

    user_id: Annotated[str, doc("The user of the request", examples=[examples.USER_ID])]
    count: Annotated[int, count("Sessions on this page", maximum=200)]
    sessions: Annotated[list[ProgressOfSession], doc("Newest first", maxItems=200)]
    next_cursor: NextCursor


class StoredFeedback(Response):
    """Feedback that was stored."""

    feedback_id: Annotated[str, doc("The feedback", pattern="^fb_[0-9]+_[a-z0-9]+$", examples=["fb_1737251700_0f3a9c41d27be865"])]
    session_id: SessionId
    rating: Annotated[int, doc("The rating", minimum=1, maximum=5)]
    submitted_at: Annotated[int, epoch_ms("When the feedback was stored")]


class StoredFeedbackAnswer(Envelope):
    """Feedback that was stored."""

    success: Succeeded
    message: Annotated[str, doc("The result in Korean, to be shown", examples=["피드백이 저장되었습니다"])]
    data: StoredFeedback
