"""Calls of the models with what most tests do not care about: unknown speakers, no limits, the rules of the service's own."""

from bemore.lifecycle import idle
from bemore.models import minute, minute_scoring, telemetry
from bemore.models.speaker import UNKNOWN
from bemore.scoring.minute_score import Weights

RULES = minute_scoring.Rules(Weights(), "rules-v1.0")

#: An arrival so late that no time is implausible.
ARRIVAL = telemetry.Arrival(9 * 10**12, 1000, 1 << 40)


def store_frames(scope, rows, arrival=ARRIVAL):
    """Store (ts, quality, compressed, landmarks) rows; return the session's number of frames."""
    return telemetry.store_frames(scope, [(ts, UNKNOWN, *rest) for ts, *rest in rows], arrival)[0]


def store_audio(scope, rows, arrival=ARRIVAL):
    """Store (tsStart, tsEnd, vad, rms, pitch) rows; return the session's number of audio chunks."""
    return telemetry.store_audio(scope, [(start, end, UNKNOWN, *rest) for start, end, *rest in rows], arrival)[0]


def store_stt(scope, rows, arrival=ARRIVAL):
    """Store (tsStart, tsEnd, text, lang, sentiment, keywords) rows; return the session's number of snippets."""
    return telemetry.store_stt(scope, [(start, end, UNKNOWN, *rest) for start, end, *rest in rows], arrival)[0]


def tick(scope, minute_index, now_ms):
    """Score a minute."""
    return minute_scoring.tick(scope, minute_index, RULES, now_ms)


def end(scope, now_ms):
    """End a session; return its row."""
    return minute_scoring.end(scope, now_ms, RULES)


def close_idle(cutoff_ms, now_ms):
    """End idle sessions; return an iterator of their ids."""
    return idle.close_idle(cutoff_ms, now_ms, "cli:test", RULES)


def minutes(scope):
    """The scored minutes of a session."""
    return minute.page_of_session(scope, -1, 100_000)[0]
