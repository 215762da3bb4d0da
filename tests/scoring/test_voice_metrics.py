"""Voice metrics: runs of speech and pauses, gaps, overlaps."""

import time

from hypothesis import given
from hypothesis import strategies as st

from bemore.scoring.voice_metrics import GAP_TOLERANCE_MS, NO_AUDIO, voice_metrics

NUMBERS = (
    "speechRatio",
    "pauseRatio",
    "averagePauseDuration",
    "longestPause",
    "averageSpeechBurst",
    "speechBurstCount",
    "pauseCount",
)


def chunks(pattern, length=500, start=0):
    """``"110"``: two voiced chunks and one unvoiced one, without gaps."""
    return [(start + i * length, start + (i + 1) * length, int(kind)) for i, kind in enumerate(pattern)]


def test_no_audio_is_zeros_and_a_sentence():
    metrics = voice_metrics([])
    assert [metrics[name] for name in NUMBERS] == [0] * 7
    assert metrics["summary"] == NO_AUDIO


def test_neighbours_of_one_kind_form_one_run():
    metrics = voice_metrics(chunks("1110011000"))
    assert metrics["speechBurstCount"] == 2
    assert metrics["pauseCount"] == 2
    assert metrics["averageSpeechBurst"] == 1250
    assert metrics["averagePauseDuration"] == 1250
    assert metrics["longestPause"] == 1500
    assert (metrics["speechRatio"], metrics["pauseRatio"]) == (0.5, 0.5)


def test_summary_tells_share_bursts_and_longest_pause():
    assert voice_metrics(chunks("1000"))["summary"] == (
        "말한 시간 비율은 25%이고, 한 번에 평균 0.5초씩 1번 말했으며, 가장 긴 멈춤은 1.5초입니다."
    )
    assert voice_metrics(chunks("11"))["summary"].endswith("멈춤은 없었습니다.")
    assert voice_metrics(chunks("00"))["summary"] == "음성이 기록된 1초 동안 말소리가 감지되지 않았습니다."


def test_gap_between_chunks_is_unknown_and_not_a_pause():
    metrics = voice_metrics(chunks("11") + chunks("11", start=60_000))
    assert metrics["pauseCount"] == metrics["longestPause"] == 0
    assert metrics["speechRatio"] == 1.0
    assert metrics["speechBurstCount"] == 2


def test_gap_ends_a_pause():
    metrics = voice_metrics(chunks("00") + chunks("00", start=60_000))
    assert metrics["pauseCount"] == 2
    assert metrics["longestPause"] == 1000


def test_gap_within_the_tolerance_joins():
    joined = voice_metrics([(0, 500, 1), (500 + GAP_TOLERANCE_MS, 1000, 1)])
    parted = voice_metrics([(0, 500, 1), (501 + GAP_TOLERANCE_MS, 1000, 1)])
    assert (joined["speechBurstCount"], parted["speechBurstCount"]) == (1, 2)


def test_overlap_does_not_count_twice():
    assert voice_metrics([(0, 1000, 1), (500, 1500, 1)])["averageSpeechBurst"] == 1500
    metrics = voice_metrics([(0, 1000, 1), (500, 2000, 0)])
    assert (metrics["averageSpeechBurst"], metrics["longestPause"]) == (1000, 1000)


def test_chunk_inside_another_changes_nothing():
    assert voice_metrics([(0, 1000, 1), (200, 300, 0), (1000, 1500, 1)]) == voice_metrics([(0, 1500, 1)])


def test_same_chunk_twice_counts_once():
    assert voice_metrics([(0, 500, 1), (0, 500, 1), (500, 800, 0)]) == voice_metrics([(0, 500, 1), (500, 800, 0)])


def test_chunks_without_length_are_no_audio():
    assert voice_metrics([(5, 5, 1), (9, 9, 0)])["summary"] == NO_AUDIO


def test_half_voice_activity_is_voiced():
    assert voice_metrics([(0, 100, 0.5)])["speechRatio"] == 1.0
    assert voice_metrics([(0, 100, 0.499)])["speechRatio"] == 0.0
    assert voice_metrics([(0, 100, True)])["speechRatio"] == 1.0


some_chunks = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 1500), st.floats(0, 1)).map(lambda c: (c[0], c[0] + c[1], c[2])),
    max_size=60,
).map(sorted)


@given(some_chunks)
def test_metrics_stay_within_their_ranges(some):
    metrics = voice_metrics(some)
    assert 0 <= metrics["speechRatio"] <= 1 and 0 <= metrics["pauseRatio"] <= 1
    assert all(isinstance(metrics[name], int) and metrics[name] >= 0 for name in NUMBERS[2:])
    assert metrics["longestPause"] >= metrics["averagePauseDuration"]
    if metrics["speechBurstCount"] + metrics["pauseCount"]:
        assert round(metrics["speechRatio"] + metrics["pauseRatio"], 3) == 1
    else:
        assert metrics["summary"] == NO_AUDIO


@given(some_chunks)
def test_known_time_is_never_longer_than_what_the_chunks_cover(some):
    metrics = voice_metrics(some)
    known = (
        metrics["averageSpeechBurst"] * metrics["speechBurstCount"] + metrics["averagePauseDuration"] * metrics["pauseCount"]
    )
    covered = len({ms for start, end, _ in some for ms in range(start, end)})
    runs = metrics["speechBurstCount"] + metrics["pauseCount"]
    assert known <= covered + GAP_TOLERANCE_MS * len(some) + runs


@given(some_chunks, st.integers(0, 10**9))
def test_shift_in_time_changes_nothing(some, shift):
    assert voice_metrics((s + shift, e + shift, v) for s, e, v in some) == voice_metrics(some)


def test_four_hours_of_chunks_take_milliseconds():
    many = chunks("10" * 14_400)
    before = time.process_time()
    metrics = voice_metrics(many)
    # Typical: 10 ms.
    assert time.process_time() - before < 0.1
    assert metrics["speechBurstCount"] == metrics["pauseCount"] == 14_400
