"""On PostgreSQL telemetry is held to its session a statement at a time, not a row at a time as foreign keys do.

For a batch of 100 new rows the foreign key was 0.5 ms of the server's 1.2. The triggers promise the same: no row without its session,
which stays locked until the rows are committed, and no row left when it goes. Unlike a foreign key they do not look at an UPDATE
of the key, which nothing here does.
"""

_TABLES = ("frame", "audio_chunk", "stt_snippet", "minute_score")

_FUNCTIONS = (
    # FOR KEY SHARE as a foreign key: who deletes the session waits until these rows are there, and then takes them along.
    """
CREATE FUNCTION telemetry_has_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT session_id FROM added) AS each
        WHERE NOT EXISTS (SELECT FROM session WHERE session.id = each.session_id FOR KEY SHARE)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'there is no such session';
    END IF;
    RETURN NULL;
END $$""",
    f"""
CREATE FUNCTION session_takes_telemetry_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {" ".join(f"DELETE FROM {table} WHERE session_id = OLD.id;" for table in _TABLES)}
    RETURN NULL;
END $$""",
)


def up(dialect):
    if dialect == "sqlite":
        return ()  # where foreign keys are 0.1 of the 2.2 us that a row takes
    instead = [
        statement
        for table in _TABLES
        for statement in (
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_session_id_fkey",
            f"CREATE TRIGGER {table}_has_session AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            " FOR EACH STATEMENT EXECUTE FUNCTION telemetry_has_session()",
        )
    ]
    along = "CREATE TRIGGER session_takes_telemetry_along AFTER DELETE ON session FOR EACH ROW"
    return (*_FUNCTIONS, *instead, f"{along} EXECUTE FUNCTION session_takes_telemetry_along()")
