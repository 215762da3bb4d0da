"""Results drawn with matplotlib."""

from statistics import median

import matplotlib

matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402  (after the choice of a backend that needs no screen)

_OURS, _PEER = "#1f6f8b", "#b0b7bd"

_DPI = 130


def _new(width, height, **more):
    return pyplot.subplots(figsize=(width, height), layout="constrained", dpi=_DPI, **more)


def _save(figure, path):
    figure.savefig(path)
    pyplot.close(figure)


def speeds(path, speeds):
    """Bars of requests a second (whiskers from the slowest to the fastest round), from ``{subject: {workload: [value of each round]}}``."""
    workloads = list(next(iter(speeds.values())))
    figure, axes = _new(4 + 3.6 * len(workloads), 2 + 0.34 * len(speeds), ncols=len(workloads), sharey=True, squeeze=False)
    for axis, workload in zip(axes[0], workloads):
        for place, (subject, by_workload) in enumerate(speeds.items()):
            rounds = by_workload[workload]
            middle = median(rounds)
            spread = [[middle - min(rounds)], [max(rounds) - middle]]
            axis.barh(place, middle, xerr=spread, color=_OURS if subject.startswith("bemore") else _PEER, error_kw={"linewidth": 1})
            axis.text(max(rounds), place, f" {middle:,.0f}", va="center", fontsize=8)
        axis.set_yticks(range(len(speeds)), list(speeds))
        axis.margins(x=0.2)
        axis.set(title=workload, xlabel="requests/s")
    axes[0][0].invert_yaxis()
    _save(figure, path)


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
            points = [(by_size[size], label) for label, by_size in by_label.items() if size in by_size]
            axis.scatter(*zip(*points), color=color, s=26, label=f"{size:,} frames", zorder=3)
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
