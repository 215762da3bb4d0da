"""Batches whose optional columns are filled, empty or half filled: what is read is what was stored last."""

import json
import random

import pytest

from tests.support import storing
from tests.support.stocked import unrestricted

from bemore.models import minute, session
from bemore.db.connections import execute, read, write_transaction
from bemore.scoring.minute_score import Minute


@pytest.fixture
def scope(app):
    with write_transaction():
        return unrestricted(session.start("u", "c", 10**12).public_id)


def _optional(chance, count, *values):
    """A column of ``values`` and None: of these alone, of None alone, or of both."""
    kind = chance.randrange(3)
    return [None if kind == 0 or (kind == 1 and chance.random() < 0.5) else chance.choice(values) for _ in range(count)]


def _distinct(chance, most):
    return chance.sample(range(most), chance.choice((1, 2, 4, 5, 6, 24, 25, 26, 49, 99, 100)))


@pytest.mark.parametrize("seed", range(3))
def test_minutes(scope, seed):
    chance, known = random.Random(seed), {}
    for _ in range(20):
        places = _distinct(chance, 150)
        count = len(places)
        exact, rounded = chance.random, lambda: chance.randrange(1001) / 1000
        scores = [[kind() for _ in range(count)] for kind in chance.choices((exact, rounded), k=4)]
        optional = (
            _optional(chance, count, ["잠"], ["일", '"x"'], []),
            _optional(chance, count, "neutral", "positive"),
            _optional(chance, count, 0.0, 0.123456789, 1.0),
            _optional(chance, count, 0, 1_800_000_000_000),
            _optional(chance, count, 0, 60_000),
        )
        items = list(zip(places, *scores, *optional))
        minute.store(scope, items, "v")
        for place, facial, vad, text, combined, keywords, *others in items:
            parts = [round(each, 3) for each in (facial, vad, text, combined)]
            known[place] = Minute(place, *parts, "v", "client", 0, 0, 0, tuple(keywords or ()), *others)
    result = storing.minutes(scope)
    assert result == [known[place] for place in sorted(known)]


@pytest.mark.parametrize("seed", range(3))
def test_frames(scope, seed):
    chance, known, total = random.Random(seed), {}, 0
    for _ in range(20):
        times = _distinct(chance, 300)
        compressed = _optional(chance, len(times), "packed", "")
        landmarks = _optional(chance, len(times), json.dumps([[0.5, 0.25]]))
        rows = [(at, chance.random(), *others) for at, *others in zip(times, compressed, landmarks)]
        total = storing.store_frames(scope, rows)
        known |= {at: (at, *others) for at, *others in rows}
    assert total == len(known)
    with read():
        result = execute("SELECT ts_ms, quality, compressed, landmarks FROM frame ORDER BY ts_ms").fetchall()
    assert result == [known[at] for at in sorted(known)]
