"""A session's minutes with the affect and the emotion that the rules give each."""

from collections.abc import Mapping

from bemore.reports.facts import ReportInput
from bemore.reports.wording import MINUTE_MS, minute_timestamp
from bemore.scoring import narrative
from bemore.scoring.affect import Affect, minute_affect, session_affect
from bemore.scoring.emotion import dominant, minute_emotion
from bemore.scoring.rounding import round3


class Scored:
    """What several answers need of a session's minutes, computed once.

    ``affects`` and ``emotions`` (label, score 0..1) stand beside ``data.minutes``; ``dominant`` and ``vector`` are as the
    API gives them, None without minutes.
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

    def timeline(self) -> list[dict]:
        """``vadTimeline``: affect by minute."""
        return [{**self._when(minute), **_vector(affect)} for minute, affect in zip(self._data.minutes, self.affects, strict=True)]

    def emotion_timeline(self) -> list[dict]:
        """``emotionTimeline``: the label by minute and how near it is, 0..1."""
        return [
            {"minuteIndex": minute.minute_index, "t": minute.minute_index * MINUTE_MS, "emotion": label, "score": score}
            for minute, (label, score) in zip(self._data.minutes, self.emotions, strict=True)
        ]

    def history(self) -> list[dict]:
        """``history`` of the voice: every minute that has a score or audio; None for what it has none of."""
        scores = dict(zip((minute.minute_index for minute in self._data.minutes), zip(self._data.minutes, self.affects)))
        return [self._voice_of(index, *scores.get(index, (None, None))) for index in sorted({*scores, *self._data.audio_minutes})]

    def highlights(self) -> list[str]:
        """What stands out in the scores, in Korean sentences."""
        return narrative.highlights(self._data.minutes)

    def observations(self, voice: Mapping) -> list[str]:
        """What was measured, in Korean sentences; ``voice`` are the session's voice metrics."""
        return narrative.observations(self._data.minutes, voice, self._affect, self.dominant)

    def recommendations(self, voice: Mapping) -> list[str]:
        """Hints on measuring and on the conversation, in Korean sentences."""
        return narrative.recommendations(self._data.minutes, voice, self._affect, self.dominant)

    def _when(self, minute):
        timestamp = minute_timestamp(self._data.session.started_at_ms, minute.minute_index, minute.timestamp_ms)
        return {"t": minute.minute_index * MINUTE_MS, "timestamp": timestamp}

    def _voice_of(self, index, minute, affect):
        audio = self._data.audio_minutes.get(index)
        sent = minute.timestamp_ms if minute else None
        return {
            "minuteIndex": index,
            "t": index * MINUTE_MS,
            "timestamp": minute_timestamp(self._data.session.started_at_ms, index, sent),
            "speechRatio": round3(audio.speech_ratio) if audio else None,
            "pauseRatio": round3(1 - round3(audio.speech_ratio)) if audio else None,
            "meanRms": round3(audio.mean_rms) if audio else None,
            "vadScore": minute.vad if minute else None,
            **(_vector(affect) if affect else dict.fromkeys(("valence", "arousal", "dominance"))),
        }


def _vector(affect: Affect) -> dict:
    return {"valence": affect.valence, "arousal": affect.arousal, "dominance": affect.dominance}
