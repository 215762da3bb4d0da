"""The facial part of a minute score."""

WITHOUT_FRAMES = 0.5


def facial_score(quality_sum: float, count: int) -> float:
    """Mean frame quality of a minute, 0..1; 0.5 without frames (rule ``rules-v1.0``).

    ``quality_sum`` is the sum of the frames' ``qualityScore`` (each 0..1), ``count`` their number.
    """
    if count <= 0:
        return WITHOUT_FRAMES
    return min(1.0, max(0.0, quality_sum / count))
