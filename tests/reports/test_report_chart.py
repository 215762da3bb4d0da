"""The line chart: what is drawn where, and its SVG."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from tests.support.report_samples import client_minute, sample, server_minute

from bemore.reports import chart
from bemore.reports.assemble import report
from bemore.reports.wording import PARTS


def minutes_of(data):
    return report(data)["minutes"]


def at(*indices):
    return minutes_of(replace(sample(0), minutes=[server_minute(index) for index in indices]))


def test_no_minutes_make_no_chart():
    assert chart.lines([]) is None and chart.svg([]) == ""


def test_single_minute_is_a_dot_in_the_middle():
    lines = chart.lines(at(5))
    assert [lines.x(point.slot) for point in lines.dotted()] == [0.5]
    assert lines.x_ticks(11) == [(0.5, 5)]
    assert "<polyline" not in chart.svg(at(5)) and chart.svg(at(5)).count("<circle") == 4


def test_lines_stop_where_minutes_are_missing():
    lines = chart.lines(at(0, 1, 2, 5, 6, 9))
    assert [[point.first_minute for point in run] for run in lines.runs()] == [[0, 1, 2], [5, 6], [9]]
    assert chart.svg(at(0, 1, 2, 5, 6, 9)).count("<polyline") == 2 * len(PARTS)


def test_each_minute_is_a_point_up_to_the_limit():
    lines = chart.lines(minutes_of(sample(chart.MOST_POINTS)))
    assert lines.step == 1 and len(lines.points) == chart.MOST_POINTS


def test_long_session_is_drawn_as_means_that_keep_the_average():
    minutes = minutes_of(sample(600, "mixed"))
    lines = chart.lines(minutes)
    assert lines.step == 3 and len(lines.points) == 200
    for number, (key, _) in enumerate(PARTS):
        whole = sum(minute[key] for minute in minutes) / 600
        assert sum(point.values[number] for point in lines.points) / 200 == pytest.approx(whole)


def test_minute_far_away_leaves_the_others_apart():
    lines = chart.lines(at(0, 1, 100_000))
    assert lines.step == 1 and [lines.x(point.slot) for point in lines.points] == [0.0, 0.00001, 1.0]
    assert len(lines.x_ticks(11)) <= 12


def test_hundred_thousand_minutes_stay_few_points():
    minute = minutes_of(sample(1))[0]
    lines = chart.lines([{**minute, "minuteIndex": index} for index in range(100_001)])
    assert len(lines.points) <= chart.MOST_POINTS


@pytest.mark.parametrize("count", [2, 3, 7, 12, 45, 60, 90, 240, 600, 5000])
def test_ticks_are_few_whole_multiples_in_order(count):
    lines = chart.lines([{**minutes_of(sample(1))[0], "minuteIndex": index} for index in range(count)])
    ticks = lines.x_ticks(11)
    minutes = [minute for _, minute in ticks]
    assert 2 <= len(ticks) <= 11 and minutes[0] == 0
    assert len({after - before for before, after in zip(minutes, minutes[1:])}) == 1
    assert all(0 <= place <= 1 for place, _ in ticks)


@pytest.mark.parametrize("count", [1, 12, 60, 600])
def test_svg_is_well_formed_and_labelled(count):
    minutes = minutes_of(sample(count, "mixed"))
    root = ElementTree.fromstring(chart.svg(minutes))
    texts = {"".join(element.itertext()) for element in root.iter("text")}
    assert {"점수 (0–1)", "세션 시작 후 시간 (분)", "0.0", "1.0", "0"} <= texts
    assert root.get("role") == "img" and root.get("aria-label")
    assert not [element for element in root.iter() if element.get("style") or element.get("href")]


def test_tooltips_give_the_values_of_each_point():
    made = minutes_of(replace(sample(0), minutes=[client_minute(0), client_minute(1)]))
    titles = [element.text for element in ElementTree.fromstring(chart.svg(made)).iter("title")]
    assert titles[1] == "1~2분 구간: " + ", ".join(f"{label} {made[1][key]:.3f}" for key, label in PARTS)
    assert len(titles) == 2


def test_points_lie_at_their_values():
    made = minutes_of(sample(3))
    root = ElementTree.fromstring(chart.svg(made))
    places = [line.get("points").split() for line in root.iter("polyline") if "combinedScore" in line.get("class")]
    expected = [f"{x}.0,{(1 - minute['combinedScore']) * 1000:.0f}" for x, minute in zip((0, 500, 1000), made)]
    assert places == [expected]


def test_legend_names_the_four_lines():
    assert chart.legend().count("<li>") == 4 and all(f">{label}</li>" in chart.legend() for _, label in PARTS)
