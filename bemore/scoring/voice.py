"""The voice part of a minute score. (VAD here is voice activity detection.)"""

WITHOUT_AUDIO = 0.3
VAD_SHARE = 0.7
RMS_SHARE = 0.3


def vad_score(vad_sum: float, rms_sum: float, count: int) -> float:
    """0.7 · mean(vad) + 0.3 · mean(rms), 0..1; 0.3 without audio (rule ``rules-v1.0``).

    ``vad_sum`` and ``rms_sum`` are the sums over the minute's audio chunks of voice activity (0..1, true = 1) and
    loudness (root mean square, 0..1); ``count`` is the number of chunks.
    """
    if count <= 0:
        return WITHOUT_AUDIO
    return min(1.0, max(0.0, VAD_SHARE * (vad_sum / count) + RMS_SHARE * (rms_sum / count)))
