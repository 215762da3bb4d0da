"""The affect and the emotion of a session's minutes, and the timelines and sentences made from them."""

from collections.abc import Mapping
from typing import Any

from bemore.clock import MINUTE_MS, iso
from bemore.reports import narrative
from bemore.reports.language import Language
from bemore.reports.report_input import Minute, ReportInput, SessionInfo
from bemore.scoring.affect import Affect, minute_affect, session_affect
from bemore.scoring.emotion import dominant, minute_emotion
from bemore.scoring.rounding import round3
from bemore.scoring.voice_metrics import VoiceMetrics


class SessionAnalysis:
    """What several reports need of a session's minutes, computed once.

    ``affects`` and ``emotions`` (label, score 0..1) have one entry per minute of the input; ``dominant`` and ``vector``
    are the session's ``dominantEmotion`` and ``vadVector``, None without minutes.
    """

    def __init__(self, data: ReportInput):
        self._data = data
        self.affects: list[Affect] = []
        self.emotions: list[tuple[str, float]] = []
        for minute in data.minutes:
            audio = data.audio_minutes.get(minute.minute_index)
            ratio, loudness = (audio.speech_ratio, audio.mean_rms) if audio else (None, None)
            affect = minute_affect(minute.facial, minute.vad, minute.text, ratio, loudness)
            self.affects.append(affect)
            self.emotions.append(minute_emotion(affect, minute.sentiment))
        self.labels = [label for label, _ in self.emotions]
        self.dominant = dominant(self.labels)
        self._affect = session_affect(self.affects)
        self.vector = None if self._affect is None else _vector(self._affect)
        self._session_minutes = _complete_minutes(data.session)
        self._unscored = self._session_minutes - sum(1 for minute in data.minutes if minute.minute_index < self._session_minutes)

    def vad_timeline(self) -> list[dict[str, Any]]:
        """``vadTimeline``: affect by minute."""
        return [
            {**self._time(minute.minute_index, minute), **_vector(affect)}
            for minute, affect in zip(self._data.minutes, self.affects, strict=True)
        ]

    def emotion_timeline(self) -> list[dict[str, Any]]:
        """``emotionTimeline``: the label by minute and how near it is, 0..1."""
        return [
            {"minuteIndex": minute.minute_index, "t": minute.minute_index * MINUTE_MS, "emotion": label, "score": score}
            for minute, (label, score) in zip(self._data.minutes, self.emotions, strict=True)
        ]

    def voice_history(self, speech: Mapping[int, float]) -> list[dict[str, Any]]:
        """``history`` of ``vad-analysis``: every minute that has a score or audio, None for the values it lacks.

        ``speech`` is the share of speech by minute.
        """
        scored = {minute.minute_index: (minute, affect) for minute, affect in zip(self._data.minutes, self.affects, strict=True)}
        indexes = sorted({*scored, *self._data.audio_minutes})
        return [self._voice(index, speech.get(index), *scored.get(index, (None, None))) for index in indexes]

    def highlights(self, language: Language) -> list[str]:
        """What stands out in the scores."""
        return narrative.highlights(language, self._data.minutes, self._unscored, self._session_minutes)

    def observations(self, language: Language, voice: VoiceMetrics) -> list[str]:
        """What was measured."""
        return narrative.observations(
            language, [minute.text for minute in self._data.minutes], voice, self._affect, self.dominant
        )

    def recommendations(self, language: Language, voice: VoiceMetrics) -> list[str]:
        """Hints on measuring and on the conversation."""
        return narrative.recommendations(language, self._data.minutes, voice, self._unscored)

    def _time(self, index: int, minute: Minute | None) -> dict[str, Any]:
        """A minute's ``t`` and ``timestamp``: the time that the browser sent with it, else its beginning."""
        start_ms = index * MINUTE_MS
        sent_ms = minute.timestamp_ms if minute else None
        return {"t": start_ms, "timestamp": iso(self._data.session.started_at_ms + start_ms if sent_ms is None else sent_ms)}

    def _voice(self, index: int, speech: float | None, minute: Minute | None, affect: Affect | None) -> dict[str, Any]:
        audio = self._data.audio_minutes.get(index)
        return {
            "minuteIndex": index,
            **self._time(index, minute),
            "speechRatio": None if speech is None else round3(speech),
            "pauseRatio": None if speech is None else round3(1 - round3(speech)),
            "meanRms": round3(audio.mean_rms) if audio else None,
            "vadScore": minute.vad if minute else None,
            **(_vector(affect) if affect else dict.fromkeys(("valence", "arousal", "dominance"))),
        }


def _complete_minutes(session: SessionInfo) -> int:
    """The minutes of a session that are over; while it runs without the last of them, whose score is still to come."""
    return max(0, session.duration_ms // MINUTE_MS - (session.ended_at_ms is None))


def _vector(affect: Affect) -> dict[str, float]:
    return {"valence": affect.valence, "arousal": affect.arousal, "dominance": affect.dominance}
