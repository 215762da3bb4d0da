"""The tables, and the statements that both databases share."""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, MetaData, Table, Text, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

metadata = MetaData()
_Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself for INTEGER only


def _table(name, *columns):
    """A table whose rows belong to a session."""
    session_id = Column("session_id", ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    return Table(name, metadata, session_id, *columns, sqlite_with_rowid=False)


session = Table(
    "session",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("public_id", Text, nullable=False, unique=True),
    Column("user_id", Text, nullable=False),
    Column("counselor_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("frame_count", BigInteger, nullable=False, server_default="0"),
    Column("audio_count", BigInteger, nullable=False, server_default="0"),
    Column("stt_count", BigInteger, nullable=False, server_default="0"),
)
frame = _table(
    "frame",
    Column("ts_ms", BigInteger, primary_key=True),
    Column("quality", Double, nullable=False),
    Column("compressed", Text),
    Column("landmarks", Text),
)
audio_chunk = _table(
    "audio_chunk",
    Column("ts_start_ms", BigInteger, primary_key=True),
    Column("ts_end_ms", BigInteger, primary_key=True),
    Column("vad", Double, nullable=False),
    Column("rms", Double, nullable=False),
    Column("pitch", Double),
)
stt_snippet = _table(
    "stt_snippet",
    Column("ts_start_ms", BigInteger, primary_key=True),
    Column("ts_end_ms", BigInteger, primary_key=True),
    Column("text", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("sentiment", Text, nullable=False),
    Column("keywords", Text),
)
minute_score = _table(
    "minute_score",
    Column("minute_index", Integer, primary_key=True),
    Column("facial", Double, nullable=False),
    Column("vad", Double, nullable=False),
    Column("text", Double, nullable=False),
    Column("combined", Double, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("frame_count", Integer, nullable=False),
    Column("audio_count", Integer, nullable=False),
    Column("stt_count", Integer, nullable=False),
    Column("keywords", Text),
    Column("sentiment", Text),
    Column("confidence", Double),
    Column("timestamp_ms", BigInteger),
    Column("duration_ms", BigInteger),
)


def script(dialect):
    """The statements that create the tables on ``sqlite`` or ``postgres``."""
    compiler = {"sqlite": sqlite, "postgres": postgresql}[dialect].dialect()
    return ";".join(str(CreateTable(table).compile(dialect=compiler)) for table in metadata.sorted_tables)


#: The session's column that counts a table's rows.
COUNTERS = {frame: session.c.frame_count, audio_chunk: session.c.audio_count, stt_snippet: session.c.stt_count}

find_session = select(session.c.id, session.c.started_ms).where(session.c.public_id == bindparam("public_id"))
lock_session = find_session.with_for_update()  # which SQLite leaves out: its transaction is the only writer

add_to_total = {
    table: update(session).where(session.c.id == bindparam("key")).values({counter: counter + bindparam("new")}).returning(counter)
    for table, counter in COUNTERS.items()
}


def _of_minute(table, time, *columns):
    within = (table.c.session_id == bindparam("key")) & (time >= bindparam("begin")) & (time < bindparam("end"))
    return select(func.count().label("count"), *columns).where(within).subquery()


_sentiment = stt_snippet.c.sentiment
_frames = _of_minute(frame, frame.c.ts_ms, func.sum(frame.c.quality).label("quality"))
_chunks = _of_minute(
    audio_chunk, audio_chunk.c.ts_start_ms, func.sum(audio_chunk.c.vad).label("vad"), func.sum(audio_chunk.c.rms).label("rms")
)
_snippets = _of_minute(
    stt_snippet,
    stt_snippet.c.ts_start_ms,
    *(func.count().filter(_sentiment == each).label(each) for each in ("positive", "neutral", "negative")),
)

#: What is stored of a minute: counts and sums, in the order of ``bemore.scoring.minute_score.MinuteData``.
minute_data = select(
    _frames.c["count"].label("frame_count"), _frames.c.quality.label("quality_sum"),
    _chunks.c["count"].label("audio_count"), _chunks.c.vad.label("vad_sum"), _chunks.c.rms.label("rms_sum"),
    _snippets.c.positive, _snippets.c.neutral, _snippets.c.negative,
).select_from(_frames, _chunks, _snippets)  # fmt: skip
