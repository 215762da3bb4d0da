"""Results drawn with matplotlib."""

from statistics import median

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402  (after the choice of a backend that needs no screen)

from bench.goals import outcomes  # noqa: E402
from bench.stage import SUBJECTS  # noqa: E402

_OURS, _PEER, _GOOD, _BAD = "#1f6f8b", "#b0b7bd", "#3a7d44", "#b5403a"

_DPI = 130


def _new(width, height, **more):
    return pyplot.subplots(figsize=(width, height), layout="constrained", dpi=_DPI, **more)


def _save(figure, path):
    figure.savefig(path)
    pyplot.close(figure)


def comparison(path, loads, workloads):
    """Bars of requests a second (whiskers from the slowest to the fastest round) and, below, ratios against their goals."""
    found = outcomes(loads)
    width, height = 4 + 3.6 * len(workloads), 4 + 0.34 * (len(loads) + len(found))
    figure = pyplot.figure(figsize=(width, height), layout="constrained", dpi=_DPI)
    upper, lower = figure.subfigures(2, 1, height_ratios=(len(loads) + 2, len(found) + 2))
    for axis, workload in zip(upper.subplots(1, len(workloads), sharey=True, squeeze=False)[0], workloads):
        _speeds(axis, {subject: by_workload[workload.name] for subject, by_workload in loads.items()})
        axis.set(title=workload.label, xlabel="requests/s")
    _ratios(lower.subplots(), found)
    _save(figure, path)


def _speeds(axis, rounds):
    for place, (subject, loads) in enumerate(rounds.items()):
        speeds = [each.per_second for each in loads]
        middle = median(speeds)
        spread = [[middle - min(speeds)], [max(speeds) - middle]]
        axis.barh(place, middle, xerr=spread, color=_OURS if subject.startswith("bemore") else _PEER, error_kw={"linewidth": 1})
        axis.text(max(speeds), place, f" {middle:,.0f}", va="center", fontsize=8)
    axis.set_yticks(range(len(rounds)), [f"{SUBJECTS[each].label} ({SUBJECTS[each].processes}p)" for each in rounds])
    axis.invert_yaxis()
    axis.margins(x=0.2)


def _ratios(axis, outcomes):
    """Each ratio as a part of its bound, on a scale on which right is always good."""
    for place, each in enumerate(outcomes):
        part = each.ratio / each.goal.bound if each.goal.at_least else each.goal.bound / each.ratio
        axis.barh(place, part, color=_GOOD if each.reached else _BAD)
        sign = "≥" if each.goal.at_least else "≤"
        axis.text(part, place, f" {each.ratio:.2f} (goal {sign} {each.goal.bound:g})", va="center", fontsize=8)
    axis.axvline(1, color="black", linewidth=1)
    axis.set_yticks(range(len(outcomes)), [each.goal.label for each in outcomes])
    axis.invert_yaxis()
    axis.margins(x=0.3)
    axis.set_xlabel("measured, in parts of the goal (right of 1: reached)")


def lines(path, title, x_label, y_label, curves, bound=None):
    """Curves ``{label: [(x, y)]}``; ``bound`` is a level across."""
    figure, axis = _new(8, 5)
    for label, points in curves.items():
        axis.plot(*zip(*points), marker="o", markersize=3, linewidth=1.2, label=label)
    if bound is not None:
        axis.axhline(bound, color="black", linewidth=1, linestyle="--", label=f"goal: ≤ {bound:g}")
    axis.set(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, None))
    axis.legend(fontsize=8)
    _save(figure, path)


def growth(path, ratios, bound):
    """A dot for each endpoint and size, from ``{database: {endpoint: {frames: ratio}}}``; the bound is a line down."""
    most = max(map(len, ratios.values()))
    figure, axes = _new(2 + 5 * len(ratios), 1.5 + 0.26 * most, ncols=len(ratios), sharey=True, squeeze=False)
    for axis, (database, by_label) in zip(axes[0], ratios.items()):
        sizes = sorted({size for by_size in by_label.values() for size in by_size})
        for step, size in enumerate(sizes[1:]):
            color = pyplot.colormaps["viridis_r"](step / max(1, len(sizes) - 2))
            found = [(by_size[size], label) for label, by_size in by_label.items() if size in by_size]
            axis.scatter(*zip(*found), color=color, s=26, label=f"{size:,} frames", zorder=3)
        axis.axvline(1, color=_PEER, linewidth=1)
        axis.axvline(bound, color="black", linewidth=1, linestyle="--", label=f"goal: ≤ {bound:g}")
        axis.grid(axis="y", linewidth=0.4)
        axis.set(title=database, xlabel=f"p50 against {sizes[0]:,} frames")
        axis.legend(fontsize=7)
    axes[0][0].invert_yaxis()
    _save(figure, path)


def bars(path, title, x_label, values, bound=None):
    """Horizontal bars ``{label: value}``."""
    figure, axis = _new(8, 1.6 + 0.4 * len(values))
    axis.barh(list(values), list(values.values()), color=_OURS)
    for place, value in enumerate(values.values()):
        axis.text(value, place, f" {value:,.2f}", va="center", fontsize=8)
    if bound is not None:
        axis.axvline(bound, color="black", linewidth=1, linestyle="--", label=f"goal: ≤ {bound:g}")
        axis.legend()
    axis.invert_yaxis()
    axis.margins(x=0.2)
    axis.set(title=title, xlabel=x_label)
    _save(figure, path)
