"""Voice metrics: runs of speech and pauses, gaps, overlaps."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.reports.time_series import speech_by_minute, voice_by_bucket
from bemore.scoring.voice_metrics import GAP_TOLERANCE_MS, voice_metrics, voice_runs

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


def test_no_audio_is_zeros():
    metrics = voice_metrics([])
    assert [metrics[name] for name in NUMBERS] == [0] * 7


def test_neighbours_of_one_kind_form_one_run():
    metrics = voice_metrics(chunks("1110011000"))
    assert metrics["speechBurstCount"] == 2
    assert metrics["pauseCount"] == 2
    assert metrics["averageSpeechBurst"] == 1250
    assert metrics["averagePauseDuration"] == 1250
    assert metrics["longestPause"] == 1500
    assert (metrics["speechRatio"], metrics["pauseRatio"]) == (0.5, 0.5)


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
    assert voice_metrics([(5, 5, 1), (9, 9, 0)]) == voice_metrics([])


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
        assert metrics == voice_metrics([])


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


@given(some_chunks)
def test_runs_are_speech_where_any_chunk_is_voiced_and_pause_where_the_others_are(some):
    voiced = {ms for start, end, vad in some if vad >= 0.5 for ms in range(start, end)}
    known = {ms for start, end, _ in some for ms in range(start, end)}
    in_runs = [set(), set()]
    for kind, start, end in voice_runs(some):
        in_runs[kind].update(range(start, end))
    assert in_runs[1] & known == voiced and in_runs[0] & known == known - voiced
    gaps = (in_runs[0] | in_runs[1]) - known
    assert all(any(ms - back in known for back in range(1, GAP_TOLERANCE_MS + 1)) for ms in gaps)


def test_voiced_wins_where_one_speaker_is_silent_for_long():
    """A microphone that sends one silent chunk a minute, and another beside it in which somebody speaks."""
    metrics = voice_metrics(sorted([(0, 60_000, 0), *((ms, ms + 1000, 1) for ms in range(5000, 55_000, 1000))]))
    assert (metrics["speechRatio"], metrics["speechBurstCount"], metrics["averageSpeechBurst"]) == (0.833, 1, 50_000)
    assert (metrics["pauseCount"], metrics["longestPause"]) == (2, 5000)


def test_speakers_in_turn_are_one_burst_and_what_neither_says_is_the_pause():
    first = [(0, 4000, 1), (4000, 10_000, 0)]
    second = [(0, 3500, 0), (3500, 7000, 1), (7000, 10_000, 0)]
    assert list(voice_runs(sorted(first + second))) == [(1, 0, 7000), (0, 7000, 10_000)]


@pytest.mark.parametrize(
    "many",
    [
        chunks("10" * 14_400, 1000),
        sorted([(0, 28_800_000, 0), *chunks("110" * 9600, 1000)]),
        [(ms, 28_800_000, ms % 2) for ms in range(28_800)],
    ],
    ids=["in turn", "inside of one", "all overlap"],
)
@pytest.mark.parametrize("compute", [voice_metrics, voice_by_bucket])
def test_eight_hours_of_chunks_take_milliseconds(many, compute):
    # The time of this process, and the best of five, so that a busy machine does not decide. Typical: 3 to 20 ms.
    taken = []
    for _ in range(5):
        before = time.process_time()
        compute(many)
        taken.append(time.process_time() - before)
    assert min(taken) < 0.03


@given(some_chunks)
def test_ten_seconds_count_a_chunk_as_voiced_for_the_share_of_its_time_that_is_speech(some):
    voiced = {ms for start, end, vad in some if vad >= 0.5 for ms in range(start, end)}
    buckets = voice_by_bucket(some)
    assert [bucket.number for bucket in buckets] == sorted({start // 10_000 for start, _, _ in some})
    for number, voiced_count, chunk_count, _ in buckets:
        inside = [chunk for chunk in some if chunk[0] // 10_000 == number]
        shares = [1 if vad >= 0.5 else len(voiced & set(range(start, end))) / max(1, end - start) for start, end, vad in inside]
        assert (chunk_count, voiced_count) == (len(inside), pytest.approx(sum(shares)))
    assert sum(bucket.speech_starts for bucket in buckets) == voice_metrics(some)["speechBurstCount"]


def test_ten_seconds_in_which_a_silent_chunk_lies_over_voiced_ones_are_speech():
    some = sorted([(0, 60_000, 0), *((ms, ms + 1000, 1) for ms in range(0, 50_000, 1000))])
    assert [round(voiced / count, 2) for _, voiced, count, _ in voice_by_bucket(some)] == [0.98, 1, 1, 1, 1]
    assert voice_by_bucket([(0, 20_000, 1), (12_000, 13_000, 0)]) == [(0, 1, 1, 1), (1, 1, 1, 0)]


def test_time_before_the_start_counts_in_the_first_ten_seconds():
    assert voice_by_bucket([(-93_000, -92_000, 1), (-1000, 1000, 0), (12_000, 13_000, 1)]) == [(0, 1, 2, 1), (1, 1, 1, 1)]


def test_share_of_speech_by_minute_follows_the_runs():
    chunks = [(-2000, 0, 1), (0, 30_000, 0), (59_999, 61_000, 1), (60_000, 62_000, 0), (3_600_000, 3_600_000, 1)]
    assert speech_by_minute(chunks, [0, 1, 60]) == {0: 2001 / 32_001, 1: 0.5}
    assert speech_by_minute([(0, 10**12, 1)], [7]) == {7: 1.0}, "only the minutes that are asked for are looked at"
