"""Minute scores: scored here or by the browser, one per minute of a session, the last write wins."""


import msgspec

from bemore.models import coverage, session, telemetry
from bemore.db.connections import execute, read
from bemore.models.session_data import SessionData
from bemore.models.tables import MinuteScore
from bemore.scoring.minute_score import Minute

BY_SERVER = SessionData(
    MinuteScore,
    "minute_count",
    constants={
        "source": "'server'", "keywords": "NULL", "sentiment": "NULL", "confidence": "NULL", "timestamp_ms": "NULL", "duration_ms": "NULL",
    },
)  # fmt: skip
_BY_CLIENT = SessionData(
    MinuteScore,
    "minute_count",
    constants={"source": "'client'", "frame_count": "0", "audio_count": "0", "stt_count": "0", "data_revision": "NULL"},
)

_THREE_DECIMALS = (3,) * 4

_COLUMNS = [each.name for each in MinuteScore._meta.sorted_fields[1:] if each.name != "data_revision"]
_KEYWORDS = _COLUMNS.index("keywords")

_OF_SESSION = f"SELECT {', '.join(_COLUMNS)} FROM minute_score WHERE session_id = ? ORDER BY minute_index"
# Without the keywords, which may be long.
_SCORES = _OF_SESSION.replace("keywords", "NULL")
_PAGE = f"SELECT {', '.join(_COLUMNS)} FROM minute_score WHERE session_id = ? AND minute_index > ? ORDER BY minute_index LIMIT ?"


_decode = msgspec.json.Decoder(list[str]).decode


def store(scope, items, model_version):
    """Store minutes that the browser scored. Raises SessionNotFound.

    Items are rows of (minute_index, facial, vad, text, combined, keywords: list or None, sentiment, confidence,
    timestamp_ms, duration_ms). Scores are stored with three decimals.
    """
    rows = [
        (index, *map(round, scores, _THREE_DECIMALS), model_version, telemetry.json_text(keywords), *known_by_client)
        for index, *scores, keywords, known_by_client in ((*item[:6], item[6:]) for item in items)
    ]
    _BY_CLIENT.store(scope, rows)


def page_of_session(scope, after, limit, max_minutes=coverage.MAX_MINUTES):
    """At most ``limit`` minutes after minute ``after`` in their order, all minutes of the session without keywords, and the coverage of
    the page as ``coverage.of_row`` gives it, as of one moment; None if the session has more than ``max_minutes``.

    Raises SessionNotFound.
    """
    with read():
        row = session.find(scope)
        if row.minute_count > max_minutes:
            return None
        page = _minutes(execute(_PAGE, (row.key, after, limit)))
        whole = after < 0 and len(page) < limit
        all_minutes = page if whole else _minutes(execute(_SCORES, (row.key,)))
        covered = coverage.of_row(row, page[0].minute_index, page[-1].minute_index) if page else {}
    return page, all_minutes, covered


def of_row(row):
    """The minutes of a session (its SessionRow) in their order, inside the caller's transaction."""
    return _minutes(execute(_OF_SESSION, (row.key,)))


def _minutes(rows):
    """The Minutes of rows. Equal keywords are one object: a week of minutes may have half a million of them."""
    known, minutes = {}, []
    for row in rows:
        words = _decode(row[_KEYWORDS]) if row[_KEYWORDS] else ()
        minutes.append(Minute(*row[:_KEYWORDS], tuple(map(known.setdefault, words, words)), *row[_KEYWORDS + 1 :]))
    return minutes
