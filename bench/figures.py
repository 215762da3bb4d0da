"""Percentiles, and tables as reStructuredText that read well on a terminal too."""

import unicodedata
from statistics import median


def percentile(counts, percent):
    """The least value that at least ``percent`` % of all values do not exceed; 0.0 of none.

    ``counts`` is a list of values, or a dictionary of how often each occurred.
    """
    counts = counts if isinstance(counts, dict) else _count(counts)
    due, passed = sum(counts.values()) * percent / 100, 0
    for value in sorted(counts):
        passed += counts[value]
        if passed >= due:
            return value
    return 0.0


def _count(values):
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def spread(values):
    """The median of values, with the least and the greatest where there are several; a dash for none."""
    if not values:
        return number(None)
    middle = number(median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} … {number(max(values))})"


def table(head, rows):
    """A simple table of reStructuredText; cells are texts, numbers are written by ``number``."""
    cells = [[each if isinstance(each, str) else number(each) for each in row] for row in (head, *rows)]
    # An empty first cell would join its row to the one above.
    cells = [[row[0] or "\\", *row[1:]] for row in cells]
    widths = [max(map(_width, column)) for column in zip(*cells)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths)).rstrip() for row in cells]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _width(text):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def number(value):
    """A figure with about three digits that mean something; None is a dash."""
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
