"""The line chart: its geometry, and its SVG in the page."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from tests.support.report_samples import client_minute, sample, server_minute

from bemore.reports import chart
from bemore.reports.build import report
from bemore.reports.html.page import html
from bemore.reports.style import SCORE_LINES


def minutes_of(data):
    return report(data)["minutes"]


def at(*indices):
    return minutes_of(session_at(*indices))


def session_at(*indices):
    return replace(sample(0), minutes=[server_minute(index) for index in indices])


def svg(data):
    """The page's chart of a session."""
    (drawn,) = re.findall(r'<div class="plot">(<svg class="chart".*</svg>)</div>', html(report(data)), re.DOTALL)
    return ElementTree.fromstring(drawn)


def test_no_minutes_make_no_chart():
    assert chart.line_chart([]) is None and '<svg class="chart"' not in html(report(sample(0)))


def test_single_minute_is_a_dot_in_the_middle():
    lines = chart.line_chart(at(5))
    assert [x for _, x, _ in lines.dots()] == [0.5] * len(SCORE_LINES)
    assert lines.x_ticks() == [(0.5, 5)]
    drawn = svg(session_at(5))
    assert not list(drawn.iter("polyline")) and len(list(drawn.iter("circle"))) == 4


def test_lines_stop_where_minutes_are_missing():
    lines = chart.line_chart(at(0, 1, 2, 5, 6, 9))
    assert [[point.first_minute for point in run] for run in lines.runs()] == [[0, 1, 2], [5, 6], [9]]
    assert len(list(svg(session_at(0, 1, 2, 5, 6, 9)).iter("polyline"))) == 2 * len(SCORE_LINES)


def test_each_minute_is_a_point_up_to_the_limit():
    lines = chart.line_chart(minutes_of(sample(chart.MAX_POINTS)))
    assert lines.step == 1 and len(lines.points) == chart.MAX_POINTS


def test_long_session_is_drawn_as_means_that_keep_the_average():
    minutes = minutes_of(sample(600, "mixed"))
    lines = chart.line_chart(minutes)
    assert lines.step == 3 and len(lines.points) == 200
    for number, line in enumerate(SCORE_LINES):
        whole = sum(minute[line.key] for minute in minutes) / 600
        assert sum(point.values[number] for point in lines.points) / 200 == pytest.approx(whole)


def test_minute_far_away_leaves_the_others_apart():
    lines = chart.line_chart(at(0, 1, 100_000))
    assert lines.step == 1 and [lines.x(point.slot) for point in lines.points] == [0.0, 0.00001, 1.0]
    assert len(lines.x_ticks()) <= 12


def test_hundred_thousand_minutes_stay_few_points():
    minute = minutes_of(sample(1))[0]
    lines = chart.line_chart([{**minute, "minuteIndex": index} for index in range(100_001)])
    assert len(lines.points) <= chart.MAX_POINTS


@pytest.mark.parametrize("count", [2, 3, 7, 12, 45, 60, 90, 240, 600, 5000])
def test_ticks_are_few_whole_multiples_in_order(count):
    lines = chart.line_chart([{**minutes_of(sample(1))[0], "minuteIndex": index} for index in range(count)])
    ticks = lines.x_ticks()
    minutes = [minute for _, minute in ticks]
    assert 2 <= len(ticks) <= 11 and minutes[0] == 0
    assert len({after - before for before, after in zip(minutes, minutes[1:])}) == 1
    assert all(0 <= place <= 1 for place, _ in ticks)


@pytest.mark.parametrize("count", [1, 12, 60, 600])
def test_svg_is_well_formed_and_labelled(count):
    root = svg(sample(count, "mixed"))
    texts = {"".join(element.itertext()) for element in root.iter("text")}
    assert {"점수 (0–1)", "세션 시작 후 시간 (분)", "0.0", "1.0", "0"} <= texts
    assert root.get("role") == "img" and root.get("aria-label")
    assert not [element for element in root.iter() if element.get("style") or element.get("href")]


def test_tooltips_give_the_values_of_each_point():
    data = replace(sample(0), minutes=[client_minute(0), client_minute(1)])
    titles, minute = [element.text for element in svg(data).iter("title")], minutes_of(data)[1]
    assert titles[1] == "1~2분 구간: " + ", ".join(f"{line.label} {minute[line.key]:.3f}" for line in SCORE_LINES)
    assert len(titles) == 2


def test_points_lie_at_their_values():
    data = sample(3)
    places = [line.get("points").split() for line in svg(data).iter("polyline") if "accent" in line.get("class")]
    expected = [f"{x}.0,{(1 - minute['combinedScore']) * 1000:.0f}" for x, minute in zip((0, 500, 1000), minutes_of(data), strict=True)]
    assert places == [expected]


def test_legend_names_the_four_lines():
    legend = re.search(r'<ul class="legend">(.*?)</ul>', html(report(sample(3))), re.DOTALL)[1]
    assert re.findall(r"</svg>(.*?)</li>", legend) == [line.label for line in SCORE_LINES]
