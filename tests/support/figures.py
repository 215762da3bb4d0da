"""The table of the faults: what was done to the service, how often, and what came of it.

Tests call ``record``; the table is printed when Python ends, if ``BEMORE_TEST_LONG=1``, and written to the file that
``BEMORE_FAULTS_OUT`` names: as JSON if that ends in ``.json``, else as a table of reStructuredText.
"""

import atexit
import json
import os
from pathlib import Path

import pytest

#: Whether this is the long form of the tests.
LONG = os.environ.get("BEMORE_TEST_LONG") == "1"

#: The database of tests whose subject is little concerned with which one it is; the long form runs them on both.
on_sqlite_in_short = pytest.mark.parametrize("database_url", ["sqlite", "postgres"] if LONG else ["sqlite"], indirect=True)
on_postgres_in_short = pytest.mark.parametrize("database_url", ["sqlite", "postgres"] if LONG else ["postgres"], indirect=True)

_COLUMNS = ("fault", "tried", "acknowledged", "lost", "longest_outage_s")
_TITLES = ("Fault", "How often tried", "Acknowledged writes", "Lost", "Longest outage seen by a client")

_rows = {}


def record(fault, tried, acknowledged, lost, longest_outage_s):
    """Add to the row of ``fault``, a few words that name it and the database.

    ``tried``: how often it was done; ``acknowledged``: writes that a client was told are stored; ``lost``: those of them that
    the database did not hold afterwards; ``longest_outage_s``: the longest time in which a client that tried on got no
    service, in seconds. Of rows with one name the numbers are added up, and the longest outage is kept.
    """
    before = _rows.get(fault, (0, 0, 0, 0.0))
    numbers = [old + new for old, new in zip(before, (tried, acknowledged, lost))]
    _rows[fault] = (*numbers, max(before[3], longest_outage_s))


def rows():
    """All that was recorded, as dicts with the keys of ``_COLUMNS``."""
    return [dict(zip(_COLUMNS, (fault, *numbers[:3], round(numbers[3], 3)))) for fault, numbers in _rows.items()]


def table():
    """All that was recorded as a simple table of reStructuredText."""
    shown = [_TITLES]
    for row in rows():
        shown.append((row["fault"], *(f"{row[name]:,}" for name in _COLUMNS[1:4]), f"{row['longest_outage_s']:.2f} s"))
    widths = [max(len(line[index]) for line in shown) for index in range(len(_TITLES))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in shown]
    return "\n".join((rule, lines[0], rule, *lines[1:], rule))


@atexit.register
def _tell():
    if not _rows:
        return
    if LONG:
        print(f"\n{table()}")
    path = os.environ.get("BEMORE_FAULTS_OUT")
    if path:
        text = json.dumps(rows(), indent=2) if path.endswith(".json") else table()
        Path(path).write_text(f"{text}\n", "utf-8")
