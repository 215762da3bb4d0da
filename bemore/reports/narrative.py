"""Which sentences a report has: rules on what was measured, worded by a ``Language``.

The sentences describe measurements and give hints on measuring and on the course of a conversation.

``minutes`` are ordered, ``voice`` are the session's voice metrics, ``affect`` and ``dominant`` its affect and dominant
emotion, ``None`` without minutes. ``unscored`` is the number of minutes of the session that have no score, ``session_minutes`` that
of all its minutes.
"""

from collections.abc import Sequence
from math import fsum

from bemore.reports.language import Language
from bemore.scoring import trend
from bemore.scoring.affect import Affect
from bemore.scoring.emotion import DominantEmotion
from bemore.scoring.minute_score import Minute
from bemore.scoring.voice_metrics import VoiceMetrics

NOTABLE_STEP = 0.1
LARGE_STEP = 0.2
NOTABLE_DRIFT = 0.05
FACE_VISIBLE_THRESHOLD = 0.4
LITTLE_SPEECH = 0.2
MUCH_SPEECH = 0.85
LONG_PAUSE_MS = 30_000
FEW_MINUTES = 3


def highlights(language: Language, minutes: Sequence[Minute], unscored: int = 0, session_minutes: int = 0) -> list[str]:
    """Mean, minutes without a score, highest and lowest minute, largest step and drift of the combined score.

    One sentence without minutes.
    """
    if not minutes:
        return [language.no_scores]
    points = [(minute.minute_index, minute.combined) for minute in minutes]
    sentences = [language.mean_score(len(points), fsum(value for _, value in points) / len(points))]
    if unscored:
        sentences.append(language.unscored(session_minutes, unscored))
    high, low = max(points, key=lambda point: point[1]), min(points, key=lambda point: point[1])
    if high[1] > low[1]:
        sentences += [language.highest(*high), language.lowest(*low)]
    change = trend.largest_change(points)
    if change and abs(change[2]) >= NOTABLE_STEP:
        sentences.append(language.largest_change(change[1], change[2]))
    slope = trend.slope_per_minute(points) if len(points) >= FEW_MINUTES else None
    if slope is not None and abs(drift := slope * (points[-1][0] - points[0][0])) >= NOTABLE_DRIFT:
        sentences.append(language.drift(drift))
    return sentences


def voice_sentence(language: Language, voice: VoiceMetrics) -> str:
    """The ``summary`` of the voice metrics."""
    return language.voice(voice) if has_audio(voice) else language.no_audio


def observations(
    language: Language, text_scores: Sequence[float], voice: VoiceMetrics, affect: Affect | None, dominant: DominantEmotion | None
) -> list[str]:
    """What the measurements say about speech, tone (``text_scores`` by minute, 0..1) and mood; one sentence without any."""
    sentences = [language.voice(voice)] if has_audio(voice) else []
    sentences += expressions(language, text_scores, affect, dominant)
    return sentences or [language.no_measurements]


def expressions(
    language: Language, text_scores: Sequence[float], affect: Affect | None, dominant: DominantEmotion | None
) -> list[str]:
    """The observations without the sentence on the voice; none without minutes."""
    sentences = []
    if text_scores:
        sentences.append(language.tone(fsum(text_scores) / len(text_scores)))
    if affect is not None:
        sentences.append(language.affect(affect))
    if dominant is not None:
        sentences.append(language.dominant(dominant["emotion"], dominant["percentage"] / 100))
    return sentences


def recommendations(language: Language, minutes: Sequence[Minute], voice: VoiceMetrics, unscored: int = 0) -> list[str]:
    """Hints on measuring and on the conversation; one sentence without measurements.

    They follow from what was measured, never from the estimated affect or emotion. That the session was measured evenly is only
    said if the server scored every minute of it: of the browser's own scores nobody here knows what they were made of.
    """
    if not minutes and not has_audio(voice):
        return [language.nothing_to_advise_on]
    sentences = [*_measuring_hints(language, minutes), *_conversation_hints(language, voice)]
    change = trend.largest_change([(minute.minute_index, minute.combined) for minute in minutes])
    if change and abs(change[2]) >= LARGE_STEP:
        sentences.append(language.look_back(change[1]))
    if not minutes and not sentences:
        return [language.not_scored_yet]
    even = not unscored and all(minute.source == "server" for minute in minutes)
    return sentences or [language.even_measurement if even else language.comparable]


def _measuring_hints(language: Language, minutes: Sequence[Minute]) -> list[str]:
    sentences = []
    if 0 < len(minutes) < FEW_MINUTES:
        sentences.append(language.few_minutes)
    hidden = sum(1 for minute in minutes if minute.frame_count and minute.facial < FACE_VISIBLE_THRESHOLD)
    if hidden:
        sentences.append(language.face_hidden(hidden))
    # A browser that scores its own minutes need not upload telemetry, so only the server's minutes show gaps.
    server_minutes = [minute for minute in minutes if minute.source == "server"]
    without_face = sum(1 for minute in server_minutes if not minute.frame_count)
    if without_face:
        sentences.append(language.no_face(without_face))
    without_audio = sum(1 for minute in server_minutes if not minute.audio_count)
    if without_audio:
        sentences.append(language.no_voice(without_audio))
    if server_minutes and not any(minute.stt_count for minute in server_minutes):
        sentences.append(language.no_transcript)
    return sentences


def _conversation_hints(language: Language, voice: VoiceMetrics) -> list[str]:
    if not has_audio(voice):
        return []
    sentences = []
    if voice["speechRatio"] < LITTLE_SPEECH:
        sentences.append(language.little_speech(voice["speechRatio"]))
    elif voice["speechRatio"] > MUCH_SPEECH:
        sentences.append(language.much_speech(voice["speechRatio"]))
    if voice["longestPause"] >= LONG_PAUSE_MS:
        sentences.append(language.long_silence(voice["longestPause"]))
    return sentences


def has_audio(voice: VoiceMetrics) -> bool:
    """Whether the metrics are of any audio."""
    return voice["speechBurstCount"] + voice["pauseCount"] > 0
