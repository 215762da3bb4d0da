"""The audit log, which refuses to be changed, and a way to the sessions that nobody has ended."""

from bemore.db.migrations.m0001_sessions import _TYPES

_TABLE = """
CREATE TABLE audit (
    id {key},
    at_ms {bigint} NOT NULL,
    actor TEXT NOT NULL,
    role TEXT,
    action TEXT NOT NULL,
    session_id TEXT,
    request_id TEXT
);
CREATE INDEX audit_at_ms ON audit (at_ms);
CREATE INDEX audit_session_id_id ON audit (session_id, id);
CREATE INDEX session_not_ended ON session (started_ms, id) WHERE status <> 'ended'
"""

_REFUSAL = "the audit log is only ever added to"

_GUARDS = {
    "sqlite": (
        *(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            for verb in ("UPDATE", "DELETE")
        ),
        # INSERT OR REPLACE deletes the old row without asking the trigger of DELETE.
        f"CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgres": (
        f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    ),
}


def up(dialect):
    return (*_TABLE.format_map(_TYPES[dialect]).split(";"), *_GUARDS[dialect])
