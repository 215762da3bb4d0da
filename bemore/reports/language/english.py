"""Reports in English."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bemore.reports.language.base import BaseLanguage, Sentence

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class English(BaseLanguage):
    """Plain English in American spelling."""

    code = "en"

    # -- Values --------------------------------------------------------------------------------------------------------------

    _lengths = {"hour": "{} h", "minute": "{} min", "second": "{} s"}
    _minute_span = "{}–{} min"

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

    silence_line = Sentence("(silence, {} s)")
    mean_score = Sentence("The average score over {:measured_minutes} is {:score}.")
    unscored = Sentence("{1} of the session's {0:minutes} {1:have} no score.")
    highest = Sentence("The score peaks at {:minute_span} ({:score}).")
    lowest = Sentence("The score is lowest at {:minute_span} ({:score}).")
    affect = Sentence(
        "Estimated affect: valence {0.valence:signed}, arousal {0.arousal:signed}, dominance {0.dominance:signed} (each from −1 to +1, for"
        " orientation only)."
    )
    dominant = Sentence("The most frequent estimated emotion is “{:emotions}”, in {:percent} of the minutes.")
    few_minutes = "Only a short time was measured, so the values may vary a lot. A longer session gives steadier values."
    face_hidden = Sentence("The camera did not see the face well for {:minutes}. Check the lighting and the camera's position.")
    no_face = Sentence("The face was not measured for {:minutes}. Make sure that the camera is on.")
    no_voice = Sentence("The voice was not measured for {:minutes}. Make sure that the microphone is on.")
    no_transcript = "There is no transcript of what was said. Make sure that speech recognition is on."
    little_speech = Sentence(
        "Speech filled {:percent} of the recorded time. Check the distance to the microphone, and allow more time to talk."
    )
    much_speech = Sentence("Speech filled {:percent} of the recorded time. Consider leaving short breaks to let things settle.")
    long_silence = Sentence(
        "The longest silence lasted {:duration}. It may help to look back together at what came before and after it."
    )
    look_back = Sentence("It may help to look back together at {:minute_span}, where the score changed a lot.")

    @staticmethod
    def minutes(count: int) -> str:
        return _count(count, "minute")

    @staticmethod
    def measured_minutes(count: int) -> str:
        return _count(count, "measured minute")

    @staticmethod
    def have(count: int) -> str:
        return "has" if count == 1 else "have"

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

    def largest_change(self, minute: int, change: float) -> str:
        direction = "up" if change > 0 else "down"
        return f"The biggest change comes at {self.minute_span(minute)}: {direction} {self.score(abs(change))} points on the minute before."

    def drift(self, change: float) -> str:
        direction = "rises" if change > 0 else "falls"
        return f"Overall, the score {direction} by about {self.score(abs(change))} points from start to finish."

    def tone(self, mean: float) -> str:
        words = "mostly positive" if mean > 0.55 else "mostly negative" if mean < 0.45 else "balanced between positive and negative"
        return f"The text score, based on the words spoken, averages {self.score(mean)}: the wording was {words}."

    # -- Parts of the pages --------------------------------------------------------------------------------------------------

    started = Sentence("Started {} ({:zone_name}), {}")
    generated = Sentence("Generated {} ({:zone_name})")
    points = Sentence("{:score}")
    points_change = Sentence("{:change} points")
    times = Sentence("{:,}×")
    pieces = Sentence("{:,}")
    rating = Sentence("{} out of 5")
    longest_turn_of = Sentence("{:speakers}’s longest turn")
    no_silences = "There was no silence of three seconds or more."
    overlap = Sentence("Both spoke at the same time for {:duration}.")
    compared_with = Sentence(
        "The others are the {} most recent comparable sessions of the same client and counselor: they have ended, were scored by the same"
        " rules for at least three minutes, and have audio for at least half of the time. Longer or higher does not mean better."
    )
    chart_described = Sentence(
        "Line chart of the combined, face, voice and text scores. The combined score starts at {:points} and ends at {:points}; its lowest"
        " value is {:points}, its highest {:points}. The table of scores by minute has all values."
    )
    lanes_described = Sentence(
        "Two lanes that show when each person spoke. Share of talk: client {0[user]}, counselor {0[counselor]}. The section on talk and"
        " silence has the figures."
    )
    point_is_mean = Sentence("Each point is an average over {} minutes.")
    row_is_mean = Sentence("Each row is an average over {} minutes. The CSV file has every minute.")
    _left_out = {
        "feedback": "{:,} earlier ratings are not shown.",
        "gaps": "{:,} more are not shown.", "notes": "{:,} notes are not shown.", "sentences": "{:,} more are not shown.",
    }  # fmt: skip

    def silences(self, silences: Mapping[str, Any]) -> str:
        count, broken = silences["count"], silences["brokenBy"]
        return (
            f"There {'was' if count == 1 else 'were'} {_count(count, 'silence')} of three seconds or more,"
            f" {self.duration(silences['totalMs'])} in all. The longest began at {self.offset(silences['longestAt'])}"
            f" and lasted {self.duration(silences['longestMs'])}."
            f" The client spoke first after {broken['user']}, the counselor after {broken['counselor']}."
        )

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


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
