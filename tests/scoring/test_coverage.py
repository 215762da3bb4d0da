"""Coverage by the rules of its contract: seconds, shares, gaps."""

import pytest

from bemore.scoring.coverage import minute_coverage, seconds_so_far, session_coverage

FULL = (1 << 60) - 1


def bits(*seconds):
    return sum(1 << second for second in seconds)


@pytest.mark.parametrize(("duration", "frame", "audio", "seconds"), [
    (0, None, None, 1), (1000, None, None, 1), (1001, None, None, 2), (1000, 1000, None, 2), (1000, 999, None, 1),
    (1000, None, 2000, 2), (1000, None, 2001, 3), (9000, 1000, 2001, 9), (0, -5, -5, 1),
])  # fmt: skip
def test_seconds_so_far_are_those_begun_until_the_end_the_last_frame_or_the_end_of_the_last_chunk(duration, frame, audio, seconds):
    assert seconds_so_far(duration, frame, audio) == seconds


def test_without_data_the_whole_session_is_a_gap():
    nothing = {"seconds": 0, "share": 0.0, "gaps": [{"startMs": 0, "endMs": 7000}]}
    assert session_coverage({}, 7) == {"frames": nothing, "audio": nothing}
    assert session_coverage({}, 4)["audio"]["gaps"] == [], "less than 5 seconds"


def test_gaps_go_over_minutes_and_begin_and_end_with_the_session():
    covered = session_coverage({0: (bits(5, 6, 11, 57), 0), 1: (0, 0), 3: (bits(2, 7), FULL)}, 250)
    assert covered["frames"] == {
        "seconds": 6, "share": 0.024,
        "gaps": [
            {"startMs": 0, "endMs": 5000}, {"startMs": 12_000, "endMs": 57_000}, {"startMs": 58_000, "endMs": 182_000},
            {"startMs": 188_000, "endMs": 250_000},
        ],
    }  # fmt: skip
    assert covered["audio"] == {
        "seconds": 60, "share": 0.24, "gaps": [{"startMs": 0, "endMs": 180_000}, {"startMs": 240_000, "endMs": 250_000}],
    }  # fmt: skip


def test_the_first_hundred_gaps_are_listed():
    gaps = session_coverage({minute: (bits(0, 6, 12, 18), 0) for minute in range(30)}, 1900)["frames"]["gaps"]
    assert len(gaps) == 100 and gaps[0] == {"startMs": 1000, "endMs": 6000} and gaps[-1] == {"startMs": 1_459_000, "endMs": 1_500_000}


def test_a_minute_is_of_sixty_seconds_and_null_without_any():
    assert minute_coverage(None) is None and minute_coverage((0, 0)) is None
    assert minute_coverage((bits(0, 1), FULL)) == {"frames": 0.033, "audio": 1.0}
    assert minute_coverage((0, bits(59))) == {"frames": 0.0, "audio": 0.017}
