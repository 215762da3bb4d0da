"""Feedback on a session: a rating 1..5 and an optional note; more than one is allowed."""

import secrets
from collections import defaultdict
from statistics import fmean

from bemore.models import session
from bemore.models.keys import new_row_key
from bemore.db.connections import execute


def add(scope, rating, note, author, now_ms):
    """Store feedback of a Reader inside the caller's transaction; return its id and the SessionRow. Raises SessionNotFound."""
    row = session.touch(scope)
    public_id = f"fb_{now_ms // 1000}_{secrets.token_hex(8)}"
    execute(
        "INSERT INTO feedback (id, public_id, session_id, rating, note, submitted_ms, author, role) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (new_row_key(now_ms), public_id, row.key, rating, note, now_ms, *author),
    )
    return public_id, row


def mean_ratings(keys):
    """``{key: mean rating}`` (two decimals) of those of some sessions that have feedback, inside the caller's transaction."""
    given = defaultdict(list)
    if keys:
        marks = ", ".join("?" * len(keys))
        for key, rating in execute(f"SELECT session_id, rating FROM feedback WHERE session_id IN ({marks})", keys).fetchall():
            given[key].append(rating)
    return {key: round(fmean(ratings), 2) for key, ratings in given.items()}
