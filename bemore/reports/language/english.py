"""Reports in English."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bemore.reports.language.base import Language
from bemore.scoring.affect import Affect

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class English(Language):
    """Plain English in American spelling."""

    code = "en"

    # -- Values --------------------------------------------------------------------------------------------------------------

    _units = {"hour": "h", "minute": "min", "second": "s"}

    def length(self, unit: str, number: str) -> str:
        return f"{number} {self._units[unit]}"

    def minute_span(self, first: int, last: int | None = None) -> str:
        return f"{first}–{(first if last is None else last) + 1} min"

    def date_and_time(self, moment: datetime) -> str:
        # Not %b, which depends on the process's locale.
        return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment:%Y, %H:%M}"

    def zone_name(self, zone: ZoneInfo) -> str:
        return "UTC" if zone.key == "UTC" else f"{zone.key.rpartition('/')[2].replace('_', ' ')} time"

    # -- Labels --------------------------------------------------------------------------------------------------------------

    emotions = {
        "happy": "happy", "sad": "sad", "angry": "angry", "anxious": "anxious", "neutral": "neutral", "surprised": "surprised",
        "disgusted": "disgusted", "fearful": "fearful",
    }  # fmt: skip
    statuses = {"active": "in progress", "paused": "paused", "ended": "ended"}
    sources = {"client": "browser", "server": "server"}
    speakers = {"user": "Client", "counselor": "Counselor"}
    speaker_marks = {"user": "U", "counselor": "C"}
    roles = {"user": "Client", "counselor": "Counselor", "admin": "Admin"}
    note_kinds = {"bookmark": "Bookmark", "note": "Note"}
    moments = {
        "lowest": "Lowest score", "highest": "Highest score", "change": "Biggest change", "silence": "Longest silence",
        "longest-turn": "Longest turn",
    }  # fmt: skip
    scores = {"combinedScore": "Combined", "facialScore": "Face", "vadScore": "Voice", "textScore": "Text"}
    averages = {
        "avgCombinedScore": "Average score", "maxCombinedScore": "Highest", "minCombinedScore": "Lowest",
        "avgFacialScore": "Average face", "avgVadScore": "Average voice", "avgTextScore": "Average text",
    }  # fmt: skip
    axes = {
        "valence": ("Valence", "unpleasant", "pleasant"), "arousal": ("Arousal", "calm", "lively"),
        "dominance": ("Dominance", "low", "high"),
    }  # fmt: skip
    measured_kinds = {"frames": "Face", "audio": "Voice"}
    titles = {
        "moments": "Key moments", "talk": "Talk and silence", "voice": "Talk and silence", "comparison": "Compared with other sessions",
        "scores": "Scores", "timeline": "Timeline",
        "observations": "Observations", "recommendations": "Suggestions", "affect": "Estimated affect", "emotions": "Estimated emotions",
        "keywords": "Keywords", "notes": "Shared notes", "feedback": "Feedback", "minutes": "Scores by minute", "transcript": "Transcript",
        "gaps": "Not measured", "technical": "Technical details", "session": "Session",
    }  # fmt: skip
    talk_rows = {
        "speechMs": "Speaking time", "share": "Share of talk", "turns": "Turns", "longestTurnMs": "Longest turn",
        "averageTurnMs": "Average turn", "words": "Words", "wordsPerMinute": "Words per minute", "responseTime": "Median response time",
    }  # fmt: skip
    voice_rows = {
        "speechRatio": "Speech", "pauseRatio": "Silence", "longestPause": "Longest silence", "averageSpeechBurst": "Average stretch",
        "speechBurstCount": "Stretches of speech",
    }  # fmt: skip
    facts = {
        "sessionId": "Session", "reportId": "Report", "userId": "Client ID", "counselorId": "Counselor ID", "startedAt": "Start",
        "endedAt": "End", "zone": "Time zone", "totalFrames": "Face frames", "totalAudioChunks": "Audio chunks",
        "totalSttSnippets": "Transcript snippets", "totalMinutes": "Minutes with a score", "modelVersion": "Scoring rules",
        "textRules": "Text rules", "version": "Report format",
    }  # fmt: skip
    columns = {
        "minute": "Minute", "hours": "Time (h:mm)", "emotion": "Estimated emotion", "source": "Scored by", "keywords": "Keywords",
        "kind": "Data", "span": "From–to", "length": "Length",
    }  # fmt: skip

    heading = "Counseling session report"
    what_is_it = "What is this score?"
    all_explained = "What all scores mean"
    no_rows = "None."
    no_data = "There is no data to calculate this from."
    no_words = "No keywords yet."
    no_moments = "There are no moments to show."
    disclaimer = "Scores and estimates describe what was measured. They do not rate the session, and they are not medical findings."
    time_axis_minutes = "Minutes since the session started"
    time_axis_hours = "Time since the session started (h:mm)"
    little_measured = "less than half measured"
    both_speak = "both speaking"
    silence = "silence"
    no_talk = "The data does not tell who spoke, so both voices were measured together."
    talk_of_transcript = "There is no audio by speaker, so this is based on the times of the transcript. Silences are not known."
    affect_explained = (
        "An estimate calculated from the face, voice and text scores and the loudness; it does not measure what a person feels. Valence"
        " goes from unpleasant (−1) to pleasant (+1), arousal from calm (−1) to lively (+1), dominance from low (−1) to high (+1)."
    )
    emotions_explained = "For each minute, the emotion word closest to the estimated affect. The shares are of the minutes."

    no_scores = "No minute has a score yet, so there is nothing to summarize."
    no_measurements = "Nothing was measured, so there is nothing to observe."
    nothing_to_advise_on = "Nothing was measured. Before the next session, make sure that the camera and the microphone are on."
    not_scored_yet = "No minute has a score yet. Check again in a little while."
    even_measurement = "The whole session was measured evenly. Keep the same setup to make the next session easy to compare."
    comparable = "Keep the same setup to make the next session easy to compare."
    no_audio = "No audio was stored, so speech was not measured."

    # -- Sentences -----------------------------------------------------------------------------------------------------------

    def silence_line(self, seconds: int) -> str:
        return f"(silence, {seconds} s)"

    def voice(self, metrics: Mapping[str, Any]) -> str:
        bursts, longest = metrics["speechBurstCount"], metrics["longestPause"]
        if not bursts:
            length = metrics["averagePauseDuration"] * metrics["pauseCount"]
            return f"No speech was detected in {self.duration(length)} of audio."
        spoken = (
            f"Speech filled {self.percent(metrics['speechRatio'])} of the recorded time, in {_count(bursts, 'stretch', 'stretches')}"
            f" of {self.duration(metrics['averageSpeechBurst'])} on average"
        )
        return f"{spoken}; the longest silence lasted {self.duration(longest)}." if longest else f"{spoken}, without a silence."

    def mean_score(self, minutes: int, mean: float) -> str:
        return f"The average score over {_count(minutes, 'measured minute')} is {self.score(mean)}."

    def unscored(self, minutes: int, unscored: int) -> str:
        return f"{unscored} of the session's {_count(minutes, 'minute')} {'has' if unscored == 1 else 'have'} no score."

    def highest(self, minute: int, value: float) -> str:
        return f"The score peaks at {self.minute_span(minute)} ({self.score(value)})."

    def lowest(self, minute: int, value: float) -> str:
        return f"The score is lowest at {self.minute_span(minute)} ({self.score(value)})."

    def largest_change(self, minute: int, change: float) -> str:
        direction = "up" if change > 0 else "down"
        return f"The biggest change comes at {self.minute_span(minute)}: {direction} {self.score(abs(change))} points on the minute before."

    def drift(self, change: float) -> str:
        direction = "rises" if change > 0 else "falls"
        return f"Overall, the score {direction} by about {self.score(abs(change))} points from start to finish."

    def tone(self, mean: float) -> str:
        words = "mostly positive" if mean > 0.55 else "mostly negative" if mean < 0.45 else "balanced between positive and negative"
        return f"The text score, based on the words spoken, averages {self.score(mean)}: the wording was {words}."

    def affect(self, affect: Affect) -> str:
        return (
            f"Estimated affect: valence {self.signed(affect.valence)}, arousal {self.signed(affect.arousal)},"
            f" dominance {self.signed(affect.dominance)} (each from −1 to +1, for orientation only)."
        )

    def dominant(self, emotion: str, share: float) -> str:
        return f"The most frequent estimated emotion is “{self.emotions[emotion]}”, in {self.percent(share)} of the minutes."

    def few_minutes(self) -> str:
        return "Only a short time was measured, so the values may vary a lot. A longer session gives steadier values."

    def face_hidden(self, minutes: int) -> str:
        return f"The camera did not see the face well for {_count(minutes, 'minute')}. Check the lighting and the camera's position."

    def no_face(self, minutes: int) -> str:
        return f"The face was not measured for {_count(minutes, 'minute')}. Make sure that the camera is on."

    def no_voice(self, minutes: int) -> str:
        return f"The voice was not measured for {_count(minutes, 'minute')}. Make sure that the microphone is on."

    def no_transcript(self) -> str:
        return "There is no transcript of what was said. Make sure that speech recognition is on."

    def little_speech(self, share: float) -> str:
        return (
            f"Speech filled {self.percent(share)} of the recorded time. Check the distance to the microphone,"
            " and allow more time to talk."
        )

    def much_speech(self, share: float) -> str:
        return f"Speech filled {self.percent(share)} of the recorded time. Consider leaving short breaks to let things settle."

    def long_silence(self, length_ms: int) -> str:
        return f"The longest silence lasted {self.duration(length_ms)}. It may help to look back together at what came before and after it."

    def look_back(self, minute: int) -> str:
        return f"It may help to look back together at {self.minute_span(minute)}, where the score changed a lot."

    # -- Parts of the pages --------------------------------------------------------------------------------------------------

    def started(self, time: str, zone: ZoneInfo, length: str) -> str:
        return f"Started {time} ({self.zone_name(zone)}), {length}"

    def generated(self, time: str, zone: ZoneInfo) -> str:
        return f"Generated {time} ({self.zone_name(zone)})"

    def points(self, value: float) -> str:
        return self.score(value)

    def points_change(self, change: float) -> str:
        return f"{self.change(change)} points"

    def times(self, count: int) -> str:
        return f"{count:,}×"

    def pieces(self, count: int) -> str:
        return f"{count:,}"

    def rating(self, rating: int) -> str:
        return f"{rating} out of 5"

    def longest_turn_of(self, speaker: str) -> str:
        return f"{self.speakers[speaker]}’s longest turn"

    def silences(self, silences: Mapping[str, Any]) -> str:
        count, broken = silences["count"], silences["brokenBy"]
        return (
            f"There {'was' if count == 1 else 'were'} {_count(count, 'silence')} of three seconds or more,"
            f" {self.duration(silences['totalMs'])} in all. The longest began at {self.offset(silences['longestAt'])}"
            f" and lasted {self.duration(silences['longestMs'])}."
            f" The client spoke first after {broken['user']}, the counselor after {broken['counselor']}."
        )

    def no_silences(self) -> str:
        return "There was no silence of three seconds or more."

    def overlap(self, length_ms: int) -> str:
        return f"Both spoke at the same time for {self.duration(length_ms)}."

    def compared(self, measure: str, own: str, ends: Sequence[str], lower: int, higher: int, sessions: int) -> str:
        name, more, less = {
            "longestSilence": ("The longest silence", "longer", "shorter"),
            "talkShare": ("The client’s share of the talking", "larger", "smaller"),
            "score": ("The average combined score", "higher", "lower"),
        }[measure]
        if not lower and not higher:
            return f"{name}, {own}, was the same as in each of the last {sessions} sessions."
        count, word = (lower, more) if lower else (higher, less)
        which = "any" if count == sessions else str(count)
        return f"{name}, {own}, was {word} than in {which} of the last {sessions} sessions ({' to '.join(ends)})."

    def compared_with(self, sessions: int) -> str:
        return (
            f"The others are the {sessions} most recent comparable sessions of the same client and counselor: they have ended, were"
            " scored by the same rules for at least three minutes, and have audio for at least half of the time."
            " Longer or higher does not mean better."
        )

    def missing(self, seconds: int, missing: Mapping[str, int]) -> str:
        audio, frames = missing["audio"], missing["frames"]
        if not audio and not frames:
            return "Voice and face were measured throughout the session."
        if audio >= seconds and frames >= seconds:
            return "No voice or face data of this session was stored on the server."
        parts = [
            f"the {name} for {self.percent(part / seconds)} of the session ({self.duration(part * 1000)})"
            for name, part in (("voice", audio), ("face", frames))
            if part
        ]
        return f"Not measured: {' and '.join(parts)}."

    def explained(self, weights: tuple[float, float, float]) -> Mapping[str, str]:
        facial, voice, text = (f"{weight:g}" for weight in weights)
        return {
            "combinedScore": f"{facial} × face + {voice} × voice + {text} × text, from 0 to 100. It does not say how well the session went."
            " Scores sent by the browser follow the browser’s own calculation.",
            "facialScore": "How well the camera saw the face on average (0–100). It says nothing about expression or mood."
            " 50 without data.",
            "vadScore": "0.7 × share of speech + 0.3 × loudness (0–100). 30 without data.",
            "textScore": "The average over all sentences, counting positive wording as 70, neutral as 50, negative as 30 (0–100)."
            " 50 without data.",
        }

    def chart_described(self, first: float, last: float, low: float, high: float) -> str:
        return (
            f"Line chart of the combined, face, voice and text scores. The combined score starts at {self.points(first)} and ends at"
            f" {self.points(last)}; its lowest value is {self.points(low)}, its highest {self.points(high)}."
            " The table of scores by minute has all values."
        )

    def lanes_described(self, shares: Mapping[str, str]) -> str:
        return (
            f"Two lanes that show when each person spoke. Share of talk: client {shares['user']}, counselor {shares['counselor']}."
            " The section on talk and silence has the figures."
        )

    def point_is_mean(self, minutes: int) -> str:
        return f"Each point is an average over {minutes} minutes."

    def row_is_mean(self, minutes: int) -> str:
        return f"Each row is an average over {minutes} minutes. The CSV file has every minute."

    _left_out = {
        "feedback": "{count} earlier ratings are not shown.",
        "gaps": "{count} more are not shown.", "notes": "{count} notes are not shown.", "sentences": "{count} more are not shown.",
    }  # fmt: skip

    def left_out(self, count: int, what: str) -> str:
        return self._left_out[what].format(count=f"{count:,}")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
