"""Erasing: in batches, out of sight at once, finished after a crash in the middle."""

import pytest

from tests.support import storing
from tests.support.stocked import unrestricted

from bemore.errors import SessionNotFound
from bemore.models import session
from bemore.db.connections import execute, read, write_transaction
from bemore.models.tables import TABLES


@pytest.fixture
def filled(app, monkeypatch):
    """The scope of a session with more rows than a batch erases."""
    monkeypatch.setattr(session, "ERASE_BATCH", 7)
    with write_transaction():
        scope = unrestricted(session.start("user", "counselor", 1_000).public_id)
    storing.store_frames(scope, [(number, 0.5, None, None) for number in range(50)])
    storing.store_audio(scope, [(0, end, 1.0, 0.5, None) for end in range(20)])
    storing.store_stt(scope, [(number, number, "말", "ko", "neutral", None) for number in range(20)])
    return scope


def rows_left():
    with read():
        return {model._meta.table_name: execute(f"SELECT count(*) FROM {model._meta.table_name}").fetchone()[0] for model in TABLES}


def test_erasing_in_batches_leaves_no_row_anywhere(filled):
    assert rows_left()["frame"] == 50
    session.erase(filled)
    assert set(rows_left().values()) == {0}


def test_a_session_half_erased_is_seen_by_nobody_and_finished_later(filled, monkeypatch):
    def crash(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "_erase_rows", crash)
    with pytest.raises(KeyboardInterrupt):
        session.erase(filled)
    monkeypatch.undo()
    with read(), pytest.raises(SessionNotFound):
        session.find(filled)
    assert session.newest(10) == [] and session.tally() == {}
    with pytest.raises(SessionNotFound):
        storing.store_frames(filled, [(99, 0.5, None, None)])
    assert rows_left()["frame"] == 50
    assert session.finish_erasing() == 1
    assert set(rows_left().values()) == {0}
    assert session.finish_erasing() == 0


def test_erasing_again_after_a_crash_goes_on_where_it_stopped(filled, monkeypatch):
    monkeypatch.setattr(session, "_erase_rows", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        session.erase(filled)
    monkeypatch.undo()
    session.erase(filled)
    assert set(rows_left().values()) == {0}
