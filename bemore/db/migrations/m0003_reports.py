"""What reports need: a session's revision, which tells that something of it changed, and the keywords of a snippet."""


def up(dialect):
    integer = {"sqlite": "INTEGER", "postgres": "BIGINT"}[dialect]
    return (
        f"ALTER TABLE session ADD COLUMN revision {integer} NOT NULL DEFAULT 0",
        "ALTER TABLE stt_snippet ADD COLUMN keywords TEXT",
    )
