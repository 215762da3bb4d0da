"""Minute scores: scored here or by the browser, one per minute of a session, the last write wins."""


import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import session, telemetry
from bemore.db.connections import execute, read, write
from bemore.models.session_data import SessionData
from bemore.models.tables import MinuteScore
from bemore.scoring.minute_score import Minute, score_minute

_BY_SERVER = SessionData(
    MinuteScore,
    constants={
        "source": "'server'", "keywords": "NULL", "sentiment": "NULL", "confidence": "NULL", "timestamp_ms": "NULL", "duration_ms": "NULL",
    },  # fmt: skip
)
_BY_CLIENT = SessionData(MinuteScore, constants={"source": "'client'", "frame_count": "0", "audio_count": "0", "stt_count": "0"})

_THREE_DECIMALS = (3,) * 4

_COLUMNS = [each.name for each in MinuteScore._meta.sorted_fields[1:]]
_KEYWORDS = _COLUMNS.index("keywords")

_OF_SESSION = f"SELECT {', '.join(_COLUMNS)} FROM minute_score WHERE session_id = ? ORDER BY minute_index"


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


def tick(scope, minute_index, weights, model_version, now_ms):
    """Score a minute from what is stored and store the score; return the Minute.

    ``minute_index`` None means the last complete minute (0 before there is one), at the session's end at the latest.
    Raises SessionNotFound.
    """

    def score():
        # Touched first: of two ticks at once, the later one sees all that the earlier one saw.
        row = session.touch(scope)
        index = max(0, row.duration_ms(now_ms) // MINUTE_MS - 1) if minute_index is None else minute_index
        data = telemetry.minute_data(row, index)
        parts = score_minute(data, weights)
        scored = Minute(
            index, parts.facial, parts.vad, parts.text, parts.combined, model_version, "server",
            data.frame_count, data.audio_count, data.stt_count,
        )  # fmt: skip
        _BY_SERVER.store_of(row, [tuple(getattr(scored, name) for name in _BY_SERVER.columns)])
        return scored

    return write(score)


def of_session(scope):
    """The session and its minutes in their order, as of one moment. Raises SessionNotFound."""
    with read():
        row = session.find(scope)
        return row, of_row(row)


def of_row(row):
    """The minutes of a session (its SessionRow) in their order, inside the caller's transaction."""
    return [_minute(*values) for values in execute(_OF_SESSION, (row.key,)).fetchall()]


def _minute(*row):
    words = row[_KEYWORDS]
    return Minute(*row[:_KEYWORDS], tuple(_decode(words)) if words else (), *row[_KEYWORDS + 1 :])
