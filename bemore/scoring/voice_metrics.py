"""Voice metrics of a session: how much was spoken, and how long the pauses were."""

from collections.abc import Iterable
from typing import TypedDict

from bemore.scoring.rounding import round3
from bemore.scoring.wording import duration, percent

VOICED_THRESHOLD = 0.5
"""A chunk whose voice activity (0..1) is at least this is voiced."""

GAP_TOLERANCE_MS = 50
"""Chunks this close are adjacent; a longer gap is missing audio.

Browsers cut chunks with timers and round their times to milliseconds, so that neighbors may be a few audio blocks
(128 samples, 3 ms at 44.1 kHz; timers: 4..16 ms, more under load) apart. A syllable takes about 200 ms, so that no
word fits into such a gap.
"""

NO_AUDIO = "저장된 음성 데이터가 없어 말하기 지표를 계산하지 않았습니다."


class VoiceMetrics(TypedDict):
    """Voice metrics in the API's names.

    ``speechRatio`` and ``pauseRatio`` are shares of the known time (0..1, three decimals, together 1);
    ``averagePauseDuration``, ``longestPause`` and ``averageSpeechBurst`` are whole milliseconds; ``speechBurstCount``
    and ``pauseCount`` count runs; ``summary`` is one Korean sentence. Without audio all numbers are 0.
    """

    speechRatio: float
    pauseRatio: float
    averagePauseDuration: int
    longestPause: int
    averageSpeechBurst: int
    speechBurstCount: int
    pauseCount: int
    summary: str


def voice_metrics(chunks: Iterable[tuple[int, int, float]]) -> VoiceMetrics:
    """Metrics of ``(ts_start_ms, ts_end_ms, vad)`` ordered by ``ts_start_ms``; ``vad`` is 0..1.

    Adjacent chunks of the same kind form a run (a burst of speech, or a pause). A gap between chunks ends a run and is
    unknown, not silence: it counts neither as speech nor as pause. Where chunks overlap the earlier one counts.
    """
    total = [0, 0]  # of pauses, of speech
    count = [0, 0]
    longest = [0, 0]
    kind: int | None = None
    run_start = covered_to = 0
    for start, end, vad in chunks:
        chunk_kind = 1 if vad >= VOICED_THRESHOLD else 0
        if kind is not None:
            if end <= covered_to:
                continue
            if start - covered_to > GAP_TOLERANCE_MS:
                run_end = covered_to
            elif chunk_kind != kind:
                start = run_end = max(start, covered_to)
            else:
                covered_to = end
                continue
            _close(total, count, longest, kind, run_end - run_start)
        elif end <= start:
            continue
        kind, run_start, covered_to = chunk_kind, start, end
    if kind is not None:
        _close(total, count, longest, kind, covered_to - run_start)
    return _metrics(total, count, longest)


def _close(total: list[int], count: list[int], longest: list[int], kind: int, length: int) -> None:
    if length > 0:
        total[kind] += length
        count[kind] += 1
        longest[kind] = max(longest[kind], length)


def _metrics(total: list[int], count: list[int], longest: list[int]) -> VoiceMetrics:
    (pause_ms, speech_ms), (pauses, bursts) = total, count
    known = pause_ms + speech_ms
    ratio = round3(speech_ms / known) if known else 0.0
    average_burst = round(speech_ms / bursts) if bursts else 0
    return {
        "speechRatio": ratio,
        # From the rounded ratio, so that the two always add up to 1.
        "pauseRatio": round3(1 - ratio) if known else 0.0,
        "averagePauseDuration": round(pause_ms / pauses) if pauses else 0,
        "longestPause": longest[0],
        "averageSpeechBurst": average_burst,
        "speechBurstCount": bursts,
        "pauseCount": pauses,
        "summary": _summary(ratio, bursts, average_burst, pause_ms, longest[0]) if known else NO_AUDIO,
    }


def _summary(ratio: float, bursts: int, average_burst: int, pause_ms: int, longest_pause: int) -> str:
    if not bursts:
        return f"음성이 기록된 {duration(pause_ms)} 동안 말소리가 감지되지 않았습니다."
    spoken = f"말한 시간 비율은 {percent(ratio)}이고, 한 번에 평균 {duration(average_burst)}씩 {bursts}번 말했으며"
    if not pause_ms:
        return f"{spoken}, 멈춤은 없었습니다."
    return f"{spoken}, 가장 긴 멈춤은 {duration(longest_pause)}입니다."
