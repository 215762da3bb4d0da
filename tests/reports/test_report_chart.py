"""The line chart: its geometry, and its SVG in the page."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from tests.support.report_samples import client_minute, html, report, sample, server_minute, talked, timeline, view

from bemore.reports import chart
from bemore.reports.language import LANGUAGES
from bemore.reports.style import MARKS, SCORE_LINES
from bemore.scoring.talk import both

WORDS = LANGUAGES["ko"]


def minutes_of(data):
    return report(data)["minutes"]


def at(*indices):
    return minutes_of(session_at(*indices))


def session_at(*indices):
    return replace(sample(0), minutes=[server_minute(index) for index in indices])


def svg(data, name="chart"):
    """A chart of a session's page."""
    plot = re.search(r'<div class="plot">(.*?)</div>', html(report(data), timeline(data)), re.DOTALL)[1]
    (result,) = [each for each in ElementTree.fromstring(f"<div>{plot}</div>") if each.get("class") == name]
    return result


def lines_of(minutes):
    """The line chart of a report's minutes, on an axis that ends with the last of them."""
    return chart.line_chart(minutes, chart.TimeAxis((minutes[-1]["minuteIndex"] + 1) * 60_000))


def test_no_minutes_make_no_chart():
    assert chart.line_chart([], chart.TimeAxis(60_000)) is None and '<svg class="chart"' not in html(report(sample(0)))


def test_single_minute_is_a_dot_in_its_middle():
    lines = lines_of(at(5))
    assert [x for _, x, _ in lines.dots()] == pytest.approx([5.5 / 6] * len(SCORE_LINES))
    assert [label for _, label in lines.axis.ticks()] == ["0", "1", "2", "3", "4", "5", "6"]
    drawn = svg(session_at(5))
    assert not list(drawn.iter("polyline")) and len(list(drawn.iter("circle"))) == 4


def test_lines_stop_where_minutes_are_missing():
    lines = lines_of(at(0, 1, 2, 5, 6, 9))
    assert [[point.first_minute for point in run] for run in lines.runs()] == [[0, 1, 2], [5, 6], [9]]
    assert len(list(svg(session_at(0, 1, 2, 5, 6, 9)).iter("polyline"))) == 2 * len(SCORE_LINES)


def test_each_minute_is_a_point_up_to_the_limit():
    lines = lines_of(minutes_of(sample(chart.MAX_POINTS)))
    assert lines.step == 1 and len(lines.points) == chart.MAX_POINTS


def test_long_session_is_drawn_as_means_that_keep_the_average():
    minutes = minutes_of(sample(600, "mixed"))
    lines = lines_of(minutes)
    assert lines.step == 3 and len(lines.points) == 200
    for number, line in enumerate(SCORE_LINES):
        whole = sum(minute[line.key] for minute in minutes) / 600
        assert sum(point.values[number] for point in lines.points) / 200 == pytest.approx(whole)


def test_minute_far_away_leaves_the_others_apart():
    lines = lines_of(at(0, 1, 100_000))
    assert lines.step == 1 and [round(lines.x(point), 4) for point in lines.points] == [0.0, 0.0, 1.0]
    assert len(lines.axis.ticks()) <= 12


def test_hundred_thousand_minutes_stay_few_points():
    minute = minutes_of(sample(1))[0]
    lines = lines_of([{**minute, "minuteIndex": index} for index in range(100_001)])
    assert len(lines.points) <= chart.MAX_POINTS


@pytest.mark.parametrize("count", [2, 3, 7, 12, 45, 60, 90, 240, 600, 5000])
def test_ticks_are_few_whole_multiples_in_order(count):
    axis = chart.TimeAxis(count * 60_000)
    ticks = axis.ticks()
    minutes = [sum(int(part) * unit for part, unit in zip(label.split(":")[::-1], (1, 60))) for _, label in ticks]
    assert 2 <= len(ticks) <= 11 and minutes[0] == 0
    assert len({after - before for before, after in zip(minutes, minutes[1:])}) == 1
    assert [place for place, _ in ticks] == pytest.approx([minute / count for minute in minutes])
    assert all((":" in label) == (count >= 120) for _, label in ticks)


@pytest.mark.parametrize("count", [1, 12, 60, 600])
def test_svg_is_well_formed_and_labelled(count):
    root = svg(sample(count, "mixed"))
    texts = {"".join(element.itertext()) for element in root.iter("text")}
    assert {"0", "20", "100"} <= texts
    assert root.get("role") == "img" and "종합 점수는" in root.get("aria-label")
    assert not [element for element in root.iter() if element.get("style") or element.get("href")]


def test_tooltips_give_the_values_of_each_point():
    data = replace(sample(0), minutes=[client_minute(0), client_minute(1)])
    titles, minute = [element.text for element in svg(data).iter("title")], minutes_of(data)[1]
    assert titles[1] == "1~2분 구간: " + ", ".join(f"{WORDS.scores[line.key]} {WORDS.score(minute[line.key])}" for line in SCORE_LINES)
    assert len(titles) == 2


def test_points_lie_at_their_values():
    data = sample(3)
    places = [line.get("points").split() for line in svg(data).iter("polyline") if "combined" in line.get("class")]
    scores = [minute["combinedScore"] for minute in minutes_of(data)]
    expected = [f"{x / 183 * 1000:.1f},{(1 - score) * 1000:.0f}" for x, score in zip((30, 90, 150), scores, strict=True)]
    assert places == [expected]


def test_legend_names_the_four_lines():
    legend = re.search(r'<ul class="legend">(.*?)</ul>', html(report(sample(3))), re.DOTALL)[1]
    assert re.findall(r"</svg>(.*?)</li>", legend) == list(WORDS.scores.values())


# -- Voices, marks, and what was not measured ----------------------------------------------------------------------------------


def test_bars_hold_the_share_of_their_time():
    axis = chart.TimeAxis(480_000)  # bars of one second
    expected = [(0, 1 / 480, 1.0), (1 / 480, 2 / 480, 0.8), (479 / 480, 1, 1.0)]
    assert axis.shares([(0, 1500), (1700, 2000), (479_000, 480_000)]) == list(map(pytest.approx, expected))
    whole = chart.TimeAxis(8 * 3_600_000).shares([(0, 8 * 3_600_000)])
    assert len(whole) == 480 and {share for *_, share in whole} == {1.0}


def test_spans_too_close_to_tell_apart_are_joined():
    axis = chart.TimeAxis(1_000_000)
    assert axis.spans([(0, 10_000), (10_500, 20_000), (50_000, 50_001)]) == list(map(pytest.approx, [(0, 0.02), (0.05, 0.051)]))


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ([(0, 10)], [(5, 20)], [(5, 10)]), ([(0, 10)], [(10, 20)], []), ([(0, 30)], [(5, 10), (15, 20)], [(5, 10), (15, 20)]),
        ([], [(0, 1)], []),
        ([(0, 5), (5, 10)], [(0, 10)], [(0, 5), (5, 10)]),
    ],
)  # fmt: skip
def test_both_speak_where_both_spans_are(one, other, common):
    assert both(one, other) == both(other, one) == common


def test_minutes_of_which_less_than_half_was_measured_are_drawn_as_such():
    data = talked(12)
    made = report(data)
    assert chart.uncovered(made, made["duration"]) == [(360_000, 480_000)]
    drawn = [each for name in ("chart", "lanes") for each in svg(data, name).iter("rect") if each.get("fill") == "url(#hatching)"]
    assert len(drawn) == 2 and drawn[0].get("x") == f"{360_000 / 723_000 * 100:.2f}%"
    assert sum(row.little for row in view(made).table.rows) == 2
    assert "▨" in html(made) and WORDS.little_measured in html(made)


def test_minutes_without_a_score_are_hatched_by_the_gaps_and_browser_scores_are_not():
    made = report(sample(3))
    made["coverage"]["audio"]["gaps"] = [{"startMs": 0, "endMs": 183_000}]
    made["coverage"]["frames"]["gaps"] = []
    assert chart.uncovered({**made, "minutes": []}, 183_000) == [(0, 180_000)]
    assert chart.uncovered(made, 183_000) == [], "scored by a browser that sent no telemetry, as far as is known"


def test_moments_and_notes_are_marked_and_close_ones_in_rows():
    made = report(talked(12))
    marks = chart.marks(made, chart.time_axis(made))
    assert {mark.kind for mark in marks} == {"lowest", "highest", "change", "silence", "longest-turn", "bookmark", "note"} == set(MARKS)
    assert all(abs(a.x - b.x) >= chart.MARK_DISTANCE for a in marks for b in marks if a is not b and a.row == b.row)
    for name in ("chart", "lanes"):
        assert len([line for line in svg(talked(12), name).iter("line") if line.get("class") == "mark"]) == len(marks)
    page = html(made, timeline(talked(12)))
    for name in ("가장 낮은 점수", "가장 긴 침묵", "북마크", "함께 말함"):
        assert name in page


def test_voice_lanes_show_who_spoke_when():
    data = talked(12)
    lanes = view(report(data), timeline(data)).charts.lanes
    seconds = {name: sum((right - left) * share for left, right, share in getattr(lanes, name)) * 723 for name in ("user", "counselor")}
    assert seconds == pytest.approx({"user": 22 * 17, "counselor": 22 * 8})
    assert not lanes.both and len(lanes.silences) == 11 + 9, "none around the minute without audio"
    assert "내담자 68%" in svg(data, "lanes").get("aria-label")
    assert '<svg class="lanes"' not in html(report(sample(12)))
