"""PostgreSQL: single statements that read and write, and that others overtake while they wait for a row."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import storing
from tests.support.overtaking import Case, changed_row, outcome, overlapping
from tests.support.stocked import DAY_MS, NOW_MS, shown, started, unrestricted

from bemore.db.connections import execute, read
from bemore.models import preference

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

LONG_AGO = NOW_MS - 100 * DAY_MS
CUTOFF = NOW_MS - 90 * DAY_MS


def test_of_uploads_at_once_every_row_is_counted_once(app, database_url):
    scope = unrestricted(started(NOW_MS).public_id)
    with ThreadPoolExecutor(3) as pool:
        with changed_row(database_url, "UPDATE session SET revision = revision + 1") as wait_for_it:
            uploads = []
            for number, times in enumerate(((1, 2), (2, 3), (3, 1)), 1):
                uploads.append(pool.submit(storing.store_frames, scope, [(ms, 1.0, None, None) for ms in times]))
                wait_for_it(number)
        totals = [outcome(each) for each in uploads]
    assert sorted(totals) == [2, 3, 3]
    row = shown(scope.public_id)
    with read():
        assert execute("SELECT count(*) FROM frame").fetchone() == (3,)
    assert row.frame_count == 3 and row.revision == 4


def test_preferences_that_are_chosen_at_once_are_all_kept(app, database_url):
    preference.merge("sub:1", {"font_scale": "sm"}, NOW_MS)
    with ThreadPoolExecutor(2) as pool:
        with changed_row(database_url, "UPDATE preference SET layout_density = 'compact'") as wait_for_it:
            chosen = [pool.submit(preference.merge, "sub:1", each, NOW_MS) for each in ({"font_scale": "xl"}, {"language": "en"})]
            wait_for_it(2)
        for each in chosen:
            each.result(10)
    assert preference.get("sub:1", NOW_MS) == {"font_scale": "xl", "layout_density": "compact", "language": "en"}


def test_preferences_that_are_used_while_unused_ones_are_forgotten_stay(app, database_url):
    preference.merge("sub:1", {"font_scale": "xl"}, LONG_AGO)
    with ThreadPoolExecutor(1) as pool:
        with changed_row(database_url, f"UPDATE preference SET used_ms = {NOW_MS}") as wait_for_it:
            forgetting = pool.submit(preference.forget_unused, CUTOFF)
            wait_for_it(1)
        assert outcome(forgetting) == 0
    assert preference.get("sub:1", NOW_MS) == {"font_scale": "xl"}


def test_reading_preferences_takes_back_no_later_use(app, database_url):
    preference.merge("sub:1", {"font_scale": "xl"}, LONG_AGO)
    choose = {"language": "en"}
    case = Case(
        lambda: preference.get("sub:1", NOW_MS), lambda: preference.merge("sub:1", choose, NOW_MS + 5), "UPDATE preference SET used_ms",
        lambda first, second: None,
    )  # fmt: skip
    overlapping(case, database_url)
    with read():
        assert execute("SELECT used_ms FROM preference").fetchall() == [(NOW_MS + 5,)]
