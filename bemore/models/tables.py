"""The tables. ``migrations/`` makes them; a test holds the two equal.

Times are milliseconds. Rows of telemetry are keyed by their session's integer key and their time relative to its start,
which is negative where the client's clock ran behind (it then counts as the first moment of the session).
"""

import peewee
from peewee import BigAutoField, BigIntegerField, DoubleField, IntegerField, SmallIntegerField, TextField

from bemore.db.proxy import database


class _Model(peewee.Model):
    class Meta:
        database = database
        legacy_table_names = False


class Session(_Model):
    """A counseling session. Its ``id`` follows from ``public_id``: see ``bemore.models.keys``.

    ``erasing`` is 1 from the moment its deletion is decided: nobody sees it any more. ``revision`` grows with every change
    of what is stored of it. ``byte_count`` is the size of its telemetry as it was uploaded, ``last_…_ms`` are the ends of its newest data
    in ms since its start, ``clock_offset_ms`` is the largest difference seen between the client's clock and ours. ``amended`` is 1 if
    telemetry or scores came after its end.
    """

    id = BigIntegerField(primary_key=True)
    public_id = TextField()
    user_id = TextField()
    counselor_id = TextField()
    status = TextField()  # active, paused or ended
    started_ms = BigIntegerField()
    paused_ms = BigIntegerField(null=True)
    resumed_ms = BigIntegerField(null=True)
    ended_ms = BigIntegerField(null=True)
    frame_count = BigIntegerField(default=0)
    audio_count = BigIntegerField(default=0)
    stt_count = BigIntegerField(default=0)
    erasing = SmallIntegerField(default=0)
    revision = BigIntegerField(default=0)
    minute_count = BigIntegerField(default=0)
    byte_count = BigIntegerField(default=0)
    last_frame_ms = BigIntegerField(null=True)
    last_audio_ms = BigIntegerField(null=True)
    last_stt_ms = BigIntegerField(null=True)
    clock_offset_ms = BigIntegerField(null=True)
    demo = SmallIntegerField(default=0)
    amended = SmallIntegerField(default=0)

    class Meta:
        indexes = ((("started_ms", "id"), False), (("user_id", "started_ms", "id"), False), (("counselor_id", "started_ms", "id"), False))


class Tally(_Model):
    """How many sessions of a scope are in a state, and how long its ended ones lasted together; never counted by scanning.

    ``scope`` is ``all``, ``user:<id>`` or ``counselor:<id>``. Demonstrations are under the status ``demo``, whatever their state: they
    are in no total, but everybody who has a session is in this table, where the search finds them.
    """

    scope = TextField()
    status = TextField()
    sessions = BigIntegerField()
    duration_ms = BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("scope", "status")
        without_rowid = True


def _of_session(**options):
    return peewee.ForeignKeyField(Session, column_name="session_id", object_id_name="session_key", on_delete="CASCADE", **options)


def _speaker():
    # 1 counselor, 2 user, 3 unknown: bemore.models.speaker.
    return SmallIntegerField(default=3)


def _resent():
    # 1 of an item that was sent again.
    return SmallIntegerField(default=0)


class Frame(_Model):
    """A face frame. ``landmarks`` is JSON text of points, ``compressed`` what the browser packed itself."""

    session = _of_session(index=False)
    ts_ms = BigIntegerField()
    speaker = _speaker()
    quality = DoubleField()
    compressed = TextField(null=True)
    landmarks = TextField(null=True)
    resent = _resent()

    class Meta:
        primary_key = peewee.CompositeKey("session", "ts_ms", "speaker")
        without_rowid = True


class AudioChunk(_Model):
    """A chunk of audio: what was measured, never the sound. ``vad`` 0..1 (true = 1), ``rms`` 0..1, ``pitch`` Hz."""

    session = _of_session(index=False)
    ts_start_ms = BigIntegerField()
    ts_end_ms = BigIntegerField()
    speaker = _speaker()
    vad = DoubleField()
    rms = DoubleField()
    pitch = DoubleField(null=True)
    resent = _resent()

    class Meta:
        primary_key = peewee.CompositeKey("session", "ts_start_ms", "ts_end_ms", "speaker")
        without_rowid = True


class SttSnippet(_Model):
    """A piece of transcript, its sentiment (positive, neutral or negative) and its keywords (a JSON list or null)."""

    session = _of_session(index=False)
    ts_start_ms = BigIntegerField()
    ts_end_ms = BigIntegerField()
    speaker = _speaker()
    text = TextField()
    lang = TextField()
    sentiment = TextField()
    keywords = TextField(null=True)
    resent = _resent()

    class Meta:
        primary_key = peewee.CompositeKey("session", "ts_start_ms", "ts_end_ms", "speaker")
        without_rowid = True


class MinuteScore(_Model):
    """The scores of one minute, 0..1. ``source`` is server (scored here) or client (scored by the browser).

    ``keywords`` is a JSON list or null; the four columns from ``sentiment`` on are what only a client knows;
    ``data_revision`` is that of the data that the server scored.
    """

    session = _of_session(index=False)
    minute_index = IntegerField()
    facial = DoubleField()
    vad = DoubleField()
    text = DoubleField()
    combined = DoubleField()
    model_version = TextField()
    source = TextField()
    frame_count = IntegerField()
    audio_count = IntegerField()
    stt_count = IntegerField()
    keywords = TextField(null=True)
    sentiment = TextField(null=True)
    confidence = DoubleField(null=True)
    timestamp_ms = BigIntegerField(null=True)
    duration_ms = BigIntegerField(null=True)
    data_revision = BigIntegerField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("session", "minute_index")
        without_rowid = True


class MinuteCoverage(_Model):
    """Which seconds of a minute have data: bit n of ``frame_seconds`` and ``audio_seconds`` is second n.

    ``data_revision`` is the session's revision when data of the minute last changed; 0 if chunks of earlier minutes only reach into it.
    """

    session = _of_session(index=False)
    minute_index = IntegerField()
    frame_seconds = BigIntegerField()
    audio_seconds = BigIntegerField()
    data_revision = BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("session", "minute_index")
        without_rowid = True


class SessionSummary(_Model):
    """What progress and reports need of a session as of a ``revision``; one of an older revision is out of date.

    Scores (means, 0..1) and ``model_version`` (``mixed`` if there are several) are null without scored minutes, ``talk_share`` (of the
    user, 0..1) and ``longest_silence_ms`` where they are unknown. ``heard`` is JSON of ``bemore.models.summary``.
    """

    session = _of_session(primary_key=True)
    revision = BigIntegerField()
    scored_minutes = IntegerField()
    combined = DoubleField(null=True)
    facial = DoubleField(null=True)
    vad = DoubleField(null=True)
    text = DoubleField(null=True)
    model_version = TextField(null=True)
    talk_share = DoubleField(null=True)
    frame_seconds = IntegerField()
    audio_seconds = IntegerField()
    longest_silence_ms = BigIntegerField(null=True)
    heard = TextField()  # last: the others are read without it


class Note(_Model):
    """A note on a session's timeline, or a bookmark; times in ms since the session's start.

    ``author`` is the subject of the token, null without authentication. A private note is for its author alone.
    """

    id = BigIntegerField(primary_key=True)
    public_id = TextField()
    session = _of_session(index=False)
    author = TextField(null=True)
    role = TextField(null=True)
    kind = TextField()  # bookmark or note
    start_ms = BigIntegerField()
    end_ms = BigIntegerField(null=True)
    text = TextField(null=True)
    visibility = TextField()  # private or shared
    created_ms = BigIntegerField()
    edited_ms = BigIntegerField(null=True)

    class Meta:
        indexes = ((("session", "start_ms", "created_ms"), False), (("author", "session"), False))


class Feedback(_Model):
    """A rating 1..5 of a session with an optional note; ``author`` is null without authentication and in older ones."""

    id = BigIntegerField(primary_key=True)
    public_id = TextField()
    session = _of_session()
    rating = SmallIntegerField()
    note = TextField(null=True)
    submitted_ms = BigIntegerField()
    author = TextField(null=True)
    role = TextField(null=True)


class IdempotencyKey(_Model):
    """The first response to an Idempotency-Key, stored with the session that it is about, and with the note that it contains."""

    caller = TextField()
    path = TextField()
    key = TextField()
    body_hash = TextField()
    status = SmallIntegerField()
    answer = TextField()
    created_ms = BigIntegerField(index=True)
    session = _of_session()
    note = peewee.ForeignKeyField(Note, column_name="note_id", object_id_name="note_key", on_delete="CASCADE", null=True)

    class Meta:
        primary_key = peewee.CompositeKey("caller", "path", "key")
        without_rowid = True


class Audit(_Model):
    """Who did what, when, to which session. Triggers refuse changes.

    ``session_id`` is the public id and no foreign key: the entry outlives the session. It is null where no one session is meant.
    """

    id = BigAutoField()
    at_ms = BigIntegerField(index=True)
    actor = TextField()
    role = TextField(null=True)
    action = TextField()
    session_id = TextField(null=True)
    request_id = TextField(null=True)

    class Meta:
        indexes = ((("session_id", "id"), False),)


class Preference(_Model):
    """The settings of the page, by ``owner``: ``sub:<subject>`` or ``device:<id>``; null where nothing was chosen.

    ``used_ms`` is when they were last changed or read, to within a day.
    """

    owner = TextField(primary_key=True)
    font_scale = TextField(null=True)
    layout_density = TextField(null=True)
    language = TextField(null=True)
    notifications_opt_in = SmallIntegerField(null=True)
    changed_ms = BigIntegerField()
    used_ms = BigIntegerField(default=0)

    class Meta:
        without_rowid = True


class Outbox(_Model):
    """An event that a receiver of webhooks has not got yet.

    ``session_key`` and ``session_id``, the public id, are no foreign keys: the event outlives the session. ``receiver`` is a digest of its
    URL. ``next_ms`` is when it is tried next, null if its delivery has failed for good.
    """

    session_key = BigIntegerField()
    receiver = TextField()
    type = TextField()
    event_id = TextField()
    session_id = TextField()
    revision = BigIntegerField()
    created_ms = BigIntegerField()
    attempts = IntegerField(default=0)
    next_ms = BigIntegerField(null=True)
    last_error = TextField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("session_key", "receiver", "type")
        indexes = ((("receiver", "next_ms"), False),)
        without_rowid = True


#: Every table, parents first.
TABLES = (
    Session, Tally, Frame, AudioChunk, SttSnippet, MinuteScore, MinuteCoverage, SessionSummary, Note, Feedback, IdempotencyKey,
    Audit, Preference, Outbox,
)  # fmt: skip

#: The tables with rows of a session that may be many, largest first.
TELEMETRY = (Frame, AudioChunk, SttSnippet, MinuteScore, MinuteCoverage)
