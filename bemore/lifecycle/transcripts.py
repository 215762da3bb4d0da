"""Stores the snippets of a transcript that another program has made."""

from bemore import clock
from bemore.errors import InvalidInput, SessionTooLarge
from bemore.models import telemetry
from bemore.models.minute_scoring import score_changed
from bemore.models.speaker import CODES
from bemore.schemas.base import problem
from bemore.scoring.text.keywords import extract_keywords
from bemore.scoring.text.sentiment import sentiment

#: Snippets of a transaction, as of an upload.
BATCH = 100


def stt_rows(items, own=None):
    """Rows of snippets as they are stored, of rows as the schema gives them. ``own`` speaks in those that name nobody."""
    return [
        (start, end, CODES[speaker or own], text, lang, sentiment(text, lang), telemetry.json_text(extract_keywords(text, lang)))
        for start, end, text, lang, speaker in items
    ]


def add(scope, transcript, rules, max_bytes, after_batch):
    """Store the rows of a Transcript durably, in several transactions, and score the minutes of an ended session again.

    Returns how many were stored; what a session does not take is added to ``refused``. ``after_batch(rows)`` is called after each
    transaction with the number of rows that are done. Raises SessionNotFound.
    """
    stored, status = 0, None
    for first in range(0, len(transcript.rows), BATCH):
        batch = list(zip(transcript.rows[first : first + BATCH], transcript.places[first : first + BATCH], strict=True))
        size = len(batch)
        while batch:
            byte_count = sum(len(row[2].encode()) for row, _ in batch)
            try:
                _, status = telemetry.store_stt(scope, stt_rows(row for row, _ in batch), telemetry.Arrival(
                    clock.now_ms(), byte_count, max_bytes
                ))  # fmt: skip
            except InvalidInput as error:
                wrong = {each["index"]: each for each in error.problems}
                transcript.refused += [(batch[index][1], each) for index, each in wrong.items()]
                batch = [each for index, each in enumerate(batch) if index not in wrong]
            except SessionTooLarge:
                transcript.refused += [(place, problem("text", "has no room left in the session")) for _, place in batch]
                break
            else:
                stored += len(batch)
                break
        after_batch(size)
    if status == "ended":
        score_changed(scope, rules)
    return stored
