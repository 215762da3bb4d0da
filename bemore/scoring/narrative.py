"""Sentences for reports: what was measured, in everyday Korean.

They describe measurements and give hints on measuring and on the course of a conversation. They never name an illness
or the risk of one, never diagnose and give no medical advice; a test checks every sentence of this module for that.

``minutes`` are ordered, ``voice`` are the session's voice metrics, ``affect`` and ``dominant`` its affect and dominant
emotion, ``None`` without minutes. ``unscored`` is the number of minutes of the session that have no score, ``session_minutes`` that
of all its minutes.
"""

from collections.abc import Sequence
from math import fsum

from bemore.scoring import trend
from bemore.scoring.affect import Affect
from bemore.scoring.emotion import DominantEmotion
from bemore.scoring.minute_score import Minute
from bemore.scoring.voice_metrics import VoiceMetrics
from bemore.scoring.wording import EMOTION_NAMES, duration, minute_span, percent, signed

NOTABLE_STEP = 0.1
LARGE_STEP = 0.2
NOTABLE_DRIFT = 0.05
FACE_VISIBLE_THRESHOLD = 0.4
LITTLE_SPEECH = 0.2
MUCH_SPEECH = 0.85
LONG_PAUSE_MS = 30_000
FEW_MINUTES = 3

NO_SCORES = "채점된 구간이 없어 요약할 내용이 없습니다."
NO_MEASUREMENTS = "저장된 측정값이 없어 관찰한 내용이 없습니다."
NOTHING_TO_ADVISE_ON = "저장된 측정값이 없습니다. 시작하기 전에 카메라와 마이크가 켜져 있는지 확인해 주시기 바랍니다."
NOT_SCORED_YET = "채점된 구간이 없습니다. 점수가 계산된 뒤에 다시 확인해 주시기 바랍니다."


EVEN_MEASUREMENT = "측정이 고르게 이루어졌습니다. 같은 환경에서 측정하시면 다음 기록과 비교하기 쉽습니다."
COMPARABLE = "같은 환경에서 측정하시면 다음 기록과 비교하기 쉽습니다."


def highlights(minutes: Sequence[Minute], unscored: int = 0, session_minutes: int = 0) -> list[str]:
    """Mean, minutes without a score, highest and lowest minute, largest step and drift of the combined score.

    One sentence without minutes.
    """
    if not minutes:
        return [NO_SCORES]
    points = [(minute.minute_index, minute.combined) for minute in minutes]
    mean = fsum(value for _, value in points) / len(points)
    sentences = [f"채점된 {len(points)}분의 평균 점수는 {mean:.2f}점입니다."]
    if unscored:
        sentences.append(f"세션 {session_minutes}분 가운데 {unscored}분에는 점수가 없습니다.")
    high, low = max(points, key=lambda point: point[1]), min(points, key=lambda point: point[1])
    if high[1] > low[1]:
        sentences.append(f"점수가 가장 높은 곳은 {minute_span(high[0])}({high[1]:.2f}점)입니다.")
        sentences.append(f"점수가 가장 낮은 곳은 {minute_span(low[0])}({low[1]:.2f}점)입니다.")
    change = trend.largest_change(points)
    if change and abs(change[2]) >= NOTABLE_STEP:
        _, minute, delta = change
        direction = "올랐습니다" if delta > 0 else "내렸습니다"
        sentences.append(f"점수가 가장 크게 달라진 곳은 {minute_span(minute)}이며, 바로 앞보다 {abs(delta):.2f}점 {direction}.")
    slope = trend.slope_per_minute(points) if len(points) >= FEW_MINUTES else None
    if slope is not None and abs(drift := slope * (points[-1][0] - points[0][0])) >= NOTABLE_DRIFT:
        direction = "올라가는" if drift > 0 else "내려가는"
        sentences.append(f"점수는 전체적으로 {direction} 흐름이며, 처음부터 끝까지의 변화는 약 {abs(drift):.2f}점입니다.")
    return sentences


def observations(
    text_scores: Sequence[float], voice: VoiceMetrics, affect: Affect | None, dominant: DominantEmotion | None
) -> list[str]:
    """What the measurements say about speech, tone (``text_scores`` by minute, 0..1) and mood; one sentence without any."""
    sentences = []
    if _has_audio(voice):
        sentences.append(voice["summary"])
    if text_scores:
        mean_text = fsum(text_scores) / len(text_scores)
        tone = "밝은 편" if mean_text > 0.55 else "어두운 편" if mean_text < 0.45 else "중간"
        sentences.append(f"말의 내용에서 계산한 어조 점수는 평균 {mean_text:.2f}점으로 {tone}입니다.")
    if affect is not None:
        sentences.append(
            f"추정한 정서 값은 쾌감 {signed(affect.valence)}, 활기 {signed(affect.arousal)}, 주도감 {signed(affect.dominance)}입니다"
            "(-1에서 1 사이의 참고값)."
        )
    if dominant is not None:
        name = EMOTION_NAMES[dominant["emotion"]]
        sentences.append(f"가장 자주 추정된 감정 표현은 '{name}'이며, 전체 구간의 {percent(dominant['percentage'] / 100)}입니다.")
    return sentences or [NO_MEASUREMENTS]


def recommendations(minutes: Sequence[Minute], voice: VoiceMetrics, unscored: int = 0) -> list[str]:
    """Hints on measuring and on the conversation; one sentence without measurements.

    They follow from what was measured, never from the estimated affect or emotion. That the session was measured evenly is only
    said if the server scored every minute of it: of the browser's own scores nobody here knows what they were made of.
    """
    if not minutes and not _has_audio(voice):
        return [NOTHING_TO_ADVISE_ON]
    sentences = [*_measuring_hints(minutes), *_conversation_hints(voice)]
    change = trend.largest_change([(minute.minute_index, minute.combined) for minute in minutes])
    if change and abs(change[2]) >= LARGE_STEP:
        sentences.append(f"점수가 크게 달라진 {minute_span(change[1])}의 대화를 함께 돌아보시면 좋겠습니다.")
    if not minutes and not sentences:
        return [NOT_SCORED_YET]
    even = not unscored and all(minute.source == "server" for minute in minutes)
    return sentences or [EVEN_MEASUREMENT if even else COMPARABLE]


def _measuring_hints(minutes: Sequence[Minute]) -> list[str]:
    sentences = []
    if 0 < len(minutes) < FEW_MINUTES:
        sentences.append("측정된 시간이 짧아 값이 크게 흔들릴 수 있습니다. 조금 더 길게 측정해 보시기 바랍니다.")
    hidden = sum(1 for minute in minutes if minute.frame_count and minute.facial < FACE_VISIBLE_THRESHOLD)
    if hidden:
        sentences.append(f"카메라에 얼굴이 잘 보이지 않은 구간이 {hidden}분 있습니다. 조명과 카메라의 위치를 확인해 주시기 바랍니다.")
    # A browser that scores its own minutes need not upload telemetry, so only the server's minutes show gaps.
    server_minutes = [minute for minute in minutes if minute.source == "server"]
    without_face = sum(1 for minute in server_minutes if not minute.frame_count)
    if without_face:
        sentences.append(f"얼굴이 측정되지 않은 구간이 {without_face}분 있습니다. 카메라가 켜져 있는지 확인해 주시기 바랍니다.")
    without_audio = sum(1 for minute in server_minutes if not minute.audio_count)
    if without_audio:
        sentences.append(f"음성이 측정되지 않은 구간이 {without_audio}분 있습니다. 마이크가 켜져 있는지 확인해 주시기 바랍니다.")
    if server_minutes and not any(minute.stt_count for minute in server_minutes):
        sentences.append("말의 내용이 글로 기록되지 않았습니다. 음성 인식이 켜져 있는지 확인해 주시기 바랍니다.")
    return sentences


def _conversation_hints(voice: VoiceMetrics) -> list[str]:
    if not _has_audio(voice):
        return []
    sentences = []
    share = percent(voice["speechRatio"])
    if voice["speechRatio"] < LITTLE_SPEECH:
        sentences.append(f"말한 시간 비율이 {share}입니다. 마이크와의 거리를 확인하고, 이야기할 시간을 넉넉히 두어 보시기 바랍니다.")
    elif voice["speechRatio"] > MUCH_SPEECH:
        sentences.append(f"말한 시간 비율이 {share}입니다. 말 사이에 잠시 쉬며 정리하는 시간을 두어 보시기 바랍니다.")
    if voice["longestPause"] >= LONG_PAUSE_MS:
        longest = duration(voice["longestPause"])
        sentences.append(f"가장 긴 멈춤은 {longest}입니다. 멈춤 앞뒤의 대화를 함께 돌아보시면 좋겠습니다.")
    return sentences


def _has_audio(voice: VoiceMetrics) -> bool:
    return voice["speechBurstCount"] + voice["pauseCount"] > 0
