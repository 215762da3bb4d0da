"""Slope and largest change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.scoring.trend import largest_change, slope_per_minute

series = st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=2, max_size=100).map(
    lambda values: list(enumerate(values))
)


@pytest.mark.parametrize("points", [[], [(3, 0.5)], [(3, 0.5), (3, 0.7)]])
def test_no_slope_without_two_different_minutes(points):
    assert slope_per_minute(points) is None


def test_slope_of_a_line_is_its_slope():
    assert slope_per_minute([(m, 0.2 + 0.01 * m) for m in range(60)]) == pytest.approx(0.01)
    assert slope_per_minute([(0, 1.0), (10, 0.0)]) == pytest.approx(-0.1)
    assert slope_per_minute([(m, 0.5) for m in range(600)]) == pytest.approx(0)


@given(series)
def test_slope_of_the_reversed_values_is_the_opposite(points):
    backwards = [(m, value) for (m, _), (_, value) in zip(points, reversed(points), strict=True)]
    assert slope_per_minute(backwards) == pytest.approx(-slope_per_minute(points))


def test_largest_change_is_between_neighbors_only():
    assert largest_change([(0, 0.1), (1, 0.2), (5, 0.9), (6, 0.6)]) == (5, 6, -0.3)
    assert largest_change([(0, 0.1), (5, 0.9)]) is None
    assert largest_change([]) is None


def test_first_of_equal_changes_wins():
    points = [(0, 0.1), (1, 0.3), (2, 0.1), (3, 0.3)]
    assert largest_change(points) == (0, 1, 0.2)
