"""Minute scores: scored here or by the browser, one per minute of a session, the last write wins."""

from functools import partial
from itertools import repeat

import msgspec

from bemore.clock import MINUTE_MS
from bemore.models import session, telemetry
from bemore.db.bulk import Writer
from bemore.db.connections import execute, read
from bemore.db.write_queue import in_turn, together
from bemore.models.tables import MinuteScore
from bemore.reports.facts import Minute
from bemore.scoring.combine import score_minute

_BY_SERVER = Writer(
    MinuteScore,
    constants={
        "source": "'server'", "keywords": "NULL", "sentiment": "NULL", "confidence": "NULL", "timestamp_ms": "NULL", "duration_ms": "NULL",
    },  # fmt: skip
)
_BY_CLIENT = Writer(MinuteScore, constants={"source": "'client'", "frame_count": "0", "audio_count": "0", "stt_count": "0"})

_THOUSANDTHS = frozenset(number / 1000 for number in range(1001))

_COLUMNS = [each.name for each in MinuteScore._meta.sorted_fields[1:]]
_KEYWORDS = _COLUMNS.index("keywords")

_OF_SESSION = f"SELECT {', '.join(_COLUMNS)} FROM minute_score WHERE session_id = ? ORDER BY minute_index"


_decode = msgspec.json.Decoder(list[str]).decode


def store(session_id, items, model_version):
    """Store minutes that the browser scored. Raises SessionNotFound.

    Items are rows of (minute_index, facial, vad, text, combined, keywords: list or None, sentiment, confidence,
    timestamp_ms, duration_ms). Scores are stored with three decimals.
    """
    index, facial, vad, text, combined, keywords, *known_by_client = zip(*items)
    scores = map(_rounded, (facial, vad, text, combined))
    words = list(map(telemetry.json_text, keywords)) if any(keywords) else (None,) * len(keywords)
    columns = [index, *scores, (model_version,) * len(index), words, *known_by_client]
    together(lambda: _BY_CLIENT.store(session_id, columns))


def _rounded(scores):
    # Most have been rounded by the browser, and looking that up takes a tenth of rounding them again.
    return scores if _THOUSANDTHS.issuperset(scores) else list(map(round, scores, repeat(3)))


def tick(session_id, minute_index, weights, model_version, now_ms):
    """Score a minute from what is stored and store the score; answer it.

    ``minute_index`` None means the last complete minute (0 before there is one), at the session's end at the latest.
    Raises SessionNotFound.
    """
    return in_turn(partial(_tick, session_id, minute_index, weights, model_version, now_ms))


def _tick(session_id, minute_index, weights, model_version, now_ms):
    row = session.find(session_id)
    if minute_index is None:
        minute_index = max(0, row.duration_ms(now_ms) // MINUTE_MS - 1)
    data = telemetry.minute_data(row.key, minute_index)
    score = score_minute(data, weights)
    scored = Minute(
        minute_index, score.facial, score.vad, score.text, score.combined, model_version, "server",
        data.frame_count, data.audio_count, data.stt_count,
    )  # fmt: skip
    _BY_SERVER.store(session_id, [(getattr(scored, name),) for name in _BY_SERVER.columns])
    return scored


def of_session(session_id):
    """The session and its minutes in their order, as of one moment. Raises SessionNotFound."""
    with read():
        row = session.find(session_id)
        return row, of_key(row.key)


def of_key(key):
    """The minutes of the session with that integer key, inside the caller's transaction."""
    return [_minute(*row) for row in execute(_OF_SESSION, (key,)).fetchall()]


def _minute(*row):
    words = row[_KEYWORDS]
    return Minute(*row[:_KEYWORDS], tuple(_decode(words)) if words else (), *row[_KEYWORDS + 1 :])
