"""Voice metrics of a session: how much was spoken, and how long the pauses were."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypedDict

from bemore.scoring.rounding import round3

VOICED_THRESHOLD = 0.5
"""A chunk whose voice activity (0..1) is at least this is voiced."""

GAP_TOLERANCE_MS = 50
"""Chunks this close are adjacent; a longer gap is missing audio.

Browsers cut chunks with timers and round their times to milliseconds, so that neighbors may be a few audio blocks
(128 samples, 3 ms at 44.1 kHz; timers: 4..16 ms, more under load) apart. A syllable takes about 200 ms, so that no
word fits into such a gap.
"""

_BEFORE_ALL_MS, _AFTER_ALL_MS = -(2**63), 2**63


class VoiceMetrics(TypedDict):
    """Voice metrics in the API's names.

    ``speechRatio`` and ``pauseRatio`` are shares of the known time (0..1, three decimals, together 1);
    ``averagePauseDuration``, ``longestPause`` and ``averageSpeechBurst`` are whole milliseconds; ``speechBurstCount``
    and ``pauseCount`` count runs. Without audio all numbers are 0.
    """

    speechRatio: float
    pauseRatio: float
    averagePauseDuration: int
    longestPause: int
    averageSpeechBurst: int
    speechBurstCount: int
    pauseCount: int


def voice_metrics(chunks: Iterable[tuple[int, int, float]]) -> VoiceMetrics:
    """Metrics of ``(ts_start_ms, ts_end_ms, vad)`` ordered by ``ts_start_ms``; ``vad`` is 0..1. They count the runs of ``voice_runs``."""
    total = [0, 0]  # of pauses, of speech
    count = [0, 0]
    longest = [0, 0]
    for kind, start, end in voice_runs(chunks):
        length = end - start
        total[kind] += length
        count[kind] += 1
        if length > longest[kind]:
            longest[kind] = length
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
    }


def voice_runs(chunks: Iterable[tuple[int, int, float]]) -> Iterator[tuple[int, int, int]]:
    """The runs of speech (1) and of pause (0) as ``(kind, start_ms, end_ms)`` in order, made of chunks ordered by their start.

    All speakers count together. Where chunks overlap, voiced wins: a moment is speech if any chunk there is voiced, a pause if
    there are only unvoiced ones. Where there is no chunk, nothing is known: such a gap ends a run and belongs to none. A gap
    of at most ``GAP_TOLERANCE_MS`` belongs to the run before it. Chunks without length count nowhere.
    """
    kind = -1  # of the current run; -1 before the first
    run_start = run_end = 0
    # What the chunks so far say of the time after `now` may change: up to `voiced_to` they are voiced, up to `known_to` there are any.
    now = voiced_to = known_to = _BEFORE_ALL_MS
    for start, end, vad in chain(chunks, ((_AFTER_ALL_MS, _AFTER_ALL_MS, 0.0),)):
        if end <= start < _AFTER_ALL_MS:
            continue
        speech_end = voiced_to if voiced_to < start else start
        if speech_end > now:
            if kind != 1 or now - run_end > GAP_TOLERANCE_MS:
                if kind >= 0:
                    yield kind, run_start, now if now - run_end <= GAP_TOLERANCE_MS else run_end
                kind, run_start = 1, now
            run_end = now = speech_end
        pause_end = known_to if known_to < start else start
        if pause_end > now:
            if kind != 0 or now - run_end > GAP_TOLERANCE_MS:
                if kind >= 0:
                    yield kind, run_start, now if now - run_end <= GAP_TOLERANCE_MS else run_end
                kind, run_start = 0, now
            run_end = pause_end
        now = start
        if end > known_to:
            known_to = end
        if vad >= VOICED_THRESHOLD and end > voiced_to:
            voiced_to = end
    if kind >= 0:
        yield kind, run_start, run_end
